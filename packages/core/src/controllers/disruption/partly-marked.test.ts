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
