// The kit's faults in the words of a fake cloud that takes a list of {match, fault, …}, as all fakes of this repository do.

import type { CloudAction, CloudFault } from "./subject.ts";

/** What a fake does wrong, and where: one entry of the list that is set through POST /_fake/faults. */
export interface FakeFault<M> {
  readonly match: M;
  readonly fault:
    | "status"
    | "timeoutBefore"
    | "timeoutAfter"
    | "malformed"
    | "outOfStock"
    | "quota"
    | "boot"
    | "vanish";
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly times?: number;
  readonly probability?: number;
  /** Real milliseconds until a silent connection breaks; without it it stays silent. */
  readonly delayMs?: number;
}

/** How one cloud is asked, as its fake matches requests and machines. */
export interface FakeWords<M> {
  readonly requests: Readonly<Record<CloudAction | "any", readonly M[]>>;
  machine(what: { readonly instanceType?: string; readonly zone?: string }): M;
  /** The cloud's answer while another operation is under way. */
  readonly busy: { readonly status: number; readonly message: string };
  /** Added to a "boot" fault that ends in a failed machine rather than in one that boots for ever. */
  readonly failedBoot?: Readonly<Record<string, unknown>>;
}

/** A broken connection breaks at once. */
const AT_ONCE_MS = 1;

export function toFakeFaults<M>(faults: readonly CloudFault[], words: FakeWords<M>): readonly FakeFault<M>[] {
  return faults.flatMap((fault) => entriesOf(fault, words));
}

function entriesOf<M>(given: CloudFault, words: FakeWords<M>): readonly FakeFault<M>[] {
  const { fault, on = "any", status = 500, headers, times, probability, instanceType, zone } = given;
  const often = { ...(times === undefined ? {} : { times }), ...(probability === undefined ? {} : { probability }) };
  const ofRequests = (change: Omit<FakeFault<M>, "match">): readonly FakeFault<M>[] =>
    words.requests[on].map((match) => ({ match, ...often, ...change }));
  const ofMachines = (change: Omit<FakeFault<M>, "match">): readonly FakeFault<M>[] => {
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
