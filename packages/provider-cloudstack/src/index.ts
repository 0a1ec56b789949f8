export { createCloudStackProvider, cloudStackProviderFactory } from "./create-provider.ts";
export { cloudstackModule } from "./module.ts";
export { CLOUDSTACK_CUSTOM_RESOURCES } from "./api/cloudstack-node-class.schema.ts";
export { CLOUDSTACK_NODE_CLASS_KIND, CloudStackCondition, CloudStackNodeClasses } from "./api/cloudstack-node-class.ts";
export type {
  CloudStackNodeClass,
  CloudStackNodeClassSpec,
  CloudStackNodeClassStatus,
} from "./api/cloudstack-node-class.ts";
export { CLOUDSTACK_GROUP, CloudStackAnnotation, CloudStackLabel } from "./api/labels.ts";
export { cloudStackSettings } from "./settings.ts";
export type { CloudStackSettings } from "./settings.ts";
