import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeClaims, Nodes, Pods, type Node, type Pod } from "../../api/index.ts";
import { SystemClock, type Clock } from "../../runtime/index.ts";
import { PromMetrics, silentMetrics } from "../../telemetry/index.ts";
import { MemoryLogger } from "../../testing/index.ts";
import { seconds } from "../../units/index.ts";
import type { KubeClient, WatchEvent } from "../client.ts";
import { KubeError } from "../errors.ts";
import { createKubeClient, type KubeClientOptions } from "./create-kube-client.ts";
import { ServerTime } from "./server-time.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
}

type Handler = (seen: Seen, answer: http.ServerResponse) => void;

const node: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };

let server: http.Server;
let folder: string;
let seen: Seen[];
let handler: Handler;
let logger: MemoryLogger;

function json(answer: http.ServerResponse, code: number, body: unknown, headers: http.OutgoingHttpHeaders = {}): void {
  answer.writeHead(code, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function failure(code: number, reason: string): object {
  return { kind: "Status", status: "Failure", code, reason, message: `because ${reason}` };
}

beforeEach(async () => {
  seen = [];
  handler = (_, answer) => {
    json(answer, 200, node);
  };
  logger = new MemoryLogger();
  server = http.createServer((request, answer) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const arrived = { method, url, headers, body: text === "" ? undefined : JSON.parse(text) };
      seen.push(arrived);
      handler(arrived, answer);
    });
  });
  // A connection ends when a test says so, however long that takes.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  folder = await mkdtemp(join(tmpdir(), "kube-client-"));
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function client(options: Partial<KubeClientOptions> = {}): Promise<KubeClient> {
  const kubeconfig = join(folder, "kubeconfig");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server: url } }],
      users: [{ name: "u", user: {} }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );
  return createKubeClient({ kubeconfig, clock: new SystemClock(), logger, ...options });
}

