// What each NodePool can offer a new node: its requirements and the instance types that satisfy them (S-124, S-125, S-304).

import { Label, nodeClassLabel } from "../api/index.ts";
import type { NodePool, Taint } from "../api/index.ts";
import type { Offering } from "../provider/index.ts";
import { poolNormalization, Requirements } from "../requirements/index.ts";
import type { Normalization } from "../requirements/index.ts";
import { addResources, compareText } from "../units/index.ts";
import { termsOnTemplate } from "./daemonsets.ts";
import type { DaemonPod } from "./daemonsets.ts";
import { allocatableOf, buildsOf, isReserved } from "./placement/builds.ts";
import { keep, onOffer, typesOf } from "./placement/instance-filter.ts";
import type { TypeGroup, TypeOption } from "./placement/instance-filter.ts";
import { missingValues } from "./placement/min-values.ts";
import type { PoolInput, ProblemInput, SkippedPoolReason } from "./problem.ts";

export interface Template {
  readonly name: string;
  readonly pool: PoolInput;
  readonly requirements: Requirements;
  readonly taints: readonly Taint[];
  /** All types in name order with their DaemonSets, usable or not. */
  readonly sold: readonly TypeGroup[];
  /** S-125; empty when the pool takes no part. */
  readonly groups: readonly TypeGroup[];
  readonly skipped?: { readonly reason: SkippedPoolReason; readonly detail: string };
}

export interface TemplateContext {
  readonly daemons: readonly DaemonPod[];
  readonly wellKnown: ReadonlySet<string>;
  readonly normalization?: Normalization;
  /** @defaultValue "Strict" */
  readonly minValuesPolicy?: ProblemInput["minValuesPolicy"];
  /** @defaultValue "Strict" */
  readonly reservedCapacity?: ProblemInput["reservedCapacity"];
  readonly reservationIdLabel?: string;
}

/** In the order they are tried: heavier first, equal weights by name descending (S-304). */
export function templatesOf(pools: readonly PoolInput[], context: TemplateContext): readonly Template[] {
  return poolsInOrder(pools).map((pool) => templateOf(pool, context));
}

export function poolsInOrder(pools: readonly PoolInput[]): readonly PoolInput[] {
  return pools.toSorted(comparePools);
}

export function templateOf(pool: PoolInput, context: TemplateContext): Template {
  const { nodePool } = pool;
  const requirements = templateRequirements(nodePool, context.normalization);
  const taints = nodePool.spec.template.spec.taints ?? [];
  const skipped = skipReason(pool);
  const sold = skipped ? [] : groupByDaemons(pool, requirements, taints, context);
  return {
    name: nameOf(nodePool),
    pool,
    requirements,
    taints,
    sold,
    groups: usable(sold, requirements, context),
    ...(skipped && { skipped }),
  };
}

/** S-124: the last two only make DaemonSets count that select on them; they never reach the claim. */
export function templateRequirements(nodePool: NodePool, normalization: Normalization | undefined): Requirements {
  const { metadata, spec } = nodePool.spec.template;
  const words = poolNormalization(normalization);
  return Requirements.fromSpecs(spec.requirements, words)
    .merge(Requirements.fromLabels(metadata?.labels, words))
    .merge(Requirements.fromLabels(ownLabels(nodePool)))
    .merge(Requirements.fromLabels({ [Label.Registered]: "true", [Label.Initialized]: "true" }));
}

/** The labels that tie a node to its pool and class. */
export function ownLabels(nodePool: NodePool): Readonly<Record<string, string>> {
  const { nodeClassRef } = nodePool.spec.template.spec;
  return { [Label.NodePool]: nameOf(nodePool), [nodeClassLabel(nodeClassRef)]: nodeClassRef.name };
}

function usable(
  sold: readonly TypeGroup[],
  requirements: Requirements,
  { wellKnown, minValuesPolicy }: TemplateContext,
): readonly TypeGroup[] {
  const suited = keep(sold, ({ type }) => type.requirements.overlaps(requirements));
  // Nothing fits on what owes something already, not even nothing.
  const bare = suited.map((group) => ({ ...group, overhead: {} }));
  const bought = new Set(typesOf(onOffer(bare, { requests: {}, requirements, wellKnown })));
  const groups = keep(suited, ({ type }) => bought.has(type));
  if (minValuesPolicy === "BestEffort") return groups;
  return missingValues(typesOf(groups), requirements).length > 0 ? [] : groups;
}

/** S-227. */
function groupByDaemons(
  pool: PoolInput,
  requirements: Requirements,
  taints: readonly Taint[],
  { daemons, wellKnown, ...context }: TemplateContext,
): readonly TypeGroup[] {
  const candidates = daemons.map((daemon) => ({
    daemon,
    terms: termsOnTemplate(daemon, requirements, taints, wellKnown),
  }));
  const groups = new Map<string, { daemons: readonly DaemonPod[]; options: TypeOption[] }>();
  for (const type of pool.instanceTypes.toSorted((a, b) => compareText(a.name, b.name))) {
    const running = candidates.filter(({ terms }) => terms.some((term) => type.requirements.overlaps(term)));
    const key = running.map(({ daemon }) => daemon.name).join(" ");
    const group = groups.get(key) ?? { daemons: running.map(({ daemon }) => daemon), options: [] };
    const offerings = type.offerings.filter((offering) => isInPlay(offering, context));
    group.options.push({ type, allocatable: allocatableOf(type), builds: buildsOf(type, offerings) });
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({
    overhead: addResources(...group.daemons.map(({ requests }) => requests)),
    hostPorts: group.daemons.flatMap(({ hostPorts }) => hostPorts),
    options: group.options,
  }));
}

/** S-512: reserved capacity is used when it is switched on, and when its reservation is known by name so that it can be counted. */
function isInPlay(
  offering: Offering,
  { reservedCapacity, reservationIdLabel }: Pick<TemplateContext, "reservedCapacity" | "reservationIdLabel">,
): boolean {
  if (!isReserved(offering)) return true;
  if (reservedCapacity === "Off") return false;
  return reservationIdLabel === undefined || offering.requirements.get(reservationIdLabel).single() !== undefined;
}

/** S-301, for callers that leave the obvious to the engine. */
export function skipReason(pool: PoolInput): Template["skipped"] {
  const { metadata, spec, status } = pool.nodePool;
  if (pool.skipped) return pool.skipped;
  if (metadata.deletionTimestamp !== undefined) return { reason: "NodePoolDeleting", detail: "it is being deleted" };
  if (spec.replicas !== undefined) return { reason: "NodePoolStatic", detail: "it has a fixed number of replicas" };
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready !== undefined && ready.status !== "True") {
    return { reason: "NodePoolNotReady", detail: ready.message || ready.reason || "its condition Ready is not True" };
  }
  if (pool.instanceTypes.length === 0) {
    return { reason: "InstanceTypesUnavailable", detail: "its cloud listed no instance types" };
  }
  return undefined;
}

function comparePools(a: PoolInput, b: PoolInput): number {
  return (
    (b.nodePool.spec.weight ?? 0) - (a.nodePool.spec.weight ?? 0) || compareText(nameOf(b.nodePool), nameOf(a.nodePool))
  );
}

function nameOf(nodePool: NodePool): string {
  return nodePool.metadata.name ?? "";
}
