import { afterEach, describe, expect, it } from "vitest";
import {
  getCondition,
  Label,
  NodeOverlayResource,
  NodeOverlays,
  NodePools,
  type NodeOverlay,
  type NodeOverlaySpec,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodePool, anInstanceType, anOffering, TEST_CLASS } from "../../testing/builders/index.ts";
import {
  ControllerHarness,
  TEST_NODE_CLASS,
  TestNodeClasses,
  type HarnessOptions,
} from "../../testing/controller-harness.ts";
import { OverlayStore } from "../overlay-store.ts";
import { nodeOverlayController } from "./controller.ts";

const HOUR = 60 * 60_000;
const TYPES = [
  anInstanceType({ name: "small", offerings: [anOffering({ price: 1 })] }),
  anInstanceType({ name: "large", offerings: [anOffering({ price: 2 })] }),
];

let harness: ControllerHarness;
let store: OverlayStore;
afterEach(() => harness.stop());

function overlay(name: string, spec: Partial<NodeOverlaySpec> = {}): NodeOverlay {
  return {
    apiVersion: "karpenter.sh/v1alpha1",
    kind: "NodeOverlay",
    metadata: { name },
    spec: { requirements: [], ...spec },
  };
}

const on = (type: string): Pick<NodeOverlaySpec, "requirements"> => ({
  requirements: [{ key: Label.InstanceType, operator: "In", values: [type] }],
});

async function world(overlays: readonly NodeOverlay[], options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness({ types: TYPES, ...options });
  store = new OverlayStore();
  await harness.put(NodePools, aNodePool());
  for (const each of overlays) await harness.put(NodeOverlays, each);
}

async function started(...overlays: readonly NodeOverlay[]): Promise<void> {
  await world(overlays);
  await start();
}

async function start(): Promise<void> {
  await harness.start(nodeOverlayController(harness.deps, store, [TEST_NODE_CLASS]));
  await harness.pass(100);
}

/** Price of each type in the pool, or undefined while it is not evaluated. */
function prices(pool = "default"): Readonly<Record<string, number | undefined>> | undefined {
  const types = store.current?.instanceTypes(aNodePool({ name: pool }), harness.provider.types);
  return types && Object.fromEntries(types.map(({ name, offerings }) => [name, offerings[0]?.price?.amount]));
}

async function conditionOf(name: string, type = "ValidationSucceeded") {
  const stored = await harness.stored(NodeOverlays, { name });
  return stored && getCondition(stored, type);
}

async function edit(name: string, spec: object): Promise<void> {
  await harness.kube.patch(NodeOverlays, { name }, { type: "merge", body: { spec } });
  await harness.pass(100);
}

