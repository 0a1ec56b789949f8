// Drifted nodes of static pools: each is replaced by a machine of the template, within limits.nodes and the budgets (D-64 to D-66).

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, isConditionTrue, Label, NodeClaims } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { defaultFeatureGates } from "../../options/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { staticDeprovisioningController } from "../static-deprovisioning/controller.ts";
import { staticProvisioningController } from "../static-provisioning/controller.ts";

const DRIFTED = "2025-12-31T00:00:00Z";
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

/** A pool with two drifted nodes. */
async function staticPool({
  replicas = 2,
  nodes,
  budget = "100%",
}: { replicas?: number; nodes?: string; budget?: string } = {}): Promise<void> {
  cluster = new DisruptableCluster({
    settings: { featureGates: { ...defaultFeatureGates(), StaticCapacity: true } },
  });
  const limits = nodes === undefined ? {} : { limits: { nodes } };
  await cluster.pool({ budgets: [{ nodes: budget }] }, "default", { replicas, ...limits });
  for (const name of ["n1", "n2"]) await cluster.machine(name, { drifted: DRIFTED });
}

async function start(): Promise<void> {
  const { deps } = cluster.harness;
  await cluster.start(staticProvisioningController(deps), staticDeprovisioningController(deps));
}

describe("static drift", () => {
  it("DT-91: limits.nodes 3 lets one of two nodes be replaced at a time, without a simulation", async () => {
    await staticPool({ nodes: "3" });
    await start();
    await cluster.harness.pass(5000);
    const [replacement, ...more] = await cluster.replacements();
    expect(more).toEqual([]);
    expect(replacement?.metadata.labels?.[Label.NodePool]).toBe("default");
    expect(replacement?.spec.requirements.some(({ key }) => key === Label.InstanceType)).toBe(false);
    expect([await cluster.isTainted("n1"), await cluster.isTainted("n2")]).toEqual([true, false]);
    expect(cluster.harness.deps.poolLedger.counts("default")).toMatchObject({ active: 2, pendingDisruption: 1 });
    await cluster.harness.pass(60_000);
    expect([await cluster.has("n1"), (await cluster.claims()).length]).toEqual([true, 3]);
    await cluster.replacementsWork();
    await cluster.harness.pass(1500);
    expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([false, true]);
  });

  it("DT-91: with limits.nodes 2 there is no room for a replacement, and it says so", async () => {
    await staticPool({ nodes: "2" });
    await start();
    await cluster.harness.pass(60_000);
    expect([await cluster.replacements(), await cluster.isTainted("n1")]).toEqual([[], false]);
    expect(cluster.harness.deps.decisions.judgements()).toMatchObject([
      { node: "n1", verdict: "NodeLimit" },
      { node: "n2", verdict: "NodeLimit" },
    ]);
  });

  it("DT-91: without a limit as many as the budget allows", async () => {
    await staticPool();
    await start();
    await cluster.harness.pass(5000);
    expect(await cluster.replacements()).toHaveLength(2);
    await cluster.replacementsWork();
    await cluster.harness.pass(1500);
    expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([false, false]);
    await cluster.harness.pass(5 * 60_000);
    expect(await cluster.claims()).toHaveLength(2);
  });

  it("DT-91: what is too many goes first, and only then is the one that is left replaced", async () => {
    await staticPool({ replicas: 1 });
    // Nobody scales down yet.
    await cluster.start();
    await cluster.harness.pass(60_000);
    expect([(await cluster.claims()).length, await cluster.replacements()]).toEqual([2, []]);
    expect(cluster.harness.deps.decisions.judgements()[0]).toMatchObject({ verdict: "StaticPool" });
    await cluster.harness.kube.delete(NodeClaims, { name: "n1" });
    await cluster.harness.pass(30_000);
    expect(await cluster.replacements()).toHaveLength(1);
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    expect([await cluster.has("n2"), (await cluster.claims()).length]).toEqual([false, 1]);
  });

  it("D-65: a replacement that cannot be ordered gives its room and its node back", async () => {
    await staticPool({ nodes: "3" });
    cluster.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "create" && resource.kind === "NodeClaim") {
        throw new KubeError(403, "Forbidden", "quota");
      }
    };
    await start();
    await cluster.harness.pass(4000);
    expect([await cluster.isTainted("n1"), await cluster.replacements()]).toEqual([false, []]);
    expect(cluster.harness.deps.poolLedger.counts("default")).toMatchObject({ active: 2, reserved: 0 });
    const claims = await cluster.claims();
    expect(claims.some(({ metadata }) => metadata.annotations?.[Annotation.DisruptionCommand])).toBe(false);
    expect(claims.some((claim) => isConditionTrue(claim, "DisruptionReason"))).toBe(false);
  });

  it.each([
    ["has not been launched", false],
    ["works", true],
  ])("DX-36, D-132: after a restart nothing is one too many while the replacement %s", async (_, works) => {
    await staticPool({ budget: "1" });
    await start();
    await cluster.harness.pass(5000);
    const ordered = await cluster.replacements();
    expect(ordered).toHaveLength(1);
    cluster.harness.stop();
    if (works) await cluster.replacementsWork();
    cluster = new DisruptableCluster({
      after: cluster.harness,
      settings: { featureGates: { ...defaultFeatureGates(), StaticCapacity: true } },
    });
    const { deps } = cluster.harness;
    // Whoever looks first must not take the replacement, or the node that has it, for a surplus.
    await cluster.harness.start(staticDeprovisioningController(deps), staticProvisioningController(deps));
    await cluster.harness.pass(40_000);
    expect((await cluster.claims()).map(({ metadata }) => metadata.name).toSorted()).toEqual(
      ["n1", "n2", ordered[0]?.metadata.name ?? ""].toSorted(),
    );
  });
});
