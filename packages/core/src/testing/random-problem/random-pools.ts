// Pools of random weight, taste and size.

import { Label } from "../../api/index.ts";
import type { NodePool, RequirementSpec, ResourceList, Taint } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { PoolInput } from "../../scheduling/index.ts";
import { aPoolInput } from "../builders/index.ts";
import type { PoolInputOptions } from "../builders/index.ts";
import { DEDICATED, has, SOFT, TEAM, TEAMS, uses, ZONES } from "./draw.ts";
import type { Draw } from "./draw.ts";
import { randomTypes } from "./random-types.ts";

export function randomPools(draw: Draw): readonly PoolInput[] {
  const { chance } = draw;
  const shared = randomTypes(draw);
  const count = has(draw, "pools") ? chance.integer(2, 4) : 1;
  return Array.from({ length: count }, (_, index) => randomPool(draw, index, shared));
}

function randomPool(draw: Draw, index: number, shared: readonly InstanceType[]): PoolInput {
  const { chance } = draw;
  const weight = uses(draw, "pools", 0.6) ? chance.pick([1, 5, 5, 20]) : undefined;
  const limits = randomLimits(draw);
  const taints = randomTaints(draw, index);
  return aPoolInput({
    name: `pool-${index}`,
    instanceTypes: uses(draw, "pools", 0.3) ? randomTypes(draw) : shared,
    requirements: [...teamOf(draw), ...placesOf(draw), ...minValuesOf(draw)],
    ...(uses(draw, "labels", 0.2) && { labels: { owner: `owner-${index}` } }),
    ...(weight !== undefined && { weight }),
    ...(limits && { limits }),
    ...(taints.length > 0 && { taints }),
    ...(uses(draw, "taints", 0.2) && { startupTaints: [{ key: "boot", effect: "NoSchedule" as const }] }),
    ...(index > 0 && uses(draw, "idle-pools", 0.6) && idleness(draw)),
  });
}

function teamOf(draw: Draw): readonly RequirementSpec[] {
  const { chance } = draw;
  if (!uses(draw, "labels", 0.8)) return [];
  if (chance.happens(0.25)) return [{ key: TEAM, operator: "Exists" }];
  return [{ key: TEAM, operator: "In", values: chance.some(TEAMS, 0.6) }];
}

function placesOf(draw: Draw): readonly RequirementSpec[] {
  const { chance } = draw;
  const requirements: RequirementSpec[] = [];
  if (uses(draw, "pools", 0.3)) requirements.push({ key: Label.Zone, operator: "In", values: chance.some(ZONES, 0.7) });
  if (uses(draw, "pools", 0.2)) requirements.push({ key: Label.Zone, operator: "NotIn", values: ["moon"] });
  if (uses(draw, "pools", 0.2)) {
    requirements.push({ key: Label.CapacityType, operator: "In", values: [chance.pick(["spot", "on-demand"])] });
  }
  if (uses(draw, "pools", 0.15)) requirements.push({ key: "integer", operator: "Gt", values: ["2"] });
  return requirements;
}

function minValuesOf(draw: Draw): readonly RequirementSpec[] {
  if (!uses(draw, "min-values", 0.7)) return [];
  const { chance } = draw;
  const key = chance.pick<string>([Label.InstanceType, Label.InstanceType, "integer"]);
  return [{ key, operator: "Exists", minValues: chance.integer(2, 4) }];
}

function randomLimits(draw: Draw): ResourceList | undefined {
  const { chance } = draw;
  const limits: Record<string, string> = {};
  if (uses(draw, "limits", 0.7)) limits["cpu"] = String(chance.pick([2, 10, 24, 40]));
  if (uses(draw, "limits", 0.3)) limits["memory"] = `${chance.pick([8, 30, 100])}Gi`;
  if (uses(draw, "node-limits", 0.7)) limits["nodes"] = String(chance.integer(0, 4));
  return Object.keys(limits).length > 0 ? limits : undefined;
}

function randomTaints(draw: Draw, index: number): readonly Taint[] {
  // The first pool stays open, so that not everything fails.
  if (index === 0) return uses(draw, "soft-taints", 0.3) ? [SOFT] : [];
  return [...(uses(draw, "taints", 0.5) ? [DEDICATED] : []), ...(uses(draw, "soft-taints", 0.5) ? [SOFT] : [])];
}

function idleness({ chance }: Draw): Pick<PoolInputOptions, "deletionTimestamp" | "replicas" | "status" | "skipped"> {
  const Ready = { type: "Ready", status: "False", reason: "NotFound", message: "no class", lastTransitionTime: "" };
  const status: NonNullable<NodePool["status"]> = { conditions: [{ ...Ready, status: "False" }] };
  return chance.pick([
    { deletionTimestamp: "2026-01-01T00:00:00Z" },
    { replicas: 2 },
    { status },
    { skipped: { reason: "OverlayPending" as const, detail: "prices are being worked out" } },
  ]);
}
