// Nodes of a random scenario with the pods on them. Pods go where labels, taints and room allow it, as kube-scheduler would have put them.

import type { Draw } from "../draw.ts";
import { randomClaim } from "./random-claims.ts";
import { CPUS_LABEL, FAMILY_LABEL } from "./random-market.ts";
import type { Sale, SoldType } from "./random-market.ts";
import type { RandomPool } from "./random-pools.ts";
import { boundPods } from "./random-pods.ts";
import { share } from "./themes.ts";
import type { Theme } from "./themes.ts";
import type { World } from "./world.ts";

export function randomNodes(world: World): readonly object[] {
  const { draw, theme, isCrowded } = world;
  const most = theme === "many nodes" ? 40 : 12;
  const count = isCrowded && draw.happens(0.4) ? draw.between(1, 4) : draw.between(2, most);
  return Array.from({ length: count }, (_, index) => {
    const name = `node-${String(index).padStart(2, "0")}`;
    const isForeign = draw.happens(share(theme, "strange nodes", 0.15, 0.02));
    return isForeign ? foreignNode(world, name) : managedNode(world, name);
  }).filter((entry) => entry !== undefined);
}

function foreignNode(world: World, name: string): object {
  const room = { milliCpu: 4000, mebibytes: 16384, pods: 20 };
  const labels = { "topology.kubernetes.io/zone": "zone-a", "kubernetes.io/arch": "amd64" };
  return {
    node: { metadata: { name, labels }, status: { allocatable: { cpu: "4", memory: "16Gi", pods: "20" } } },
    pods: boundPods(world, { name, labels, room, isTainted: false }),
  };
}

function managedNode(world: World, name: string): object | undefined {
  const { draw, theme } = world;
  const pool = draw.pick(world.pools);
  const slots = slotsOf(pool, world.market);
  if (slots.length === 0) return undefined;
  const [one, other] = [draw.pick(slots), draw.pick(slots)];
  // Roomy nodes give consolidation something to do.
  const { type, sale } = other.type.cpus > one.type.cpus ? other : one;
  const labels = labelsOf(pool, type, sale);
  const strange = share(theme, "strange nodes", 0.2, 0.02);
  const state = draw.happens(strange) ? draw.pick(["launched", "registered"]) : "initialized";
  const said = draw.happens(strange / 4) ? withoutOne(draw, labels) : labels;
  const claim = randomClaim(world, { name, labels: said, pool, isInitialized: state === "initialized" });
  if (state === "launched" && draw.happens(0.5)) return { state, nodeClaim: claim };
  const nodeLabels = claim.metadata.labels;
  const room = {
    milliCpu: type.cpus * 1000 - 60 - type.cpus * 5,
    mebibytes: type.memoryGi * 1014 - 200,
    pods: type.maxPods,
  };
  return {
    state,
    node: {
      metadata: { name, labels: nodeLabels, annotations: nodeProtection(draw, theme) },
      spec: { taints: [...pool.taints, ...(state === "initialized" ? [] : youngTaints(pool))] },
      ...(draw.happens(strange) && {
        status: { conditions: [{ type: "Ready", status: draw.pick(["False", "Unknown"]) }] },
      }),
    },
    nodeClaim: claim,
    pods: state === "initialized" ? boundPods(world, { name, labels, room, isTainted: pool.isTainted }) : [],
  };
}

/** Those that are there before the node is initialized are no obstacle to pods that are planned onto it (D-47). */
function youngTaints({ startupTaints }: RandomPool): readonly object[] {
  return [...startupTaints, { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }];
}

interface Slot {
  readonly type: SoldType;
  readonly sale: Sale;
}

function slotsOf(pool: RandomPool, market: readonly SoldType[]): readonly Slot[] {
  const { arch, capacityTypes, cpus, families, name, zones } = pool;
  return market
    .filter((type) => (arch === undefined || type.arch === arch) && families.includes(type.family))
    .filter((type) => type.cpus > cpus.above && type.cpus < cpus.below && (type.soldTo?.includes(name) ?? true))
    .flatMap((type) =>
      type.sales
        .filter(({ capacityType }) => capacityTypes.length === 0 || capacityTypes.includes(capacityType))
        .filter(({ zone }) => zones.includes(zone))
        .map((sale) => ({ type, sale })),
    );
}

function labelsOf(pool: RandomPool, type: SoldType, sale: Sale): Readonly<Record<string, string>> {
  return {
    "karpenter.sh/nodepool": pool.name,
    "node.kubernetes.io/instance-type": type.name,
    "topology.kubernetes.io/zone": sale.zone,
    "karpenter.sh/capacity-type": sale.capacityType,
    "kubernetes.io/arch": type.arch,
    "kubernetes.io/os": "linux",
    [FAMILY_LABEL]: type.family,
    [CPUS_LABEL]: `${type.cpus}`,
    ...Object.fromEntries((sale.requirements ?? []).flatMap(({ key, values: [value = ""] }) => [[key, value]])),
    ...(pool.team !== undefined && { team: pool.team }),
  };
}

/** DT-11: such a node is no candidate of consolidation. */
function withoutOne(draw: Draw, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const gone = draw.pick([
    "topology.kubernetes.io/zone",
    "karpenter.sh/capacity-type",
    "node.kubernetes.io/instance-type",
  ]);
  return gone === "node.kubernetes.io/instance-type"
    ? { ...labels, [gone]: "gone" }
    : Object.fromEntries(Object.entries(labels).filter(([key]) => key !== gone));
}

function nodeProtection(draw: Draw, theme: Theme): Readonly<Record<string, string>> {
  if (!draw.happens(share(theme, "protection", 0.15, 0.02))) return {};
  return { "karpenter.sh/do-not-disrupt": draw.pick(["true", "true", "true", "10m", "false"]) };
}
