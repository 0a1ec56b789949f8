// A pod as the solve handles it: its needs in integers and requirements, and the ways in which it may be tried.

import type { Pod, Toleration } from "../api/index.ts";
import type { Normalization, Requirements } from "../requirements/index.ts";
import { compareText } from "../units/index.ts";
import type { Resources } from "../units/index.ts";
import { hostPortsOf } from "./host-ports.ts";
import type { HostPort } from "./host-ports.ts";
import { podRequests } from "./pod-requests.ts";
import { requirementsOf, stancesOf } from "./preferences.ts";
import type { Stance, StanceContext } from "./preferences.ts";
import { satisfiableTerms } from "./satisfiable-terms.ts";
import type { TopologyGroup } from "./topology/domain-count.ts";
import { affinityRule, requiredTermsOf, spreadRule } from "./topology/groups.ts";
import type { OwnedGroups, SelectingGroups, TopologyTracker } from "./topology/tracker.ts";

export interface PodToPlace {
  readonly pod: Pod;
  readonly requests: Resources;
  readonly hostPorts: readonly HostPort[];
  /** The rules of other pods and its own that count it. */
  readonly topology: SelectingGroups;
  /** In the order they are tried; each gives up a little more than the one before. Never empty for a valid pod. */
  readonly attempts: readonly Attempt[];
  /** Equal for pods that every candidate treats alike. */
  readonly signature: string;
}

/** Read, while not all rules of the solve are known yet. */
export type PodDraft = Omit<PodToPlace, "topology" | "signature">;

export interface Attempt {
  readonly requirements: Requirements;
  /** Without preferences. */
  readonly strict: Requirements;
  readonly tolerations: readonly Toleration[];
  readonly topology: OwnedGroups;
  /** What was given up to get here. */
  readonly relaxed: readonly string[];
}

export interface PodReading extends StanceContext {
  readonly topology: TopologyTracker;
  readonly normalization?: Normalization;
}

/** QuantityError or RangeError for requests that cannot be planned with. */
export function readPod(pod: Pod, reading: PodReading): PodDraft {
  return { pod, requests: podRequests(pod), hostPorts: hostPortsOf(pod), attempts: attemptsOf(pod, reading) };
}

/** Once every pod is read. */
export function completed(draft: PodDraft, tracker: TopologyTracker): PodToPlace {
  const { pod, requests, hostPorts, attempts } = draft;
  const topology = tracker.selecting(pod);
  const { nodeSelector, tolerations, affinity } = pod.spec;
  const groups = [
    ...attempts.map((attempt) => [idsOf(attempt.topology.owned), idsOf(attempt.topology.carried)]),
    idsOf([...topology.counted]),
    idsOf(topology.inverse),
  ];
  const signature = JSON.stringify([nodeSelector, tolerations, affinity?.nodeAffinity, requests, hostPorts, groups]);
  return { ...draft, topology, signature };
}

function idsOf(groups: readonly TopologyGroup[]): readonly number[] {
  return groups.map(({ id }) => id);
}

/** S-313: large pods first, old ones before young ones. */
export function compareForQueue(a: PodToPlace, b: PodToPlace): number {
  return (
    (b.requests["cpu"] ?? 0) - (a.requests["cpu"] ?? 0) ||
    (b.requests["memory"] ?? 0) - (a.requests["memory"] ?? 0) ||
    compareText(a.pod.metadata.creationTimestamp ?? "", b.pod.metadata.creationTimestamp ?? "") ||
    compareText(a.pod.metadata.uid ?? "", b.pod.metadata.uid ?? "") ||
    compareText(podKey(a.pod), podKey(b.pod))
  );
}

export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name ?? ""}`;
}

function attemptsOf(pod: Pod, reading: PodReading): readonly Attempt[] {
  const { topology, normalization } = reading;
  const { terms } = satisfiableTerms(pod, normalization);
  return stancesOf(pod, terms, reading).flatMap((stance) => {
    const requirements = requirementsOf(stance, normalization);
    if (requirements === undefined) return [];
    const [strict = requirements] = stance.terms;
    const { tolerations, relaxed } = stance;
    return [{ requirements, strict, tolerations, topology: ownedGroups(pod, stance, topology), relaxed }];
  });
}

/** S-403, S-325, S-417. */
function ownedGroups(pod: Pod, stance: Stance, topology: TopologyTracker): OwnedGroups {
  const { rules } = topology;
  const near = [...requiredTermsOf(pod, "podAffinity"), ...stance.podAffinity.map((wish) => wish.podAffinityTerm)];
  const apart = requiredTermsOf(pod, "podAntiAffinity");
  const wishedApart = stance.podAntiAffinity.map((wish) => wish.podAffinityTerm);
  const owned = [
    ...stance.spread.map((constraint) => spreadRule(pod, constraint, stance, rules)),
    ...near.map((term) => affinityRule("affinity", pod, term, rules)),
    ...[...apart, ...wishedApart].map((term) => affinityRule("anti-affinity", pod, term, rules)),
  ];
  return {
    owned: distinct(owned.map((rule) => topology.groupOf(rule))),
    carried: distinct(apart.map((term) => topology.groupOf(affinityRule("inverse", pod, term, rules)))),
  };
}

function distinct(groups: readonly TopologyGroup[]): readonly TopologyGroup[] {
  return [...new Set(groups)];
}
