export { createOvhProvider, ovhProviderFactory } from "./create-provider.ts";
export { ovhModule } from "./module.ts";
export { OVH_CUSTOM_RESOURCES } from "./api/ovh-node-class.schema.ts";
export { OVH_NODE_CLASS_KIND, OVHNodeClasses, OvhCondition } from "./api/ovh-node-class.ts";
export type {
  FlavorSelector,
  OVHNodeClass,
  OVHNodeClassSpec,
  OVHNodeClassStatus,
  SecretRef,
} from "./api/ovh-node-class.ts";
export { OVH_GROUP, OvhAnnotation, OvhLabel, OwnerLabel } from "./api/labels.ts";
export { trustCertificate } from "./client/trust.ts";
export { ovhSettings } from "./settings.ts";
export type { OvhSettings } from "./settings.ts";
