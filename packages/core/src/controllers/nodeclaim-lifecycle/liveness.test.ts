// What does not come in time is given up, and only that.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { CLAIM_KEY, freshClaim, LifecycleHarness } from "../../testing/lifecycle-harness.ts";
import { minutes } from "../../units/index.ts";

const MINUTE = 60_000;
let harness: LifecycleHarness;
afterEach(() => harness.stop());

describe("giving up", () => {
  it("LC-30: initialization has no limit unless one is set", async () => {
    harness = await LifecycleHarness.with(aNodeClaim({ name: CLAIM_KEY.name, conditions: ["Launched", "Registered"] }));
    await harness.begin(24 * 60 * MINUTE);
    expect((await harness.claim())?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("an initialization limit counts from registration", async () => {
    harness = await LifecycleHarness.with(
      aNodeClaim({ name: CLAIM_KEY.name, conditions: ["Launched", "Registered"] }),
      {
        settings: { initializationTimeout: minutes(10) },
      },
    );
    await harness.begin(9 * MINUTE);
    expect(await harness.claim()).toBeDefined();
    await harness.pass(2 * MINUTE);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.logger.find("giving up nodeclaim")?.fields["reason"]).toBe("initialization_timeout");
  });

  it("LC-30: a limit of initialization is nothing to a node that is initialized, however old", async () => {
    const conditions = ["Launched", "Registered", "Initialized"];
    harness = await LifecycleHarness.with(aNodeClaim({ name: CLAIM_KEY.name, conditions }), {
      settings: { initializationTimeout: minutes(10) },
    });
    await harness.begin(60 * MINUTE);
    expect((await harness.claim())?.metadata).not.toHaveProperty("deletionTimestamp");
    expect(harness.logger.find("giving up nodeclaim")).toBeUndefined();
  });

  it("LC-32: after a restart the time that has passed still counts", async () => {
    harness = await LifecycleHarness.with();
    await harness.pass(16 * MINUTE);
    await harness.begin(2000);
    await harness.pass(MINUTE);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("a deletion that fails is tried again", async () => {
    harness = await LifecycleHarness.with();
    await harness.begin(14 * MINUTE);
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "delete" && failures++ < 2) throw new KubeError(500, "InternalError", "no");
    };
    await harness.pass(3 * MINUTE);
    expect(await harness.claim()).toBeUndefined();
  });

  it("a namesake that took the name meanwhile is not given up for it", async () => {
    harness = await LifecycleHarness.with();
    await harness.begin(14 * MINUTE);
    let replaced = false;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (replaced || phase !== "before" || verb !== "delete" || resource.kind !== "NodeClaim") return;
      replaced = true;
      await harness.kube.patch(NodeClaims, CLAIM_KEY, { type: "merge", body: { metadata: { finalizers: null } } });
      await harness.kube.delete(NodeClaims, CLAIM_KEY);
      await harness.put(NodeClaims, freshClaim());
    };
    await harness.pass(2 * MINUTE);
    expect(replaced).toBe(true);
    expect((await harness.claim())?.metadata.deletionTimestamp).toBeUndefined();
  });
});
