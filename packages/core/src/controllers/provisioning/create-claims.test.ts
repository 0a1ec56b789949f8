// NP-16: a NodePool never grows past its limits, whatever happens at the same time.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, Label, NodeClaims, NodePools, type ResourceList } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { anInstanceType, aNodeClaim, aNodePool, aPod, pods } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(limits: ResourceList): Promise<void> {
  harness = new ControllerHarness({ types: [anInstanceType({ name: "m.4", cpu: "4" })] });
  await harness.put(NodePools, aNodePool({ limits }));
}

/** After the plan has looked at the limits, and before its claims are created. */
function lowered(limits: ResourceList): void {
  const types = harness.provider.getInstanceTypes.bind(harness.provider);
  harness.provider.getInstanceTypes = async (pool) => {
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { spec: { limits } } });
    await harness.clock.settle();
    return await types(pool);
  };
}

function teamOf(team: string) {
  return [{ key: "team", operator: "In" as const, values: [team] }];
}

async function claimCount(): Promise<number> {
  return (await harness.kube.list(NodeClaims)).items.length;
}

describe("limits of a NodePool", () => {
  it("NP-16: one round plans no more machines than the limit allows", async () => {
    await started({ cpu: "9" });
    await harness.start(provisioningController(harness.deps));
    for (const pod of pods(5, { requests: { cpu: "3" } })) await harness.putPod(pod);
    await harness.pass(60_000);
    expect(await claimCount()).toBe(2);
    expect(harness.deps.decisions.list().some(({ verdict }) => verdict === "LimitExceeded")).toBe(true);
  });

  it("NP-16: reaching the limit exactly is allowed", async () => {
    await started({ cpu: "8", nodes: "2" });
    await harness.start(provisioningController(harness.deps));
    for (const pod of pods(3, { requests: { cpu: "3" } })) await harness.putPod(pod);
    await harness.pass(2000);
    expect(await claimCount()).toBe(2);
  });

  it("NP-16: a claim without machine counts as the machine it will be, not as the little its pods ask for", async () => {
    await started({ cpu: "7" });
    const { status: _, ...unlaunched } = aNodeClaim({
      name: "default-1",
      annotations: { [Annotation.LaunchHint]: "m.4/test-zone-1/on-demand" },
      spec: {
        requirements: [{ key: Label.InstanceType, operator: "In", values: ["m.4"] }],
        resources: { requests: { cpu: "1" } },
      },
    });
    await harness.put(NodeClaims, unlaunched);
    await harness.pass(31_000);
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ requests: { cpu: "2" } }));
    await harness.pass(15_000);
    expect(await claimCount()).toBe(1);
  });

  it("--max-nodes: all NodePools together get no more, and both the pool and the decisions say why", async () => {
    harness = new ControllerHarness({
      types: [anInstanceType({ name: "m.4", cpu: "4" })],
      settings: { maxNodes: 2 },
    });
    for (const name of ["a", "b"]) await harness.put(NodePools, aNodePool({ name, requirements: teamOf(name) }));
    await harness.start(provisioningController(harness.deps));
    const wanting = ["a", "b", "a", "b"].map((team, index) => ({ team, name: `p${index}` }));
    for (const { team, name } of wanting) {
      await harness.putPod(aPod({ name, requests: { cpu: "3" }, nodeSelector: { team } }));
    }
    await harness.pass(60_000);
    expect(await claimCount()).toBe(2);
    expect(harness.events.texts().join("\n")).toContain(
      "NodePool needs more nodes, and all NodePools together may not have more than 2 (--max-nodes)",
    );
    const refused = harness.deps.decisions.list().find(({ verdict }) => verdict === "LimitExceeded");
    expect(refused?.detail).toContain("all NodePools together have 2 nodes, as many as --max-nodes allows");
  });

  it("NP-16: limits lowered while the plan is made refuse what no longer fits", async () => {
    await started({ cpu: "8" });
    await harness.start(provisioningController(harness.deps));
    for (const pod of pods(2, { requests: { cpu: "3" } })) await harness.putPod(pod);
    lowered({ cpu: "4" });
    await harness.pass(1000);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(await claimCount()).toBe(1);
    expect(harness.deps.decisions.list().map(({ verdict, detail }) => `${verdict}: ${detail}`)).toContain(
      "LimitExceeded: NodePool default would exceed its limit of cpu",
    );
  });

  it("NP-16: a create that failed gives its share back", async () => {
    await started({ cpu: "4" });
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ requests: { cpu: "3" } }));
    let refused = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "create" && refused++ === 0)
        throw new KubeError(500, "InternalError", "webhook failed");
    };
    await harness.pass(20_000);
    expect(await claimCount()).toBe(1);
  });

  it("LC-11: room that another controller was granted is not taken", async () => {
    await started({ cpu: "8" });
    const pool = await harness.stored(NodePools, { name: "default" });
    const admission = pool && harness.deps.poolLedger.open().admit(pool, { cpu: 4000 });
    await harness.start(provisioningController(harness.deps));
    for (const pod of pods(2, { requests: { cpu: "3" } })) await harness.putPod(pod);
    await harness.pass(60_000);
    expect(await claimCount()).toBe(1);
    if (admission && "granted" in admission) admission.granted.release();
    await harness.pass(60_000);
    expect(await claimCount()).toBe(2);
  });

  it("LC-11: a round leaves nothing reserved behind, whatever became of its creates", async () => {
    await started({ cpu: "12" });
    await harness.start(provisioningController(harness.deps));
    let asked = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "create" && resource.kind === "NodeClaim" && asked++ % 2 === 0)
        throw new KubeError(500, "InternalError", "webhook failed");
    };
    for (const pod of pods(4, { requests: { cpu: "3" } })) await harness.putPod(pod);
    await harness.pass(1000);
    expect(asked).toBe(3);
    expect(harness.deps.poolLedger.counts("default")).toMatchObject({ active: 1, reserved: 0 });
  });

  it("OP-14: the NodePool itself tells that its limit is reached, and of what", async () => {
    await started({ nodes: "1" });
    lowered({ nodes: "0" });
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ requests: { cpu: "3" } }));
    await harness.pass(1000);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(harness.events.texts()).toContain(
      "Warning LimitExceeded NodePool/default: NodePool needs more nodes, and its limits leave no room for them: nodes 0",
    );
    expect(harness.logger.find("nodepool node limit reached")?.fields).toEqual({
      NodePool: "default",
      resources: ["nodes"],
    });
  });

  it("LC-11: right before the create too, a claim without machine counts as the machine it will be", async () => {
    await started({ cpu: "12" });
    lowered({ cpu: "7" });
    const { status: _, ...unlaunched } = aNodeClaim({
      name: "default-1",
      spec: {
        requirements: [{ key: Label.InstanceType, operator: "In", values: ["m.4"] }],
        resources: { requests: { cpu: "1" } },
      },
    });
    await harness.put(NodeClaims, unlaunched);
    await harness.pass(31_000);
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ requests: { cpu: "3" } }));
    await harness.pass(1000);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(await claimCount()).toBe(1);
    expect(harness.events.withReason("LimitExceeded")).not.toEqual([]);
  });

  it("NP-15: machines on their way out no longer count", async () => {
    await started({ cpu: "4" });
    const claim = aNodeClaim({ name: "leaving" });
    await harness.put(NodeClaims, { ...claim, metadata: { ...claim.metadata, finalizers: ["example.com/keep"] } });
    await harness.kube.delete(NodeClaims, { name: "leaving" });
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ requests: { cpu: "3" } }));
    await harness.pass(1000);
    expect(await claimCount()).toBe(2);
  });

  it("a limit too large to count is no limit", async () => {
    await started({ cpu: "4", memory: "100Ei" });
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ requests: { cpu: "3" } }));
    await harness.pass(1000);
    expect(await claimCount()).toBe(1);
  });
});
