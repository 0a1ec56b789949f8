export { createScalewayProvider, scalewayProviderFactory } from "./create-provider.ts";
export { scalewayModule } from "./module.ts";
export { SCALEWAY_CUSTOM_RESOURCES } from "./api/scaleway-node-class.schema.ts";
export { SCALEWAY_NODE_CLASS_KIND, ScalewayCondition, ScalewayNodeClasses } from "./api/scaleway-node-class.ts";
export type { ScalewayNodeClass, ScalewayNodeClassSpec, ScalewayNodeClassStatus } from "./api/scaleway-node-class.ts";
export { LEGACY_INSTANCE_TYPE, SCALEWAY_GPU, SCALEWAY_GROUP, ScalewayAnnotation, ScalewayLabel } from "./api/labels.ts";
export { scalewaySettings } from "./settings.ts";
export type { ScalewaySettings } from "./settings.ts";
