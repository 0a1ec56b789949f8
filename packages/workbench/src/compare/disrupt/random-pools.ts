// NodePools of a random scenario: what they buy, and how they let their nodes be disrupted.

import type { Draw } from "../draw.ts";
import { CPUS_LABEL, FAMILIES, FAMILY_LABEL, ZONES } from "./random-market.ts";
import { share } from "./themes.ts";
import type { Theme } from "./themes.ts";

export interface RandomPool {
  readonly name: string;
  readonly capacityTypes: readonly string[];
  readonly zones: readonly string[];
  readonly families: readonly string[];
  readonly arch: string | undefined;
  readonly team: string | undefined;
  /** More CPUs than this, and fewer than that. */
  readonly cpus: { readonly above: number; readonly below: number };
  /** Pods have to tolerate it. */
  readonly isTainted: boolean;
  readonly taints: readonly object[];
  readonly startupTaints: readonly object[];
  readonly isStatic: boolean;
  /** Its consolidateAfter. */
  readonly pause: string;
  readonly json: object;
}

export const DEDICATED = { key: "dedicated", value: "x", effect: "NoSchedule" } as const;

/** Pods that do not tolerate it go elsewhere where they can. */
const AVOIDED = { key: "avoided", value: "x", effect: "PreferNoSchedule" } as const;
const STARTUP = { key: "example.com/startup", effect: "NoExecute" } as const;

const REASONS = ["Empty", "Drifted", "Underutilized"] as const;

export function randomPools(draw: Draw, theme: Theme): readonly RandomPool[] {
  return Array.from({ length: draw.between(1, 3) }, (_, index) => randomPool(draw, theme, index));
}

function randomPool(draw: Draw, theme: Theme, index: number): RandomPool {
  const capacityTypes = draw.pick([["on-demand"], ["spot"], ["on-demand", "spot"], [], ...moreChoices(theme)]);
  const restricts = draw.happens(0.25);
  const zones = restricts ? draw.some(ZONES) : ZONES;
  const families = draw.happens(0.2) ? draw.some(FAMILIES) : FAMILIES;
  const arch = draw.happens(0.85) ? "amd64" : undefined;
  const team = draw.happens(0.3) ? draw.pick(["red", "blue"]) : undefined;
  const cpus = draw.happens(0.08)
    ? draw.pick([
        { above: 1, below: 64 },
        { above: 0, below: 32 },
      ])
    : ANY_SIZE;
  const isTainted = draw.happens(0.15);
  const isAvoided = draw.happens(share(theme, "soft taints", 0.6, 0.02));
  const taints = [...(isTainted ? [DEDICATED] : []), ...(isAvoided ? [AVOIDED] : [])];
  const startupTaints = draw.happens(share(theme, "strange nodes", 0.3, 0.02)) ? [STARTUP] : [];
  const isStatic = draw.happens(share(theme, "static", 0.7));
  const pause = randomPause(draw, theme);
  const name = `pool-${"abc"[index] ?? "x"}`;
  const pool = {
    name,
    capacityTypes,
    zones,
    families,
    arch,
    team,
    cpus,
    isTainted,
    taints,
    startupTaints,
    isStatic,
    pause,
  };
  return { ...pool, json: poolJson(draw, theme, { ...pool, restricts }) };
}

interface PoolFacts extends Omit<RandomPool, "json"> {
  /** Says its zones, be they all. */
  readonly restricts: boolean;
}

function poolJson(draw: Draw, theme: Theme, pool: PoolFacts): object {
  const { name, team, taints, startupTaints, isStatic, pause } = pool;
  const requirements = randomRequirements(draw, theme, pool);
  return {
    metadata: { name, annotations: hashOf(draw, theme) },
    spec: {
      template: {
        metadata: { labels: team ? { team } : {} },
        spec: {
          requirements,
          ...(taints.length > 0 && { taints }),
          ...(startupTaints.length > 0 && { startupTaints }),
        },
      },
      ...(isStatic ? { replicas: draw.between(1, 10) } : draw.happens(0.4) && { weight: draw.between(1, 100) }),
      limits: randomLimits(draw, isStatic),
      disruption: randomDisruption(draw, theme, pause),
    },
    ...(draw.happens(share(theme, "strange nodes", 0.08)) && { status: { conditions: [NOT_READY] } }),
  };
}