describe("kube client over HTTP", () => {
  it("RT-16: sends the content type of each patch kind", async () => {
    const kube = await client();
    await kube.patch(Nodes, { name: "n1" }, { type: "merge", body: { a: null } });
    await kube.patch(Nodes, { name: "n1" }, { type: "json", body: [{ op: "remove", path: "/a" }] });
    await kube.patchStatus(Nodes, { name: "n1" }, { type: "strategic", body: { a: 1 } });
    expect(seen.map(({ method, url, headers }) => [method, url, headers["content-type"]])).toEqual([
      ["PATCH", "/api/v1/nodes/n1?fieldManager=karpenter", "application/merge-patch+json"],
      ["PATCH", "/api/v1/nodes/n1?fieldManager=karpenter", "application/json-patch+json"],
      ["PATCH", "/api/v1/nodes/n1/status?fieldManager=karpenter", "application/strategic-merge-patch+json"],
    ]);
    expect(seen[0]?.body).toEqual({ a: null });
  });

  it("RT-18: writes as field manager karpenter and names itself", async () => {
    const kube = await client({ userAgent: "test/1" });
    await kube.create(NodeClaims, { metadata: { name: "c" }, spec: {} } as never);
    await kube.update(Nodes, node);
    await kube.updateStatus(Nodes, node);
    await kube.evict({ name: "p", namespace: "a" }, { preconditions: { uid: "u" } });
    await kube.bind({ name: "p", namespace: "a" }, "n1");
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /apis/karpenter.sh/v1/nodeclaims?fieldManager=karpenter",
      "PUT /api/v1/nodes/n1?fieldManager=karpenter",
      "PUT /api/v1/nodes/n1/status?fieldManager=karpenter",
      "POST /api/v1/namespaces/a/pods/p/eviction?fieldManager=karpenter",
      "POST /api/v1/namespaces/a/pods/p/binding?fieldManager=karpenter",
    ]);
    expect(seen[0]?.body).toMatchObject({ apiVersion: "karpenter.sh/v1", kind: "NodeClaim" });
    expect(seen[3]?.body).toMatchObject({ apiVersion: "policy/v1", deleteOptions: { preconditions: { uid: "u" } } });
    expect(seen[4]?.body).toMatchObject({ kind: "Binding", target: { kind: "Node", name: "n1" } });
    expect(new Set(seen.map(({ headers }) => headers["user-agent"]))).toEqual(new Set(["test/1"]));
  });

  it("RT-20: deletes in the background, with the caller's preconditions", async () => {
    const kube = await client();
    await kube.delete(Nodes, { name: "n1" }, { preconditions: { uid: "u" }, gracePeriodSeconds: 0 });
    expect(seen[0]).toMatchObject({
      method: "DELETE",
      body: { propagationPolicy: "Background", preconditions: { uid: "u" }, gracePeriodSeconds: 0 },
    });
  });

  it("gives the items of a list the kind that the server leaves out", async () => {
    handler = (_, answer) => {
      json(answer, 200, { metadata: { resourceVersion: "9", continue: "t" }, items: [{ metadata: { name: "p" } }] });
    };
    const list = await (await client()).list(Pods, { namespace: "a", limit: 1, labelSelector: "x=y" });
    expect(seen[0]?.url).toBe("/api/v1/namespaces/a/pods?labelSelector=x%3Dy&limit=1");
    expect(list).toEqual({
      resourceVersion: "9",
      continue: "t",
      items: [{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" } }],
    });
  });

  it("RT-21: tells an answer from no answer", async () => {
    const kube = await client();
    handler = (_, answer) => {
      json(answer, 429, failure(429, "TooManyRequests"), { "retry-after": "7" });
    };
    await expect(kube.evict({ name: "p", namespace: "a" })).rejects.toMatchObject({ code: 429, retryAfterSeconds: 7 });
    handler = (_, answer) => {
      answer.destroy();
    };
    await expect(kube.update(Nodes, node)).rejects.toMatchObject({ code: 0, reason: "Unknown" });
    const impatient = await client({ requestTimeout: seconds(0.2) });
    handler = () => undefined;
    await expect(impatient.update(Nodes, node)).rejects.toMatchObject({ code: 0, reason: "Timeout" });
  });

  it("ends a request whose body does not end", async () => {
    handler = (_, answer) => {
      answer.writeHead(200).write('{"kind":');
    };
    const kube = await client({ requestTimeout: seconds(0.2) });
    await expect(kube.get(Nodes, { name: "n1" })).rejects.toMatchObject({ code: 0, reason: "Timeout" });
  });

  it("asks again when a kept connection turns out to be closed, but never writes twice", async () => {
    const kube = await client();
    await kube.get(Nodes, { name: "n1" });
    let cuts = 0;
    const cutOnce: Handler = (_, answer) => {
      if (cuts++ === 0) answer.destroy();
      else json(answer, 200, node);
    };
    handler = cutOnce;
    await expect(kube.get(Nodes, { name: "n1" })).resolves.toMatchObject({ metadata: { name: "n1" } });
    cuts = 0;
    const before = seen.length;
    await expect(kube.update(Nodes, node)).rejects.toMatchObject({ code: 0 });
    expect(seen.length - before).toBe(1);
  });

  it("rejects with the reason of an aborted signal, before and during the request", async () => {
    const kube = await client();
    const reason = new Error("shutting down");
    await expect(kube.get(Nodes, { name: "n1" }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(seen).toEqual([]);
    const controller = new AbortController();
    handler = () => {
      controller.abort(reason);
    };
    await expect(kube.get(Nodes, { name: "n1" }, { signal: controller.signal })).rejects.toBe(reason);
  });

  it("RT-22: spreads requests beyond the burst, and does not count watches", async () => {
    const slept: number[] = [];
    const system = new SystemClock();
    const clock: Clock = {
      now: () => 0,
      sleep: (duration) => {
        slept.push(duration);
        return Promise.resolve();
      },
      schedule: (at, callback) => system.schedule(at, callback),
      during: (work) => work(),
    };
    const kube = await client({ qps: 10, burst: 2, clock });
    for (let i = 0; i < 4; i++) await kube.get(Nodes, { name: "n1" });
    expect(slept).toEqual([100, 200]);
    handler = (_, answer) => {
      answer.end();
    };
    await Array.fromAsync(kube.watch(Nodes, { resourceVersion: "1" }));
    expect(slept).toEqual([100, 200]);
  });

  it("lets a virtual clock stand still during a request", async () => {
    let working = 0;
    let most = 0;
    const system = new SystemClock();
    const clock: Clock = {
      now: () => system.now(),
      sleep: (duration, options) => system.sleep(duration, options),
      schedule: (at, callback) => system.schedule(at, callback),
      during: async (work) => {
        most = Math.max(most, ++working);
        try {
          return await work();
        } finally {
          working--;
        }
      },
    };
    const kube = await client({ clock });
    await Promise.all([kube.get(Nodes, { name: "n1" }), kube.list(Nodes)]);
    expect([most, working]).toEqual([2, 0]);
  });

  it("RT-40: shows the API server's time on a machine that is 15 minutes ahead, after its answers and openings of watches", async () => {
    const ahead = 900_000;
    const real = Date.UTC(2026, 0, 31, 8);
    // It stands still: how long an answer is on its way must not decide here.
    const clock = new SystemClock({ wall: () => real + ahead, monotonic: () => 0 });
    const date = new Date(real).toUTCString();
    handler = (_, answer) => {
      json(answer, 200, node, { date });
    };
    const kube = await client({ serverTime: new ServerTime({ clock, logger, metrics: silentMetrics }) });
    await kube.get(Nodes, { name: "n1" });
    handler = (_, answer) => {
      json(answer, 404, failure(404, "NotFound"), { date });
    };
    await expect(kube.get(Nodes, { name: "n2" })).rejects.toThrow("NotFound");
    expect(clock.now() - real).toBe(ahead);
    handler = (_, answer) => {
      answer.writeHead(200, { date }).end();
    };
    await Array.fromAsync(kube.watch(Nodes, { resourceVersion: "1" }));
    expect(Math.abs(clock.now() - real)).toBeLessThan(1000);
    expect(logger.messages("warn")).toHaveLength(1);
  });

  it("M-44: counts and times each request by what it asks for, with the code of its answer", async () => {
    const metrics = new PromMetrics();
    const kube = await client({ metrics });
    await kube.get(Nodes, { name: "status" });
    await kube.patchStatus(Nodes, { name: "n1" }, { type: "merge", body: {} });
    handler = (_, answer) => json(answer, 404, failure(404, "NotFound"));
    await expect(kube.get(NodeClaims, { name: "a" })).rejects.toThrow("because NotFound");
    handler = (_, answer) => void answer.destroy();
    await expect(kube.evict({ name: "p", namespace: "s" })).rejects.toThrow("evict pods s/p");
    const lines = (await metrics.render()).split("\n");
    const { port } = server.address() as AddressInfo;
    expect(lines.filter((line) => line.startsWith("rest_client_requests_total{"))).toEqual([
      `rest_client_requests_total{code="200",method="GET",host="127.0.0.1:${port}"} 1`,
      `rest_client_requests_total{code="200",method="PATCH",host="127.0.0.1:${port}"} 1`,
      `rest_client_requests_total{code="404",method="GET",host="127.0.0.1:${port}"} 1`,
      `rest_client_requests_total{code="<error>",method="POST",host="127.0.0.1:${port}"} 1`,
    ]);
    expect(lines.filter((line) => line.startsWith("client_go_request_total{"))).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith("client_go_request_duration_seconds_count"))).toEqual([
      'client_go_request_duration_seconds_count{verb="GET",group="",version="v1",kind="Node",subresource=""} 1',
      'client_go_request_duration_seconds_count{verb="PATCH",group="",version="v1",kind="Node",subresource="status"} 1',
      'client_go_request_duration_seconds_count{verb="GET",group="karpenter.sh",version="v1",kind="NodeClaim",subresource=""} 1',
      'client_go_request_duration_seconds_count{verb="POST",group="",version="v1",kind="Pod",subresource="eviction"} 1',
    ]);
  });

  it("logs each of the server's warnings once", async () => {
    handler = (_, answer) => {
      json(answer, 200, node, { warning: '299 - "v1 X is deprecated"' });
    };
    const kube = await client();
    await kube.get(Nodes, { name: "n1" });
    await kube.get(Nodes, { name: "n1" });
    expect(logger.lines.map(({ message, fields }) => [message, fields["warning"]])).toEqual([
      ["the api server warns", "v1 X is deprecated"],
    ]);
  });
});

