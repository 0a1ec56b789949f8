import { afterEach, describe, expect, it } from "vitest";
import { Annotation, Label, NodeClaims, NodePools, TERMINATION_FINALIZER, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { InsufficientCapacity } from "../../provider/index.ts";
import { aNodeClaim, aNodePool, TEST_CLASS, type NodePoolOptions } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { nodeClaimLifecycleController } from "../nodeclaim-lifecycle/controller.ts";
import { RegistrationHealth } from "../nodepool-registration-health/registration-health.ts";
import { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { staticProvisioningController } from "./controller.ts";

const POOL = { name: "default" };
const SECOND = 1000;
const MINUTE = 60_000;
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function pool(options: NodePoolOptions, harnessOptions: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(harnessOptions);
  await harness.put(NodePools, aNodePool(options));
}

async function start(): Promise<void> {
  await harness.start(staticProvisioningController(harness.deps));
  await harness.pass(100);
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

async function change(spec: Readonly<Record<string, unknown>>): Promise<void> {
  await harness.kube.patch(NodePools, POOL, { type: "merge", body: { spec } });
  await harness.pass(100);
}

const verdicts = (): readonly string[] =>
  harness.deps.decisions.list().map(({ verdict, subject, detail }) => `${verdict} ${subject}: ${detail}`);

describe("ST-1: a NodePool with replicas", () => {
  it("E-63: gets as many claims as it asks for, bare ones, and no more later", async () => {
    await pool({ replicas: 3 });
    await start();
    const made = await claims();
    expect(made).toHaveLength(3);
    expect(made[0]?.spec.resources).toBeUndefined();
    expect(made[0]?.spec.requirements.map(({ key }) => key)).not.toContain(Label.InstanceType);
    expect(made[0]?.metadata.annotations?.[Annotation.MinValuesRelaxed]).toBeUndefined();
    expect(made[0]?.metadata.ownerReferences?.[0]?.name).toBe("default");
    await harness.pass(10 * MINUTE);
    expect(await claims()).toHaveLength(3);
    expect(verdicts()).toEqual(["CreateNodeClaim NodePool default: has 0 of 3 replicas, 3 are ordered"]);
  });

  it("ST-2: gets more as soon as replicas are raised, and none when they are lowered", async () => {
    await pool({ replicas: 2 });
    await start();
    await change({ replicas: 4 });
    expect(await claims()).toHaveLength(4);
    await change({ replicas: 1 });
    await harness.pass(5 * MINUTE);
    expect(await claims()).toHaveLength(4);
  });

  it("ST-2: a claim that is deleted is replaced at once, although it is still there", async () => {
    await pool({ replicas: 2 });
    await start();
    const [first] = await claims();
    const key = { name: first?.metadata.name ?? "" };
    const body = { metadata: { finalizers: [TERMINATION_FINALIZER] } };
    await harness.kube.patch(NodeClaims, key, { type: "merge", body });
    await harness.kube.delete(NodeClaims, key);
    await harness.pass(100);
    expect(await claims()).toHaveLength(3);
  });

  it("D-65: a machine on its way out still takes room of limits.nodes", async () => {
    await pool({ replicas: 2, limits: { nodes: "2" } });
    await start();
    const [first] = await claims();
    const key = { name: first?.metadata.name ?? "" };
    await harness.kube.patch(NodeClaims, key, {
      type: "merge",
      body: { metadata: { finalizers: ["example.com/keep"] } },
    });
    await harness.kube.delete(NodeClaims, key);
    await harness.pass(5 * MINUTE);
    expect(await claims()).toHaveLength(2);
    await harness.kube.patch(NodeClaims, key, { type: "merge", body: { metadata: { finalizers: null } } });
    await harness.pass(100);
    const names = (await claims()).map(({ metadata }) => metadata.name);
    expect(names).toHaveLength(2);
    expect(names).not.toContain(key.name);
  });

  it("ST-2: waits until it is Ready", async () => {
    await pool({ replicas: 2, status: {} });
    await start();
    await harness.pass(5 * MINUTE);
    expect(await claims()).toEqual([]);
    const { status } = aNodePool();
    await harness.kube.patchStatus(NodePools, POOL, { type: "merge", body: { status } });
    await harness.pass(100);
    expect(await claims()).toHaveLength(2);
  });

  it("NP-1: of another autoscaler is left alone, and so is one without replicas", async () => {
    await pool({});
    const foreign = aNodePool({ name: "foreign", replicas: 2 });
    const { template } = foreign.spec;
    const spec = { ...template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...foreign, spec: { ...foreign.spec, template: { ...template, spec } } });
    await start();
    await harness.pass(5 * MINUTE);
    expect(await claims()).toEqual([]);
  });

  it("E-74: gets nothing any more while it is deleted", async () => {
    await pool({ replicas: 1 });
    const metadata = { finalizers: ["example.com/keep"] };
    await harness.kube.patch(NodePools, POOL, { type: "merge", body: { metadata } });
    await harness.kube.delete(NodePools, POOL);
    await start();
    await harness.pass(5 * MINUTE);
    expect(await claims()).toEqual([]);
  });

  it("D-64: a machine that a command is about to replace is not replaced here too", async () => {
    await pool({ replicas: 1 });
    await harness.putMachine("n1");
    await start();
    harness.deps.state.markForDeletion("test:///n1");
    await harness.pass(5 * MINUTE);
    expect(await claims()).toHaveLength(1);
  });

  it("a Node that lost the label of its pool makes no room", async () => {
    await pool({ replicas: 1 });
    await harness.putMachine("n1", { node: { labels: { [Label.NodePool]: "elsewhere" } } });
    await start();
    await harness.pass(5 * MINUTE);
    expect(await claims()).toHaveLength(1);
  });
});

describe("limits.nodes of a NodePool with replicas", () => {
  it("TC-53, E-65: 5 replicas and a limit of 3 make 3, and it is told; raising the limit brings the rest", async () => {
    await pool({ replicas: 5, limits: { nodes: "3" } });
    await start();
    expect(await claims()).toHaveLength(3);
    await harness.pass(2 * MINUTE);
    expect(await claims()).toHaveLength(3);
    const told = harness.logger.find("nodepool node limit reached");
    expect([told?.level, told?.fields["NodePool"]]).toEqual(["info", "default"]);
    expect(harness.events.withReason("LimitExceeded")[0]?.message).toBe(
      "NodePool needs more nodes, and its limits leave no room for them: nodes 3",
    );
    expect(verdicts()).toContain(
      "LimitExceeded NodePool default: has 3 of 5 replicas, and its limits leave no room for more",
    );
    await change({ limits: { nodes: "5" } });
    expect(await claims()).toHaveLength(5);
  });

  it("ST-1: at the limit it is looked at every 30 s", async () => {
    await pool({ replicas: 1, limits: { nodes: "0" } });
    await start();
    await harness.pass(95 * SECOND);
    expect(harness.logger.messages("info").filter((text) => text === "nodepool node limit reached")).toHaveLength(4);
  });

  it("TC-53, E-73: two reconciles at the same time never make more", async () => {
    await pool({ replicas: 5, limits: { nodes: "3" } });
    await harness.start();
    const context = { signal: new AbortController().signal, reconcileId: "x" };
    const both = [staticProvisioningController(harness.deps), staticProvisioningController(harness.deps)];
    await harness.pass(0);
    await Promise.all(both.map((controller) => controller.reconcile("default", context)));
    expect(await claims()).toHaveLength(3);
    expect(harness.deps.poolLedger.counts("default")).toEqual({
      active: 3,
      deleting: 0,
      pendingDisruption: 0,
      reserved: 0,
    });
  });

  it("ST-1: creates that fail give their room back, do not stop the others, and are tried again", async () => {
    await pool({ replicas: 3, limits: { nodes: "3" } });
    let asked = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "create" && resource.kind === "NodeClaim" && ++asked === 2)
        throw new KubeError(500, "InternalError", "webhook failed");
    };
    await harness.start(staticProvisioningController(harness.deps));
    await harness.pass(0);
    expect(await claims()).toHaveLength(2);
    expect(harness.deps.poolLedger.counts("default").reserved).toBe(0);
    await harness.pass(MINUTE);
    expect(await claims()).toHaveLength(3);
  });
});

