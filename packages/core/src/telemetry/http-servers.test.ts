import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it } from "vitest";

import { startServers } from "./http-servers.ts";
import type { RunningServers, ServersOptions } from "./http-servers.ts";

const running: RunningServers[] = [];

async function start(options: Partial<ServersOptions> = {}): Promise<RunningServers> {
  const metrics = { render: () => Promise.resolve("karpenter_build_info 1\n") };
  const servers = await startServers({
    metricsPort: 0,
    healthPort: 0,
    host: "127.0.0.1",
    metrics,
    checks: {},
    ...options,
  });
  running.push(servers);
  return servers;
}

async function get(port: number, path: string): Promise<{ code: number; body: string; type: string | null }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { code: response.status, body: await response.text(), type: response.headers.get("content-type") };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((servers) => servers.close()));
});

describe("startServers", () => {
  it("OP-5: serves /metrics in Prometheus' text form, and nothing else on that port", async () => {
    const { metricsPort } = await start();
    expect(await get(metricsPort, "/metrics")).toEqual({
      code: 200,
      body: "karpenter_build_info 1\n",
      type: "text/plain; version=0.0.4; charset=utf-8",
    });
    expect((await get(metricsPort, "/healthz")).code).toBe(404);
  });

  it("OP-6: answers probes with ok, and lists the checks when asked to", async () => {
    const { healthPort } = await start({
      checks: { readyz: { manager: () => undefined, crd: async () => undefined } },
    });
    expect(await get(healthPort, "/readyz")).toMatchObject({ code: 200, body: "ok" });
    expect((await get(healthPort, "/readyz?verbose=1")).body).toBe(
      "[+]crd ok\n[+]manager ok\n[+]ping ok\nreadyz check passed\n",
    );
    expect((await get(healthPort, "/healthz?verbose")).body).toBe("[+]ping ok\nhealthz check passed\n");
    expect((await get(healthPort, "/metrics")).code).toBe(404);
  });

  it("fails a probe when a check reports or throws, and says which", async () => {
    let synced = false;
    const checks = {
      readyz: { manager: () => (synced ? undefined : "caches are not filled") },
      healthz: {
        loop: () => {
          throw new Error("blocked for 31s");
        },
      },
    };
    const { healthPort } = await start({ checks });
    expect(await get(healthPort, "/readyz")).toMatchObject({
      code: 500,
      body: "[-]manager failed: caches are not filled\n[+]ping ok\nreadyz check failed\n",
    });
    expect((await get(healthPort, "/healthz")).body).toContain("[-]loop failed: blocked for 31s");
    synced = true;
    expect((await get(healthPort, "/readyz")).code).toBe(200);
  });

  it("answers 500 when metrics cannot be rendered", async () => {
    const { metricsPort } = await start({ metrics: { render: () => Promise.reject(new Error("broken gauge")) } });
    expect(await get(metricsPort, "/metrics")).toMatchObject({ code: 500, body: "broken gauge\n" });
  });

  it("reads only", async () => {
    const { metricsPort } = await start();
    expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { method: "POST" })).status).toBe(405);
  });

  it("rejects when a port is taken and leaves none open", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    await expect(start({ healthPort: port })).rejects.toThrow("EADDRINUSE");
    await new Promise((resolve) => taken.close(resolve));
  });

  it("stops listening when closed", async () => {
    const { metricsPort } = await start();
    await running.pop()?.close();
    await expect(get(metricsPort, "/metrics")).rejects.toThrow("fetch failed");
  });
});
