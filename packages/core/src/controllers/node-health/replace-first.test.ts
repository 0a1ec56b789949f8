// DX-30: repairs that wait for a place for the pods, and no more of them than so many per hour. On the fake clock, with the provisioner
// and the disruption loop beside them.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, DISRUPTED_TAINT, NodeClaims, NodePools, Nodes, toRfc3339 } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { DisruptableCluster, type MachineOptions } from "../../testing/disruptable-cluster.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { minutes } from "../../units/index.ts";
import { provisioningController } from "../provisioning/controller.ts";
import { nodeHealthController } from "./controller.ts";

const MINUTE = 60_000;
const POLICY = { conditionType: "BadNode", conditionStatus: "False", tolerationDuration: minutes(10) } as const;
let cluster: DisruptableCluster;
let metrics: PromMetrics;
afterEach(() => cluster.harness.stop());

async function world(annotations: Readonly<Record<string, string>>, after?: DisruptableCluster): Promise<void> {
  metrics = new PromMetrics();
  cluster = new DisruptableCluster({ metrics, ...(after && { after: after.harness }) });
  cluster.harness.provider.policies = [POLICY];
  if (after) return;
  await cluster.pool({ consolidateAfter: "Never" });
  await write({ [Annotation.RepairThreshold]: "100%", ...annotations });
}

async function write(annotations: Readonly<Record<string, string | null>>): Promise<void> {
  await cluster.harness.kube.patch(
    NodePools,
    { name: "default" },
    { type: "merge", body: { metadata: { annotations } } },
  );
}

async function machines(count: number, options: MachineOptions = {}): Promise<void> {
  for (let index = 1; index <= count; index++) await cluster.machine(`n${index}`, options);
}

async function start(): Promise<void> {
  const { deps } = cluster.harness;
  await cluster.start(nodeHealthController(deps), provisioningController(deps));
}

async function become(name: string, status: "True" | "False"): Promise<void> {
  const lastTransitionTime = toRfc3339(cluster.harness.clock.now());
  const known = (await cluster.harness.stored(Nodes, { name }))?.status?.conditions ?? [];
  const conditions = [
    ...known.filter(({ type }) => type !== "BadNode"),
    { type: "BadNode", status, lastTransitionTime },
  ];
  await cluster.harness.kube.patchStatus(Nodes, { name }, { type: "merge", body: { status: { conditions } } });
  await cluster.harness.pass(0);
}

async function deadline(name: string): Promise<string | undefined> {
  return (await cluster.harness.stored(NodeClaims, { name }))?.metadata.annotations?.[Annotation.TerminationTimestamp];
}

async function hold(name: string): Promise<void> {
  const body = { metadata: { finalizers: ["example.com/hold"] } };
  await cluster.harness.kube.patch(NodeClaims, { name }, { type: "merge", body });
}

async function isGoing(name: string): Promise<boolean> {
  const claim = await cluster.harness.stored(NodeClaims, { name });
  return claim === undefined || claim.metadata.deletionTimestamp !== undefined;
}

function told(subject: string): readonly string[] {
  const all = cluster.harness.deps.decisions.list().filter((each) => each.subject === subject);
  return all.filter(({ verdict }) => verdict === "RepairBlocked").map(({ detail }) => detail);
}

const FIRST = { [Annotation.RepairMode]: "replaceFirst" };
/** Its pod fills most of the machine. */
const FULL = { pod: { requests: { cpu: "6" } } } as const;

