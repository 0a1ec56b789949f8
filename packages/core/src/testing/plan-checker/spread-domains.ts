// Which domains a spread constraint goes by: where the owner may be, and where pods count.

import type { NodePool, Pod, TopologySpreadConstraint } from "../../api/index.ts";
import type { PoolInput, ProblemInput } from "../../scheduling/index.ts";
import { admits, asOfToday, oneOfValues, surelyHolds } from "./label-rules.ts";
import type { Expression } from "./label-rules.ts";
import { isUsable, possibleValues } from "./place.ts";
import type { Place } from "./place.ts";
import type { PlanReading } from "./plan-reading.ts";
import { repelledBy } from "./pod-needs.ts";

/** A constraint, and one of the pods that have it and are alike in everything it looks at. */
export interface Spread {
  readonly constraint: TopologySpreadConstraint;
  readonly owner: Pod;
}

/** Where a machine to spread over is or can be had. */
export function domainsFor(spread: Spread, reading: PlanReading, offered: OfferedValues): ReadonlySet<string> {
  const { constraint, owner } = spread;
  const { input, places } = reading;
  const key = constraint.topologyKey;
  const domains = new Set<string>();
  for (const place of places) {
    const values = place.node ? (possibleValues(place, key) ?? []) : [];
    if (values.every((value) => domains.has(value)) || !passesFilter(spread, place, reading)) continue;
    for (const each of values) domains.add(each);
  }
  for (const pool of input.nodePools.filter(isUsable)) {
    const { metadata, spec } = pool.nodePool.spec.template;
    const { taints = [], requirements } = spec;
    if (constraint.nodeTaintsPolicy === "Honor" && repelledBy(taints, owner.spec.tolerations).length > 0) continue;
    const labels = Object.entries(metadata?.labels ?? {}).map(([name, value]) => oneOf(name, value));
    const rules = [...requirements, ...labels]
      .map((each) => asOfToday(each, input.normalization))
      .filter((each) => each.key === key);
    for (const value of offered.of(pool, key)) if (rules.every((rule) => admits(rule, value))) domains.add(value);
  }
  return new Set([...domains].filter((domain) => isOpenTo(owner, key, domain, input)));
}

/** Domains a pool speaks of itself, whether a machine of it can be had there or not. */
export function namedByPool({ spec }: NodePool, key: string): readonly string[] {
  const label = spec.template.metadata?.labels?.[key];
  const listed = spec.template.spec.requirements.filter((each) => each.key === key && each.operator === "In");
  return [...(label === undefined ? [] : [label]), ...listed.flatMap(({ values = [] }) => values)];
}

/** Only in domains that every alternative of the pod allows; nobody can say which one was chosen. */
export function isOpenTo({ spec }: Pod, key: string, domain: string, { normalization }: ProblemInput): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const expressions = [
    ...Object.entries(spec.nodeSelector ?? {}).map(([name, value]) => oneOf(name, value)),
    ...(required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions = [] }) => matchExpressions),
  ].map((expression) => asOfToday(expression, normalization));
  return expressions.every((each) => each.key !== key || surelyHolds(each, oneOfValues(domain)));
}

function oneOf(key: string, value: string): Expression {
  return { key, operator: "In", values: [value] };
}

/** Whether pods there count: by the owner's node affinity unless told otherwise, by its tolerations only when told. */
export function passesFilter({ constraint, owner }: Spread, place: Place, { wishes }: PlanReading): boolean {
  const { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" } = constraint;
  if (nodeTaintsPolicy === "Honor" && repelledBy(place.taints, owner.spec.tolerations).length > 0) return false;
  const wish = nodeAffinityPolicy === "Ignore" ? undefined : wishes.of(owner.spec);
  return wish === undefined || place.shapes.every((shape) => wishes.holds(wish, { place, shape, test: surelyHolds }));
}

/** Where the cloud sells machines for a pool. Lives as long as one check. */
export class OfferedValues {
  readonly #known = new Map<PoolInput, Map<string, ReadonlySet<string>>>();

  of(pool: PoolInput, key: string): ReadonlySet<string> {
    const ofPool = this.#known.get(pool) ?? new Map<string, ReadonlySet<string>>();
    this.#known.set(pool, ofPool);
    const values = ofPool.get(key) ?? this.#find(pool, key);
    ofPool.set(key, values);
    return values;
  }

  #find({ instanceTypes }: PoolInput, key: string): ReadonlySet<string> {
    const offerings = instanceTypes.flatMap((type) => type.offerings);
    const available = offerings.filter(({ availability }) => availability.available);
    return new Set(available.flatMap(({ requirements }) => requirements.get(key).single() ?? []));
  }
}
