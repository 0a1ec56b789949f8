// D-14: what a former process left behind.

import { afterEach, describe, expect, it } from "vitest";
import { DISRUPTED_TAINT, getCondition, hasTaint, NodeClaims, NodePools, Nodes, type Taint } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodePool, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { disruptionController } from "./controller.ts";

const OWN: Taint = { key: "dedicated", value: "gpu", effect: "NoSchedule" };
const MARKED = ["Launched", "Registered", "Initialized", "DisruptionReason"];
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function leftovers(...names: readonly string[]): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodePools, aNodePool());
  for (const name of names) {
    await harness.putMachine(name, { claim: { conditions: MARKED }, node: { taints: [OWN, DISRUPTED_TAINT] } });
    await harness.putPod(aPod({ name: `web-${name}`, nodeName: name }));
  }
}

async function isTainted(name: string): Promise<boolean> {
  return hasTaint((await harness.stored(Nodes, { name }))?.spec?.taints, DISRUPTED_TAINT);
}

async function reason(name: string) {
  const claim = await harness.stored(NodeClaims, { name });
  return claim && getCondition(claim, "DisruptionReason");
}

describe("disruption after a restart", () => {
  it("D-14: leftover taint and condition go, other taints stay", async () => {
    await leftovers("n1");
    await harness.start(disruptionController(harness.deps));
    await harness.pass(100);
    expect((await harness.stored(Nodes, { name: "n1" }))?.spec?.taints).toEqual([OWN]);
    expect(await reason("n1")).toBeUndefined();
  });

  it("D-14: a condition that is left without its taint goes too", async () => {
    await leftovers("n1");
    await harness.kube.patch(Nodes, { name: "n1" }, { type: "merge", body: { spec: { taints: [OWN] } } });
    await harness.start(disruptionController(harness.deps));
    await harness.pass(100);
    expect(await reason("n1")).toBeUndefined();
  });

  it("D-14: a crash between the two writes is finished in the next pass", async () => {
    await leftovers("n1");
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && failures++ === 0)
        throw new KubeError(409, "Conflict", "not now");
    };
    await harness.start(disruptionController(harness.deps));
    await harness.pass(100);
    expect(await isTainted("n1")).toBe(false);
    await harness.pass(11_000);
    expect(await reason("n1")).toBeUndefined();
  });

  it("D-14: nodes that are on their way out keep the taint", async () => {
    await leftovers("n1", "n2");
    const keep = { type: "merge", body: { metadata: { finalizers: ["example.com/keep"] } } } as const;
    await harness.kube.patch(NodeClaims, { name: "n1" }, keep);
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.kube.patch(Nodes, { name: "n2" }, keep);
    await harness.kube.delete(Nodes, { name: "n2" });
    await harness.start(disruptionController(harness.deps));
    await harness.pass(20_000);
    expect([await isTainted("n1"), await isTainted("n2")]).toEqual([true, true]);
  });

  it("D-14: one node that cannot be written keeps neither the others nor the pass", async () => {
    await leftovers("n1", "n2");
    await harness.putMachine("n3", { claim: { conditions: [...MARKED.slice(0, 3), "Consolidatable"] } });
    await harness.kube.patch(
      NodePools,
      { name: "default" },
      { type: "merge", body: { spec: { disruption: { budgets: [] } } } },
    );
    harness.kube.faults = ({ phase, verb, resource, key }) => {
      if (phase === "before" && verb === "patch" && resource.kind === "Node" && key?.name === "n1") {
        throw new KubeError(403, "Forbidden", "a webhook said no");
      }
    };
    await harness.start(disruptionController(harness.deps));
    await harness.pass(18_000);
    expect([await isTainted("n1"), await isTainted("n2")]).toEqual([true, false]);
    expect(await harness.stored(NodeClaims, { name: "n3" })).toBeUndefined();
  });

  it("a node that nobody manages keeps whatever taint it has", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", nodePool: "", providerID: "", taints: [DISRUPTED_TAINT] });
    await harness.start(disruptionController(harness.deps));
    await harness.pass(20_000);
    expect(await isTainted("n1")).toBe(true);
  });
});
