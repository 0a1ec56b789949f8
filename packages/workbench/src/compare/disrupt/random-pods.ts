// Pods of a random scenario: stamped out of workloads, bound where there is room, or waiting.

import type { Draw } from "../draw.ts";
import type { Workload } from "./random-workloads.ts";
import { share } from "./themes.ts";
import type { Theme } from "./themes.ts";
import { ago } from "./world.ts";
import type { World } from "./world.ts";

export interface Place {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly room: { readonly milliCpu: number; readonly mebibytes: number; readonly pods: number };
  readonly isTainted: boolean;
}

const MIRROR = { milliCpu: 50, mebibytes: 32 } as const;
const DAEMON = { milliCpu: 100, mebibytes: 64 } as const;

export function boundPods(world: World, place: Place): readonly object[] {
  const { draw, theme, workloads, hasDaemons, isCrowded } = world;
  const pods: object[] = hasDaemons ? [daemonPod(draw, theme, place.name)] : [];
  let { milliCpu, mebibytes, pods: slots } = place.room;
  if (draw.happens(share(theme, "odd pods", 0.4))) {
    pods.push(mirrorPod(draw, place.name));
    [milliCpu, mebibytes, slots] = [milliCpu - MIRROR.milliCpu, mebibytes - MIRROR.mebibytes, slots - 1];
  }
  if (hasDaemons) [milliCpu, mebibytes, slots] = [milliCpu - DAEMON.milliCpu, mebibytes - DAEMON.mebibytes, slots - 1];
  const apps = new Set<string>();
  const ports = new Set<number>();
  const tries = draw.happens(isCrowded ? 0.08 : 0.2) ? 0 : isCrowded ? draw.between(3, 18) : draw.between(1, 6);
  for (let index = 0; index < tries; index += 1) {
    const workload = draw.pick(workloads);
    const fits = workload.milliCpu <= milliCpu && workload.mebibytes <= mebibytes && slots > 0;
    if (!fits || !mayGo(workload, place) || (workload.oneEach && apps.has(workload.app))) continue;
    if (workload.hostPort !== undefined && ports.has(workload.hostPort)) continue;
    [milliCpu, mebibytes, slots] = [milliCpu - workload.milliCpu, mebibytes - workload.mebibytes, slots - 1];
    apps.add(workload.app);
    if (workload.hostPort !== undefined) ports.add(workload.hostPort);
    pods.push(boundPod(draw, theme, { workload, name: `${workload.app}-${place.name}-${index}` }));
  }
  return pods;
}

function mayGo({ nodeSelector, toleratesDedicated }: Workload, { labels, isTainted }: Place): boolean {
  return (
    (toleratesDedicated || !isTainted) && Object.entries(nodeSelector).every(([key, value]) => labels[key] === value)
  );
}

function boundPod(
  draw: Draw,
  theme: Theme,
  { workload, name }: { readonly workload: Workload; readonly name: string },
): object {
  const pod = podOf(workload, name);
  const odd = share(theme, "strange nodes", 0.15, 0.02);
  const isTerminal = draw.happens(odd / 2);
  const isTerminating = draw.happens(odd / 2);
  const startTime = draw.happens(0.05) ? undefined : ago(draw.pick([60, 3599, 3600, 86340, 86400, 864000]));
  const ready = draw.happens(share(theme, "pdbs", 0.2, 0.03)) ? "False" : "True";
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(isTerminating && { deletionTimestamp: ago(5), finalizers: ["example.com/hold"] }),
    },
    status: {
      phase: isTerminal ? draw.pick(["Succeeded", "Failed"]) : "Running",
      ...(startTime !== undefined && { startTime }),
      conditions: draw.happens(0.03) ? [] : [{ type: "Ready", status: ready }],
    },
  };
}

/** A static pod of the node: it protects, and never moves. */
function mirrorPod(draw: Draw, node: string): object {
  const requests = { cpu: `${MIRROR.milliCpu}m`, memory: `${MIRROR.mebibytes}Mi` };
  return {
    metadata: {
      name: `mirror-${node}`,
      labels: { app: draw.pick(["mirror", "app0"]) },
      annotations: draw.happens(0.2) ? { "karpenter.sh/do-not-disrupt": "true" } : {},
      ownerReferences: [owner("v1", "Node", node)],
    },
    spec: { containers: [{ name: "main", image: "pause", resources: { requests } }] },
  };
}

function daemonPod(draw: Draw, theme: Theme, node: string): object {
  const isProtected = draw.happens(share(theme, "protection", 0.1));
  return {
    metadata: {
      name: `daemon-${node}`,
      namespace: "kube-system",
      labels: { app: "daemon" },
      annotations: isProtected ? { "karpenter.sh/do-not-disrupt": "true" } : {},
      ownerReferences: [owner("apps/v1", "DaemonSet", "daemon")],
    },
    spec: DAEMON_SPEC,
  };
}

const DAEMON_SPEC = {
  containers: [{ name: "main", image: "pause", resources: { requests: { cpu: "100m", memory: "64Mi" } } }],
  tolerations: [{ operator: "Exists" }],
};

export const DAEMON_SET = {
  metadata: { name: "daemon", namespace: "kube-system" },
  spec: {
    selector: { matchLabels: { app: "daemon" } },
    template: { metadata: { labels: { app: "daemon" } }, spec: DAEMON_SPEC },
  },
};

/** A few that wait beside the nodes that are judged; some of them for ever. */
export function pendingPods({ draw, theme, workloads }: World): readonly object[] {
  const isOwn = theme === "pending pods";
  if (!isOwn && !draw.happens(0.2)) return [];
  return Array.from({ length: draw.between(1, isOwn ? 10 : 3) }, (_, index) => {
    const workload = draw.pick(workloads);
    const milliCpu = isOwn && draw.happens(0.2) ? draw.pick([12000, 28000, 64000]) : workload.milliCpu;
    return podOf({ ...workload, milliCpu }, `waiting-${index}`);
  });
}

/** Many, as a rollout leaves them. */
export function rolledOutPods({ draw, workloads }: World): readonly object[] {
  return workloads.flatMap((workload) =>
    Array.from({ length: draw.between(1, 9) }, (_, index) => podOf(workload, `${workload.app}-new-${index}`)),
  );
}

interface PodJson {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: object;
}

function podOf(
  { app, milliCpu, mebibytes, nodeSelector, ownerKind, annotations, hostPort, spec }: Workload,
  name: string,
): PodJson {
  const ports = hostPort === undefined ? {} : { ports: [{ containerPort: hostPort, hostPort, protocol: "TCP" }] };
  const requests = { cpu: `${milliCpu}m`, memory: `${mebibytes}Mi` };
  return {
    metadata: {
      name,
      labels: { app },
      annotations,
      ...(ownerKind !== "" && {
        ownerReferences: [owner(ownerKind === "Job" ? "batch/v1" : "apps/v1", ownerKind, app)],
      }),
    },
    spec: { ...spec, nodeSelector, containers: [{ name: "main", image: "pause", ...ports, resources: { requests } }] },
  };
}

function owner(apiVersion: string, kind: string, name: string): object {
  return { apiVersion, kind, name, uid: `${kind}-${name}`, controller: true };
}
