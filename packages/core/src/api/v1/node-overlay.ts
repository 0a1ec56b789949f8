// NodeOverlay of karpenter.sh/v1alpha1: what a user knows better than the cloud's list about prices and capacity.

import type { Condition, KubeObject, ResourceList } from "../meta.ts";
import type { RequirementSpec } from "./node-pool.ts";

export interface NodeOverlaySpec {
  /** Which instance types and offerings it is about; karpenter.sh/nodepool and the NodePool's own labels count too. */
  readonly requirements: readonly Omit<RequirementSpec, "minValues">[];
  /** Per hour, instead of the listed price: "0.25". Never together with priceAdjustment. */
  readonly price?: string;
  /** Added to the listed price, or a share of it: "-0.5", "+10%". */
  readonly priceAdjustment?: string;
  /** Extended resources that the machines have besides. */
  readonly capacity?: ResourceList;
  /** 1 to 10000, higher wins. @defaultValue 0 */
  readonly weight?: number;
}

export interface NodeOverlay extends KubeObject {
  readonly spec: NodeOverlaySpec;
  readonly status?: { readonly conditions?: readonly Condition[] };
}
