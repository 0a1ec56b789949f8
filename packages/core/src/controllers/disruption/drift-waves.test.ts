// DX-32: a roll-out that can be stopped before it has done harm everywhere.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, NodePools, Nodes, Pods } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { aPod } from "../../testing/index.ts";

const DRIFTED = "2025-12-31T00:00:00Z";
const POOL = { name: "default" };
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

/** Ten drifted nodes; each pod needs a machine of its own. */
async function rollOut(waves: string | null = "true"): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool({ consolidateAfter: "Never" });
  const body = { metadata: { annotations: { [Annotation.DriftWaves]: waves } } };
  await cluster.harness.kube.patch(NodePools, POOL, { type: "merge", body });
  for (let i = 10; i < 20; i++) await cluster.machine(`n${i}`, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
  await cluster.start();
}

/** The machines that were ordered join and work. */
async function join(): Promise<void> {
  const joined: string[] = [];
  for (const { metadata, status } of await cluster.replacements()) {
    const { name = "" } = metadata;
    if (status?.providerID) continue;
    await cluster.works(name);
    joined.push(name);
    const lastTransitionTime = new Date(cluster.harness.clock.now()).toISOString();
    const body = { status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime }] } };
    await cluster.harness.kube.patchStatus(Nodes, { name }, { type: "merge", body });
  }
  // The nodes go, and their pods come to the new ones.
  await cluster.harness.pass(5_000);
  const status = { phase: "Running" } as const;
  for (const name of joined) {
    await cluster.harness.putPod(aPod({ name: `web-${name}`, nodeName: name, requests: { cpu: "6" }, status }));
  }
}

async function setReady(status: "True" | "False"): Promise<void> {
  const [claim] = await cluster.replacements();
  const lastTransitionTime = new Date(cluster.harness.clock.now()).toISOString();
  const body = { status: { conditions: [{ type: "Ready", status, lastTransitionTime }] } };
  await cluster.harness.kube.patchStatus(Nodes, { name: claim?.metadata.name ?? "" }, { type: "merge", body });
}

const ordered = async (): Promise<number> => (await cluster.replacements()).length;
const detail = () => cluster.harness.deps.decisions.judgements().find(({ verdict }) => verdict === "Budget")?.detail;

describe("drift in waves", () => {
  it("DX-32: 1, 2, 4 nodes; the next wave begins when the machines of the last have been Ready for two minutes", async () => {
    await rollOut();
    const seen: number[] = [];
    const details: string[] = [];
    for (let wave = 0; wave < 4; wave++) {
      await cluster.harness.pass(60_000);
      seen.push(await ordered());
      details.push(detail() ?? "");
      await join();
      await cluster.harness.pass(105_000);
      expect(await ordered()).toBe(seen[wave]);
      await cluster.harness.pass(15_000);
    }
    expect(seen).toEqual([1, 3, 7, 10]);
    expect(details[0]).toContain("drifted nodes of NodePool default go in waves, 1 in this one");
  });

  it("DX-32: a machine that is not Ready any more holds up the next wave", async () => {
    await rollOut();
    await cluster.harness.pass(60_000);
    await join();
    await setReady("False");
    await cluster.harness.pass(30 * 60_000);
    expect(await ordered()).toBe(1);
    await setReady("True");
    await cluster.harness.pass(3 * 60_000);
    expect(await ordered()).toBe(3);
  });

  it("DX-32: after two replacements that failed it stops, says so, and begins anew when the NodePool is changed", async () => {
    await rollOut();
    cluster.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "create" && resource.kind === NodeClaims.kind)
        throw new KubeError(403, "Forbidden", "quota");
    };
    await cluster.harness.pass(30 * 60_000);
    const told = cluster.harness.events.withReason("DriftStopped");
    expect(told.map(({ resource }) => resource.kind)).toEqual(["NodePool"]);
    expect(told[0]?.message).toContain("quota");
    cluster.harness.kube.faults = undefined;
    await cluster.harness.pass(60 * 60_000);
    expect(await ordered()).toBe(0);
    expect(detail()).toContain("has stopped after 2 failed replacements");
    await cluster.harness.kube.patch(NodePools, POOL, { type: "merge", body: { spec: { weight: 7 } } });
    await cluster.harness.pass(60_000);
    expect(await ordered()).toBe(1);
  });

  it("DX-32: a node that stays for a reason of its own does not hold up the others", async () => {
    await rollOut();
    await cluster.harness.pass(60_000);
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: "true" } } };
    await cluster.harness.kube.patch(Pods, { namespace: "default", name: "web-n10" }, { type: "merge", body });
    await join();
    await cluster.harness.pass(60_000);
    expect(await cluster.has("n10")).toBe(true);
    expect(await ordered()).toBe(2);
  });

  it("DX-32: without the annotation they all go at once", async () => {
    await rollOut(null);
    await cluster.harness.pass(60_000);
    expect(await ordered()).toBe(10);
  });
});