function randomRequirements(
  draw: Draw,
  theme: Theme,
  { capacityTypes, restricts, zones, families, arch, cpus }: PoolFacts,
): readonly object[] {
  return [
    ...(capacityTypes.length > 0 ? [{ key: "karpenter.sh/capacity-type", operator: "In", values: capacityTypes }] : []),
    ...(restricts ? [{ key: "topology.kubernetes.io/zone", operator: "In", values: zones }] : []),
    ...(families.length < FAMILIES.length ? [{ key: FAMILY_LABEL, operator: "In", values: families }] : []),
    ...(arch ? [{ key: "kubernetes.io/arch", operator: "In", values: [arch] }] : []),
    ...(cpus.above > 0 ? [{ key: CPUS_LABEL, operator: "Gt", values: [`${cpus.above}`] }] : []),
    ...(cpus.below < ANY_SIZE.below ? [{ key: CPUS_LABEL, operator: "Lt", values: [`${cpus.below}`] }] : []),
    ...minValues(draw, theme),
  ];
}

/** Its nodes may go, but nothing new is bought for it. */
const NOT_READY = {
  type: "Ready",
  status: "False",
  reason: "NotReady",
  message: "",
  lastTransitionTime: "2026-01-01T10:00:00Z",
};

const ANY_SIZE = { above: 0, below: Number.POSITIVE_INFINITY };

function moreChoices(theme: Theme): readonly (readonly string[])[] {
  if (theme === "many spot types") return [["spot"], ["spot"], ["spot"]];
  return theme === "reserved" ? [["reserved"], ["reserved", "on-demand"], ["reserved", "on-demand", "spot"], []] : [];
}

function minValues(draw: Draw, theme: Theme): readonly object[] {
  if (theme === "many spot types" && draw.happens(0.4)) {
    return [{ key: "node.kubernetes.io/instance-type", operator: "Exists", minValues: draw.pick([5, 12, 16, 20, 30]) }];
  }
  if (!draw.happens(share(theme, "market", 0.3, 0.03))) return [];
  return [
    draw.happens(0.6)
      ? { key: "node.kubernetes.io/instance-type", operator: "Exists", minValues: draw.between(1, 4) }
      : { key: FAMILY_LABEL, operator: "Exists", minValues: draw.between(1, 3) },
  ];
}

function hashOf(draw: Draw, theme: Theme): Readonly<Record<string, string>> {
  if (!draw.happens(share(theme, "conditions", 0.7))) return {};
  return { "karpenter.sh/nodepool-hash": draw.pick(["1", "2"]), "karpenter.sh/nodepool-hash-version": "v3" };
}

function randomLimits(draw: Draw, isStatic: boolean): Readonly<Record<string, string>> {
  if (isStatic) return draw.happens(0.6) ? { nodes: String(draw.between(1, 12)) } : {};
  return draw.happens(0.1) ? { cpu: String(draw.pick([4, 8, 16, 40, 100])) } : {};
}

function randomDisruption(draw: Draw, theme: Theme, consolidateAfter: string): object {
  const calm = theme !== "budgets" && draw.happens(0.7);
  return {
    consolidationPolicy: randomPolicy(draw, theme),
    consolidateAfter,
    budgets: calm ? [{ nodes: "100%" }] : randomBudgets(draw, theme),
  };
}

function randomPolicy(draw: Draw, theme: Theme): string {
  if (draw.happens(share(theme, "balanced", 0.9, 0.1))) return "Balanced";
  return draw.happens(0.1) ? "WhenEmpty" : "WhenEmptyOrUnderutilized";
}

function randomPause(draw: Draw, theme: Theme): string {
  const waits = theme === "conditions" || theme === "stale conditions" ? 0.5 : share(theme, "waiting", 0.8, 0.08);
  return draw.happens(waits) ? draw.pick(["30s", "5m", "10m", "1h", "Never"]) : "0s";
}

function randomBudgets(draw: Draw, theme: Theme): readonly object[] {
  const count = theme === "budgets" ? draw.between(0, 4) : draw.between(1, 2);
  return Array.from({ length: count }, () => {
    const nodes = draw.pick(["0", "1", "2", "3", "5", "0%", "7%", "10%", "25%", "50%", "100%"]);
    return {
      nodes,
      ...(draw.happens(0.4) && { reasons: draw.some(REASONS) }),
      // The scenarios play on a Thursday at 12:00 UTC.
      ...(draw.happens(0.4) && {
        schedule: draw.pick([
          "0 9 * * *",
          "0 12 * * *",
          "30 11 * * thu",
          "0 0 1 * mon",
          "@daily",
          "@hourly",
          "1 12 * * *",
          "0 0 30 2 *",
          ...(draw.happens(0.2) ? ["0 0 * * 7", "often"] : []),
        ]),
        duration: draw.pick(["1m", "30m", "1h", "8h", "12h", "24h"]),
      }),
    };
  });
}
