import { afterEach, describe, expect, it } from "vitest";
import { Label, Nodes, Pods } from "../../api/index.ts";
import { PromMetrics, type Metrics } from "../../telemetry/index.ts";
import { aDaemonSetPod, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { nodeMetricsController } from "./controller.ts";

const ALLOCATABLE = "karpenter_nodes_allocatable";
const REQUESTS = "karpenter_nodes_total_pod_requests";

let harness: ControllerHarness;
let metrics: PromMetrics;
afterEach(() => harness.stop());

async function machine(observed: Metrics = (metrics = new PromMetrics())): Promise<void> {
  harness = new ControllerHarness({ metrics: observed });
  harness.provider.extra = { wellKnownLabels: ["cloud.example/disk-type", "cloud.example/Phase"] };
  await harness.putMachine("n1", {
    node: {
      labels: { [Label.Zone]: "z1", "cloud.example/disk-type": "ssd" },
      allocatable: { cpu: "3500m", "nvidia.com/gpu": "1" },
    },
  });
}

async function start(): Promise<void> {
  await harness.start(nodeMetricsController(harness.deps));
}

/** By resource. */
async function amounts(name: string): Promise<Readonly<Record<string, number>>> {
  const lines = await promSeries(metrics, name);
  return Object.fromEntries(
    lines.map((line) => [/resource_type="([^"]+)"/.exec(line)?.[1] ?? "", Number(line.split("} ")[1])]),
  );
}

describe("metrics.node", () => {
  it("M-13: tells what a node has for pods and keeps for itself, in cores and bytes", async () => {
    await machine();
    await start();
    expect(await amounts(ALLOCATABLE)).toEqual({
      cpu: 3.5,
      memory: 16 * 2 ** 30,
      pods: 110,
      ephemeral_storage: 100 * 2 ** 30,
      "nvidia.com/gpu": 1,
    });
    expect((await amounts("karpenter_nodes_system_overhead"))["cpu"]).toBe(0.5);
  });

  it("M-13: carries each well-known key, the provider's too, but none that the metric needs for itself", async () => {
    await machine();
    await start();
    const [line = ""] = await promSeries(metrics, ALLOCATABLE);
    const labels = Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    expect(labels).toEqual({
      node_name: "n1",
      phase: "",
      managed: "true",
      resource_type: "cpu",
      nodepool: "default",
      capacity_type: "",
      zone: "z1",
      region: "",
      instance_type: "",
      arch: "amd64",
      os: "linux",
      windows_build: "",
      disk_type: "ssd",
    });
  });

  it("M-13: sums up requests and limits of the pods, of DaemonSets once more by themselves", async () => {
    await machine();
    const both = { requests: { cpu: "1" }, limits: { cpu: "2", memory: "1Gi" } };
    const containers = [{ name: "app", resources: both }];
    const initContainers = [
      { name: "sidecar", restartPolicy: "Always" as const, resources: { limits: { cpu: "100m" } } },
      { name: "init", resources: { limits: { cpu: "5" } } },
    ];
    await harness.putPod(aPod({ name: "web", nodeName: "n1", spec: { containers, initContainers } }));
    await harness.putPod(aDaemonSetPod({ name: "agent", nodeName: "n1", spec: { containers } }));
    await harness.putPod(aPod({ name: "done", nodeName: "n1", status: { phase: "Succeeded" }, spec: { containers } }));
    await start();
    // The API server takes limits for requests where there are none.
    expect(await amounts(REQUESTS)).toEqual({ cpu: 6.1, memory: 2 * 2 ** 30, pods: 2 });
    expect(await amounts("karpenter_nodes_total_pod_limits")).toEqual({ cpu: 7.1, memory: 2 * 2 ** 30, pods: 2 });
    expect(await amounts("karpenter_nodes_total_daemon_requests")).toEqual({ cpu: 1, memory: 2 ** 30, pods: 1 });
    expect(await amounts("karpenter_nodes_total_daemon_limits")).toEqual({ cpu: 2, memory: 2 ** 30, pods: 1 });
  });

  it("M-13: follows pods within five seconds, and a node that is gone takes its series with it", async () => {
    await machine();
    await start();
    expect(await amounts(REQUESTS)).toEqual({});
    await harness.putPod(aPod({ name: "web", nodeName: "n1", requests: { cpu: "250m" } }));
    await harness.pass(5000);
    expect(await amounts(REQUESTS)).toEqual({ cpu: 0.25, pods: 1 });
    await harness.kube.delete(Pods, { namespace: "default", name: "web" }, { gracePeriodSeconds: 0 });
    await harness.pass(5000);
    expect(await amounts(REQUESTS)).toEqual({});
    await harness.kube.delete(Nodes, { name: "n1" });
    await harness.pass(5000);
    for (const name of [ALLOCATABLE, "karpenter_nodes_current_lifetime_seconds"]) {
      expect(await promSeries(metrics, name)).toEqual([]);
    }
    expect(await promSeries(metrics, "karpenter_cluster_utilization_percent")).toEqual([]);
  });

  it("M-14: tells a node's age at the moment of the scrape", async () => {
    await machine();
    await start();
    const [line = ""] = await promSeries(metrics, "karpenter_nodes_current_lifetime_seconds");
    const age = Number(line.split("} ")[1]);
    await harness.pass(1000);
    const [later = ""] = await promSeries(metrics, "karpenter_nodes_current_lifetime_seconds");
    expect(Number(later.split("} ")[1])).toBe(age + 1);
  });

  it("M-15: tells how much of all nodes is asked for, in percent", async () => {
    await machine();
    await harness.putMachine("n2", { node: { allocatable: { cpu: "500m" } } });
    await harness.putPod(aPod({ name: "web", nodeName: "n1", requests: { cpu: "1" } }));
    await start();
    expect(await promSeries(metrics, "karpenter_cluster_utilization_percent")).toContain('{resource_type="cpu"} 25');
  });

  it("RT-31: describes only nodes that have changed", async () => {
    const described: string[] = [];
    const prom = new PromMetrics();
    metrics = prom;
    const observed: Metrics = {
      count: (...args) => prom.count(...args),
      set: (...args) => prom.set(...args),
      remove: (...args) => prom.remove(...args),
      observe: (...args) => prom.observe(...args),
      declare: (definition) => prom.declare(definition),
      hold: (name, object, series) => {
        if (name === ALLOCATABLE) described.push(object);
        prom.hold(name, object, series);
      },
    };
    await machine(observed);
    await harness.putMachine("n2");
    await start();
    await harness.pass(30_000);
    expect(described).toEqual(["n1", "n2"]);
    await harness.putPod(aPod({ name: "web", nodeName: "n2" }));
    await harness.pass(5000);
    expect(described).toEqual(["n1", "n2", "n2"]);
  });
});
