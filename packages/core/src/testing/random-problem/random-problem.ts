// A random cluster and what is wanted of it. The seed says everything: its remainder picks the mix of features, the rest is drawn.

import { Label } from "../../api/index.ts";
import type { DefaultSpreadInput, ProblemInput } from "../../scheduling/index.ts";
import { aProblem, FIXTURE_WELL_KNOWN } from "../builders/index.ts";
import { Chance } from "./chance.ts";
import { APPS, has, RESERVATION_ID, uses } from "./draw.ts";
import type { Draw } from "./draw.ts";
import { mixOf } from "./mixes.ts";
import { randomDaemonSets, randomNodes } from "./random-nodes.ts";
import { randomPods } from "./random-pods.ts";
import { randomPools } from "./random-pools.ts";
import { RANDOM_STORAGE } from "./random-storage.ts";

export function randomProblem(seed: number): ProblemInput {
  const draw: Draw = { chance: new Chance(seed), mix: mixOf(seed) };
  return aProblem({
    nodePools: randomPools(draw),
    nodes: randomNodes(draw),
    daemonSets: randomDaemonSets(draw),
    pods: randomPods(draw),
    ...(has(draw, "ignore") && { preferencePolicy: "Ignore" as const }),
    ...(has(draw, "best-effort") && { minValuesPolicy: "BestEffort" as const }),
    ...(has(draw, "short-lists") && { maxInstanceTypes: draw.chance.integer(1, 4) }),
    ...(has(draw, "volumes") && { storage: RANDOM_STORAGE }),
    ...(has(draw, "default-spread") && { defaultSpread: randomDefaults(draw) }),
    ...(has(draw, "reservations") && {
      reservationIdLabel: RESERVATION_ID,
      wellKnownLabels: new Set([...FIXTURE_WELL_KNOWN, RESERVATION_ID]),
      reservedCapacity: draw.chance.pick(["Strict", "Strict", "Fallback", "Off"] as const),
    }),
    ...(has(draw, "namespaces") && {
      namespaces: [
        { name: "default", labels: {} },
        { name: "other", labels: { kind: "other" } },
      ],
    }),
  });
}

function randomDefaults(draw: Draw): DefaultSpreadInput {
  const isSoft = draw.chance.happens(0.4);
  return {
    constraints: [
      { maxSkew: 1, topologyKey: Label.Zone, whenUnsatisfiable: isSoft ? "ScheduleAnyway" : "DoNotSchedule" },
      { maxSkew: 2, topologyKey: Label.Hostname, whenUnsatisfiable: "DoNotSchedule" },
    ],
    owners: APPS.filter(() => uses(draw, "default-spread", 0.6)).map((app) => ({
      kind: "Service",
      namespace: "default",
      name: `service-${app}`,
      uid: `service-${app}`,
      selector: { matchLabels: { app } },
    })),
  };
}
