// Scenarios of docs/reference/upstream-parity.md: E-4, E-57.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, HASH_VERSION, NodeClaims, nodePoolHash, NodePools, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodeClaim, aNodePool, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { replaceBeforePatch } from "../../testing/namesake.ts";
import { nodePoolHashController } from "./controller.ts";

const OLD = { [Annotation.NodePoolHash]: "1", [Annotation.NodePoolHashVersion]: "v3" };
const HASH = nodePoolHash(aNodePool().spec.template);
let harness: ControllerHarness;
afterEach(() => harness.stop());

function poolWith(annotations: Readonly<Record<string, string>>) {
  const pool = aNodePool();
  return { ...pool, metadata: { ...pool.metadata, annotations } };
}

async function start(): Promise<void> {
  await harness.start(nodePoolHashController(harness.deps));
  await harness.pass(100);
}

async function stampOf(name: string): Promise<readonly (string | undefined)[]> {
  const claim: NodeClaim | undefined = await harness.stored(NodeClaims, { name });
  const annotations = claim?.metadata.annotations;
  return [annotations?.[Annotation.NodePoolHash], annotations?.[Annotation.NodePoolHashVersion]];
}

async function poolStamp(): Promise<readonly (string | undefined)[]> {
  const annotations = (await harness.stored(NodePools, { name: "default" }))?.metadata.annotations;
  return [annotations?.[Annotation.NodePoolHash], annotations?.[Annotation.NodePoolHashVersion]];
}

describe("nodepool.hash", () => {
  it("NP-2: stamps a new pool, and again when its template changes", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    await start();
    expect(await poolStamp()).toEqual([HASH, HASH_VERSION]);
    const body = { spec: { template: { spec: { expireAfter: "24h" } } } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.pass(100);
    expect(await poolStamp()).toEqual([nodePoolHash(aNodePool({ expireAfter: "24h" }).spec.template), HASH_VERSION]);
  });

  it("NP-2: claims of the current version keep their hash, which is how they drift", async () => {
    harness = new ControllerHarness();
    const current = { [Annotation.NodePoolHash]: "1", [Annotation.NodePoolHashVersion]: HASH_VERSION };
    await harness.put(NodePools, poolWith(current));
    await harness.put(NodeClaims, aNodeClaim({ annotations: current }));
    await start();
    expect(await poolStamp()).toEqual([HASH, HASH_VERSION]);
    expect(await stampOf("n1")).toEqual(["1", HASH_VERSION]);
  });

  it("TC-50, NP-4: another way of hashing re-stamps the claims; a drifted one stays drifted", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, poolWith(OLD));
    await harness.put(NodeClaims, aNodeClaim({ name: "n1", annotations: OLD }));
    await harness.put(
      NodeClaims,
      aNodeClaim({ name: "drifted", annotations: OLD, conditions: ["Launched", "Drifted"] }),
    );
    await harness.put(NodeClaims, aNodeClaim({ name: "other", nodePool: "other", annotations: OLD }));
    await start();
    expect(await stampOf("n1")).toEqual([HASH, HASH_VERSION]);
    expect(await stampOf("drifted")).toEqual(["1", HASH_VERSION]);
    expect(await stampOf("other")).toEqual(["1", "v3"]);
    expect(await poolStamp()).toEqual([HASH, HASH_VERSION]);
  });

  it("NP-1, NP-4: a claim of another autoscaler under that pool's name is not stamped", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, poolWith(OLD));
    const nodeClassRef = { ...TEST_CLASS, kind: "Foreign" };
    await harness.put(NodeClaims, aNodeClaim({ annotations: OLD, spec: { nodeClassRef } }));
    await start();
    expect(await stampOf("n1")).toEqual(["1", "v3"]);
  });

  it("NP-4: the pool is stamped last, so that a crash in between is made up for", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, poolWith(OLD));
    for (const name of ["n1", "n2"]) await harness.put(NodeClaims, aNodeClaim({ name, annotations: OLD }));
    let failing = true;
    harness.kube.faults = ({ phase, verb, key }) => {
      if (failing && phase === "before" && verb === "patch" && key?.name === "n2")
        throw new KubeError(500, "InternalError", "no");
    };
    await start();
    expect(await stampOf("n1")).toEqual([HASH, HASH_VERSION]);
    expect(await poolStamp()).toEqual(["1", "v3"]);
    failing = false;
    await harness.pass(60_000);
    expect(await stampOf("n2")).toEqual([HASH, HASH_VERSION]);
    expect(await poolStamp()).toEqual([HASH, HASH_VERSION]);
  });

  it("RT-15, NP-2: a pool that takes the place of the one that was seen gets its own hash only", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    const seen = replaceBeforePatch(harness, NodePools, aNodePool({ expireAfter: "24h" }));
    await start();
    expect(seen).toEqual({ came: true, patched: false });
    expect((await poolStamp())[0]).toBe(nodePoolHash(aNodePool({ expireAfter: "24h" }).spec.template));
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("RT-15, NP-4: nor is a claim stamped for its namesake, which would hide that it has drifted", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, poolWith(OLD));
    await harness.put(NodeClaims, aNodeClaim({ name: "n1", annotations: OLD }));
    const own = { [Annotation.NodePoolHash]: "7", [Annotation.NodePoolHashVersion]: HASH_VERSION };
    const seen = replaceBeforePatch(harness, NodeClaims, aNodeClaim({ name: "n1", annotations: own }));
    await start();
    expect(seen).toEqual({ came: true, patched: false });
    expect(await stampOf("n1")).toEqual(["7", HASH_VERSION]);
  });

  it("NP-4: a claim that goes in between keeps nothing up", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, poolWith(OLD));
    await harness.put(NodeClaims, aNodeClaim({ annotations: OLD }));
    harness.kube.faults = async ({ phase, verb, key }) => {
      if (phase !== "before" || verb !== "patch" || key?.name !== "n1") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(NodeClaims, { name: "n1" });
    };
    await start();
    expect(await poolStamp()).toEqual([HASH, HASH_VERSION]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("NP-1: a foreign pool is not stamped", async () => {
    harness = new ControllerHarness();
    const pool = aNodePool();
    const spec = { ...pool.spec.template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...pool, spec: { ...pool.spec, template: { ...pool.spec.template, spec } } });
    await start();
    expect(await poolStamp()).toEqual([undefined, undefined]);
  });

  it("observe mode: writes no stamp", async () => {
    harness = new ControllerHarness({ settings: { mode: "observe" } });
    await harness.put(NodePools, aNodePool());
    await start();
    expect(await poolStamp()).toEqual([undefined, undefined]);
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
