// Which faults only CloudStack's fake knows (§13).

import type { FakeFault as AnyFault } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface FakeFault extends AnyFault {
  /**
   * "status": in place of the answer ("after": what was asked for is carried out all the same), or in the result of the job that the command was given; nothing is carried out then.
   * "slow": the answer, or the job: it starts `jobMs` later, and does its work.
   * "outOfStock": at once, or when the job looks for a host. @defaultValue "answer" for "status" and "slow", "job" for "outOfStock"
   */
  readonly at?: "answer" | "after" | "job";
  /** With at "job": milliseconds of the clock until the job fails, or begins. */
  readonly jobMs?: number;
  /** "boot": the machine does not come to run at all, instead of running without an operating system that works. */
  readonly failed?: boolean;
  /** cserrorcode of the answer. */
  readonly csCode?: number;
}
