// The condition Drifted through the controller: where its reason comes from, what an error does, when it is looked at again.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, getCondition, Label, NodeClaims, NodePools, type NodePool } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { MachineNotFound, NodeClassNotReady, Transient } from "../../provider/index.ts";
import {
  aNodeClaim,
  aNodePool,
  anInstanceType,
  anOffering,
  type NodeClaimOptions,
} from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS, TestNodeClasses } from "../../testing/controller-harness.ts";
import { nodeClaimDisruptionController } from "./controller.ts";

const MINUTE = 60_000;
const KEY = { name: "n1" };
const STAMP = { [Annotation.NodePoolHash]: "1", [Annotation.NodePoolHashVersion]: "v1" };
const SOLD = { [Label.InstanceType]: "m.4", [Label.Zone]: "test-zone-1", [Label.CapacityType]: "on-demand" };
let harness: ControllerHarness;
afterEach(() => harness.stop());

function pool(over: Partial<NodePool["spec"]> = {}): NodePool {
  const known = aNodePool({ disruption: { consolidateAfter: "Never" }, spec: over });
  return { ...known, metadata: { ...known.metadata, annotations: STAMP } };
}

async function started(claim: NodeClaimOptions = {}, prepare: () => unknown = () => {}, nodePool = pool()) {
  harness = new ControllerHarness();
  await harness.put(NodePools, nodePool);
  await harness.put(NodeClaims, aNodeClaim({ annotations: STAMP, labels: SOLD, ...claim }));
  prepare();
  await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
  await harness.pass(100);
}

async function drifted() {
  const claim = await harness.stored(NodeClaims, KEY);
  return claim && getCondition(claim, "Drifted");
}

async function annotatePool(annotations: Readonly<Record<string, string>>): Promise<void> {
  await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { metadata: { annotations } } });
  await harness.pass(100);
}

describe("Drifted", () => {
  it("D-136, DT-92: says why, and goes when the pool is as it was", async () => {
    await started();
    expect(await drifted()).toBeUndefined();
    await annotatePool({ [Annotation.NodePoolHash]: "2" });
    expect(await drifted()).toMatchObject({ status: "True", reason: "NodePoolDrifted", message: "NodePoolDrifted" });
    await annotatePool({ [Annotation.NodePoolHash]: "1" });
    expect(await drifted()).toBeUndefined();
  });

  it("DT-92: a claim whose fingerprint is of another version is not compared", async () => {
    await started({ annotations: { ...STAMP, [Annotation.NodePoolHashVersion]: "v0" } });
    await annotatePool({ [Annotation.NodePoolHash]: "2" });
    expect(await drifted()).toBeUndefined();
  });

  it("DT-95: it is taken from a claim that is not launched, and nobody asks the cloud", async () => {
    const conditions = ["Drifted", "Registered"];
    await started({ conditions }, () => harness.provider.drifted.set("n1", "ImageDrifted"));
    expect(await drifted()).toBeUndefined();
    await harness.pass(6 * MINUTE);
    expect(await drifted()).toBeUndefined();
  });

  it("D-136, D-140: the provider is asked every five minutes, and its word is the reason", async () => {
    await started();
    harness.provider.drifted.set("n1", "ImageDrifted");
    await harness.pass(5 * MINUTE - 1000);
    expect(await drifted()).toBeUndefined();
    await harness.pass(2000);
    expect(await drifted()).toMatchObject({ status: "True", reason: "ImageDrifted", message: "ImageDrifted" });
    harness.provider.drifted.clear();
    await harness.pass(5 * MINUTE);
    expect(await drifted()).toBeUndefined();
  });

  it("DT-95: what core sees comes before the provider's reason, and another reason is no new transition", async () => {
    await started({}, () => harness.provider.drifted.set("n1", "ImageDrifted"));
    const first = await drifted();
    await annotatePool({ [Annotation.NodePoolHash]: "2" });
    const second = await drifted();
    expect([first?.reason, second?.reason]).toEqual(["ImageDrifted", "NodePoolDrifted"]);
    expect(second?.lastTransitionTime).toBe(first?.lastTransitionTime);
  });

  it("DT-93: a requirement that the claim's labels do not meet", async () => {
    const { template } = pool().spec;
    const requirements = [{ key: Label.Zone, operator: "In", values: ["elsewhere"] }] as const;
    await started({}, undefined, pool({ template: { ...template, spec: { ...template.spec, requirements } } }));
    expect((await drifted())?.reason).toBe("RequirementsDrifted");
  });

  it("D-130: claims of a static pool drift too", async () => {
    await started({}, () => harness.provider.drifted.set("n1", "ImageDrifted"), pool({ replicas: 1 }));
    expect((await drifted())?.reason).toBe("ImageDrifted");
  });

  it("D-130: a change of the class is looked at at once", async () => {
    await started();
    harness.provider.drifted.set("n1", "NodeClassDrifted");
    const { apiVersion, kind } = { apiVersion: "karpenter.test.sh/v1", kind: "TestNodeClass" };
    await harness.put(TestNodeClasses, { apiVersion, kind, metadata: { name: "other" } });
    await harness.pass(100);
    expect(await drifted()).toBeUndefined();
    await harness.put(TestNodeClasses, { apiVersion, kind, metadata: { name: "default" } });
    await harness.pass(100);
    expect((await drifted())?.reason).toBe("NodeClassDrifted");
  });
});

