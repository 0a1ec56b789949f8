// Topology spread that must hold (DoNotSchedule). Judged at the end, so with care for pods that may have come later than a constraint's own.

import { Label } from "../../../api/index.ts";
import type { Pod, TopologySpreadConstraint } from "../../../api/index.ts";
import { keyOfPod } from "../label-rules.ts";
import { domainOf, possibleValues } from "../place.ts";
import type { Place } from "../place.ts";
import type { PlanReading } from "../plan-reading.ts";
import type { Seat } from "../pod-kinds.ts";
import { namespaceOf, spreadSelects } from "../pod-selection.ts";
import { domainsFor, isOpenTo, namedByPool, OfferedValues, passesFilter } from "../spread-domains.ts";
import type { Spread } from "../spread-domains.ts";
import type { Violation } from "../violation.ts";

interface Group extends Spread {
  readonly owners: readonly { readonly pod: Pod; readonly place: Place }[];
}

export function checkSpread(reading: PlanReading): readonly Violation[] {
  const offered = new OfferedValues();
  return groupsOf(reading.places).flatMap((group) => {
    const key = group.constraint.topologyKey;
    const open = group.owners.filter(({ place }) => possibleValues(place, key)?.length !== 1);
    if (open.length > 0) {
      return open.map(({ pod, place }) => ({
        rule: "TopologySpread" as const,
        place: place.name,
        detail: `${keyOfPod(pod)} spreads over ${key}, which is not settled there`,
      }));
    }
    return skewViolations(group, reading, offered);
  });
}

function skewViolations(group: Group, reading: PlanReading, offered: OfferedValues): readonly Violation[] {
  const { constraint, owner, owners } = group;
  const { topologyKey: key, maxSkew } = constraint;
  const selected = seatsSelected(group, reading);
  const staying = new Map<string, number>();
  for (const { pod, place, isNew } of selected) {
    const domain = isNew || !isStaying(pod) ? undefined : domainOf(place, key);
    if (domain !== undefined && passesFilter(group, place, reading)) count(staying, domain);
  }
  const own = new Map<string, number>();
  const domains = new Set<string>();
  for (const { pod, place } of owners) {
    const domain = domainOf(place, key);
    if (domain === undefined) continue;
    domains.add(domain);
    if (spreadSelects(owner, constraint, pod)) count(own, domain);
  }
  const fewest = key === Label.Hostname ? 0 : fewestElsewhere(group, selected, { reading, offered });
  return [...domains].flatMap((domain): readonly Violation[] => {
    const there = (staying.get(domain) ?? 0) + (own.get(domain) ?? 0);
    if (there - fewest <= maxSkew) return [];
    const detail = `${keyOfPod(owner)}: ${there} in ${key} ${domain}, ${fewest} elsewhere, skew ${maxSkew} allowed`;
    return [{ rule: "TopologySpread", place: domain, detail }];
  });
}

function seatsSelected({ constraint, owner }: Spread, { kinds }: PlanReading): readonly Seat[] {
  return kinds.all.filter(({ sample }) => spreadSelects(owner, constraint, sample)).flatMap(({ seats }) => seats);
}

function count(counts: Map<string, number>, domain: string): void {
  counts.set(domain, (counts.get(domain) ?? 0) + 1);
}

interface Surroundings {
  readonly reading: PlanReading;
  readonly offered: OfferedValues;
}

/** Over the domains open to the owner; never less than what a scheduler could have seen. */
function fewestElsewhere(group: Spread, selected: readonly Seat[], { reading, offered }: Surroundings): number {
  const { constraint, owner } = group;
  const { input } = reading;
  const key = constraint.topologyKey;
  const domains = domainsFor(group, reading, offered);
  const named = input.nodePools.flatMap(({ nodePool }) => namedByPool(nodePool, key));
  const known = new Set([...domains, ...named.filter((each) => isOpenTo(owner, key, each, input))]);
  if (known.size < (constraint.minDomains ?? 0)) return 0;
  let anywhere = 0;
  const counts = new Map<string, number>();
  for (const { place } of selected) {
    const values = possibleValues(place, key);
    if (values === undefined) anywhere++;
    for (const value of values ?? []) count(counts, value);
  }
  return Math.min(...[...domains].map((domain) => anywhere + (counts.get(domain) ?? 0)));
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

function isStaying({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}
