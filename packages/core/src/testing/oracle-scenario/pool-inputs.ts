// The pools that a solve plans for, each with what the scenario's cloud sells to it, overlays applied.

import type { NodePool } from "../../api/index.ts";
import { evaluateOverlays, overlaidPool } from "../../scheduling/index.ts";
import type { PoolInput } from "../../scheduling/index.ts";
import { instanceTypeOf } from "./reading/instance-type-of.ts";
import { SCENARIO_CLASS } from "./reading/named-object.ts";
import type { Scenario, ScenarioInstanceType } from "./scenario.ts";

/** All pools count for overlays, those of another class too: they are what conflicts may be about. */
export function poolInputsOf(scenario: Scenario, wellKnown: ReadonlySet<string>): readonly PoolInput[] {
  const listed = scenario.nodePools.map((nodePool) => ({
    nodePool,
    instanceTypes: typesFor(nodePool, scenario.instanceTypes).map(instanceTypeOf),
  }));
  const managed = listed.filter(({ nodePool }) => isManagedClass(nodePool.spec.template.spec.nodeClassRef));
  if (scenario.options.featureGates["NodeOverlay"] !== true) return managed;
  const evaluation = evaluateOverlays(listed, scenario.nodeOverlays, { wellKnown });
  return managed.map((pool) => overlaidPool(pool, evaluation));
}

export function isManagedClass({ group, kind }: { readonly group: string; readonly kind: string }): boolean {
  return group === SCENARIO_CLASS.group && kind === SCENARIO_CLASS.kind;
}

function typesFor({ metadata }: NodePool, types: readonly ScenarioInstanceType[]): readonly ScenarioInstanceType[] {
  return types.filter(({ nodePools }) => nodePools === undefined || nodePools.includes(metadata.name ?? ""));
}
