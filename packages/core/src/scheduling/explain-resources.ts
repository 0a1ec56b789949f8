// Which resource is short when no instance type is large enough or the NodePool may not grow, with exact amounts.

import { addResources, compareText, formatAmount, sortedKeys } from "../units/index.ts";
import type { Resources } from "../units/index.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";
import { distinctAmounts, gapOf, shortage } from "./nearest-miss.ts";
import type { TypeGroup, TypeOption } from "./placement/instance-filter.ts";

interface Candidate extends TypeOption {
  readonly overhead: Resources;
  /** Pod and DaemonSets. */
  readonly need: Resources;
}

/** More cores than any machine has: a lost "m" is likelier than a wish (S-524). */
const UNLIKELY_MILLICORES = 1_000_000_000;
const ALLOW_OTHERS = "allow instance types that have it in the NodePool";
const RAISE_LIMITS = "raise spec.limits of the NodePool";

export function shortageFinding(groups: readonly TypeGroup[], { pod }: PoolQuestion): Finding {
  const candidates = candidatesOf(groups, pod.requests);
  const blocking = sortedKeys(addResources(...candidates.map(({ need }) => need))).filter((resource) =>
    candidates.every(({ need, allocatable }) => (need[resource] ?? 0) > (allocatable[resource] ?? 0)),
  );
  const closest = nearest(candidates);
  const near = closest && {
    closest: {
      name: closest.type.name,
      failed: "InsufficientResources" as const,
      gap: gapOf(closest.need, closest.allocatable),
    },
  };
  const texts =
    blocking.length > 0
      ? blocking.map((resource) => blockingTexts(resource, candidates, pod.requests))
      : [jointTexts(closest)];
  const short = texts.map((text) => text.short).join(", ") + typoHint(pod.requests);
  const detail = texts.map((text) => text.detail).join("; ");
  const isAbsent = blocking.some((resource) => candidates.every(({ allocatable }) => !allocatable[resource]));
  const fix = isAbsent ? ALLOW_OTHERS : "request less, or allow larger instance types in the NodePool";
  return { reason: "InsufficientResources", short, detail, fix, ...near };
}

export function limitFinding(groups: readonly TypeGroup[], { template, world }: PoolQuestion): Finding {
  const limits = world.limits.limits(template.name);
  const used = world.limits.used(template.name);
  if ((used["nodes"] ?? 0) >= (limits["nodes"] ?? Infinity)) {
    const text = `limit nodes ${limits["nodes"] ?? 0} is reached: ${used["nodes"] ?? 0} exist or are planned`;
    return { reason: "NodeLimitReached", short: text, detail: text, fix: RAISE_LIMITS };
  }
  const candidates = candidatesOf(groups, {});
  const smallest = candidates
    .map(({ type }) => ({ type, over: world.limits.exceededBy(template.name, type) }))
    .toSorted(
      (a, b) =>
        shortage(addResources(used, a.type.capacity), limits) - shortage(addResources(used, b.type.capacity), limits),
    )[0];
  const resource = smallest?.over[0] ?? "";
  const show = (amount: number | undefined) => formatAmount(resource, amount ?? 0);
  const capacity = smallest?.type.capacity[resource];
  const text = `limit ${resource} ${show(limits[resource])}: ${show(used[resource])} in use or planned, ${
    smallest?.type.name ?? ""
  } would add ${show(capacity)}`;
  const gap = gapOf(addResources(used, smallest?.type.capacity ?? {}), limits).filter(
    (each) => each.resource === resource,
  );
  return {
    reason: "LimitExceeded",
    short: text,
    detail: text,
    fix: RAISE_LIMITS,
    key: resource,
    ...(smallest && { closest: { name: smallest.type.name, failed: "LimitExceeded", gap } }),
  };
}

function candidatesOf(groups: readonly TypeGroup[], requests: Resources): readonly Candidate[] {
  return groups
    .flatMap(({ overhead, options }) => {
      const need = addResources(requests, overhead);
      return options.map((option) => ({ ...option, overhead, need }));
    })
    .toSorted((a, b) => compareText(a.type.name, b.type.name));
}

function nearest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.toSorted((a, b) => shortage(a.need, a.allocatable) - shortage(b.need, b.allocatable))[0];
}

/** No type has enough of this one resource. */
function blockingTexts(resource: string, candidates: readonly Candidate[], requests: Resources) {
  const [largest] = candidates.toSorted((a, b) => room(b, resource) - room(a, resource));
  const need = largest?.need[resource] ?? 0;
  const have = largest?.allocatable[resource] ?? 0;
  const [needText, haveText] = distinctAmounts(resource, need, have);
  const daemons = largest?.overhead[resource] ?? 0;
  const parts =
    daemons > 0
      ? ` (pod ${formatAmount(resource, requests[resource] ?? 0)} + daemons ${formatAmount(resource, daemons)})`
      : "";
  const offers = have > 0 ? `${largest?.type.name ?? ""} offers ${haveText}` : "none offers any";
  const allowed = have > 0 ? `largest allowed ${offers}` : "no allowed instance type has any";
  return {
    short: `needs ${resource} ${needText}, ${allowed}`,
    detail: `${resource}: needs ${needText}${parts}, ${have > 0 ? `largest candidate ${offers}` : offers}`,
  };
}

/** Each resource alone is there, but no type has all of them. */
function jointTexts(closest: Candidate | undefined) {
  const gap = closest ? gapOf(closest.need, closest.allocatable) : [];
  const lacks = gap.map(({ resource, need, have }) => `needs ${resource} ${need}, has ${have}`).join(", ");
  return {
    short: `no instance type has enough of everything, closest ${closest?.type.name ?? ""}: ${lacks}`,
    detail: `no instance type has enough of all resources together; closest ${closest?.type.name ?? ""}: ${lacks}`,
  };
}

/** What is left of it after the DaemonSets. */
function room({ allocatable, overhead }: Candidate, resource: string): number {
  return (allocatable[resource] ?? 0) - (overhead[resource] ?? 0);
}

function typoHint(requests: Resources): string {
  return (requests["cpu"] ?? 0) >= UNLIKELY_MILLICORES ? ' (cpu: "M" instead of "m"?)' : "";
}
