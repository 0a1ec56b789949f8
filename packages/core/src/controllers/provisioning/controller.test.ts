import { afterEach, describe, expect, it } from "vitest";
import { DaemonSets, Label, NodeClaims, NodePools, type NodeClaim } from "../../api/index.ts";
import { Transient } from "../../provider/index.ts";
import { aDaemonSet, anInstanceType, aNodePool, aPod, pods, TEST_CLASS } from "../../testing/builders/index.ts";
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

  it.each([
    ["Respect", 2],
    ["Ignore", 1],
  ] as const)(
    "S-327: with the preference policy %s, pods that would rather be apart get %i nodes",
    async (preferencePolicy, nodes) => {
      await started({ settings: { preferencePolicy } });
      const podAffinityTerm = { topologyKey: Label.Hostname, labelSelector: { matchLabels: { app: "web" } } };
      const podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] };
      const apart = pods(2, { labels: { app: "web" }, spec: { affinity: { podAntiAffinity } } });
      for (const pod of apart) await harness.putPod(pod);
      await harness.pass(1100);
      expect(await claims()).toHaveLength(nodes);
    },
  );

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
    expect(harness.events.texts()).toEqual(["Normal Nominated Pod/web: Pod should schedule on: nodeclaim/n1, node/n1"]);
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

  it("T-17: a pod that selects on the name of a host is refused with an event", async () => {
    await started();
    await harness.putPod(aPod({ name: "odd", nodeSelector: { [Label.Hostname]: "x" } }));
    await harness.pass(1000);
    const notes = harness.events.withReason("FailedScheduling");
    expect(notes.map(({ message }) => message)).toEqual([expect.stringContaining("is restricted")]);
    expect(verdicts()).toEqual(["InvalidPod Pod default/odd"]);
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
