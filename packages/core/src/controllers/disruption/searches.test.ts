// Long searches: everybody else has turns in between, the outcome is the same, and time limits hold (S-1016, DX-21, D-93, D-95).

import { afterEach, describe, expect, it } from "vitest";
import { decide, type DisruptionSnapshot, type ProposedCommand } from "../../disruption/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { watchProblemInput } from "../provisioning/problem-input.ts";
import { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { Turn } from "../provisioning/turn.ts";
import { WaitingPods } from "../provisioning/waiting-pods.ts";
import { PodDisruptionBudgets } from "../../api/index.ts";
import { ClusterStamp } from "./cluster-stamp.ts";
import { Searches } from "./searches.ts";
import { poolsWithTypes, snapshotOf } from "./snapshot-of.ts";

const { signal } = new AbortController();
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

/** Each look at it takes this many milliseconds. */
function slow(clock: Clock, each: number): Clock {
  let late = 0;
  return {
    now: () => clock.now() + (late += each),
    sleep: (...args) => clock.sleep(...args),
    schedule: (...args) => clock.schedule(...args),
    during: (work) => clock.during(work),
  };
}

interface Bench {
  readonly searches: Searches;
  readonly next: () => Promise<readonly ProposedCommand[]>;
  readonly snapshot: DisruptionSnapshot;
  readonly turns: () => number;
  readonly metrics: PromMetrics;
  /** What all methods together found, and how many slices it took. */
  readonly runAll: (
    inBetween?: () => void,
  ) => Promise<{ readonly slices: number; readonly found: readonly ProposedCommand[] }>;
}

async function bench(lookTakes: number): Promise<Bench> {
  const metrics = new PromMetrics();
  let turns = 0;
  const deps = {
    ...cluster.harness.deps,
    clock: slow(cluster.harness.clock, lookTakes),
    metrics,
    giveWay: async () => void turns++,
  };
  watchProblemInput(deps);
  deps.cache.informer(PodDisruptionBudgets);
  const waiting = new WaitingPods(deps);
  const searches = new Searches(deps, new ClusterStamp(deps));
  await cluster.harness.start();
  const pools = await poolsWithTypes(deps, new PoolBackOff(deps), signal);
  const snapshot = snapshotOf(deps, { pools, waiting, inCommand: new Set() });
  const round = { snapshot: async () => snapshot, turn: new Turn(deps, signal), full: new Set<never>(), drift: {} };
  return {
    searches,
    next: () => searches.go(round),
    snapshot,
    turns: () => turns,
    metrics,
    runAll: async (inBetween = () => {}) => {
      const found: ProposedCommand[] = [];
      let slices = 0;
      // A round is over when every method has had its say.
      while (deps.decisions.judgements().length === 0 && slices < 10_000) {
        found.push(...(await searches.go(round)));
        slices++;
        inBetween();
      }
      return { slices, found };
    },
  };
}

/** Nodes of which nothing can be had cheaper: each pod needs a large machine of its own. */
async function tightCluster(nodes: number): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool();
  for (let i = 0; i < nodes; i++) await cluster.machine(`n${i + 10}`, { pod: { requests: { cpu: "6" } } });
}

describe("a search that takes long", () => {
  it("S-1016: gives way while it runs, and is put down so that others have a turn", async () => {
    await tightCluster(20);
    const { runAll, turns } = await bench(20);
    const { slices, found } = await runAll();
    expect(found).toEqual([]);
    expect(slices).toBeGreaterThan(5 + 1);
    expect(turns()).toBeGreaterThan(slices);
  });

  it("finds what it finds in one piece", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    for (const name of ["n1", "n2", "n3"]) await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
    for (const name of ["n4", "n5"]) await cluster.machine(name, { pod: { requests: { cpu: "6" } } });
    const { runAll, snapshot } = await bench(20);
    const { found } = await runAll();
    const [expected] = decide("multi", snapshot).commands;
    expect(expected?.nodes.length).toBeGreaterThan(1);
    expect(found[0]).toEqual(expected);
  });

  it("DT-70: when nothing came of what multi-node found, single-node is asked before it finds the same again", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
    const { next, searches } = await bench(0);
    const found = async (): Promise<string | undefined> => {
      for (let turn = 0; turn < 10; turn++) {
        const [command] = await next();
        if (command) return command.method;
      }
      return undefined;
    };
    expect([await found(), await found()]).toEqual(["multi", "multi"]);
    searches.rejected("multi");
    expect([await found(), await found()]).toEqual(["single", "multi"]);
  });

  it("DT-68, DT-74, D-93, D-95: ends after the time it has had itself: one minute for several nodes, three for one", async () => {
    await tightCluster(40);
    const { runAll, metrics } = await bench(4000);
    await runAll();
    const page = await metrics.render();
    for (const type of ["multi", "single"]) {
      const line = `karpenter_voluntary_disruption_consolidation_timeouts_total{consolidation_type="${type}"} 1\n`;
      expect(page).toContain(line);
    }
    expect(cluster.harness.deps.decisions.judgements().map(({ verdict }) => verdict)).toContain("NotReached");
  });
});
