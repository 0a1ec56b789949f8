// Nodes that exist or are on their way, with pods on them; and DaemonSets.

import { Label } from "../../api/index.ts";
import type { Pod, Taint } from "../../api/index.ts";
import type { DaemonSetInput, NodeInput } from "../../scheduling/index.ts";
import { aDaemonSetInput, aDaemonSetPod, aNodeInput, aPod, CSI_DRIVER } from "../builders/index.ts";
import { APPS, DEDICATED, has, REVISION, SOFT, TEAM, TEAMS, uses, ZONES } from "./draw.ts";
import type { Draw } from "./draw.ts";
import { boundCarrier } from "./random-company.ts";
import { randomVolumes } from "./random-storage.ts";

export function randomNodes(draw: Draw): readonly NodeInput[] {
  return has(draw, "nodes") ? draw.chance.list(0, 5, (index) => randomNode(draw, `n${index}`)) : [];
}

function randomNode(draw: Draw, name: string): NodeInput {
  const { chance } = draw;
  const taints: readonly Taint[] = [
    ...(uses(draw, "taints", 0.3) ? [DEDICATED] : []),
    ...(uses(draw, "soft-taints", 0.4) ? [SOFT] : []),
  ];
  const hasZone = !uses(draw, "strange-nodes", 0.3);
  const node = aNodeInput({
    name,
    nodePool: uses(draw, "strange-nodes", 0.3) ? "" : "pool-0",
    initialized: chance.happens(0.7),
    capacity: {
      cpu: chance.pick(["1", "4", "8"]),
      memory: chance.pick(["2Gi", "16Gi"]),
      pods: chance.pick(["3", "8"]),
    },
    labels: {
      [Label.CapacityType]: chance.pick(["on-demand", "spot"]),
      ...(hasZone && { [Label.Zone]: chance.pick(ZONES) }),
      ...(chance.happens(0.2) && { [Label.Arch]: "arm64" }),
      ...(has(draw, "labels") && chance.happens(0.6) && { [TEAM]: chance.pick(TEAMS) }),
    },
    ...(taints.length > 0 && { taints }),
    pods: [...chance.list(0, 3, (index) => runningPod(draw, name, index)), ...boundDaemons(draw, name)],
  });
  return uses(draw, "volumes", 0.6) ? { ...node, volumeLimits: { [CSI_DRIVER]: chance.integer(1, 4) } } : node;
}

function runningPod(draw: Draw, node: string, index: number): Pod {
  const { chance } = draw;
  return aPod({
    name: `running-${node}-${index}`,
    namespace: uses(draw, "namespaces", 0.4) ? "other" : "default",
    nodeName: node,
    labels: { app: chance.pick(APPS), ...(has(draw, "revisions") && { [REVISION]: "1" }) },
    requests: { cpu: chance.pick(["100m", "600m"]), memory: "200Mi" },
    ...(uses(draw, "ports", 0.3) && { ports: [{ containerPort: 80, hostPort: 80, hostIP: "10.0.0.1" }] }),
    spec: { ...(uses(draw, "apart", 0.25) && boundCarrier(draw)), ...randomVolumes(draw) },
  });
}

function boundDaemons(draw: Draw, node: string): readonly Pod[] {
  if (!uses(draw, "daemons", 0.5)) return [];
  return [aDaemonSetPod({ name: `agent-${node}`, nodeName: node, requests: { cpu: "250m" } })];
}

export function randomDaemonSets(draw: Draw): readonly DaemonSetInput[] {
  if (!has(draw, "daemons")) return [];
  const { chance } = draw;
  return chance.list(1, 3, (index) =>
    aDaemonSetInput({
      name: `agent-${index}`,
      requests: { cpu: chance.pick(["50m", "250m", "1"]), memory: chance.pick(["32Mi", "1Gi"]) },
      ...(chance.happens(0.5) && { tolerations: [{ operator: "Exists" }] }),
      ...(chance.happens(0.4) && { nodeSelector: { [Label.Arch]: chance.pick(["amd64", "arm64"]) } }),
      ...(chance.happens(0.3) && { requiredTerms: [[["size", "In", "large"]], [["integer", "Lt", "5"]]] }),
      ...(uses(draw, "ports", 0.4) && { ports: [{ containerPort: 443, hostPort: 443, hostIP: "10.0.0.2" }] }),
    }),
  );
}
