// Topology spread that must hold (DoNotSchedule). Judged at the end, so with care for pods that may have come later than a constraint's own.

import { Label } from "../../api/index.ts";
import type { NodePool, Pod, TopologySpreadConstraint } from "../../api/index.ts";
import type { ProblemInput } from "../../scheduling/index.ts";
import { admits, asOfToday, keyOfPod, oneOfValues, selectorHolds, surelyHolds } from "./label-rules.ts";
import { isUsable, possibleValues } from "./place.ts";
import type { Place } from "./place.ts";
import { repelledBy } from "./pod-needs.ts";
import { namespaceOf, spreadSelects } from "./pod-selection.ts";
import type { Violation } from "./violation.ts";

interface Group {
  readonly constraint: TopologySpreadConstraint;
  /** Alike in everything the constraint looks at. */
  readonly owners: readonly { readonly pod: Pod; readonly place: Place }[];
  readonly owner: Pod;
}

export function checkSpread(places: readonly Place[], input: ProblemInput): readonly Violation[] {
  return groupsOf(places).flatMap((group) => {
    const key = group.constraint.topologyKey;
    const open = group.owners.filter(({ place }) => possibleValues(place, key)?.length !== 1);
    if (open.length > 0) {
      return open.map(({ pod, place }) => ({
        rule: "TopologySpread" as const,
        place: place.name,
        detail: `${keyOfPod(pod)} spreads over ${key}, which is not settled there`,
      }));
    }
    const domains = new Set(group.owners.flatMap(({ place }) => domainOf(place, key) ?? []));
    return [...domains].flatMap((domain) => skewViolation(group, domain, places, input));
  });
}

function skewViolation(
  group: Group,
  domain: string,
  places: readonly Place[],
  input: ProblemInput,
): readonly Violation[] {
  const { constraint, owner, owners } = group;
  const { topologyKey: key, maxSkew } = constraint;
  const selected = (pods: readonly Pod[]): number => pods.filter((pod) => spreadSelects(owner, constraint, pod)).length;
  const counted = places.filter((place) => domainOf(place, key) === domain && passesFilter(group, place, input));
  const running = counted.reduce((sum, { bound }) => sum + selected(bound.filter(isStaying)), 0);
  const own = selected(owners.filter(({ place }) => domainOf(place, key) === domain).map(({ pod }) => pod));
  const fewest = key === Label.Hostname ? 0 : fewestElsewhere(group, places, input);
  if (running + own - fewest <= maxSkew) return [];
  const detail = `${keyOfPod(owner)}: ${running + own} in ${key} ${domain}, ${fewest} elsewhere, skew ${maxSkew} allowed`;
  return [{ rule: "TopologySpread", place: domain, detail }];
}

/** Over the domains open to the owner; never less than what a scheduler could have seen. */
function fewestElsewhere(group: Group, places: readonly Place[], input: ProblemInput): number {
  const { constraint, owner } = group;
  const key = constraint.topologyKey;
  const domains = domainsFor(group, places, input);
  const named = input.nodePools.flatMap(({ nodePool }) => namedByPool(nodePool, key));
  const known = new Set([...domains, ...named.filter((each) => isOpenTo(owner, key, each, input))]);
  if (known.size < (constraint.minDomains ?? 1)) return 0;
  const countIn = (domain: string): number =>
    places
      .filter((place) => possibleValues(place, key)?.includes(domain) ?? true)
      .flatMap(({ placed, bound }) => [...placed, ...bound])
      .filter((pod) => spreadSelects(owner, constraint, pod)).length;
  return Math.min(...[...domains].map(countIn));
}

function domainsFor(group: Group, places: readonly Place[], input: ProblemInput): ReadonlySet<string> {
  const { constraint, owner } = group;
  const key = constraint.topologyKey;
  const domains = new Set<string>();
  for (const place of places) {
    if (place.node && passesFilter(group, place, input))
      for (const each of possibleValues(place, key) ?? []) domains.add(each);
  }
  for (const pool of input.nodePools.filter(isUsable)) {
    const { taints = [], requirements } = pool.nodePool.spec.template.spec;
    if (constraint.nodeTaintsPolicy === "Honor" && repelledBy(taints, owner.spec.tolerations).length > 0) continue;
    const rules = requirements.map((each) => asOfToday(each, input.normalization)).filter((each) => each.key === key);
    const values = pool.instanceTypes.flatMap(({ offerings }) =>
      offerings
        .filter(({ availability }) => availability.available)
        .flatMap((offering) => offering.requirements.get(key).single() ?? []),
    );
    for (const value of values) if (rules.every((rule) => admits(rule, value))) domains.add(value);
  }
  return new Set([...domains].filter((domain) => isOpenTo(owner, key, domain, input)));
}

/** Domains a pool speaks of itself, whether a machine of it can be had there or not. */
function namedByPool({ spec }: NodePool, key: string): readonly string[] {
  const label = spec.template.metadata?.labels?.[key];
  const listed = spec.template.spec.requirements.filter((each) => each.key === key && each.operator === "In");
  return [...(label === undefined ? [] : [label]), ...listed.flatMap(({ values = [] }) => values)];
}

/** Only in domains that every alternative of the pod allows; nobody can say which one was chosen. */
function isOpenTo({ spec }: Pod, key: string, domain: string, { normalization }: ProblemInput): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const expressions = [
    ...Object.entries(spec.nodeSelector ?? {}).map(([name, value]) => ({ key: name, operator: "In", values: [value] })),
    ...(required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions = [] }) => matchExpressions),
  ].map((expression) => asOfToday(expression, normalization));
  return expressions.every((each) => each.key !== key || surelyHolds(each, oneOfValues(domain)));
}

/** Whether pods there count: by the owner's node affinity unless told otherwise, by its tolerations only when told. */
function passesFilter({ constraint, owner }: Group, place: Place, { normalization }: ProblemInput): boolean {
  const { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" } = constraint;
  if (nodeTaintsPolicy === "Honor" && repelledBy(place.taints, owner.spec.tolerations).length > 0) return false;
  if (nodeAffinityPolicy === "Ignore") return true;
  return place.shapes.every(({ labels }) => selectorHolds(owner.spec, labels, surelyHolds, { normalization }));
}

function groupsOf(places: readonly Place[]): readonly Group[] {
  const groups = new Map<
    string,
    { constraint: TopologySpreadConstraint; owner: Pod; owners: { pod: Pod; place: Place }[] }
  >();
  for (const place of places) {
    for (const pod of place.placed) {
      for (const constraint of pod.spec.topologySpreadConstraints ?? []) {
        if (constraint.whenUnsatisfiable !== "DoNotSchedule") continue;
        const { nodeSelector, affinity, tolerations } = pod.spec;
        const alike = [
          namespaceOf(pod),
          constraint,
          nodeSelector,
          affinity?.nodeAffinity,
          tolerations,
          pod.metadata.labels,
        ];
        const id = JSON.stringify(alike);
        const group = groups.get(id) ?? { constraint, owner: pod, owners: [] };
        group.owners.push({ pod, place });
        groups.set(id, group);
      }
    }
  }
  return [...groups.values()];
}

function domainOf(place: Place, key: string): string | undefined {
  const [only, ...more] = possibleValues(place, key) ?? [];
  return more.length === 0 ? only : undefined;
}

function isStaying({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}
