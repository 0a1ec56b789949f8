// A scenario in which nobody can pin a replacement to spot that nobody sells: NodePools for which this engine bought on demand for
// want of spot, or Karpenter planned what cannot be launched, sell on demand only (D-78, D-81).

import { Label } from "@karpenter-multicloud/core/api";
import { readScenario } from "@karpenter-multicloud/core/testing";
import type { CommandResult, MethodResult, Scenario } from "@karpenter-multicloud/core/testing";
import type { MethodDifference } from "./answers.ts";
import { allows, isOnSale } from "./on-sale.ts";
import type { Requirements } from "./on-sale.ts";

type Replacement = CommandResult["replacements"][number];

/** Undefined: nothing that differs has to do with it. */
export function withoutSpotNobodySells(json: object, differing: readonly MethodDifference[]): object | undefined {
  const scenario = readScenario(json);
  const ours = replacementsOf(differing.map((each) => each.ours));
  const theirs = replacementsOf(differing.flatMap((each) => each.theirs));
  const pools = new Set(
    [...ours.filter((each) => isOnDemandForWantOfSpot(each, scenario)), ...theirs.filter(isUnbuyable)].map(
      ({ nodePool }) => nodePool,
    ),
  );
  if (pools.size === 0) return undefined;
  const { nodePools = [] } = json as { readonly nodePools?: readonly PoolJson[] };
  return { ...json, nodePools: nodePools.map((pool) => (pools.has(pool.metadata.name) ? onDemandOnly(pool) : pool)) };
}

function replacementsOf(methods: readonly MethodResult[]): readonly Replacement[] {
  return methods.flatMap(({ commands }) => commands ?? []).flatMap(({ replacements }) => replacements ?? []);
}

function isUnbuyable({ cheapest, requirements }: Replacement): boolean {
  const isOnSpotOnly =
    allows(requirements, Label.CapacityType, "spot") && !allows(requirements, Label.CapacityType, "on-demand");
  return cheapest === undefined && isOnSpotOnly;
}

interface PoolJson {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: { readonly requirements?: Requirements } } };
}

function onDemandOnly(pool: PoolJson): PoolJson {
  const { template } = pool.spec;
  const { requirements = [] } = template.spec;
  const own = requirements.find(({ key, operator }) => key === Label.CapacityType && operator === "In");
  const left = own?.values?.filter((value) => value !== "spot") ?? ["on-demand"];
  const stated = { key: Label.CapacityType, operator: "In", values: left } as const;
  const others = requirements.filter(({ key }) => key !== Label.CapacityType);
  const spec = { ...template.spec, requirements: [...others, stated] };
  return { ...pool, spec: { ...pool.spec, template: { ...template, spec } } };
}

/** Pool and pods would take spot, but no type of the replacement sells any where it may go. */
function isOnDemandForWantOfSpot(replacement: Replacement, scenario: Scenario): boolean {
  const pool = scenario.nodePools.find(({ metadata }) => metadata.name === replacement.nodePool);
  const { requirements = [] } = pool?.spec.template.spec ?? {};
  if (!allows(requirements, Label.CapacityType, "spot")) return false;
  if (replacement.cheapest?.capacityType !== "on-demand") return false;
  const moved = new Set(replacement.pods);
  const pods = [...scenario.pods, ...scenario.nodes.flatMap((entry) => entry.pods)];
  const asks = pods.some(
    ({ metadata, spec }) =>
      moved.has(`${metadata.namespace ?? "default"}/${metadata.name ?? ""}`) &&
      JSON.stringify(spec).includes(Label.CapacityType),
  );
  const onSpot = { key: Label.CapacityType, operator: "In", values: ["spot"] } as const;
  const others = replacement.requirements.filter(({ key }) => key !== Label.CapacityType);
  return !asks && !replacement.instanceTypes.some((type) => isOnSale(type, [...others, onSpot], scenario));
}
