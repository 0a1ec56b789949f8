import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { PromMetrics, silentMetrics, type Metrics } from "../../telemetry/index.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import { MemoryLogger } from "../../testing/index.ts";
import { promSeries } from "../../testing/prom-series.ts";
import type { Leadership } from "./leadership.ts";
import { electInThread } from "./lease-thread.ts";

/** So long that a machine on which nothing runs for a moment does not lose the lease. */
const TIMINGS = { leaseDuration: seconds(6), renewDeadline: seconds(4), retryPeriod: milliseconds(60) };
const COUNT = 0;
const OTHER = 1;

/** An API server for one Lease, in a thread of its own: it must answer while the thread of the test stands still. */
const SERVER = `
  const http = require("node:http");
  const { parentPort, workerData } = require("node:worker_threads");
  const seen = new Int32Array(workerData);
  let lease, version = 0;
  const store = (next) => (lease = { ...next, metadata: { ...next.metadata, resourceVersion: String(++version) } });
  const fail = (code, reason) => [code, { kind: "Status", status: "Failure", code, reason, message: reason }];
  function answer(method, body) {
    if (method === "GET") return lease ? [200, lease] : fail(404, "NotFound");
    if (method === "POST") return lease ? fail(409, "AlreadyExists") : [201, store(body)];
    Atomics.add(seen, ${COUNT}, 1);
    if (Atomics.load(seen, ${OTHER})) lease = store({ ...lease, spec: { ...lease.spec, holderIdentity: "other" } });
    return body.metadata.resourceVersion === lease.metadata.resourceVersion ? [200, store(body)] : fail(409, "Conflict");
  }
  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk)).on("end", () => {
      const [code, object] = answer(request.method, text === "" ? undefined : JSON.parse(text));
      response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(object));
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage({ port: server.address().port }));
  parentPort.on("message", () => parentPort.postMessage({ lease }));
`;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Server {
  readonly kubeconfig: string;
  readonly seen: Int32Array;
  lease(): Promise<{ readonly spec: { readonly holderIdentity: string } }>;
}

async function startServer(): Promise<Server> {
  const memory = new SharedArrayBuffer(8);
  const worker = new Worker(SERVER, { eval: true, workerData: memory });
  cleanUps.push(() => worker.terminate());
  const [{ port }] = (await once(worker, "message")) as [{ readonly port: number }];
  const folder = await mkdtemp(join(tmpdir(), "kmc-lease-"));
  cleanUps.push(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, "kubeconfig");
  const named = (name: string, rest: object): object => ({ name, ...rest });
  const config = {
    clusters: [named("test", { cluster: { server: `http://127.0.0.1:${port}` } })],
    contexts: [named("test", { context: { cluster: "test", user: "test" } })],
    users: [named("test", { user: {} })],
    "current-context": "test",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    seen: new Int32Array(memory),
    lease: async () => {
      worker.postMessage("lease");
      const [{ lease }] = (await once(worker, "message")) as [{ readonly lease: Awaited<ReturnType<Server["lease"]>> }];
      return lease;
    },
  };
}

async function elected(
  server: Server,
  logger = new MemoryLogger(),
  metrics: Metrics = silentMetrics,
): Promise<Leadership> {
  const leadership = electInThread({
    key: { namespace: "default", name: "test" },
    identity: "me",
    logger,
    metrics,
    kubeconfig: server.kubeconfig,
    userAgent: "test",
    timings: TIMINGS,
  });
  cleanUps.push(() => leadership.release());
  await leadership.won(AbortSignal.timeout(60_000));
  return leadership;
}

/** Nothing else happens on this thread meanwhile: no timer, no answer, no message. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("the thread that renews a lease", () => {
  it("TC-67, RT-35: goes on renewing while the main loop stands still for longer than the lease lasts", async () => {
    const server = await startServer();
    const leadership = await elected(server);
    const before = Atomics.load(server.seen, COUNT);
    standStill(TIMINGS.leaseDuration + 1000);
    expect(leadership.permitted()).toBe(true);
    expect(Atomics.load(server.seen, COUNT) - before).toBeGreaterThan(5);
  });

  it("RT-36: tells of a lost lease without the main loop's help, and writes are refused from then on", async () => {
    const server = await startServer();
    const leadership = await elected(server);
    Atomics.store(server.seen, OTHER, 1);
    for (let stood = 0; leadership.permitted() && stood < TIMINGS.renewDeadline; stood += 20) standStill(20);
    expect(leadership.permitted()).toBe(false);
    expect(await leadership.lost).toBe("other holds the lease");
  });

  it("RT-37: gives the lease up when asked, and nothing is permitted afterwards", async () => {
    const server = await startServer();
    const logger = new MemoryLogger();
    const leadership = await elected(server, logger);
    expect((await server.lease()).spec.holderIdentity).toBe("me");
    await leadership.release();
    expect((await server.lease()).spec.holderIdentity).toBe("");
    expect(leadership.permitted()).toBe(false);
    expect(logger.messages()).toEqual(["became the leader"]);
  });

  it("M-43: shows whether this process leads", async () => {
    const server = await startServer();
    const metrics = new PromMetrics();
    const leadership = await elected(server, new MemoryLogger(), metrics);
    const status = "leader_election_master_status";
    expect(await promSeries(metrics, status)).toEqual(['{name="test"} 1']);
    Atomics.store(server.seen, OTHER, 1);
    await leadership.lost;
    expect(await promSeries(metrics, status)).toEqual(['{name="test"} 0']);
    expect(await promSeries(metrics, "leader_election_slowpath_total")).toEqual([
      expect.stringMatching(/^\{name="test"\} \d+$/),
    ]);
  });

  it("stops waiting for the lease when told to", async () => {
    const server = await startServer();
    await elected(server);
    const second = electInThread({
      key: { namespace: "default", name: "test" },
      identity: "second",
      logger: new MemoryLogger(),
      metrics: silentMetrics,
      kubeconfig: server.kubeconfig,
      userAgent: "test",
      timings: TIMINGS,
    });
    const stop = new AbortController();
    const waiting = second.won(stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await second.release();
    expect((await server.lease()).spec.holderIdentity).toBe("me");
  });
});
