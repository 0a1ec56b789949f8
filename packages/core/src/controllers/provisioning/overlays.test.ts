// What NodeOverlays change in what is bought.

import { afterEach, describe, expect, it } from "vitest";
import {
  Annotation,
  getCondition,
  Label,
  NodeClaims,
  NodeOverlays,
  NodePools,
  parseLaunchHint,
  type NodeClaim,
  type NodeOverlaySpec,
} from "../../api/index.ts";
import { defaultSettings } from "../../options/index.ts";
import { anInstanceType, aNodePool, anOffering, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS } from "../../testing/controller-harness.ts";
import { allControllers } from "../all.ts";
import { OverlayStore } from "../overlay-store.ts";
import { provisioningController } from "./controller.ts";

const { featureGates } = defaultSettings({ clusterName: "test" });
const FUSE = "smarter-devices/fuse";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function world(NodeOverlay: boolean, requests: Readonly<Record<string, string>> = { cpu: "1" }): Promise<void> {
  const settings = { featureGates: { ...featureGates, NodeOverlay } };
  const types = ["a", "b"].map((name, index) =>
    anInstanceType({ name, offerings: [anOffering({ price: 1 + index })] }),
  );
  harness = new ControllerHarness({ types, settings });
  await harness.putReadyClass();
  await harness.put(NodePools, aNodePool({ status: {}, disruption: { budgets: [] } }));
  await harness.putPod(aPod({ name: "web", requests }));
}

async function overlay(spec: Partial<NodeOverlaySpec>, type = "a"): Promise<void> {
  await harness.put(NodeOverlays, {
    apiVersion: "karpenter.sh/v1alpha1",
    kind: "NodeOverlay",
    metadata: { name: "o" },
    spec: { requirements: [{ key: Label.InstanceType, operator: "In", values: [type] }], ...spec },
  });
}

async function startAll(): Promise<void> {
  await harness.start(...allControllers(harness.deps, [TEST_NODE_CLASS]));
  await harness.pass(5000);
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

/** The type that the plan counted on, and what it was to cost. */
async function planned(): Promise<readonly unknown[]> {
  return (await claims()).map(({ metadata }) => {
    const hint = parseLaunchHint(metadata.annotations?.[Annotation.LaunchHint]);
    return [hint?.instanceType, hint?.price?.amount];
  });
}

describe("provisioner with NodeOverlays", () => {
  it("OV-7, E-158: a price that makes the cheapest type dearer makes the other one the choice, and the claim says so", async () => {
    await world(true);
    await overlay({ price: "5" });
    await startAll();
    expect(await planned()).toEqual([["b", 2]]);
    expect((await claims())[0]?.metadata.annotations).toMatchObject({ [Annotation.PriceOverlayApplied]: "true" });
  });

  it("OV-7, E-157: so does an adjustment that makes the dearer type cheaper", async () => {
    await world(true);
    await overlay({ priceAdjustment: "-75%" }, "b");
    await startAll();
    expect(await planned()).toEqual([["b", 0.5]]);
  });

  it("without the feature gate overlays are not even looked at", async () => {
    await world(false);
    await overlay({ price: "5" });
    await startAll();
    expect(await planned()).toEqual([["a", 1]]);
    const stored = await harness.stored(NodeOverlays, { name: "o" });
    expect(stored && getCondition(stored, "Ready")).toBeUndefined();
  });

  it("OV-4: an overlay that is rejected changes nothing", async () => {
    await world(true);
    await overlay({ requirements: [{ key: "nobody.has/this", operator: "NotIn", values: ["#"] }], price: "5" });
    await startAll();
    expect(await planned()).toEqual([["a", 1]]);
  });

  it("OV-6: a pool waits until its overlays are evaluated, with the reason on the pod", async () => {
    await world(true);
    const overlays = new OverlayStore();
    const pool = aNodePool();
    await harness.kube.patchStatus(NodePools, { name: "default" }, { type: "merge", body: { status: pool.status } });
    await harness.start(provisioningController({ ...harness.deps, overlays }));
    await harness.pass(1100);
    expect(await claims()).toEqual([]);
    expect(harness.deps.decisions.list().map(({ verdict, detail }) => `${verdict}: ${detail}`)).toEqual([
      expect.stringMatching(/OverlayPending/),
    ]);
    const debug = harness.logger.lines.filter(({ message }) => message.includes("overlays are not evaluated yet"));
    expect(debug).toMatchObject([{ level: "debug", fields: { NodePool: "default" } }]);
  });

  it("E-159: a resource that only an overlay tells of can be asked for, and one machine is enough until its Node reports it", async () => {
    await world(true, { cpu: "1", [FUSE]: "1" });
    await startAll();
    expect(await claims()).toEqual([]);
    await overlay({ capacity: { [FUSE]: "1" } }, "a");
    await harness.pass(15_000);
    const [claim] = await claims();
    expect(claim?.metadata.annotations).toMatchObject({ [Annotation.CapacityOverlayApplied]: "true" });
    expect(claim?.status).toMatchObject({ capacity: { [FUSE]: "1" }, allocatable: { [FUSE]: "1", cpu: "4" } });
    await harness.pass(4 * 60_000);
    expect(await claims()).toHaveLength(1);
  });

  it("OV-5: a launched machine is used without its overlays' capacity when the cloud no longer tells its types", async () => {
    await world(true, { cpu: "1", [FUSE]: "1" });
    await overlay({ capacity: { [FUSE]: "1" } }, "a");
    const { provider } = harness;
    const create = provider.create.bind(provider);
    provider.create = (claim) => {
      provider.failures.types.push(new Error("the cloud is away"));
      return create(claim);
    };
    await startAll();
    const [claim] = await claims();
    expect(claim && getCondition(claim, "Launched")?.status).toBe("True");
    expect(claim?.status?.capacity).not.toHaveProperty(FUSE);
    expect(harness.logger.messages("warn")).toContain(
      "instance types cannot be listed, capacity of overlays is not counted",
    );
  });

  it("tells in events how an overlay's conditions change", async () => {
    await world(true);
    await overlay({ price: "5" });
    await startAll();
    await harness.put(NodeOverlays, {
      apiVersion: "karpenter.sh/v1alpha1",
      kind: "NodeOverlay",
      metadata: { name: "z" },
      spec: { requirements: [], price: "3" },
    });
    await harness.pass(1000);
    expect(harness.events.withReason("ValidationSucceeded")).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/True -> False, Reason: Conflict, .*overlay z/) }),
    );
  });
});
