// The kit's faults in the words of a fake cloud that takes a list of {match, fault, …}, as all fakes of this repository do.

import type { FakeFault, FaultMatch } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { CloudAction, CloudFault } from "./subject.ts";

/** How one cloud is asked, as its fake matches requests and machines. */
export interface FakeWords {
  readonly requests: Readonly<Record<CloudAction | "any", readonly FaultMatch[]>>;
  machine(what: { readonly instanceType?: string; readonly zone?: string }): FaultMatch;
  /** The cloud's answer while another operation is under way. */
  readonly busy: { readonly status: number; readonly message: string };
  /** Added to a "boot" fault that ends in a failed machine rather than in one that boots for ever. */
  readonly failedBoot?: Readonly<Record<string, unknown>>;
}

/** A broken connection breaks at once. */
const AT_ONCE_MS = 1;

export function toFakeFaults(faults: readonly CloudFault[], words: FakeWords): readonly FakeFault[] {
  return faults.flatMap((fault) => entriesOf(fault, words));
}

function entriesOf(given: CloudFault, words: FakeWords): readonly FakeFault[] {
  const { fault, on = "any", status = 500, headers, times, probability, instanceType, zone } = given;
  const often = { ...(times === undefined ? {} : { times }), ...(probability === undefined ? {} : { probability }) };
  const ofRequests = (change: Omit<FakeFault, "match">): readonly FakeFault[] =>
    words.requests[on].map((match) => ({ match, ...often, ...change }));
  const ofMachines = (change: Omit<FakeFault, "match">): readonly FakeFault[] => {
    const match = words.machine({ ...(instanceType ? { instanceType } : {}), ...(zone ? { zone } : {}) });
    return [{ match, ...often, ...change }];
  };
  switch (fault) {
    case "status":
      return ofRequests({ fault, status, ...(headers === undefined ? {} : { headers }) });
    case "busy":
      return ofRequests({ fault: "status", ...words.busy });
    case "timeoutBefore":
    case "timeoutAfter":
      return ofRequests({ fault, delayMs: AT_ONCE_MS });
    case "hang":
      return ofRequests({ fault: "timeoutBefore" });
    case "malformed":
      return ofRequests({ fault });
    case "boot":
      return ofMachines({ fault, ...words.failedBoot });
    case "slowBoot":
      return ofMachines({ fault: "boot" });
    case "outOfStock":
    case "quota":
    case "vanish":
      return ofMachines({ fault });
  }
}
