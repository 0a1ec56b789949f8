import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, Nodes, type ResourceList, type Taint } from "../../api/index.ts";
import { kindOfMachine, LearnedMachines } from "../../provider/index.ts";
import { aNodeClaim, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { allocatableFrom, hours, minutes, seconds } from "../../units/index.ts";
import { learnedMachinesController } from "./controller.ts";

const KIND = kindOfMachine(TEST_CLASS, "m.4");
const LABELS = { [Label.InstanceType]: "m.4" };
const KEY = { name: "n1" };
let harness: ControllerHarness;
let learned: LearnedMachines;
afterEach(() => harness.stop());

function world(): void {
  harness = new ControllerHarness();
  learned = new LearnedMachines(() => harness.clock.now());
}

async function start(): Promise<void> {
  await harness.start(learnedMachinesController(harness.deps, learned));
}

interface Machine {
  readonly allocatable?: ResourceList;
  readonly ready?: boolean;
  readonly taints?: readonly Taint[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A machine that was launched and has joined; nobody has called it initialized yet. */
async function machineComes({
  allocatable = {},
  ready = true,
  taints = [],
  labels = LABELS,
}: Machine = {}): Promise<void> {
  await harness.putMachine("n1", { claim: { labels, conditions: ["Launched"] }, node: { allocatable, ready, taints } });
  const body = { status: { nodeInfo: { kubeletVersion: "v1.34.1" } } };
  await harness.kube.patchStatus(Nodes, KEY, { type: "merge", body });
}

async function initialized(registeredAfter = 60, initializedAfter = 90): Promise<void> {
  const claim = await harness.stored(NodeClaims, KEY);
  const creation = Date.parse(claim?.metadata.creationTimestamp ?? "");
  const isTrue = (type: string, after: number) => {
    const lastTransitionTime = new Date(creation + seconds(after)).toISOString().replace(".000Z", "Z");
    return { type, status: "True", reason: type, message: "", lastTransitionTime };
  };
  const conditions = [
    isTrue("Launched", 0),
    isTrue("Registered", registeredAfter),
    isTrue("Initialized", initializedAfter),
  ];
  await harness.kube.patchStatus(NodeClaims, KEY, { type: "merge", body: { status: { conditions } } });
  await harness.pass(seconds(1));
}

describe("learned.machines", () => {
  it("O-19: learns the size of a machine, and how long it took, once it is initialized", async () => {
    world();
    await start();
    await machineComes({ allocatable: { memory: "14Gi" } });
    await harness.pass(minutes(2));
    expect(learned.records()).toEqual([]);
    await initialized();
    expect(learned.size(KIND)?.allocatable).toMatchObject(allocatableFrom({ cpu: "4", memory: "14Gi" }));
    expect(learned.bootTimes(KIND)).toMatchObject({
      machines: 1,
      toRegistered: { p95: seconds(60) },
      toInitialized: { p95: seconds(90) },
    });
  });

  it("O-19: learns from the machines that are there when it starts", async () => {
    world();
    await machineComes();
    await initialized();
    await start();
    expect(learned.size(KIND)).toBeDefined();
    expect(learned.bootTimes(KIND)?.machines).toBe(1);
  });

  it.each<[string, Machine]>([
    ["is not ready", { ready: false }],
    ["has a taint of its kubelet", { taints: [{ key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" }] }],
  ])("learns no size from a node that %s, until it is well", async (_, machine) => {
    world();
    await start();
    await machineComes(machine);
    await initialized();
    expect(learned.size(KIND)).toBeUndefined();
    const conditions = [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    await harness.kube.patchStatus(Nodes, KEY, { type: "merge", body: { status: { conditions } } });
    await harness.kube.patch(Nodes, KEY, { type: "merge", body: { spec: { taints: null } } });
    await harness.pass(minutes(11));
    expect(learned.size(KIND)).toBeDefined();
  });

  it("learns no size from a node that has less than half of what was promised, and says so", async () => {
    world();
    await start();
    await machineComes({ allocatable: { memory: "7Gi" } });
    await initialized();
    expect(learned.size(KIND)).toBeUndefined();
    expect(harness.logger.messages("warn")).toEqual([
      "a node has much less than its type promises, its size is not learned",
    ]);
  });

  it("learns nothing from a claim without a type, of another provider, or on its way out", async () => {
    world();
    await start();
    await machineComes({ labels: {} });
    await initialized();
    const other = { ...TEST_CLASS, kind: "OtherNodeClass" };
    await harness.put(NodeClaims, aNodeClaim({ name: "n2", labels: LABELS, spec: { nodeClassRef: other } }));
    const leaving = aNodeClaim({ name: "n3", labels: LABELS, conditions: ["Launched"] });
    await harness.put(NodeClaims, {
      ...leaving,
      metadata: { ...leaving.metadata, finalizers: ["karpenter.sh/termination"] },
    });
    await harness.kube.delete(NodeClaims, { name: "n3" });
    await harness.pass(minutes(11));
    expect(learned.records()).toEqual([]);
  });

  it("looks again twice a day, so that what is still there is not forgotten", async () => {
    world();
    await start();
    await machineComes();
    await initialized();
    const lastSeen = (): number => learned.records()[0]?.sightings[0]?.at ?? 0;
    const first = lastSeen();
    await harness.pass(hours(37));
    expect(lastSeen() - first).toBeGreaterThanOrEqual(hours(24));
  });
});
