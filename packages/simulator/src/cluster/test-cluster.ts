// For the tests of this room: a running cluster whose time only moves while a test waits, and short ways to fill it.

import { Label } from "@karpenter-multicloud/core/api";
import type {
  DaemonSet,
  Deployment,
  KubeObject,
  Node,
  Pod,
  PodDisruptionBudget,
  PodSpec,
  ResourceList,
  Taint,
} from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { VirtualClock } from "../virtual-clock.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

export class TestCluster {
  readonly clock = new VirtualClock();
  readonly logger = new MemoryLogger();
  readonly cluster = new SimulatedCluster({ clock: this.clock, customResources: [], logger: this.logger });
  readonly #stop = new AbortController();

  static async started(): Promise<TestCluster> {
    const made = new TestCluster();
    await made.cluster.start(made.#stop.signal);
    return made;
  }

  /** Fails when a stand-in has failed meanwhile. */
  stop(): void {
    this.#stop.abort(new Error("the test is over"));
    const failure = this.logger.lines.find((line) => line.level === "error");
    if (failure !== undefined)
      throw new Error(`${failure.message} ${JSON.stringify(failure.fields)}`, { cause: failure.fields["error"] });
  }

  async apply(...objects: readonly KubeObject[]): Promise<void> {
    await this.cluster.apply(objects);
  }

  /** Nodes that are ready at once. */
  async join(...nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) {
      await this.cluster.machines.nodeJoins(node);
      await this.cluster.machines.nodeReady(node.metadata.name ?? "");
    }
  }

  until(predicate: () => boolean | Promise<boolean>): Promise<boolean> {
    return this.clock.until(predicate, { timeout: minutes(10) });
  }

  pods(): Promise<readonly Pod[]> {
    return this.cluster.pods({ namespace: "default" });
  }

  /** Waits until so many pods of namespace default are ready and no other one is left. */
  readyPods(count: number): Promise<boolean> {
    return this.until(async () => {
      const pods = await this.pods();
      return pods.length === count && pods.every(isReadyPod);
    });
  }

  /** Node name → number of its pods of namespace default; "" for pods without one. */
  async placement(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const pod of await this.pods()) {
      const node = pod.spec.nodeName ?? "";
      counts[node] = (counts[node] ?? 0) + 1;
    }
    return counts;
  }

  /** What the scheduler says about the first pending pod. */
  async complaint(): Promise<string | undefined> {
    const pending = (await this.pods()).find((pod) => pod.spec.nodeName === undefined);
    const condition = pending?.status?.conditions?.find((each) => each.type === "PodScheduled");
    return condition && `${condition.reason}: ${condition.message}`;
  }
}

export function isReadyPod(pod: Pod): boolean {
  return pod.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
}

export interface NodeShape {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
}

export function machine(name: string, shape: NodeShape = {}): Node {
  const { cpu = "4", memory = "16Gi", pods = "110", labels, taints } = shape;
  const capacity: ResourceList = { cpu, memory, pods };
  return {
    metadata: { name, labels: { [Label.Hostname]: name, ...labels } },
    spec: { providerID: `test:///${name}`, ...(taints === undefined ? {} : { taints }) },
    status: { capacity, allocatable: capacity },
  };
}

function template(app: string, requests: ResourceList, spec: Partial<PodSpec>) {
  return {
    metadata: { labels: { app } },
    spec: { containers: [{ name: "main", image: "example.com/app:1", resources: { requests } }], ...spec },
  };
}

export function deployment(
  name: string,
  replicas: number,
  requests: ResourceList = { cpu: "1", memory: "1Gi" },
  spec: Partial<PodSpec> = {},
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, requests, spec) },
  };
}

export function daemonSet(name: string, spec: Partial<PodSpec> = {}): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: "default" },
    spec: { selector: { matchLabels: { app: name } }, template: template(name, { cpu: "100m" }, spec) },
  };
}

export function budget(name: string, spec: Omit<PodDisruptionBudget["spec"], "selector">): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace: "default" },
    spec: { selector: { matchLabels: { app: name } }, ...spec },
  };
}

export function barePod(name: string, requests: ResourceList, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels: { app: name } },
    spec: { containers: [{ name: "main", image: "example.com/app:1", resources: { requests } }], ...spec },
  };
}
