// A pod as the solve handles it: its needs in integers and requirements, and the ways in which it may be tried.

import type { Pod, Toleration } from "../api/index.ts";
import type { Normalization, Requirements } from "../requirements/index.ts";
import type { Resources } from "../units/index.ts";
import { hostPortsOf } from "./host-ports.ts";
import type { HostPort } from "./host-ports.ts";
import { podRequests } from "./pod-requests.ts";
import { requirementsOf, stancesOf } from "./preferences.ts";
import type { Stance, StanceContext } from "./preferences.ts";
import { satisfiableTerms } from "./satisfiable-terms.ts";
import type { OwnedGroups, SelectingGroups } from "./topology/concerned-groups.ts";
import type { TopologyGroup } from "./topology/domain-count.ts";
import { affinityRule, requiredTermsOf, spreadRule } from "./topology/groups.ts";
import type { RuleBook } from "./topology/rule-book.ts";
import type { PodVolumes } from "./volumes/pod-volumes.ts";

export interface PodToPlace {
  readonly pod: Pod;
  readonly requests: Resources;
  readonly hostPorts: readonly HostPort[];
  readonly volumes: PodVolumes;
  /** It has a place now (S-222). */
  readonly isMoving: boolean;
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
  readonly movingPods?: ReadonlySet<string>;
  readonly topology: RuleBook;
  readonly normalization?: Normalization;
}

/** QuantityError or RangeError for requests that cannot be planned with. */
export function readPod(pod: Pod, volumes: PodVolumes, reading: PodReading): PodDraft {
  return {
    pod,
    requests: podRequests(pod),
    hostPorts: hostPortsOf(pod),
    volumes,
    isMoving: isMoving(pod, reading.movingPods),
    attempts: attemptsOf(pod, reading),
  };
}

export function isMoving({ metadata }: Pod, movingPods: ReadonlySet<string> | undefined): boolean {
  return movingPods !== undefined && movingPods.has(metadata.uid ?? "");
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
function ownedGroups(pod: Pod, stance: Stance, topology: RuleBook): OwnedGroups {
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
