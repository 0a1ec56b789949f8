// What a pod gives up, and in which order, when it cannot have everything it wishes for (S-321…S-329).

import { tolerates } from "../api/index.ts";
import type { Affinity, NodeAffinity, Pod, PodAffinity, Toleration, TopologySpreadConstraint } from "../api/index.ts";
import { Requirements } from "../requirements/index.ts";
import type { Normalization } from "../requirements/index.ts";
import { ownSpread } from "./default-spread.ts";
import type { SpreadReader } from "./default-spread.ts";

export type PreferencePolicy = "Respect" | "Ignore";

type Preferred<K extends keyof Affinity> = NonNullable<
  NonNullable<Affinity[K]>["preferredDuringSchedulingIgnoredDuringExecution"]
>;

/** What a pod still insists on. */
export interface Stance {
  /** Required node affinity, OR-ed; the first counts (S-323 step 1). */
  readonly terms: readonly Requirements[];
  /** All of it, whatever was given up: by this a spread constraint tells which nodes count (S-411). */
  readonly allTerms: readonly Requirements[];
  readonly podAffinity: Preferred<"podAffinity">;
  readonly podAntiAffinity: Preferred<"podAntiAffinity">;
  readonly nodeAffinity: Preferred<"nodeAffinity">;
  /** Those that must hold too. */
  readonly spread: readonly TopologySpreadConstraint[];
  readonly tolerations: readonly Toleration[];
  /** What was given up to get here. */
  readonly relaxed: readonly string[];
}

export interface StanceContext {
  readonly policy: PreferencePolicy;
  /** Whether some pool or node has a PreferNoSchedule taint (S-323 step 6, S-328). */
  readonly preferencesAreTainted: boolean;
  /** @defaultValue what the pod itself says */
  readonly spreadOf?: SpreadReader;
}

const TOLERATE_PREFERENCES: Toleration = { operator: "Exists", effect: "PreferNoSchedule" };

/** From everything the pod wishes for to what it cannot do without. */
export function stancesOf(pod: Pod, terms: readonly Requirements[], context: StanceContext): readonly Stance[] {
  const stances: Stance[] = [];
  let next: Stance | undefined = terms.length > 0 ? firstStance(pod, terms, context) : undefined;
  while (next !== undefined) {
    stances.push(next);
    next = relaxed(next, context);
  }
  return stances;
}

/**
 * The strict term with the heaviest preference (S-325). Undefined when the two exclude each other: what is left would
 * read like "the label must be absent" and let the pod on a node that it must not use.
 */
export function requirementsOf(
  { terms, nodeAffinity }: Stance,
  normalization?: Normalization,
): Requirements | undefined {
  const strict = terms[0] ?? Requirements.empty;
  const preference = nodeAffinity[heaviestIndex(nodeAffinity)]?.preference;
  if (preference === undefined) return strict;
  const both = strict.merge(Requirements.fromSpecs(preference.matchExpressions ?? [], normalization));
  const isContradiction = [...strict].some(
    ({ key, operator }) => (operator === "In" || operator === "Exists") && both.get(key).operator === "DoesNotExist",
  );
  return isContradiction ? undefined : both;
}

/** S-327: nothing but what is required, when preferences are ignored. */
function firstStance(
  pod: Pod,
  terms: readonly Requirements[],
  { policy, spreadOf = ownSpread }: StanceContext,
): Stance {
  const { affinity, tolerations = [] } = pod.spec;
  const spread = spreadOf(pod);
  const ignored = policy === "Ignore";
  return {
    terms,
    allTerms: terms,
    podAffinity: ignored ? [] : preferredOf(affinity?.podAffinity),
    podAntiAffinity: ignored ? [] : preferredOf(affinity?.podAntiAffinity),
    nodeAffinity: ignored ? [] : preferredOfNode(affinity?.nodeAffinity),
    spread: ignored ? spread.filter(({ whenUnsatisfiable }) => whenUnsatisfiable !== "ScheduleAnyway") : spread,
    tolerations,
    relaxed: [],
  };
}

/** One step further (S-322, S-323); undefined when nothing is left to give up. */
function relaxed(stance: Stance, { preferencesAreTainted }: StanceContext): Stance | undefined {
  const { terms, podAffinity, podAntiAffinity, nodeAffinity, tolerations } = stance;
  const [first, ...others] = terms;
  if (first !== undefined && others.length > 0) {
    return given(stance, `required node affinity term ${first.toString()}`, { terms: others });
  }
  if (podAffinity.length > 0) {
    const { dropped, rest } = withoutHeaviest(podAffinity);
    const what = `preferred pod affinity by ${dropped?.podAffinityTerm.topologyKey ?? ""} (weight ${dropped?.weight ?? 0})`;
    return given(stance, what, { podAffinity: rest });
  }
  if (podAntiAffinity.length > 0) {
    const { dropped, rest } = withoutHeaviest(podAntiAffinity);
    const what = `preferred pod anti-affinity by ${dropped?.podAffinityTerm.topologyKey ?? ""} (weight ${dropped?.weight ?? 0})`;
    return given(stance, what, { podAntiAffinity: rest });
  }
  if (nodeAffinity.length > 0) {
    const { dropped, rest } = withoutHeaviest(nodeAffinity);
    const term = Requirements.fromSpecs(dropped?.preference.matchExpressions ?? []).toString();
    return given(stance, `preferred node affinity ${term} (weight ${dropped?.weight ?? 0})`, { nodeAffinity: rest });
  }
  const lessSpread = withoutFirstSoftSpread(stance);
  if (lessSpread !== undefined) return lessSpread;
  if (!preferencesAreTainted || toleratesPreferences(tolerations)) return undefined;
  return given(stance, "avoiding PreferNoSchedule taints", { tolerations: [...tolerations, TOLERATE_PREFERENCES] });
}

/** S-323 step 5: the last constraint takes the place of the one that goes. */
function withoutFirstSoftSpread(stance: Stance): Stance | undefined {
  const { spread } = stance;
  const index = spread.findIndex(({ whenUnsatisfiable }) => whenUnsatisfiable === "ScheduleAnyway");
  const dropped = spread[index];
  const last = spread.at(-1);
  if (dropped === undefined || last === undefined) return undefined;
  const rest = spread.with(index, last).slice(0, -1);
  return given(stance, `topology spread over ${dropped.topologyKey} (ScheduleAnyway)`, { spread: rest });
}

function given(stance: Stance, what: string, change: Partial<Stance>): Stance {
  return { ...stance, ...change, relaxed: [...stance.relaxed, what] };
}

interface Weighted {
  readonly weight: number;
}

function withoutHeaviest<T extends Weighted>(
  list: readonly T[],
): { readonly dropped: T | undefined; readonly rest: readonly T[] } {
  const index = heaviestIndex(list);
  return { dropped: list[index], rest: list.toSpliced(index, 1) };
}

/** S-324: the first of the heaviest ones. */
function heaviestIndex(list: readonly Weighted[]): number {
  let heaviest = 0;
  for (const [index, { weight }] of list.entries()) {
    if (weight > (list[heaviest]?.weight ?? 0)) heaviest = index;
  }
  return heaviest;
}

function preferredOf(affinity: PodAffinity | undefined): Preferred<"podAffinity"> {
  return affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

function preferredOfNode(affinity: NodeAffinity | undefined): Preferred<"nodeAffinity"> {
  return affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

function toleratesPreferences(tolerations: readonly Toleration[]): boolean {
  const anyPreference = { key: "any", effect: "PreferNoSchedule" } as const;
  return tolerations.some((toleration) => !toleration.key && tolerates(toleration, anyPreference));
}
