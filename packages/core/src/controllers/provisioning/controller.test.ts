import { afterEach, describe, expect, it } from "vitest";
import {
  Annotation,
  DaemonSets,
  Label,
  NodeClaims,
  nodePoolHash,
  NodePools,
  Pods,
  type NodeClaim,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { Transient } from "../../provider/index.ts";
import {
  aDaemonSet,
  anInstanceType,
  aNodeClaim,
  aNodePool,
  aPod,
  pods,
  TEST_CLASS,
  UNSCHEDULABLE,
} from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.put(NodePools, aNodePool());
  await harness.start(provisioningController(harness.deps));
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

/** Does this once, while a round waits for the catalog; then lets the round end. */
async function whileTheCatalogIsRead(change: () => Promise<unknown>): Promise<void> {
  const types = harness.provider.getInstanceTypes.bind(harness.provider);
  let done = false;
  harness.provider.getInstanceTypes = async (pool) => {
    harness.provider.getInstanceTypes = types;
    await change();
    await harness.clock.settle();
    done = true;
    return await types(pool);
  };
  await harness.pass(1000);
  for (let i = 0; i < 10; i++) await harness.pass(0);
  expect(done).toBe(true);
}

const verdicts = () => harness.deps.decisions.list().map(({ verdict, subject }) => `${verdict} ${subject}`);

describe("provisioner", () => {
  it("S-212, LC-8, LC-9: pods that arrive together become one claim after an idle second", async () => {
    await started();
    for (const pod of pods(3, { requests: { cpu: "1" } })) await harness.putPod(pod);
    await harness.pass(900);
    expect(await claims()).toEqual([]);
    await harness.pass(200);
    const [claim, ...more] = await claims();
    expect(more).toEqual([]);
    expect(claim?.metadata.name).toMatch(/^default-/);
    expect(claim?.metadata.ownerReferences?.[0]).toMatchObject({
      kind: "NodePool",
      name: "default",
      blockOwnerDeletion: true,
    });
    expect(claim?.spec.resources?.requests).toMatchObject({ cpu: "3", pods: "3" });
  });

  it("S-212: a steady trickle of pods is planned after the longest wait", async () => {
    await started();
    for (let i = 0; i < 20; i++) {
      await harness.putPod(aPod({ name: `web-${i}` }));
      await harness.pass(600);
    }
    expect((await claims()).length).toBeGreaterThan(0);
  });

  it("S-606, S-625: says on the pods where they go, and in the ledger why", async () => {
    await started({ types: [anInstanceType({ name: "m.4" }), anInstanceType({ name: "m.8", cpu: "8" })] });
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(1000);
    const [claim] = await claims();
    const name = claim?.metadata.name ?? "";
    expect(harness.events.texts()).toEqual([`Normal Nominated Pod/web: Pod should schedule on: nodeclaim/${name}`]);
    expect(harness.deps.decisions.list()).toMatchObject([
      { controller: "provisioner", verdict: "CreateNodeClaim", subject: `NodeClaim ${name}` },
    ]);
    expect(harness.deps.decisions.list()[0]?.detail).toMatch(
      /^1 pod needs a new machine: m\.4 at .* \(1 dearer type would do\)/,
    );
  });

  it("S-307, S-602: a pod that fits on a working node goes there, and the node is promised to it", async () => {
    await started();
    await harness.putMachine("n1");
    await harness.putPod(aPod({ name: "web", requests: { cpu: "1" } }));
    await harness.pass(1000);
    expect(await claims()).toHaveLength(1);
    expect(harness.events.texts()).toEqual(["Normal Nominated Pod/web: Pod should schedule on: node/n1"]);
    expect(harness.deps.state.nodeByName("n1")?.nominatedUntil).toBe(harness.clock.now() + 20_000);
  });

  it("S-224: what DaemonSets will bring to the new node is part of what is asked for", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    const daemon = aDaemonSet({ requests: { cpu: "500m" } });
    const [container] = daemon.spec.template.spec.containers;
    const spec = {
      ...daemon.spec.template.spec,
      containers: [{ name: "main", ...container, image: "example.com/agent:1" }],
    };
    await harness.put(DaemonSets, { ...daemon, spec: { ...daemon.spec, template: { ...daemon.spec.template, spec } } });
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ requests: { cpu: "1" } }));
    await harness.pass(1000);
    expect((await claims())[0]?.spec.resources?.requests?.["cpu"]).toBe("1500m");
  });

  it("S-607, S-624: a pod that fits nowhere learns why, once in five minutes", async () => {
    await started();
    await harness.putPod(aPod({ name: "huge", requests: { cpu: "64" } }));
    await harness.pass(1000);
    const [note] = harness.events.withReason("FailedScheduling");
    expect(note?.message).toMatch(/^Failed to schedule pod, .*cpu/);
    expect(note?.dedupeFor).toBe(5 * 60_000);
    expect(verdicts()).toEqual(["InsufficientResources Pod default/huge"]);
    await harness.pass(60_000);
    expect(verdicts()).toHaveLength(1);
  });

  it("without any NodePool the reason is that, not the pod", async () => {
    harness = new ControllerHarness();
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(1000);
    expect(verdicts()).toEqual(["NoNodePool Pod default/web"]);
  });

  it("S-206: a pod that wants no NodePool at all is not ours to speak of", async () => {
    await started();
    await harness.putPod(aPod({ name: "web", requiredTerms: [[[Label.NodePool, "DoesNotExist"]]] }));
    await harness.pass(2000);
    expect(await claims()).toEqual([]);
    expect(harness.events.notes).toEqual([]);
  });

  it("S-211: a pod that was of no use to the last round is planned again after ten seconds", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool({ status: {} }));
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(1000);
    expect(harness.events.texts()[0]).toContain("it has not been checked yet");
    const ready = {
      type: "Ready",
      status: "True",
      reason: "Ready",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    await harness.kube.patchStatus(
      NodePools,
      { name: "default" },
      { type: "merge", body: { status: { conditions: [ready] } } },
    );
    await harness.pass(9000);
    expect(await claims()).toEqual([]);
    await harness.pass(3000);
    expect(await claims()).toHaveLength(1);
  });

  it("NP-1: the NodePool of another autoscaler is neither used nor explained", async () => {
    harness = new ControllerHarness();
    const foreign = aNodePool({ name: "foreign" });
    const { template } = foreign.spec;
    const spec = { ...template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...foreign, spec: { ...foreign.spec, template: { ...template, spec } } });
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(1000);
    expect(await claims()).toEqual([]);
    expect(harness.events.texts().join()).not.toContain("foreign");
  });

  it("S-301: a pool whose types cannot be listed is left out and named; it is asked again", async () => {
    await started();
    let failing = true;
    const types = harness.provider.getInstanceTypes.bind(harness.provider);
    harness.provider.getInstanceTypes = async (pool) => {
      if (failing) throw new Transient("the catalog answered 503");
      return await types(pool);
    };
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(1000);
    expect(verdicts()).toEqual(["InstanceTypesUnavailable Pod default/web"]);
    failing = false;
    await harness.pass(12_000);
    expect(await claims()).toHaveLength(1);
  });

  it("S-120: the provider's older spellings of labels are understood", async () => {
    harness = new ControllerHarness();
    harness.provider.extra = {
      normalizedLabels: { "cloud.example.com/flavor": Label.InstanceType },
      normalizedValues: { [Label.InstanceType]: { M4: "m.4" } },
    };
    await harness.put(NodePools, aNodePool());
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ name: "web", nodeSelector: { "cloud.example.com/flavor": "M4" } }));
    await harness.pass(1000);
    expect(harness.events.withReason("FailedScheduling")).toEqual([]);
    expect(await claims()).toHaveLength(1);
  });
});

