// Which resource is short when no instance type is large enough or the NodePool may not grow, with exact amounts.

import { addResources, formatAmount } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { candidatesOf } from "./explain-candidates.ts";
import type { Candidate, Candidates } from "./explain-candidates.ts";
import type { ExplainedLimits } from "./explained-world.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";
import { distinctAmounts, gapOf, shortage } from "./nearest-miss.ts";
import type { Gap } from "./nearest-miss.ts";
import { countOf, keep } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";

/** More cores than any machine has: a lost "m" is likelier than a wish (S-524). */
const UNLIKELY_MILLICORES = 1_000_000_000;
const ALLOW_OTHERS = "allow instance types that have it in the NodePool";
const RAISE_LIMITS = "raise spec.limits of the NodePool";

export function passingSize(groups: readonly TypeGroup[], { pod, template }: PoolQuestion): readonly TypeGroup[] {
  return candidatesOf(groups, template.sold).fitting(pod.requests);
}

export function shortageFinding(groups: readonly TypeGroup[], { pod, template }: PoolQuestion): Finding {
  const { requests } = pod;
  const candidates = candidatesOf(groups, template.sold);
  const blocking = candidates.blocking(requests);
  const closest = candidates.nearest(requests);
  const gap = closest ? gapOf(needOn(closest, requests), closest.allocatable) : [];
  const near = closest && {
    closest: {
      name: closest.type.name,
      failed: "InsufficientResources" as const,
      gap,
    },
  };
  const texts =
    blocking.length > 0
      ? blocking.map((resource) => blockingTexts(resource, candidates, requests))
      : [jointTexts(closest, gap)];
  const short = texts.map((text) => text.short).join(", ") + typoHint(requests);
  const detail = texts.map((text) => text.detail).join("; ");
  const isAbsent = blocking.some((resource) => candidates.isAbsent(resource));
  const fix = isAbsent ? ALLOW_OTHERS : "request less, or allow larger instance types in the NodePool";
  return { reason: "InsufficientResources", short, detail, fix, ...near };
}

/** What limits make of one set of types. */
interface WithinLimits {
  readonly passing: readonly TypeGroup[];
  /** When nothing passes. */
  finding?: Finding;
}

type ByGroups = WeakMap<readonly TypeGroup[], WithinLimits>;

/** At the end of a solve nothing changes them any more. */
const withinLimits = new WeakMap<ExplainedLimits, ByGroups>();

export function passingLimits(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[] {
  return withinLimitsOf(groups, question).passing;
}

export function limitFinding(groups: readonly TypeGroup[], question: PoolQuestion): Finding {
  return (withinLimitsOf(groups, question).finding ??= limitText(groups, question));
}

function withinLimitsOf(groups: readonly TypeGroup[], { template, world: { limits } }: PoolQuestion): WithinLimits {
  const byGroups: ByGroups = withinLimits.get(limits) ?? new WeakMap();
  withinLimits.set(limits, byGroups);
  const known = byGroups.get(groups);
  if (known !== undefined) return known;
  const isEndless = Object.keys(limits.limits(template.name)).length === 0;
  const passing = isEndless ? groups : keep(groups, ({ type }) => limits.exceededBy(template.name, type).length === 0);
  const answer = { passing: countOf(passing) === countOf(groups) ? groups : passing };
  byGroups.set(groups, answer);
  return answer;
}

function limitText(groups: readonly TypeGroup[], { template, world }: PoolQuestion): Finding {
  const limits = world.limits.limits(template.name);
  const used = world.limits.used(template.name);
  if ((used["nodes"] ?? 0) >= (limits["nodes"] ?? Infinity)) {
    const text = `limit nodes ${limits["nodes"] ?? 0} is reached: ${used["nodes"] ?? 0} exist or are planned`;
    return { reason: "NodeLimitReached", short: text, detail: text, fix: RAISE_LIMITS };
  }
  const smallest = leastOver(candidatesOf(groups, template.sold), used, limits);
  const resource = (smallest && world.limits.exceededBy(template.name, smallest.type)[0]) ?? "";
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

/** The first in name order that would go over the limits by least. */
function leastOver({ list }: Candidates, used: Resources, limits: Resources): Candidate | undefined {
  let least: { readonly candidate: Candidate; readonly over: number } | undefined;
  for (const candidate of list) {
    const over = shortage(addResources(used, candidate.type.capacity), limits);
    if (least === undefined || over < least.over) least = { candidate, over };
  }
  return least?.candidate;
}

function needOn({ overhead }: Candidate, requests: Resources): Resources {
  return addResources(requests, overhead);
}

/** No type has enough of this one resource. */
function blockingTexts(resource: string, candidates: Candidates, requests: Resources) {
  const largest = candidates.largest(resource);
  const need = (largest && needOn(largest, requests)[resource]) ?? 0;
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
function jointTexts(closest: Candidate | undefined, gap: Gap) {
  const lacks = gap.map(({ resource, need, have }) => `needs ${resource} ${need}, has ${have}`).join(", ");
  return {
    short: `no instance type has enough of everything, closest ${closest?.type.name ?? ""}: ${lacks}`,
    detail: `no instance type has enough of all resources together; closest ${closest?.type.name ?? ""}: ${lacks}`,
  };
}

function typoHint(requests: Resources): string {
  return (requests["cpu"] ?? 0) >= UNLIKELY_MILLICORES ? ' (cpu: "M" instead of "m"?)' : "";
}
