import { aNode, aNodeClaim, aPod } from "@karpenter-multicloud/core/testing";
import { startServers, type RunningServers } from "@karpenter-multicloud/core/telemetry";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { buildStateNode } from "@karpenter-multicloud/core/state";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { debugPages } from "./debug-pages.ts";
import { Profiler } from "./profiler.ts";
import { stateDump } from "./state-dump.ts";

let servers: RunningServers;
let profiler: Profiler;

async function serve(): Promise<void> {
  profiler = new Profiler(new SystemClock());
  await profiler.start();
  const pages = debugPages({ profiler, argv: ["node", "main.js"], state: () => ({ nodes: [] }) });
  const metrics = { render: () => Promise.resolve("up 1\n") };
  servers = await startServers({ metricsPort: 0, healthPort: 0, host: "127.0.0.1", metrics, checks: {}, pages });
}

const at = (path: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`http://127.0.0.1:${servers.metricsPort}${path}`, signal ? { signal } : {});

beforeEach(serve);
afterEach(async () => {
  await servers.close();
  profiler.stop();
});

describe("OP-5: the pages of profiling", () => {
  it("stand beside the metrics and tell what there is", async () => {
    expect(await (await at("/metrics")).text()).toBe("up 1\n");
    expect(await (await at("/debug/pprof/")).text()).toContain("/debug/pprof/heap");
    expect(await (await at("/debug/pprof/cmdline")).text()).toBe("node\0main.js");
    expect(await (await at("/debug/state")).json()).toEqual({ nodes: [] });
    const ofGo = await at("/debug/pprof/goroutine");
    expect([ofGo.status, await ofGo.text()]).toEqual([404, expect.stringContaining("goroutine is of Go only")]);
    expect((await at("/debug/pprof/nothing")).status).toBe(404);
  });

  it("answer a CPU profile with samples", async () => {
    const profile = (await (await at("/debug/pprof/profile?seconds=0.1")).json()) as Readonly<Record<string, unknown>>;
    expect(profile["nodes"]).toBeInstanceOf(Array);
    expect(profile["samples"]).toBeInstanceOf(Array);
    expect(Number(profile["endTime"]) - Number(profile["startTime"])).toBeGreaterThan(90_000);
  });

  it.each(["0", "301", "x", "-1"])("refuse a CPU profile of %s seconds", async (seconds) => {
    expect((await at(`/debug/pprof/profile?seconds=${seconds}`)).status).toBe(400);
  });

  it("take one CPU profile at a time, and give it up when nobody waits for it", async () => {
    const hurry = new AbortController();
    const first = at("/debug/pprof/profile?seconds=300", hurry.signal).catch(() => "gone");
    await expect.poll(() => profiler.running).toBe(true);
    expect((await at("/debug/pprof/profile?seconds=0.01")).status).toBe(409);
    hurry.abort();
    expect(await first).toBe("gone");
    await expect.poll(async () => (await at("/debug/pprof/profile?seconds=0.01")).status).toBe(200);
  });

  it("answer where the living heap was allocated", async () => {
    const kept = Array.from({ length: 300 }, () => Array.from({ length: 20_000 }, () => 1));
    const { head } = (await (await at("/debug/pprof/heap")).json()) as {
      readonly head: { readonly children: unknown[] };
    };
    expect(kept).toHaveLength(300);
    expect(head.children.length).toBeGreaterThan(0);
  });
});

describe("OP-5: the state of the cluster", () => {
  it("lists nodes with what they hold and what has to be done, without annotations", () => {
    const annotations = { "example.com/note": "private" };
    const pods = [aPod({ name: "web" })];
    const node = buildStateNode({ node: aNode({ annotations }), nodeClaim: aNodeClaim(), pods, marked: false });
    const queues = [{ controller: "x", ready: 1, waiting: 2, running: ["y"] }];
    const dump = stateDump({
      state: { nodes: () => [node], unsynced: () => ["pods"] },
      manager: { queues: () => queues, running: true },
      leads: () => true,
      now: () => 0,
    });
    expect(dump).toMatchObject({
      time: "1970-01-01T00:00:00Z",
      leading: true,
      controllersRun: true,
      unsynced: ["pods"],
      nodes: [{ name: node.name, registered: true, initialized: true, nodePool: "default", pods: ["default/web"] }],
      queues,
    });
    expect(JSON.stringify(dump)).not.toContain("private");
  });
});
