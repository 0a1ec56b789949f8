// Which faults only CloudStack's fake knows (§13).

import type { FakeFault as AnyFault } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface FakeFault extends AnyFault {
  /**
   * "status": in place of the answer, or in the result of the job that the command was given; nothing is carried out then.
   * "outOfStock": at once, or when the job looks for a host. @defaultValue "answer" for "status", "job" for "outOfStock"
   */
  readonly at?: "answer" | "job";
  /** With at "job": milliseconds of the clock until the job fails. */
  readonly jobMs?: number;
  /** "boot": the machine does not come to run at all, instead of running without an operating system that works. */
  readonly failed?: boolean;
  /** cserrorcode of the answer. */
  readonly csCode?: number;
}
