// How long a static pool waits after machines of it came to nothing: without a pause it would order and give up in a circle.

import { isConditionTrue, NodeClaims, type NodeClaim } from "../../api/index.ts";
import type { ObjectChange } from "../../runtime/index.ts";
import { milliseconds, minutes, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

const FIRST = seconds(30);
const LONGEST = minutes(10);
/** Pools that failed together do not come back together. */
const SPREAD = 0.2;

interface Pause {
  readonly failures: number;
  readonly until: number;
}

/** Per owning NodePool. In memory only: a new process tries at once. */
export class FailedLaunches {
  readonly #deps: Pick<ControllerDeps, "cache" | "clock" | "random">;
  readonly #pauses = new Map<string, Pause>();

  constructor(deps: Pick<ControllerDeps, "cache" | "clock" | "random">) {
    this.#deps = deps;
    deps.cache.informer(NodeClaims).onChange((change) => this.#see(change));
  }

  /** Zero when it need not wait. */
  leftToWait(poolUid: string): Duration {
    const { until = 0 } = this.#pauses.get(poolUid) ?? {};
    return milliseconds(Math.max(0, until - this.#deps.clock.now()));
  }

  forget(poolUid: string): void {
    this.#pauses.delete(poolUid);
  }

  /** Whoever takes a claim away on purpose says so before: that is no failure. */
  excuse(claim: NodeClaim): void {
    this.#excused.add(claim.metadata.uid ?? "");
  }

  readonly #excused = new Set<string>();

  #see({ before, after }: ObjectChange<NodeClaim>): void {
    const claim = after ?? before;
    const owner = claim?.metadata.ownerReferences?.find(({ kind }) => kind === "NodePool")?.uid;
    if (!claim || owner === undefined) return;
    if (after && isConditionTrue(after, "Registered")) this.#pauses.delete(owner);
    else if (before && !isLeaving(before) && isLeaving(after) && !isConditionTrue(before, "Registered"))
      this.#failed(owner, claim);
    if (!after) this.#excused.delete(claim.metadata.uid ?? "");
  }

  /** Claims that were ordered together and fail one after the other are one failure. */
  #failed(owner: string, claim: NodeClaim): void {
    const now = this.#deps.clock.now();
    const known = this.#pauses.get(owner);
    if (this.#excused.has(claim.metadata.uid ?? "") || (known && now < known.until)) return;
    const failures = (known?.failures ?? 0) + 1;
    const pause = Math.min(LONGEST, FIRST * 2 ** (failures - 1)) * (1 + SPREAD * this.#deps.random());
    this.#pauses.set(owner, { failures, until: now + pause });
  }
}

function isLeaving(claim: NodeClaim | undefined): boolean {
  return claim?.metadata.deletionTimestamp !== undefined || claim === undefined;
}
