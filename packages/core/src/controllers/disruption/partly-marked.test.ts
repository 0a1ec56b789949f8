// D-115: what becomes of a command of which not every node could be marked.

import { afterEach, expect, it } from "vitest";
import { KubeError } from "../../kube/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";

let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

/** Whatever is written to this Node is refused. */
function refuse(name: string): void {
  cluster.harness.kube.faults = ({ phase, verb, resource, key }) => {
    if (phase === "before" && verb === "patch" && resource.kind === "Node" && key?.name === name)
      throw new KubeError(403, "Forbidden", "a webhook said no");
  };
}

it("D-115: several nodes that are only deleted: those that are marked go, the other stays open", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool();
  for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "1" } } });
  await cluster.machine("n3", { pod: { requests: { cpu: "6" } } });
  refuse("n1");
  await cluster.start();
  await cluster.harness.pass(25_000);
  expect(cluster.harness.logger.find("disrupting node(s)")?.fields).toMatchObject({
    method: "multi-node consolidation",
    decision: "delete",
    "disrupted-node-count": 2,
  });
  expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([true, false]);
  expect(await cluster.isTainted("n1")).toBe(false);
});

it("D-115: with a replacement none of them goes, and nothing is ordered", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool();
  for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
  refuse("n1");
  await cluster.start();
  await cluster.harness.pass(25_000);
  expect(cluster.harness.logger.find("disrupting node(s)")?.fields).toMatchObject({
    decision: "replace",
    "disrupted-node-count": 2,
  });
  expect(await cluster.replacements()).toEqual([]);
  expect([await cluster.isTainted("n1"), await cluster.isTainted("n2")]).toEqual([false, false]);
});

/** What was last said of the node while a command had it. */
function said(name: string): readonly string[] {
  const all = cluster.harness.deps.decisions.list().filter(({ subject }) => subject === `Node ${name}`);
  return all.map(({ verdict, detail }) => `${verdict}: ${detail}`);
}

const REFUSED = "Backoff: kept: it could not be marked as leaving: a webhook said no";

it("DX-1: of an empty node that could not be marked it is said why", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool();
  for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: null });
  refuse("n1");
  await cluster.start();
  await cluster.harness.pass(20_000);
  expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([true, false]);
  expect(said("n1")).toContain(REFUSED);
});

it("DX-1: the record of a command says of which node it was, and of the others that they stay because of it", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool();
  for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
  refuse("n1");
  await cluster.start();
  await cluster.harness.pass(17_000);
  const record = cluster.harness.deps.decisions.commands().find(({ outcome }) => outcome !== undefined);
  expect(record).toMatchObject({ method: "multi", outcome: "GivenUp", why: REFUSED });
  expect(said("n2")).toContain("Backoff: kept: not all nodes of its command could be marked as leaving");
});

it("DX-1: the record of an empty node that could not be deleted says why", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool();
  await cluster.machine("n1", { pod: null });
  cluster.harness.kube.faults = ({ phase, verb, resource }) => {
    if (phase === "before" && verb === "delete" && resource.kind === "NodeClaim")
      throw new KubeError(403, "Forbidden", "a webhook said no");
  };
  await cluster.start();
  await cluster.harness.pass(18_000);
  const record = cluster.harness.deps.decisions.commands().find(({ outcome }) => outcome !== undefined);
  expect(record?.why).toContain("kept: a webhook said no");
  expect(await cluster.isTainted("n1")).toBe(false);
});

it("DX-1: so does the record of a command whose pods cannot be listed", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool();
  await cluster.machine("n1");
  cluster.harness.kube.faults = ({ phase, verb, resource }) => {
    if (
      phase === "before" &&
      verb === "list" &&
      resource.kind === "Pod" &&
      cluster.harness.clock.now() > began + 10_000
    )
      throw new KubeError(500, "InternalError", "etcd is busy");
  };
  const began = cluster.harness.clock.now();
  await cluster.start();
  await cluster.harness.pass(20_000);
  const record = cluster.harness.deps.decisions.commands().find(({ outcome }) => outcome !== undefined);
  expect(record?.why).toContain("kept: etcd is busy");
});

it("DW-2: an empty node that cannot be marked does not keep the others from their turn, and says why it stays", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool({ budgets: [{ nodes: "1" }] });
  for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: null });
  refuse("n1");
  await cluster.start();
  await cluster.harness.pass(50_000);
  expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([true, false]);
  expect(cluster.harness.deps.decisions.judgements()).toMatchObject([
    { node: "n1", verdict: "Backoff", detail: expect.stringContaining("a webhook said no") as unknown },
  ]);
});

it("DW-2: nor does one that cannot be deleted; it goes as soon as it can be", async () => {
  cluster = new DisruptableCluster();
  await cluster.pool({ budgets: [{ nodes: "1" }] });
  for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: null });
  cluster.harness.kube.faults = ({ phase, verb, resource, key }) => {
    if (phase === "before" && verb === "delete" && resource.kind === "NodeClaim" && key?.name === "n1")
      throw new KubeError(403, "Forbidden", "a webhook said no");
  };
  await cluster.start();
  await cluster.harness.pass(55_000);
  expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([true, false]);
  cluster.harness.kube.faults = undefined;
  await cluster.harness.pass(90_000);
  expect(await cluster.has("n1")).toBe(false);
});