describe("DX-30: repair with the replacement first", () => {
  it("orders a machine, closes the node meanwhile, and forces it out when the machine works", async () => {
    await world(FIRST);
    await machines(1, FULL);
    await hold("n1");
    await start();
    await become("n1", "False");
    await cluster.harness.pass(9 * MINUTE);
    expect([await cluster.isTainted("n1"), await cluster.replacements()]).toEqual([false, []]);
    await cluster.harness.pass(2 * MINUTE);
    expect([await cluster.isTainted("n1"), await cluster.reason("n1"), await isGoing("n1")]).toEqual([
      true,
      "Unhealthy",
      false,
    ]);
    expect(await cluster.replacements()).toHaveLength(1);
    expect(told("Node n1")).toContain(
      "it is unhealthy and waits for a place for its pods: other pods took the room that was meant for default/web-n1",
    );
    await cluster.replacementsWork();
    await cluster.harness.pass(6000);
    expect(await isGoing("n1")).toBe(true);
    expect(await deadline("n1")).toBe(toRfc3339(cluster.harness.clock.now() - 1000));
    expect(await cluster.replacements()).toHaveLength(1);
  });

  it("orders nothing where the pods fit on other nodes, and goes at once", async () => {
    await world(FIRST);
    await machines(2);
    await start();
    await become("n1", "False");
    await cluster.harness.pass(10 * MINUTE);
    expect([await isGoing("n1"), await cluster.replacements()]).toEqual([true, []]);
    // D-119: where its one pod goes is promised to it, so that nobody takes that node away meanwhile.
    const { nominatedUntil = 0 } = cluster.harness.deps.state.nodeByName("n2") ?? {};
    expect(nominatedUntil).toBeGreaterThan(cluster.harness.clock.now());
  });

  it("by force is the default: nothing is waited for", async () => {
    await world({});
    await machines(1, FULL);
    await start();
    await become("n1", "False");
    await cluster.harness.pass(10 * MINUTE);
    expect(await isGoing("n1")).toBe(true);
  });

  it("opens the node again when it recovers", async () => {
    await world(FIRST);
    await machines(1, FULL);
    await start();
    await become("n1", "False");
    await cluster.harness.pass(11 * MINUTE);
    expect(await cluster.isTainted("n1")).toBe(true);
    await become("n1", "True");
    await cluster.harness.pass(1000);
    expect([await cluster.isTainted("n1"), await cluster.reason("n1")]).toEqual([false, undefined]);
    expect(cluster.harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(false);
    await cluster.replacementsWork();
    await cluster.harness.pass(5 * MINUTE);
    expect(await isGoing("n1")).toBe(false);
  });

  it("DX-40: opens the node again also when its machine could not be deleted and it recovers then", async () => {
    await world(FIRST);
    await machines(2);
    await start();
    cluster.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "delete" || resource.kind !== "NodeClaim") return;
      throw new KubeError(500, "InternalError", "no quorum");
    };
    await become("n1", "False");
    await cluster.harness.pass(11 * MINUTE);
    expect([await cluster.isTainted("n1"), await isGoing("n1")]).toEqual([true, false]);
    await become("n1", "True");
    await cluster.harness.pass(20_000);
    expect([await cluster.isTainted("n1"), await cluster.reason("n1")]).toEqual([false, undefined]);
    expect(cluster.harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(false);
  });

  it("leaves the mark of a command alone that takes the node away already", async () => {
    await world(FIRST);
    await machines(1, FULL);
    await cluster.harness.start(nodeHealthController(cluster.harness.deps));
    cluster.harness.deps.state.markForDeletion("test:///n1");
    const body = { spec: { taints: [DISRUPTED_TAINT] } };
    await cluster.harness.kube.patch(Nodes, { name: "n1" }, { type: "merge", body });
    await become("n1", "False");
    await cluster.harness.pass(11 * MINUTE);
    await become("n1", "True");
    await cluster.harness.pass(1000);
    expect(await cluster.isTainted("n1")).toBe(true);
    expect(cluster.harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(true);
  });

  it("gives up when no machine comes, counts it, and tries again five minutes later", async () => {
    await world(FIRST);
    await machines(1, FULL);
    await start();
    await become("n1", "False");
    await cluster.harness.pass(21 * MINUTE);
    expect([await cluster.isTainted("n1"), await isGoing("n1")]).toEqual([false, false]);
    expect(told("Node n1").at(-1)).toContain("it is unhealthy and stays for now");
    expect(await promSeries(metrics, "kmc_node_repairs_skipped_total")).toEqual(['{nodepool="default"} 1']);
    await cluster.harness.pass(6 * MINUTE);
    expect(await cluster.isTainted("n1")).toBe(true);
  });

  it("goes on after a restart", async () => {
    await world(FIRST);
    await machines(1, FULL);
    await start();
    await become("n1", "False");
    await cluster.harness.pass(11 * MINUTE);
    expect(await cluster.replacements()).toHaveLength(1);
    cluster.harness.stop();
    await world({}, cluster);
    await start();
    await cluster.harness.pass(MINUTE);
    expect(await cluster.replacements()).toHaveLength(1);
    await cluster.replacementsWork();
    await cluster.harness.pass(6000);
    expect(await isGoing("n1")).toBe(true);
  });
});

describe("DX-30: at most so many repairs per hour", () => {
  const TWO = { [Annotation.RepairsPerHour]: "2" };

  it("the third waits until the first is an hour ago, is counted and told, also after a restart", async () => {
    await world(TWO);
    await machines(4);
    await start();
    for (const name of ["n1", "n2", "n3"]) await become(name, "False");
    await cluster.harness.pass(10 * MINUTE);
    expect(await Promise.all(["n1", "n2", "n3"].map(isGoing))).toEqual([true, true, false]);
    const until = toRfc3339(cluster.harness.clock.now() + 60 * MINUTE);
    const message = `nodepool default allows 2 repairs per hour (${Annotation.RepairsPerHour}); the next one begins at ${until}`;
    expect(told("Node n3")).toEqual([message]);
    expect(cluster.harness.events.withReason("NodeRepairBlocked").map((note) => note.message)).toContain(message);
    expect(await promSeries(metrics, "kmc_node_repairs_skipped_total")).toEqual(['{nodepool="default"} 1']);
    cluster.harness.stop();
    await world({}, cluster);
    await start();
    await cluster.harness.pass(59 * MINUTE);
    expect(await isGoing("n3")).toBe(false);
    await cluster.harness.pass(MINUTE);
    expect(await isGoing("n3")).toBe(true);
  });

  it("a higher limit holds at once", async () => {
    await world({ [Annotation.RepairsPerHour]: "0" });
    await machines(1);
    await start();
    await become("n1", "False");
    await cluster.harness.pass(30 * MINUTE);
    expect(await isGoing("n1")).toBe(false);
    await write({ [Annotation.RepairsPerHour]: "1" });
    await cluster.harness.pass(1000);
    expect(await isGoing("n1")).toBe(true);
  });

  it("a repair that waits for a place counts as begun", async () => {
    await world({ ...FIRST, [Annotation.RepairsPerHour]: "1" });
    await machines(1, FULL);
    await cluster.machine("n2", { pod: null });
    await start();
    await become("n1", "False");
    await cluster.harness.pass(2000);
    await become("n2", "False");
    await cluster.harness.pass(11 * MINUTE);
    // Nothing runs on it, so that it could go at once.
    expect([await cluster.isTainted("n1"), await isGoing("n2")]).toEqual([true, false]);
    await cluster.harness.pass(65 * MINUTE);
    expect(await isGoing("n2")).toBe(true);
  });
});
