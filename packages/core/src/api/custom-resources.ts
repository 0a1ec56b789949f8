// The custom resources that belong to the product whatever the cloud.

import type { CustomResource } from "./custom-resource.ts";
import { NodeClaimResource } from "./v1/node-claim.schema.ts";
import { NodeOverlayResource } from "./v1/node-overlay.schema.ts";
import { NodePoolResource } from "./v1/node-pool.schema.ts";
import { CapacityBufferResource } from "./v1beta1/capacity-buffer.schema.ts";

export const CUSTOM_RESOURCES: readonly CustomResource[] = [
  NodePoolResource,
  NodeClaimResource,
  NodeOverlayResource,
  CapacityBufferResource,
];
