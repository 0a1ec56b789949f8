import { afterEach, describe, expect, it } from "vitest";
import { Annotation, getCondition, Label, NodePools, type RequirementSpec } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodePool, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodePoolValidationController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(requirements: readonly RequirementSpec[] = []): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodePools, aNodePool({ requirements, labels: { "a.b/ok": "1" }, status: {} }));
  await harness.start(nodePoolValidationController(harness.deps));
  await harness.pass(100);
}

async function condition() {
  const pool = await harness.stored(NodePools, { name: "default" });
  return pool && getCondition(pool, "ValidationSucceeded");
}

const SIZE: RequirementSpec = { key: "size", operator: "In", values: ["a", "b"] };

describe("nodepool.validation", () => {
  it("NP-6: a valid pool", async () => {
    await started([SIZE]);
    expect(await condition()).toMatchObject({ status: "True", observedGeneration: 1 });
  });

  it("NP-6: a mistake stands in the message, and goes with it", async () => {
    await started([SIZE]);
    harness.provider.extra = { restrictedDomains: ["a.b"] };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { spec: { weight: 5 } } });
    await harness.pass(100);
    expect(await condition()).toMatchObject({
      status: "False",
      reason: "NodePoolValidationFailed",
      message: 'label key "a.b/ok" is restricted: use a domain of your own',
    });
    harness.provider.extra = {};
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { spec: { weight: 6 } } });
    await harness.pass(100);
    expect(await condition()).toMatchObject({ status: "True", observedGeneration: 3 });
  });

  it("TC-21, A-12: an unknown capacity type next to a known one is accepted, and told once in the log", async () => {
    await started([{ key: Label.CapacityType, operator: "In", values: ["spot", "sopt"] }]);
    expect((await condition())?.status).toBe("True");
    await harness.kube.patchStatus(NodePools, { name: "default" }, { type: "merge", body: { status: { nodes: 3 } } });
    await harness.pass(100);
    const lines = harness.logger.lines.filter(({ level }) => level === "error");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.fields).toMatchObject({ NodePool: "default", values: ["sopt"] });
  });

  it("DX-25: quiet pods that cannot be read are told on the NodePool, which is used all the same", async () => {
    await started();
    expect(harness.events.notes).toEqual([]);
    const body = { metadata: { annotations: { [Annotation.QuietPods]: "app in (ci" } } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.pass(100);
    const key = Annotation.QuietPods;
    expect(harness.events.texts().at(-1)).toBe(
      `Warning QuietPodsIgnored NodePool/default: every pod that comes or goes starts consolidateAfter anew: ${key} "app in (ci" is no label selector: unable to parse requirement: "app in (ci"`,
    );
    expect((await condition())?.status).toBe("True");
  });

  it("RT-21: a conflict is tried again without an error", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool({ status: {} }));
    let conflicts = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && conflicts++ < 2)
        throw new KubeError(409, "Conflict", "later");
    };
    await harness.start(nodePoolValidationController(harness.deps));
    await harness.pass(1000);
    expect((await condition())?.status).toBe("True");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("NP-1: a foreign pool is not judged", async () => {
    harness = new ControllerHarness();
    const pool = aNodePool({ status: {} });
    const spec = { ...pool.spec.template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...pool, spec: { ...pool.spec, template: { ...pool.spec.template, spec } } });
    await harness.start(nodePoolValidationController(harness.deps));
    await harness.pass(100);
    expect(await condition()).toBeUndefined();
  });
});