describe("watch over HTTP", () => {
  const added = JSON.stringify({ type: "ADDED", object: { metadata: { name: "é" } } });

  async function collect(events: AsyncIterable<WatchEvent<Pod>>): Promise<readonly string[]> {
    return Array.fromAsync(events, (event) => event.type);
  }

  it("asks for what the caller wants and ends cleanly with the server", async () => {
    handler = (_, answer) => {
      const bytes = Buffer.from(`${added}\n`);
      const cut = bytes.indexOf(0xc3) + 1;
      answer.write(bytes.subarray(0, cut));
      setTimeout(() => answer.end(bytes.subarray(cut)), 20);
    };
    const kube = await client();
    const options = { resourceVersion: "5", allowWatchBookmarks: true, timeoutSeconds: 300 };
    const events = await Array.fromAsync(kube.watch(Pods, options));
    expect(seen[0]?.url).toBe("/api/v1/pods?watch=true&resourceVersion=5&allowWatchBookmarks=true&timeoutSeconds=300");
    expect(events).toEqual([{ type: "ADDED", object: { metadata: { name: "é" } } }]);
  });

  it("throws when the connection breaks off", async () => {
    handler = (_, answer) => {
      answer.write(`${added}\n`);
      setTimeout(() => answer.destroy(), 20);
    };
    const events = (await client()).watch(Pods, { resourceVersion: "5" });
    await expect(collect(events)).rejects.toMatchObject({ name: "KubeError", code: 0 });
  });

  it("throws the error that the server answers instead", async () => {
    handler = (_, answer) => {
      json(answer, 410, failure(410, "Expired"));
    };
    const events = (await client()).watch(Pods, { resourceVersion: "5" });
    await expect(collect(events)).rejects.toMatchObject({ code: 410, reason: "Expired" });
  });

  it("ends cleanly when aborted: before it began, in the middle of silence, or by leaving the loop", async () => {
    handler = (_, answer) => {
      answer.write(`${added}\n`);
    };
    const kube = await client();
    expect(await collect(kube.watch(Pods, { resourceVersion: "5", signal: AbortSignal.abort() }))).toEqual([]);
    const controller = new AbortController();
    const types: string[] = [];
    for await (const event of kube.watch(Pods, { resourceVersion: "5", signal: controller.signal })) {
      types.push(event.type);
      setTimeout(() => controller.abort(), 20);
    }
    expect(types).toEqual(["ADDED"]);
    for await (const event of kube.watch(Pods, { resourceVersion: "5" })) {
      expect(event.type).toBe("ADDED");
      break;
    }
    await expect.poll(() => connections()).toBe(0);
  });

  it("RT-22: holds as many watches as asked for and still answers other requests", async () => {
    handler = ({ url }, answer) => {
      if (url.includes("watch=true")) answer.write(`${added}\n`);
      else json(answer, 200, node);
    };
    const kube = await client();
    const controller = new AbortController();
    const watches = Array.from({ length: 100 }, () =>
      collect(kube.watch(Pods, { resourceVersion: "5", signal: controller.signal })),
    );
    await expect.poll(() => seen.length).toBe(100);
    await expect(kube.get(Nodes, { name: "n1" })).resolves.toMatchObject({ metadata: { name: "n1" } });
    controller.abort();
    expect((await Promise.all(watches)).flat()).toHaveLength(100);
  });

  function connections(): Promise<number> {
    return new Promise((resolve) => {
      server.getConnections((_, count) => {
        resolve(count);
      });
    });
  }
});

describe("credentials", () => {
  it("RT-23: reads a rotated token again after a 401, once", async () => {
    const kube = await client();
    handler = (_, answer) => {
      json(answer, 401, failure(401, "Unauthorized"));
    };
    const error: unknown = await kube.get(Nodes, { name: "n1" }).catch((reason: unknown) => reason);
    expect(KubeError.is(error) && error.code).toBe(401);
    expect(seen).toHaveLength(2);
    await expect(kube.get(Nodes, { name: "n1" })).rejects.toMatchObject({ code: 401 });
    expect(seen).toHaveLength(3);
  });
});
