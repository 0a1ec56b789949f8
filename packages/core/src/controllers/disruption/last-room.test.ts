// DX-23: right before the deletion the pods must have a place; nobody can keep room in Kubernetes until they come.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims } from "../../api/index.ts";
import { aPod } from "../../testing/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { provisioningController } from "../provisioning/controller.ts";

const MINUTE = 60_000;
const DRIFTED = "2025-12-31T00:00:00Z";
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function open(): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool();
}

/** Of another workload, bound by the scheduler. */
async function passing(node: string, cpu = "6", name = "passing"): Promise<void> {
  await cluster.harness.putPod(aPod({ name, nodeName: node, requests: { cpu }, status: { phase: "Running" } }));
}

async function theReplacement(): Promise<string> {
  const names = (await cluster.replacements()).map(({ metadata }) => metadata.name ?? "");
  expect(names).toHaveLength(1);
  return names[0] ?? "";
}

async function stateOf(name: string): Promise<string> {
  if (!(await cluster.has(name))) return "gone";
  return (await cluster.isTainted(name)) ? "closed" : "open";
}

function verdicts(name: string): readonly string[] {
  const all = cluster.harness.deps.decisions.list().filter(({ subject }) => subject === `Node ${name}`);
  return all.map(({ verdict, detail }) => `${verdict}: ${detail}`);
}

const TAKEN = "other pods took the room that was meant for default/web-n1";

describe("the last look at the room", () => {
  /** Its pod needs a machine of its own. */
  async function drifting(): Promise<string> {
    await open();
    await cluster.machine("n1", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.start();
    await cluster.harness.pass(3000);
    return await theReplacement();
  }

  it("DX-23: a drifted node waits while a pod that passed has its replacement, and goes when that is gone", async () => {
    const replacement = await drifting();
    await passing(replacement);
    await cluster.works(replacement);
    await cluster.harness.pass(MINUTE);
    expect([await stateOf("n1"), await stateOf(replacement)]).toEqual(["closed", "open"]);
    expect(verdicts("n1")).toContain(`PodsUnschedulable: waits: ${TAKEN}`);
    await cluster.harness.podEnds({ namespace: "default", name: "passing" });
    await cluster.harness.pass(2000);
    expect(await stateOf("n1")).toBe("gone");
  });

  it("DX-23: a pod that leaves enough room keeps nobody", async () => {
    const replacement = await drifting();
    await passing(replacement, "1");
    await cluster.works(replacement);
    await cluster.harness.pass(2000);
    expect(await stateOf("n1")).toBe("gone");
  });

  it("DX-23: the provisioner orders what is missing, and then the drifted node goes", async () => {
    await open();
    await cluster.machine("n1", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.start(provisioningController(cluster.harness.deps));
    await cluster.harness.pass(3000);
    const replacement = await theReplacement();
    await passing(replacement);
    await cluster.works(replacement);
    // Whatever waits makes the provisioner look; for this one there is room.
    await cluster.harness.putPod(aPod({ name: "waiting", requests: { cpu: "1" } }));
    await cluster.harness.pass(MINUTE);
    expect([await stateOf("n1"), (await cluster.replacements()).length]).toEqual(["closed", 2]);
    await cluster.replacementsWork();
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), (await cluster.replacements()).length]).toEqual(["gone", 2]);
  });

  it("DX-23, D-124: without room until the end of its patience the node is opened again", async () => {
    const replacement = await drifting();
    await passing(replacement);
    await cluster.works(replacement);
    await cluster.harness.pass(12 * MINUTE);
    expect([await stateOf("n1"), await stateOf(replacement)]).toEqual(["open", "open"]);
  });

  it("DX-23: a drifted node whose pods were to go to a node that is there stays when that was filled meanwhile", async () => {
    await open();
    await cluster.machine("n1", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.machine("n2", { pod: null });
    // Not Consolidatable yet.
    await cluster.works("n2");
    await cluster.start();
    await cluster.harness.pass(1000);
    expect([await stateOf("n1"), await stateOf("n2")]).toEqual(["closed", "open"]);
    await passing("n2");
    await cluster.harness.pass(3000);
    expect([await stateOf("n1"), await stateOf("n2")]).toEqual(["open", "open"]);
    expect(verdicts("n1")).toContain(`PodsUnschedulable: kept: ${TAKEN}`);
  });

  it("DX-23: consolidation gives up at once, because one more machine would save nothing", async () => {
    await open();
    await cluster.machine("n1", { pod: { requests: { cpu: "1" } } });
    await cluster.start();
    await cluster.harness.pass(20_000);
    const replacement = await theReplacement();
    await passing(replacement, "1500m");
    await cluster.works(replacement);
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), await stateOf(replacement)]).toEqual(["open", "open"]);
    expect(verdicts("n1")).toContain(`PodsUnschedulable: kept: ${TAKEN}`);
  });

  it("DX-23: the node that the pods go to is looked at through the API server, with the one they leave, right before", async () => {
    const replacement = await drifting();
    const calls: string[] = [];
    cluster.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && (verb === "list" || verb === "delete")) calls.push(`${verb} ${resource.kind}`);
    };
    await cluster.works(replacement);
    calls.length = 0;
    await cluster.harness.pass(2000);
    const until = calls.slice(0, calls.indexOf("delete NodeClaim"));
    // What protects it; its pods, to see where they would go; then both nodes at once.
    expect(until).toEqual(["list Pod", "list Pod", "list Pod", "list Pod"]);
  });

  it("DX-23: a pod that has no place anywhere keeps nobody, and where the others go is looked at all the same", async () => {
    const replacement = await drifting();
    await cluster.harness.putPod(aPod({ name: "hopeless", requests: { cpu: "100" } }));
    const calls: string[] = [];
    await cluster.works(replacement);
    cluster.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && (verb === "list" || verb === "delete")) calls.push(`${verb} ${resource.kind}`);
    };
    await cluster.harness.pass(2000);
    expect(await stateOf("n1")).toBe("gone");
    expect(calls.slice(0, calls.indexOf("delete NodeClaim"))).toEqual(["list Pod", "list Pod", "list Pod", "list Pod"]);
  });

  it("DX-23: two nodes do not count on the same room", async () => {
    await open();
    for (const name of ["n1", "n2"]) {
      await cluster.machine(name, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
      // Its claim stays until its pods are gone.
      const body = { metadata: { finalizers: ["karpenter.sh/termination"] } };
      await cluster.harness.kube.patch(NodeClaims, { name }, { type: "merge", body });
    }
    await cluster.start();
    await cluster.harness.pass(3000);
    const [first] = await cluster.replacements();
    await passing(first?.metadata.name ?? "");
    await cluster.replacementsWork();
    await cluster.harness.pass(MINUTE);
    const { items } = await cluster.harness.kube.list(NodeClaims);
    expect(
      items.filter(({ metadata }) => metadata.deletionTimestamp).map(({ metadata }) => metadata.name),
    ).toHaveLength(1);
  });
});
