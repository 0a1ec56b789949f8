// What the picture of the cluster keeps of pools besides the one that a command is about.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodePools, type NodePool } from "../../api/index.ts";
import type { ProposedCommand } from "../../disruption/index.ts";
import { NodeClassNotReady } from "../../provider/index.ts";
import { MemoryLogger } from "../../testing/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { WaitingPods } from "../provisioning/waiting-pods.ts";
import type { RunningCommand } from "./command.ts";
import { DriftWaves } from "./drift-waves.ts";
import { poolsWithTypes, snapshotOf, type SnapshotParts } from "./snapshot-of.ts";
import { StartedNodes } from "./started-nodes.ts";

let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

function waiting(nodes: readonly string[], fromTemplate: readonly string[]): RunningCommand {
  const proposed: ProposedCommand = {
    method: "drift",
    reason: "Drifted",
    decision: "replace",
    nodes,
    replacements: [],
    existing: [],
    disruptionCost: 0,
    fromTemplate,
  };
  return { id: "1", proposed, createdAt: 0, dueAt: 0, phase: "waiting" };
}

function picture(more: Partial<SnapshotParts> = {}) {
  const { deps } = cluster.harness;
  const parts = { pools: [], waiting: new WaitingPods(deps), inCommand: new Set<string>(), ...more };
  return snapshotOf(deps, parts);
}

describe("the picture of the cluster", () => {
  it("D-65, ST-5: what a waiting command will order counts for the static pool it orders from, and for no other", async () => {
    cluster = new DisruptableCluster();
    for (const name of ["a", "b", "c"]) await cluster.pool({}, name, { replicas: 2 });
    await cluster.harness.start();
    const ahead = [waiting(["n1"], ["a", "a", "b"])];
    const reserved = (at: ReturnType<typeof picture>) =>
      [...(at.staticCounts ?? [])].map(([name, counts]) => `${name} ${counts.reserved}`);
    expect(reserved(picture({ ahead }))).toEqual(["a 2", "b 1", "c 0"]);
    const { deps } = cluster.harness;
    const pool = deps.cache.informer(NodePools).get({ name: "b" });
    const book = deps.poolLedger.open();
    expect(pool && book.admit(pool, {})).toHaveProperty("granted");
    expect(reserved(picture({ ahead }))).toEqual(["a 2", "b 2", "c 0"]);
  });

  it("D-19: a NodeClass that is not ready yet is no error, other failures of the list of types are", async () => {
    cluster = new DisruptableCluster();
    for (const name of ["new", "old"]) await cluster.pool({}, name, { replicas: 1 });
    await cluster.harness.start();
    const { deps } = cluster.harness;
    const logger = new MemoryLogger();
    const getInstanceTypes = ({ metadata: { name } }: NodePool) =>
      Promise.reject(name === "new" ? new NodeClassNotReady("zones are not known yet") : new Error("no route"));
    const provider = Object.assign(Object.create(deps.provider) as typeof deps.provider, { getInstanceTypes });
    const pools = await poolsWithTypes(
      { ...deps, logger, provider },
      new PoolBackOff(deps),
      AbortSignal.timeout(60_000),
    );
    expect(pools.map(({ instanceTypes }) => instanceTypes)).toEqual([[], []]);
    const errors = logger.lines.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => fields["NodePool"])).toEqual(["old"]);
  });

  it("DX-32, DX-33: where drift goes in waves, the hourly limits of other pools and other reasons stay", async () => {
    cluster = new DisruptableCluster();
    const limited = { [Annotation.DisruptionsPerHour]: "5" };
    for (const name of ["a", "b"]) {
      await cluster.pool({}, name);
      const annotations = name === "a" ? { ...limited, [Annotation.DriftWaves]: "true" } : limited;
      await cluster.harness.kube.patch(NodePools, { name }, { type: "merge", body: { metadata: { annotations } } });
    }
    await cluster.harness.start();
    const { deps } = cluster.harness;
    const { hourly } = picture({ started: new StartedNodes(deps), waves: new DriftWaves(deps, () => []) });
    const left = (name: string) =>
      Object.fromEntries(Object.entries(hourly?.get(name) ?? {}).map(([reason, limit]) => [reason, limit.left]));
    expect(left("a")).toEqual({ Empty: 5, Drifted: 1, Underutilized: 5 });
    expect(left("b")).toEqual({ Empty: 5, Drifted: 5, Underutilized: 5 });
  });
});
