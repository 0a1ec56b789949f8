import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, NodePools } from "../../api/index.ts";
import { aNodePool, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { staticCapacityOffController } from "./switched-off.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

describe("replicas without the feature gate", () => {
  it("are told to bring nothing, when they are set and when they change, and nowhere else", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool({ name: "fixed", replicas: 1 }));
    await harness.put(NodePools, aNodePool({ name: "dynamic" }));
    const foreign = aNodePool({ name: "foreign", replicas: 1 });
    const { template } = foreign.spec;
    const spec = { ...template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...foreign, spec: { ...foreign.spec, template: { ...template, spec } } });
    await harness.start(staticCapacityOffController(harness.deps));
    await harness.pass(60_000);
    const told =
      "Warning StaticCapacityDisabled NodePool/fixed: replicas are not kept: that needs the feature gate StaticCapacity (--feature-gates StaticCapacity=true)";
    expect(harness.events.texts()).toEqual([told]);
    const key = { name: "fixed" };
    await harness.kube.patch(NodePools, key, { type: "merge", body: { metadata: { labels: { a: "b" } } } });
    await harness.pass(60_000);
    expect(harness.events.texts()).toEqual([told]);
    await harness.kube.patch(NodePools, key, { type: "merge", body: { spec: { replicas: 2 } } });
    await harness.pass(60_000);
    expect(harness.events.texts()).toEqual([told, told]);
    expect((await harness.kube.list(NodeClaims)).items).toEqual([]);
  });
});
