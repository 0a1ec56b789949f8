// A scenario in which nobody can pin a replacement to spot that nobody sells: NodePools for which this engine bought on demand for
// want of spot sell on demand only (D-78, D-81).

import { Label } from "@karpenter-multicloud/core/api";
import { readScenario } from "@karpenter-multicloud/core/testing";
import type { CommandResult, MethodResult, Scenario } from "@karpenter-multicloud/core/testing";

type Replacement = CommandResult["replacements"][number];
type Requirements = Replacement["requirements"];

/** Undefined: nothing that differs is a replacement on demand for want of spot. */
export function withoutSpotNobodySells(json: object, differing: readonly MethodResult[]): object | undefined {
  const scenario = readScenario(json);
  const pools = new Set(
    differing
      .flatMap(({ commands }) => commands ?? [])
      .flatMap(({ replacements }) => replacements ?? [])
      .filter((replacement) => isOnDemandForWantOfSpot(replacement, scenario))
      .map(({ nodePool }) => nodePool),
  );
  if (pools.size === 0) return undefined;
  const { nodePools = [] } = json as { readonly nodePools?: readonly PoolJson[] };
  return { ...json, nodePools: nodePools.map((pool) => (pools.has(pool.metadata.name) ? onDemandOnly(pool) : pool)) };
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
  return !asks && !sellsSpot(replacement, scenario);
}

function sellsSpot({ instanceTypes, requirements }: Replacement, scenario: Scenario): boolean {
  return scenario.instanceTypes
    .filter(({ name }) => instanceTypes.includes(name))
    .flatMap(({ offerings }) => offerings)
    .some(
      ({ available, capacityType, zone }) =>
        available && capacityType === "spot" && allows(requirements, Label.Zone, zone),
    );
}

/** A key that nothing is said about may have any value. */
function allows(requirements: Requirements, wanted: string, value: string): boolean {
  return requirements
    .filter(({ key }) => key === wanted)
    .every(({ operator, values = [] }) => {
      if (operator === "In") return values.includes(value);
      return operator !== "NotIn" || !values.includes(value);
    });
}
