// What does not come in time is given up, and only that.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { minutes } from "../../units/index.ts";
import { nodeClaimLifecycleController } from "./controller.ts";

const MINUTE = 60_000;
const KEY = { name: "default-1" };
let harness: ControllerHarness;
afterEach(() => harness.stop());

function fresh(spec: Partial<NodeClaim["spec"]> = {}): NodeClaim {
  const { status: _, ...claim } = aNodeClaim({ name: KEY.name, spec });
  return claim;
}

async function world(claim: NodeClaim = fresh(), options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.put(NodeClaims, claim);
}

async function start(ms = 100): Promise<void> {
  await harness.start(nodeClaimLifecycleController(harness.deps));
  await harness.pass(ms);
}

async function claim(): Promise<NodeClaim | undefined> {
  return await harness.stored(NodeClaims, KEY);
}

describe("giving up", () => {
  it("LC-30: initialization has no limit unless one is set", async () => {
    await world(aNodeClaim({ name: KEY.name, conditions: ["Launched", "Registered"] }));
    await start(24 * 60 * MINUTE);
    expect((await claim())?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("an initialization limit counts from registration", async () => {
    await world(aNodeClaim({ name: KEY.name, conditions: ["Launched", "Registered"] }), {
      settings: { initializationTimeout: minutes(10) },
    });
    await start(9 * MINUTE);
    expect(await claim()).toBeDefined();
    await harness.pass(2 * MINUTE);
    expect((await claim())?.metadata.deletionTimestamp ?? "gone").toBeDefined();
    expect(harness.logger.find("giving up nodeclaim")?.fields["reason"]).toBe("initialization_timeout");
  });

  it("LC-32: after a restart the time that has passed still counts", async () => {
    await world();
    await harness.pass(16 * MINUTE);
    await start(2000);
    await harness.pass(MINUTE);
    expect(await claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("a deletion that fails is tried again", async () => {
    await world();
    await start(14 * MINUTE);
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "delete" && failures++ < 2) throw new KubeError(500, "InternalError", "no");
    };
    await harness.pass(3 * MINUTE);
    expect(await claim()).toBeUndefined();
  });

  it("a namesake that took the name meanwhile is not given up for it", async () => {
    await world();
    await start(14 * MINUTE);
    let replaced = false;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (replaced || phase !== "before" || verb !== "delete" || resource.kind !== "NodeClaim") return;
      replaced = true;
      await harness.kube.patch(NodeClaims, KEY, { type: "merge", body: { metadata: { finalizers: null } } });
      await harness.kube.delete(NodeClaims, KEY);
      await harness.put(NodeClaims, fresh());
    };
    await harness.pass(2 * MINUTE);
    expect(replaced).toBe(true);
    expect((await claim())?.metadata.deletionTimestamp).toBeUndefined();
  });
});
