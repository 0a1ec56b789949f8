// In which order the machines of a static pool go when it has more than it needs (ST-3, D-132).

import type { NodeClaim, Pod } from "../api/index.ts";
import { compareText, DurationError, parseNillableDuration, type Duration } from "../units/index.ts";
import { creationOf } from "./creation.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { evictionCost } from "./eviction-cost.ts";
import { isDisruptable, isOwnedByDaemonSet, isOwnedByNode } from "./pods.ts";

type Machine = Pick<DisruptionNode, "name" | "providerID" | "nodeClaim" | "pods">;

/** What decides, the most important first. */
interface Rank {
  /** 0: the cloud has no machine yet; 1: nothing but DaemonSets runs there; 2: pods have to move; 3: one of them should not. */
  readonly group: 0 | 1 | 2 | 3;
  readonly cost: number;
  readonly createdAt: number;
}

/** The first to go first; of equals the youngest, then by name. */
export function staticRemovalOrder<T extends Machine>(machines: readonly T[], nowMs: number): readonly T[] {
  return machines
    .map((machine) => ({ machine, rank: rankOf(machine, nowMs) }))
    .sort(
      (a, b) =>
        a.rank.group - b.rank.group ||
        a.rank.cost - b.rank.cost ||
        b.rank.createdAt - a.rank.createdAt ||
        compareText(a.machine.name, b.machine.name),
    )
    .map(({ machine }) => machine);
}

function rankOf({ providerID, nodeClaim, pods }: Machine, nowMs: number): Rank {
  const createdAt = creationOf(nodeClaim);
  if (providerID === "") return { group: 0, cost: 0, createdAt };
  const isQuiet = pods.every((pod) => isDisruptable(pod, nowMs));
  // A node's own mirror pods end with it, just as those of DaemonSets do.
  if (isQuiet && pods.every((pod) => isOwnedByDaemonSet(pod) || isOwnedByNode(pod)))
    return { group: 1, cost: 0, createdAt };
  return { group: isQuiet ? 2 : 3, cost: legacyCost(pods, nodeClaim, nowMs), createdAt };
}

/** D-29: all pods count, and the nearer the end of the machine anyway, the less. */
function legacyCost(pods: readonly Pod[], claim: NodeClaim | undefined, nowMs: number): number {
  return pods.reduce((sum, pod) => sum + evictionCost(pod), 0) * lifetimeRemaining(claim, nowMs);
}

/** 1 for a new machine or one without an end, 0 for one that has reached it. */
function lifetimeRemaining(claim: NodeClaim | undefined, nowMs: number): number {
  const lifetime = lifetimeOf(claim);
  if (lifetime === undefined) return 1;
  if (lifetime <= 0) return 0;
  return Math.max(0, Math.min(1, (lifetime - (nowMs - creationOf(claim))) / lifetime));
}

function lifetimeOf(claim: NodeClaim | undefined): Duration | undefined {
  const text = claim?.spec.expireAfter;
  try {
    return text === undefined ? undefined : parseNillableDuration(text);
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}