describe("provisioner, while things change", () => {
  it("S-213: nothing is planned while a young claim is unlaunched; the window stays open", async () => {
    await started();
    const { status: _, ...young } = aNodeClaim({ name: "default-1", nodePool: "other" });
    await harness.put(NodeClaims, young);
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(29_000);
    expect(await claims()).toHaveLength(1);
    expect(harness.logger.find("waiting for cluster state")?.fields["missing"]).toEqual([
      "nodeclaim default-1 not launched yet",
    ]);
    await harness.pass(2000);
    expect(await claims()).toHaveLength(2);
  });

  it("S-207: a pod that binds while the catalog is read gets no machine", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(async () => {
      await harness.putMachine("n1");
      await harness.kube.bind({ namespace: "default", name: "web" }, "n1");
    });
    expect((await claims()).map((claim) => claim.metadata.name)).toEqual(["n1"]);
  });

  it("S-520: the claim carries the template it was planned with, even if the pool changed meanwhile", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(async () => {
      const body = { spec: { template: { spec: { taints: [{ key: "dedicated", effect: "NoSchedule" }] } } } };
      await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    });
    const [claim] = await claims();
    expect(claim?.spec.taints).toBeUndefined();
    expect(claim?.metadata.annotations?.[Annotation.NodePoolHash]).toBe(nodePoolHash(aNodePool().spec.template));
  });

  it("no claim is made for a pool that is deleted while its plan is made", async () => {
    await started();
    const body = { metadata: { finalizers: ["example.com/keep"] } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(() => harness.kube.delete(NodePools, { name: "default" }));
    expect(await claims()).toEqual([]);
    expect(harness.deps.decisions.list()[0]?.detail).toBe("NodePool default is being deleted");
  });

  it("no claim is made for a pool that is gone, or was replaced by its namesake", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(() => harness.kube.delete(NodePools, { name: "default" }));
    expect(harness.deps.decisions.list().at(-1)?.detail).toBe("NodePool default is gone");
    await harness.put(NodePools, aNodePool());
    await harness.pass(10_000);
    await whileTheCatalogIsRead(async () => {
      await harness.kube.delete(NodePools, { name: "default" });
      await harness.put(NodePools, aNodePool());
    });
    expect(harness.deps.decisions.list().at(-1)?.detail).toBe("NodePool default was replaced by its namesake");
    expect(await claims()).toEqual([]);
    await harness.pass(12_000);
    expect(await claims()).toHaveLength(1);
  });

  it("S-331: one claim that cannot be created stops neither the others nor what is said of them", async () => {
    await started();
    for (const pod of pods(2, { requests: { cpu: "3" } })) await harness.putPod(pod);
    let creates = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "create" && ++creates === 1)
        throw new KubeError(500, "InternalError", "webhook failed");
    };
    await harness.pass(1000);
    expect(await claims()).toHaveLength(1);
    expect(harness.events.withReason("Nominated")).toHaveLength(1);
    expect(harness.logger.messages("error")).toEqual(["Reconciler error"]);
    await harness.pass(60_000);
    expect(await claims()).toHaveLength(2);
  });

  it("S-331: a create that keeps failing is tried again at least every ten seconds", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    let failing = true;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "create" && failing)
        throw new KubeError(500, "InternalError", "webhook failed");
    };
    await harness.pass(10 * 60_000);
    failing = false;
    await harness.pass(11_000);
    expect(await claims()).toHaveLength(1);
  });

  it("a failed pod's namesake is not blamed", async () => {
    await started();
    await harness.putPod(aPod({ name: "web", requests: { cpu: "64" } }));
    await harness.putPod(aPod({ name: "small" }));
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "create" || resource.kind !== "NodeClaim") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(Pods, { namespace: "default", name: "web" });
      await harness.putPod(aPod({ name: "web", status: UNSCHEDULABLE }));
      await harness.clock.settle();
    };
    await harness.pass(1000);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(verdicts().at(-1)).toBe("InsufficientResources Pod default/web");
    expect(harness.events.withReason("FailedScheduling")).toEqual([]);
  });
});
