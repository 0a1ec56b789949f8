// What a machine's or pool's status means for us; statuses nobody has heard of count as "wait" (O-27).

import type { WireMachine } from "../client/wire.ts";

export type FailureCause = "out-of-stock" | "quota" | "error" | "instance-gone";

/** UNKNOWN becomes a failure with time; see FailureBook. */
export function failureOf(status: string): FailureCause | undefined {
  switch (status) {
    case "FLAVOR_OUT_OF_STOCK_ERROR":
      return "out-of-stock";
    case "USER_QUOTA_ERROR":
      return "quota";
    case "ERROR":
    case "USER_ERROR":
      return "error";
    case "USER_NODE_NOT_FOUND_ERROR":
      return "instance-gone";
    default:
      return undefined;
  }
}

export function isSuspended(status: string): boolean {
  return status === "SUSPENDED" || status === "SUSPENDING" || status === "USER_NODE_SUSPENDED_SERVICE";
}

export function isGoing(machine: WireMachine): boolean {
  return machine.status === "DELETING";
}

export function isGone(machine: WireMachine): boolean {
  return machine.status === "DELETED";
}

/** Statuses in which MKS refuses changes (O-53). */
export function isBusyStatus(poolStatus: string): boolean {
  return ["INSTALLING", "UPSCALING", "DOWNSCALING", "UPDATING", "REDEPLOYING", "RESIZING", "DELETING"].includes(
    poolStatus,
  );
}

export function providerIdOf(machine: WireMachine): string {
  return `openstack:///${machine.instanceId}`;
}

export function instanceIdOf(providerId: string): string | undefined {
  return /^openstack:\/\/(?:[^/]*)\/([^/]+)$/.exec(providerId)?.[1];
}
