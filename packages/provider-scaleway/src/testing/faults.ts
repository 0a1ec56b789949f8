// Which faults only Scaleway's fake knows (W-76).

import type { FakeFault as AnyFault } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface FakeFault extends AnyFault {
  /** "status": the body's `type` (out_of_stock, quotas_exceeded, too_many_requests …), spelled out as the API does. */
  readonly type?: string;
  /** "status": more fields of the body, such as reset_seconds or details. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** "outOfStock": refuse the power-on, or accept it and fall back to stopped. @defaultValue "poweron" */
  readonly at?: "poweron" | "afterwards";
  /** "boot": stays in "allocating node" instead of running without an operating system that works. */
  readonly stuck?: boolean;
}