describe("nodeoverlay.controller", () => {
  it("OV-5, A-16: a valid overlay is Ready and sets the price", async () => {
    await started(overlay("dear", { ...on("small"), price: "5" }));
    expect(await conditionOf("dear")).toMatchObject({ status: "True", observedGeneration: 1 });
    expect(await conditionOf("dear", "Ready")).toMatchObject({ status: "True" });
    expect(prices()).toEqual({ small: 5, large: 2 });
  });

  it("OV-6: nothing is known before the first look, and with no overlay at all every pool is as its cloud lists it", async () => {
    await world([]);
    expect(prices()).toBeUndefined();
    harness.provider.failures.types.push(new Error("nobody may ask"));
    await start();
    expect(prices()).toEqual({ small: 1, large: 2 });
    expect(harness.provider.failures.types).toHaveLength(1);
  });

  it("TC-55: of two weights the higher one counts, and both are valid", async () => {
    await started(overlay("a", { weight: 10, price: "1" }), overlay("b", { weight: 5, price: "2" }));
    expect((await conditionOf("a"))?.status).toBe("True");
    expect((await conditionOf("b"))?.status).toBe("True");
    expect(prices()).toEqual({ small: 1, large: 1 });
  });

  it("TC-55, OV-4: of equal weight the earlier name is rejected everywhere, and is right once the other one has gone", async () => {
    await started(overlay("a", { price: "7" }), overlay("b", { ...on("small"), price: "9" }));
    expect(await conditionOf("a")).toMatchObject({
      status: "False",
      reason: "Conflict",
      message: "conflict with overlay b of the same weight",
    });
    expect(await conditionOf("a", "Ready")).toMatchObject({ status: "False" });
    expect(prices()).toEqual({ small: 9, large: 2 });
    await harness.kube.delete(NodeOverlays, { name: "b" });
    await harness.pass(100);
    expect(await conditionOf("a")).toMatchObject({ status: "True" });
    expect(prices()).toEqual({ small: 7, large: 7 });
  });

  it("A-17: what the API server could not check is told with every mistake, and goes with them", async () => {
    await world([overlay("own", { requirements: [{ key: "a.b/x", operator: "Exists" }], price: "3" })]);
    harness.provider.extra = { restrictedDomains: ["a.b"] };
    await start();
    expect(await conditionOf("own")).toMatchObject({ status: "False", reason: "RuntimeValidation" });
    expect((await conditionOf("own"))?.message).toMatch(/a\.b\/x/);
    expect(prices()).toEqual({ small: 1, large: 2 });
    await edit("own", { requirements: [] });
    expect(await conditionOf("own")).toMatchObject({ status: "True", observedGeneration: 2 });
    expect(prices()).toEqual({ small: 3, large: 3 });
  });

  it("OV-1: a new pool is evaluated as soon as it is there, one whose template changes anew", async () => {
    const gold = { requirements: [{ key: "plan", operator: "In" as const, values: ["gold"] }] };
    await started(overlay("gold", { ...gold, price: "4" }));
    expect(prices("late")).toBeUndefined();
    await harness.put(NodePools, aNodePool({ name: "late" }));
    await harness.pass(100);
    expect(prices("late")).toEqual({ small: 1, large: 2 });
    const evaluation = store.current;
    const labels = { spec: { template: { metadata: { labels: { plan: "gold" } } } } };
    await harness.kube.patch(NodePools, { name: "late" }, { type: "merge", body: labels });
    await harness.pass(100);
    expect(store.current).not.toBe(evaluation);
  });

  it("OV-1: what only stands in a status changes nothing, and everything is looked at again after six hours", async () => {
    await started(overlay("a", { price: "1" }));
    const first = store.current;
    await harness.kube.patchStatus(NodePools, { name: "default" }, { type: "merge", body: { status: { nodes: 3 } } });
    await harness.pass(5 * HOUR);
    expect(store.current).toBe(first);
    await harness.pass(HOUR);
    expect(store.current).not.toBe(first);
  });

  it("OV-1: a NodeClass that is edited or becomes ready leads to another look", async () => {
    await started(overlay("a", { price: "1" }));
    const { group, kind } = TEST_CLASS;
    const first = store.current;
    await harness.put(TestNodeClasses, { apiVersion: `${group}/v1`, kind, metadata: { name: "default" }, spec: {} });
    await harness.pass(100);
    const second = store.current;
    expect(second).not.toBe(first);
    const ready = {
      type: "Ready",
      status: "True",
      reason: "Ready",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const body = { status: { conditions: [ready] } };
    await harness.kube.patchStatus(TestNodeClasses, { name: "default" }, { type: "merge", body });
    await harness.pass(100);
    expect(store.current).not.toBe(second);
  });

  it("TC-57, OV-2: a pool whose types cannot be listed keeps no other one waiting, and is tried again", async () => {
    await world([overlay("a", { price: "4" })]);
    await harness.put(NodePools, aNodePool({ name: "broken" }));
    harness.provider.failures.types.push(new Error("no such class"));
    await start();
    // Pools are listed by name: "broken" was asked for first.
    expect(prices()).toEqual({ small: 4, large: 4 });
    expect((await conditionOf("a"))?.status).toBe("True");
    await harness.pass(60_000);
    expect(prices("broken")).toEqual({ small: 4, large: 4 });
    expect(harness.logger.messages("error")).toHaveLength(1);
  });

  it("TC-57: a pool that is not ready is tried again without an error, its condition tells enough", async () => {
    await world([overlay("a", { price: "4" })]);
    await harness.put(NodePools, aNodePool({ name: "broken", status: {} }));
    harness.provider.failures.types.push(new Error("no such class"));
    await start();
    expect(prices()).toEqual({ small: 4, large: 4 });
    await harness.pass(60_000);
    expect(prices("broken")).toEqual({ small: 4, large: 4 });
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("NP-1: pools of other autoscalers are not evaluated", async () => {
    await world([overlay("a", { price: "4" })]);
    const foreign = aNodePool({ name: "foreign" });
    const spec = { ...foreign.spec.template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, {
      ...foreign,
      spec: { ...foreign.spec, template: { ...foreign.spec.template, spec } },
    });
    await start();
    expect(prices("foreign")).toBeUndefined();
  });

  it("OV-6: a conflict while the condition is written redoes everything, without an error", async () => {
    await world([overlay("a", { price: "4" })]);
    let conflicts = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && conflicts++ < 2)
        throw new KubeError(409, "Conflict", "later");
    };
    await start();
    await harness.pass(2000);
    expect((await conditionOf("a"))?.status).toBe("True");
    expect(conflicts).toBe(3);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("OV-6: an overlay that has gone while the conditions are written leads to another look", async () => {
    await world([overlay("a", { price: "4" }), overlay("b", { weight: 2, price: "5" })]);
    let looks = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && looks++ === 0) throw new KubeError(404, "NotFound", "gone");
    };
    await start();
    await harness.pass(2000);
    expect((await conditionOf("a"))?.status).toBe("True");
    expect((await conditionOf("b"))?.status).toBe("True");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("RT-13: without the definition there are no overlays, and they count from when it is installed", async () => {
    harness = new ControllerHarness({ types: TYPES });
    store = new OverlayStore();
    harness.kube.undefine(NodeOverlays);
    await harness.put(NodePools, aNodePool());
    await start();
    expect(prices()).toEqual({ small: 1, large: 2 });
    harness.kube.define(NodeOverlayResource);
    await harness.put(NodeOverlays, overlay("a", { price: "4" }));
    await harness.pass(61_000);
    expect(prices()).toEqual({ small: 4, large: 4 });
    expect([...harness.logger.messages("error"), ...harness.logger.messages("warn")]).toEqual([]);
  });
});