describe("a create without an answer", () => {
  it.each(["before", "after"])(
    "is not repeated before it is known what came of it: lost %s it was stored",
    async (at) => {
      await pool({ replicas: 1 });
      let asked = 0;
      harness.kube.faults = ({ phase, verb, resource }) => {
        if (phase !== at || verb !== "create" || resource.kind !== "NodeClaim") return;
        if (++asked === 1) throw new KubeError(0, "Timeout", "the connection was lost");
      };
      await harness.start(staticProvisioningController(harness.deps));
      await harness.pass(9 * SECOND);
      expect(asked).toBe(1);
      await harness.pass(MINUTE);
      expect(await claims()).toHaveLength(1);
    },
  );
});

describe("static.provisioning and what it does not know", () => {
  it("CS-3: after a start it waits until the cluster was seen, an unlaunched claim included", async () => {
    await pool({ replicas: 3 });
    const { status: _, ...young } = aNodeClaim({ name: "young" });
    await harness.put(NodeClaims, young);
    await harness.start(staticProvisioningController(harness.deps));
    await harness.pass(20 * SECOND);
    expect(await claims()).toHaveLength(1);
    await harness.pass(15 * SECOND);
    expect(await claims()).toHaveLength(3);
  });

  it("CS-3: later an unlaunched claim holds up nothing", async () => {
    await pool({ replicas: 1 });
    await start();
    await change({ replicas: 2 });
    expect(await claims()).toHaveLength(2);
  });

  it("observe mode: says what it would order, and orders nothing", async () => {
    await pool({ replicas: 2, limits: { nodes: "2" } }, { settings: { mode: "observe" } });
    await start();
    await harness.pass(10 * MINUTE);
    expect(await claims()).toEqual([]);
    expect(verdicts()).toEqual(["ObserveOnly NodePool default: observe mode, nothing was bought: 2 of 2 replicas"]);
    expect(harness.deps.poolLedger.counts("default").reserved).toBe(0);
  });
});

describe("LC-18: machines that cannot be had", () => {
  it("are ordered again after a pause that grows, not in a circle", async () => {
    await pool({ replicas: 1 });
    const asked: number[] = [];
    harness.provider.create = async () => {
      asked.push(harness.clock.now());
      throw new InsufficientCapacity("nothing is left");
    };
    const backOff = new PoolBackOff(harness.deps);
    await harness.start(
      staticProvisioningController(harness.deps, backOff),
      nodeClaimLifecycleController(harness.deps, new RegistrationHealth(), backOff),
    );
    await harness.pass(5 * MINUTE);
    const pauses = asked.slice(1).map((at, index) => Math.round((at - (asked[index] ?? 0)) / SECOND));
    expect(pauses.length).toBeGreaterThanOrEqual(2);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses[0]).toBeGreaterThanOrEqual(30);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(60);
    expect(verdicts().join("\n")).toContain(
      "NodePoolBackOff NodePool default: has 0 of 1 replicas, after insufficient",
    );
  });
});
