import { CUSTOM_RESOURCES, Label, Nodes, UNREGISTERED_TAINT } from "@karpenter-multicloud/core/api";
import type { Node, NodeClaim } from "@karpenter-multicloud/core/api";
import type { Ports } from "@karpenter-multicloud/core/controllers";
import { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { minutes, seconds } from "@karpenter-multicloud/core/units";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedCluster } from "../cluster/simulated-cluster.ts";
import { barePod } from "../cluster/test-cluster.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { KwokNodeClasses, SIMULATED_CUSTOM_RESOURCES } from "./node-class.ts";
import type { KwokNodeClass } from "./node-class.ts";
import { SimulatedCloud } from "./simulated-cloud.ts";
import { createSimulatedProvider } from "./simulated-provider.ts";

const NODE_CLASS: KwokNodeClass = {
  apiVersion: "karpenter.kwok.sh/v1alpha1",
  kind: "KWOKNodeClass",
  metadata: { name: "default" },
  spec: { nodeRegistrationDelay: "40s" },
};

const CLAIM: NodeClaim = {
  metadata: { name: "default-abcde", uid: "11111111-2222", labels: { [Label.NodePool]: "default" } },
  spec: {
    nodeClassRef: { group: "karpenter.kwok.sh", kind: "KWOKNodeClass", name: "default" },
    requirements: [{ key: Label.Os, operator: "In", values: ["linux"] }],
    resources: { requests: { cpu: "1" } },
  },
};

async function setUp() {
  const stop = new AbortController();
  const clock = new VirtualClock();
  const cluster = new SimulatedCluster({
    clock,
    customResources: [...CUSTOM_RESOURCES, ...SIMULATED_CUSTOM_RESOURCES],
  });
  const cloud = new SimulatedCloud({ clock, machines: cluster.machines });
  const ports = {
    kube: cluster.kube,
    clock,
    logger: silentLogger,
    gate: { observeOnly: false, run: (_: unknown, write: () => Promise<unknown>) => write() },
    settings: { clusterName: "test" },
    unavailable: new UnavailableOfferings(() => clock.now()),
  } as unknown as Ports;
  const { provider } = createSimulatedProvider(ports, cloud);
  await cluster.start(stop.signal);
  await cluster.apply([NODE_CLASS]);
  return { stop, clock, cluster, cloud, provider };
}

let world: Awaited<ReturnType<typeof setUp>>;

beforeEach(async () => {
  world = await setUp();
});

afterEach(() => world.stop.abort());

async function launch(): Promise<NodeClaim> {
  return world.provider.create(CLAIM, { signal: world.stop.signal });
}

async function onlyNode(): Promise<Node | undefined> {
  const nodes = await world.cluster.nodes();
  return nodes.length === 1 ? nodes[0] : undefined;
}

describe("simulated cloud and cluster together", () => {
  it("SIM-1: the class is ready as soon as it is stored", async () => {
    const stored = await world.cluster.kube.get(KwokNodeClasses, { name: "default" });
    expect(stored.status?.conditions).toMatchObject([{ type: "Ready", status: "True" }]);
  });

  it("SIM-8: the machine becomes a Node after the class's delay, ready a second later, still unregistered", async () => {
    const claim = await launch();
    await world.clock.advance(seconds(39));
    expect(await world.cluster.nodes()).toEqual([]);
    await world.clock.advance(seconds(1));
    const joined = await onlyNode();
    expect(joined?.spec?.providerID).toBe(claim.status?.providerID);
    expect(joined?.status?.conditions).toMatchObject([{ type: "Ready", status: "False" }]);
    expect(joined?.spec?.taints?.map((taint) => taint.key)).toContain("node.kubernetes.io/not-ready");
    expect(joined?.metadata.labels).toMatchObject({
      [Label.NodePool]: "default",
      [Label.Hostname]: "default-abcde",
      [Label.InstanceType]: "c-2x-amd64-linux",
      [Label.CapacityType]: "spot",
      "kwok.x-k8s.io/node": "fake",
    });
    await world.clock.advance(seconds(2));
    const ready = await onlyNode();
    expect(ready?.status?.conditions).toMatchObject([{ type: "Ready", status: "True" }]);
    expect(ready?.spec?.taints).toEqual([UNREGISTERED_TAINT]);
  });

  it("runs pods once somebody takes off the unregistered taint", async () => {
    await launch();
    await world.cluster.apply([barePod("web", { cpu: "1" })]);
    await world.clock.advance(minutes(5));
    expect((await world.cluster.pods())[0]?.spec.nodeName).toBeUndefined();
    const node = (await onlyNode())?.metadata.name ?? "";
    await world.cluster.machines.nodeEdited?.(node, { removeTaints: [UNREGISTERED_TAINT] });
    await world.clock.advance(seconds(5));
    const [pod] = await world.cluster.pods();
    expect([pod?.spec.nodeName, pod?.status?.phase]).toEqual([node, "Running"]);
  });

  it("takes the Node away with the machine, unless a finalizer holds it", async () => {
    const claim = await launch();
    await world.clock.advance(minutes(1));
    const node = (await onlyNode())?.metadata.name ?? "";
    const finalizers = ["karpenter.sh/termination"];
    await world.cluster.kube.patch(Nodes, { name: node }, { type: "merge", body: { metadata: { finalizers } } });
    await world.provider.delete(claim, { signal: world.stop.signal });
    await world.clock.idle();
    expect((await onlyNode())?.metadata.deletionTimestamp).toBeDefined();
    await world.cluster.kube.patch(Nodes, { name: node }, { type: "merge", body: { metadata: { finalizers: null } } });
    await world.clock.idle();
    expect(await world.cluster.nodes()).toEqual([]);
  });
});
