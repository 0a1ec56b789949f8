// CapacityBuffer of autoscaling.x-k8s.io/v1beta1: how much room is kept free for pods of one shape.

import type { Condition, KubeObject, ResourceList } from "../meta.ts";

/** The strategy that is ours: room is kept by buying machines before pods need them. */
export const ACTIVE_CAPACITY = "buffer.x-k8s.io/active-capacity";

export interface ScalableRef {
  /** @defaultValue "apps" */
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

export interface CapacityBufferSpec {
  /** @defaultValue "buffer.x-k8s.io/active-capacity" */
  readonly provisioningStrategy?: string;
  /** A PodTemplate of the same namespace. Never together with scalableRef. */
  readonly podTemplateRef?: { readonly name: string };
  /** What makes pods of that shape already. */
  readonly scalableRef?: ScalableRef;
  /** For how many pods there is to be room. */
  readonly replicas?: number;
  /** The same as a share of the scalable's replicas, rounded up; the larger one counts. */
  readonly percentage?: number;
  /** All pods of the buffer together ask for no more than this. */
  readonly limits?: ResourceList;
}

export interface CapacityBufferStatus {
  readonly podTemplateRef?: { readonly name: string };
  readonly podTemplateGeneration?: number;
  readonly replicas?: number;
  readonly provisioningStrategy?: string;
  readonly conditions?: readonly Condition[];
}

export interface CapacityBuffer extends KubeObject {
  readonly spec: CapacityBufferSpec;
  readonly status?: CapacityBufferStatus;
}
