import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, NodePools, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { silentMetrics, type Metrics } from "../../telemetry/index.ts";
import {
  aDaemonSetPod,
  aNodeClaim,
  aNodePool,
  aPod,
  pods,
  TEST_CLASS,
  type NodePoolOptions,
} from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { staticProvisioningController } from "../static-provisioning/controller.ts";
import { staticDeprovisioningController } from "./controller.ts";

const POOL = { name: "default" };
const MINUTE = 60_000;
let harness: ControllerHarness;
let counted: string[];
afterEach(() => harness.stop());

async function pool(options: NodePoolOptions, harnessOptions: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(harnessOptions);
  counted = [];
  await harness.put(NodePools, aNodePool({ disruption: { budgets: [{ nodes: "0" }] }, ...options }));
}

async function machines(...names: readonly string[]): Promise<void> {
  for (const name of names) await harness.putMachine(name);
}

async function start(): Promise<void> {
  const metrics: Metrics = {
    ...silentMetrics,
    count: (name, labels = {}, value = 1) => counted.push(`${name} ${labels["reason"]} ${value}`),
  };
  await harness.start(staticDeprovisioningController({ ...harness.deps, metrics }));
  await harness.pass(100);
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

async function names(): Promise<readonly string[]> {
  return (await claims()).map(({ metadata }) => metadata.name ?? "");
}

async function scale(replicas: number): Promise<void> {
  await harness.kube.patch(NodePools, POOL, { type: "merge", body: { spec: { replicas } } });
  await harness.pass(100);
}

/** Names of claims in the order in which their deletion was asked for. */
function deletions(): readonly string[] {
  const asked: string[] = [];
  harness.kube.faults = ({ phase, verb, resource, key }) => {
    if (phase === "before" && verb === "delete" && resource.kind === "NodeClaim") asked.push(key?.name ?? "");
  };
  return asked;
}

describe("ST-3: a NodePool with more machines than replicas", () => {
  it("gives the surplus back at once when replicas are lowered, whatever its budgets say", async () => {
    await pool({ replicas: 3 });
    await machines("n1", "n2", "n3");
    await start();
    await harness.pass(5 * MINUTE);
    expect(await names()).toEqual(["n1", "n2", "n3"]);
    await harness.putPod(aPod({ name: "web", nodeName: "n2" }));
    await scale(1);
    expect(await names()).toEqual(["n2"]);
    expect(counted).toEqual([
      "karpenter_nodeclaims_disrupted_total overprovisioned 1",
      "karpenter_pods_disruption_initiated_total overprovisioned 0",
      "karpenter_nodeclaims_disrupted_total overprovisioned 1",
      "karpenter_pods_disruption_initiated_total overprovisioned 0",
    ]);
    expect(harness.deps.decisions.list()).toMatchObject([
      {
        controller: "static.deprovisioning",
        verdict: "Overprovisioned",
        subject: "NodeClaim n1",
        detail: "its NodePool has 3 nodes and asks for 1; 0 pods have to move",
      },
      { subject: "NodeClaim n3" },
    ]);
  });

  it("TC-54, E-66: from 7 to 0: unlaunched, DaemonSets only, cheap, dear, do-not-disrupt", async () => {
    await pool({ replicas: 7 });
    await machines("a-kept", "b-dear", "c-cheap", "d-daemons", "e-empty", "f-kept-daemon");
    const { status: _, ...unlaunched } = aNodeClaim({ name: "g-ordered" });
    await harness.put(NodeClaims, unlaunched);
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    await harness.putPod(aPod({ name: "kept", nodeName: "a-kept", annotations }));
    for (const pod of pods(3, { name: "dear", nodeName: "b-dear" })) await harness.putPod(pod);
    await harness.putPod(aPod({ name: "cheap", nodeName: "c-cheap" }));
    await harness.putPod(aDaemonSetPod({ name: "agent-d", nodeName: "d-daemons" }));
    await harness.putPod(aDaemonSetPod({ name: "agent-f", nodeName: "f-kept-daemon", annotations }));
    await start();
    await harness.pass(MINUTE);
    const asked = deletions();
    await scale(0);
    expect(asked[0]).toBe("g-ordered");
    expect(asked.slice(1, 3).toSorted()).toEqual(["d-daemons", "e-empty"]);
    expect(asked.slice(3, 5)).toEqual(["c-cheap", "b-dear"]);
    expect(asked.slice(5).toSorted()).toEqual(["a-kept", "f-kept-daemon"]);
    expect(await names()).toEqual([]);
  });

  it("ST-3: a claim that somebody adds by hand makes one too many", async () => {
    await pool({ replicas: 1 });
    await machines("n1");
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await start();
    await machines("n2");
    await harness.pass(100);
    expect(await names()).toEqual(["n1"]);
  });

  it("counts no machine that is on its way out already", async () => {
    await pool({ replicas: 2 });
    await machines("n1", "n2", "n3");
    const body = { metadata: { finalizers: ["example.com/keep"] } };
    await harness.kube.patch(NodeClaims, { name: "n3" }, { type: "merge", body });
    await harness.kube.delete(NodeClaims, { name: "n3" });
    await start();
    await harness.pass(5 * MINUTE);
    expect(await names()).toEqual(["n1", "n2", "n3"]);
  });

  it("NP-1: of another autoscaler is left alone, and so is one without replicas", async () => {
    await pool({});
    const foreign = aNodePool({ name: "foreign", replicas: 0 });
    const { template } = foreign.spec;
    const spec = { ...template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...foreign, spec: { ...foreign.spec, template: { ...template, spec } } });
    await machines("n1");
    await harness.putMachine("f1", { claim: { nodePool: "foreign" } });
    await start();
    await harness.pass(5 * MINUTE);
    expect(await names()).toEqual(["f1", "n1"]);
  });

  it("what the provider cannot remove stays, and another one goes", async () => {
    await pool({ replicas: 1 });
    await machines("n1", "n2");
    await harness.putPod(aPod({ name: "web", nodeName: "n2" }));
    harness.provider.keeps = (claim) => (claim.metadata.name === "n1" ? "somebody else's pool" : undefined);
    await start();
    expect(await names()).toEqual(["n1"]);
  });

  it("D-132: looks again every minute, whatever happened or did not", async () => {
    await pool({ replicas: 1 });
    await machines("a", "b");
    for (const name of ["a", "b"]) harness.provider.kept.set(name, "its pool is not ours");
    await start();
    expect(await names()).toEqual(["a", "b"]);
    harness.provider.kept.clear();
    await harness.pass(MINUTE - 1000);
    expect(await names()).toEqual(["a", "b"]);
    await harness.pass(1000);
    expect(await names()).toHaveLength(1);
  });

  it("observe mode: says which would go, and deletes nothing", async () => {
    await pool({ replicas: 1 }, { settings: { mode: "observe" } });
    await machines("n1", "n2");
    await harness.putPod(aPod({ name: "web", nodeName: "n2" }));
    await start();
    await harness.pass(5 * MINUTE);
    expect(await names()).toEqual(["n1", "n2"]);
    expect(harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(false);
    expect(harness.deps.decisions.list()).toMatchObject([
      {
        verdict: "ObserveOnly",
        subject: "NodeClaim n1",
        detail: "observe mode: it would go now, its NodePool has 2 nodes and asks for 1",
      },
    ]);
    expect(counted).toEqual([]);
  });

  it("a deletion that fails takes the mark off again and is repeated", async () => {
    await pool({ replicas: 0 });
    await machines("n1");
    const marks: (boolean | undefined)[] = [];
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "delete" || resource.kind !== "NodeClaim") return;
      marks.push(harness.deps.state.nodeByName("n1")?.markedForDeletion);
      if (marks.length === 1) throw new KubeError(500, "InternalError", "etcd is away");
    };
    await harness.start(staticDeprovisioningController(harness.deps));
    await harness.pass(0);
    expect(marks).toEqual([true]);
    expect(await names()).toEqual(["n1"]);
    expect(harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(false);
    await harness.pass(1000);
    expect(await names()).toEqual([]);
  });
});

describe("static.provisioning and static.deprovisioning together", () => {
  it("ST-1, ST-3: 2, 4, 1, 3: each change is followed once, and nothing is made for what was taken away", async () => {
    await pool({ replicas: 2 });
    const created: string[] = [];
    await harness.start(staticProvisioningController(harness.deps), staticDeprovisioningController(harness.deps));
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && resource.kind === "NodeClaim" && ["create", "delete"].includes(verb))
        created.push(verb);
    };
    const counts: number[] = [];
    for (const replicas of [2, 4, 1, 3]) {
      await scale(replicas);
      await harness.pass(3 * MINUTE);
      counts.push((await claims()).length);
    }
    expect(counts).toEqual([2, 4, 1, 3]);
    expect(created.filter((verb) => verb === "delete")).toHaveLength(3);
    expect(created.filter((verb) => verb === "create")).toHaveLength(4);
  });
});