describe("a type that is no longer sold", () => {
  it("D-138, DT-94: counts after an hour, and is looked for once in 30 minutes", async () => {
    await started({ creationTimestamp: "2026-01-01T00:00:00Z" });
    harness.provider.types = [anInstanceType({ name: "m.8" })];
    await harness.pass(59 * MINUTE);
    expect([harness.provider.typesAsked, await drifted()]).toEqual([0, undefined]);
    await harness.pass(6 * MINUTE);
    expect((await drifted())?.reason).toBe("InstanceTypeNotFound");
  });

  it("D-138: one that was found is not looked for again before half an hour has passed", async () => {
    await started();
    await harness.pass(66 * MINUTE);
    expect(harness.provider.typesAsked).toBe(1);
    harness.provider.types = [];
    await harness.pass(23 * MINUTE);
    expect([harness.provider.typesAsked, await drifted()]).toEqual([1, undefined]);
    await harness.pass(11 * MINUTE);
    expect((await drifted())?.reason).toBe("InstanceTypeNotFound");
  });

  it("D-138: a reserved machine whose reservation is sold no longer has not drifted while another one is", async () => {
    const id = "example.com/reservation-id";
    const labels = { ...SOLD, [Label.CapacityType]: "reserved", [id]: "r1" };
    const another = anOffering({ capacityType: "reserved", labels: { [id]: "r2" } });
    await started({ labels }, () => {
      harness.provider.extra = { reservationIdLabel: id };
      harness.provider.types = [anInstanceType({ offerings: [another] })];
    });
    await harness.pass(66 * MINUTE);
    expect([harness.provider.typesAsked, await drifted()]).toEqual([1, undefined]);
  });

  it("D-138: what only the provider tells of an offering is no reason when the claim does not say it", async () => {
    const rack = "example.com/rack";
    await started({}, () => {
      harness.provider.extra = { wellKnownLabels: [rack] };
      harness.provider.types = [anInstanceType({ offerings: [anOffering({ labels: { [rack]: "r1" } })] })];
    });
    await harness.pass(66 * MINUTE);
    expect([harness.provider.typesAsked, await drifted()]).toEqual([1, undefined]);
  });

  it("D-138: a zone that the cloud has another name for is the same zone", async () => {
    const labels = { ...SOLD, [Label.Zone]: "old-name" };
    await started({ labels }, () => {
      harness.provider.extra = { normalizedValues: { [Label.Zone]: { "old-name": "test-zone-1" } } };
    });
    await harness.pass(66 * MINUTE);
    expect([harness.provider.typesAsked, await drifted()]).toEqual([1, undefined]);
  });

  it("D-138: one that is missing is looked for each time, so that its return is seen", async () => {
    await started();
    harness.provider.types = [];
    await harness.pass(66 * MINUTE);
    expect((await drifted())?.reason).toBe("InstanceTypeNotFound");
    harness.provider.types = [anInstanceType()];
    await harness.pass(5 * MINUTE);
    expect(await drifted()).toBeUndefined();
  });

  it("D-138: a list that cannot be had is an error, and nothing is remembered of it", async () => {
    await started();
    harness.provider.failures.types.push(new Transient("the cloud answered 503"));
    await harness.pass(66 * MINUTE);
    expect(harness.logger.find("Reconciler error")?.fields["error"]).toBeInstanceOf(Transient);
    expect([harness.provider.typesAsked, await drifted()]).toEqual([2, undefined]);
  });
});

describe("a provider that cannot tell", () => {
  const CONDITIONS = ["Launched", "Registered", "Initialized", "Drifted"];

  it("DT-95: an error leaves the condition as it is, is reported, and keeps Consolidatable from nothing", async () => {
    const nodePool = pool({ disruption: { consolidateAfter: "0s" } });
    const errors = Array.from({ length: 50 }, () => new Transient("503"));
    const failing = () => harness.provider.failures.drift.push(...errors);
    await started({ conditions: CONDITIONS }, failing, nodePool);
    expect((await drifted())?.status).toBe("True");
    const claim = await harness.stored(NodeClaims, KEY);
    expect(claim && getCondition(claim, "Consolidatable")?.status).toBe("True");
    expect(harness.logger.messages("error")).toContain("Reconciler error");
  });

  it("D-136: a machine that is gone is neither drifted nor an error", async () => {
    await started({ conditions: CONDITIONS }, () => harness.provider.failures.drift.push(new MachineNotFound("gone")));
    expect((await drifted())?.status).toBe("True");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a class that is not ready is no error: the condition stays, and is looked at half a minute later", async () => {
    const notReady = () => harness.provider.failures.drift.push(new NodeClassNotReady("no credentials"));
    await started({ conditions: CONDITIONS }, notReady);
    expect((await drifted())?.status).toBe("True");
    await harness.pass(30_000);
    expect(await drifted()).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });
});

describe("writing", () => {
  it("D-130: both conditions go in one patch, and a second look writes nothing", async () => {
    let writes = 0;
    const count = () => {
      harness.provider.drifted.set("n1", "ImageDrifted");
      harness.kube.faults = ({ phase, verb }) => {
        if (phase === "before" && verb === "patchStatus") writes++;
      };
    };
    await started({}, count, pool({ disruption: { consolidateAfter: "0s" } }));
    const claim = await harness.stored(NodeClaims, KEY);
    expect(["Drifted", "Consolidatable"].map((type) => claim && getCondition(claim, type)?.status)).toEqual([
      "True",
      "True",
    ]);
    await harness.pass(11 * MINUTE);
    expect(writes).toBe(1);
  });

  it("D-130: a conflict is tried again without an error", async () => {
    let conflicts = 0;
    await started({}, () => {
      harness.provider.drifted.set("n1", "ImageDrifted");
      harness.kube.faults = ({ phase, verb }) => {
        if (phase === "before" && verb === "patchStatus" && conflicts++ === 0)
          throw new KubeError(409, "Conflict", "later");
      };
    });
    await harness.pass(1000);
    expect((await drifted())?.reason).toBe("ImageDrifted");
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
