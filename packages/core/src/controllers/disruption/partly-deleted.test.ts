// DX-23: of several nodes some are deleted, others are not yet: what is still there is looked at as before.

import { afterEach, expect, it } from "vitest";
import { Annotation, NodeClaims, Pods } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";

let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

/** Two nodes go for one machine that works by now; the first is deleted, the other cannot be. */
async function halfDone(): Promise<string> {
  cluster = new DisruptableCluster();
  await cluster.pool();
  for (const name of ["n1", "n2"]) {
    await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
    const body = { metadata: { finalizers: ["karpenter.sh/termination"] } };
    await cluster.harness.kube.patch(NodeClaims, { name }, { type: "merge", body });
  }
  await cluster.start();
  await cluster.harness.pass(20_000);
  expect(await cluster.replacements()).toHaveLength(1);
  const tried: string[] = [];
  cluster.harness.kube.faults = ({ phase, verb, resource, key }) => {
    if (phase !== "before" || verb !== "delete" || resource.kind !== "NodeClaim" || !/^n\d$/.test(key?.name ?? ""))
      return;
    tried.push(key?.name ?? "");
    if (tried[0] !== key?.name) throw new KubeError(500, "InternalError", "etcd is busy");
  };
  await cluster.replacementsWork();
  await cluster.harness.pass(3000);
  const [first] = tried;
  const other = first === "n1" ? "n2" : "n1";
  expect([await isLeaving(first ?? ""), await isLeaving(other)]).toEqual([true, false]);
  return other;
}

async function isLeaving(name: string): Promise<boolean> {
  return (await cluster.harness.stored(NodeClaims, { name }))?.metadata.deletionTimestamp !== undefined;
}

async function protect(name: string): Promise<void> {
  const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: "true" } } };
  await cluster.harness.kube.patch(Pods, { namespace: "default", name: `web-${name}` }, { type: "merge", body });
}

it("DX-23: the other goes as soon as it can be deleted", async () => {
  const other = await halfDone();
  cluster.harness.kube.faults = undefined;
  await cluster.harness.pass(2000);
  expect(await isLeaving(other)).toBe(true);
});

it("DX-23: the other stays when it is protected by then", async () => {
  const other = await halfDone();
  await protect(other);
  cluster.harness.kube.faults = undefined;
  await cluster.harness.pass(5000);
  expect([await isLeaving(other), await cluster.isTainted(other)]).toEqual([false, false]);
  expect(cluster.harness.deps.decisions.commands()[0]).toMatchObject({ outcome: "PartlyDone" });
});

it("DX-23, DX-36: so it does after a restart", async () => {
  const other = await halfDone();
  cluster.harness.stop();
  await protect(other);
  cluster.harness.kube.faults = undefined;
  cluster = new DisruptableCluster({ after: cluster.harness });
  await cluster.start();
  await cluster.harness.pass(5000);
  expect([await isLeaving(other), await cluster.isTainted(other)]).toEqual([false, false]);
});
