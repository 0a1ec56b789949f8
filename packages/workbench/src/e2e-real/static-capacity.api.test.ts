// A NodePool with replicas on a real control plane: kubectl scales it, and the API server's own garbage collector ends it.

import { isConditionTrue, NodeClaims, Nodes, type Node, type NodeClaim } from "@karpenter-multicloud/core/api";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { auditOf } from "./audit-log.ts";
import { Figures } from "./figures.ts";
import { kubectl } from "./kubectl.ts";
import { CONTROLLER_USER } from "./rendered-chart.ts";
import { COMPONENTS, Stage } from "./stage.ts";

const isThere = await prepareControlPlane("static capacity on a real control plane", COMPONENTS, ["helm", "kubectl"]);
const POOL = "nodepools.karpenter.sh/always-there";

/** Nothing but its nodeClassRef and a size: the flavor is the provider's choice. */
const MANIFEST = `
apiVersion: karpenter.sh/v1
kind: NodePool
metadata:
  name: always-there
spec:
  replicas: 2
  limits:
    nodes: 4
  template:
    spec:
      nodeClassRef: {group: karpenter.ovhcloud.sh, kind: OVHNodeClass, name: default}
      requirements:
        - {key: karpenter.ovhcloud.sh/instance-category, operator: In, values: [b]}
`;

describe.runIf(isThere)("static capacity on a real control plane", { timeout: LIMIT_MS }, () => {
  const figures = new Figures("e2e static capacity");
  let stage: Stage;

  const run = (args: readonly string[], input?: string): Promise<string> =>
    kubectl(stage.plane.kubeconfigPath, args, input);
  const claims = async (): Promise<readonly NodeClaim[]> => (await stage.admin.list<NodeClaim>(NodeClaims)).items;
  const nodes = async (): Promise<readonly Node[]> => (await stage.admin.list<Node>(Nodes)).items;

  /** Ready claims, Nodes, machines, and what the NodePool's scale says. */
  async function counts(): Promise<readonly unknown[]> {
    const [ready, joined, { machines }, scale] = await Promise.all([
      claims().then((list) => list.filter((claim) => isConditionTrue(claim, "Ready")).length),
      nodes().then((list) => list.length),
      stage.cloud.state(),
      run(["get", "--raw", "/apis/karpenter.sh/v1/nodepools/always-there/scale"]),
    ]);
    const { spec, status } = JSON.parse(scale) as { spec: { replicas: number }; status: { replicas: number } };
    return [ready, joined, machines.length, spec.replicas, status.replicas];
  }

  async function expectReplicas(count: number): Promise<void> {
    const wanted = [count, count, count, count, count];
    let seen: readonly unknown[] = [];
    await stage.clock.until(
      async () => {
        seen = await counts();
        return JSON.stringify(seen) === JSON.stringify(wanted);
      },
      { timeout: PATIENCE },
    );
    expect(seen).toEqual(wanted);
  }

  beforeAll(async () => {
    stage = await Stage.open({ env: { FEATURE_GATES: "StaticCapacity=true" } });
    stage.controller.start();
    await stage.controller.leads();
    await stage.applyQuickStart();
  }, LIMIT_MS);

  afterAll(async () => {
    figures.print();
    await stage.close("static-capacity");
  }, LIMIT_MS);

  it("E-63: two replicas become two Nodes without a pod", async () => {
    await run(["apply", "-f", "-"], MANIFEST);
    await expectReplicas(2);
    figures.mark("2 nodes after");
  });

  it("TC-22: kubectl scale changes the replicas, and status.nodes follows", async () => {
    await run(["scale", POOL, "--replicas=4"]);
    await expectReplicas(4);
    figures.mark("4 nodes after");
    const kept = (await nodes())[1]?.metadata.name ?? "";
    await run(["label", "node", kept, "kept=yes"]);
    await run(["run", "web", "--image=example.com/app:1", '--overrides={"spec":{"nodeSelector":{"kept":"yes"}}}']);
    expect(await stage.clock.until(async () => (await stage.running()) === 1, { timeout: PATIENCE })).toBe(true);
    await run(["scale", POOL, "--replicas=1"]);
    await expectReplicas(1);
    figures.mark("1 node after");
    expect((await nodes()).map(({ metadata }) => metadata.name)).toEqual([kept]);
    expect(await stage.running()).toBe(1);
  });

  it("E-73: limits.nodes holds, and a NodeClaim deleted by hand is replaced", async () => {
    await run(["scale", POOL, "--replicas=9"]);
    const limited = async (): Promise<boolean> => JSON.stringify(await counts()) === "[4,4,4,9,4]";
    expect(await stage.clock.until(limited, { timeout: PATIENCE })).toBe(true);
    const [first] = await claims();
    await run(["delete", "nodeclaim", first?.metadata.name ?? "", "--wait=false"]);
    const most = { machines: 0 };
    const replaced = async (): Promise<boolean> => {
      most.machines = Math.max(most.machines, (await stage.cloud.state()).machines.length);
      const names = (await claims()).map(({ metadata }) => metadata.name);
      return !names.includes(first?.metadata.name) && (await limited());
    };
    expect(await stage.clock.until(replaced, { timeout: PATIENCE })).toBe(true);
    expect(most.machines).toBe(4);
    figures.mark("replaced after");
  });

  it("E-74: the deleted NodePool takes its machines with it", async () => {
    await run(["delete", POOL, "--wait=false"]);
    const left = async (): Promise<boolean> => (await stage.leftovers()).length === 0;
    await stage.clock.until(left, { timeout: PATIENCE });
    expect(await stage.leftovers()).toEqual([]);
    expect((await stage.cloud.invariants()).violations).toEqual([]);
    expect(stage.controller.errors()).toEqual([]);
    figures.mark("nothing left after");
  });

  it("was refused nothing under the chart's rights", async () => {
    const { denied } = await auditOf(stage.plane.auditLogPath, CONTROLLER_USER);
    expect(denied).toEqual([]);
  });
});
