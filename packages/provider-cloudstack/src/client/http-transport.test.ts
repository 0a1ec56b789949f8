import { FakeClock } from "@karpenter-multicloud/core/testing";
import { startTunnelProxy } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { TunnelProxy } from "@karpenter-multicloud/core/testing/fake-cloud";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startFakeCloudStack } from "../testing/index.ts";
import type { FakeCloudStack, FakeCloudStackOptions } from "../testing/index.ts";
import type { CloudStackApi } from "./cloudstack-api.ts";
import { HttpTransport } from "./http-transport.ts";
import type { Connection, TransportNotices } from "./http-transport.ts";
import { listAll } from "./paging.ts";

let fake: FakeCloudStack;
const { signal } = new AbortController();
const TAGGING = { resourceids: ["x"], resourcetype: "UserVm", tags: [{ key: "a", value: "b" }] };

const start = async (options: Partial<FakeCloudStackOptions> = {}): Promise<void> => {
  fake = await startFakeCloudStack({ clock: new FakeClock(), ...options });
};

const transport = (more: Partial<Connection> = {}, notices?: TransportNotices): HttpTransport => {
  const { apiUrl: url, apiKey, secretKey } = fake.credentials;
  return new HttpTransport(
    { url, apiKey, secretKey, verifySsl: true, timeoutMs: 60_000, method: "auto", ...more },
    notices,
  );
};

afterEach(() => fake.close());

describe("requests over the wire", () => {
  it("T-03, T-04, T-05: blanks, stars, tildes and brackets are signed as the server signs them", async () => {
    await start();
    const parameters = { keyword: "a b*~!'()é", tags: [{ key: "k 1", value: "v~*" }] };
    expect(await transport().call({ command: "listVirtualMachines", parameters, signal })).toEqual({});
  });

  it("C-90: at a bare address with only a web server the usual path is used, and people hear of it once", async () => {
    await start({ switches: { servesBareAddress: false } });
    const urls: string[] = [];
    const bare = transport({ url: fake.url, isBare: true }, { onPath: (url) => urls.push(url) });
    expect(await bare.call({ command: "listZones", signal })).toMatchObject({ count: 5 });
    await bare.call({ command: "createTags", parameters: TAGGING, signal }).catch(() => {});
    expect(urls).toEqual([`${fake.url}/client/api`]);
    expect(fake.requestLog().map(({ path, operation }) => `${path} ${operation}`)).toEqual([
      "/client/api listZones",
      "/client/api createTags",
    ]);
  });

  it("C-90: a bare address that answers itself is kept", async () => {
    await start();
    await transport({ url: fake.url, isBare: true }).call({ command: "listZones", signal });
    expect(fake.requestLog().map(({ path }) => path)).toEqual(["/"]);
  });

  it("C-90: a whole address that is wrong is not changed, and the error says where the API usually is", async () => {
    await start();
    const wrong = transport({ url: `${fake.url}/client` });
    await expect(wrong.call({ command: "listZones", signal })).rejects.toThrow(/404.*usually ends in \/client\/api/);
  });

  it("T-06: a server whose clock is ahead is asked again by its own time, and people hear of it", async () => {
    await start({ switches: { clockAheadMs: 20 * 60_000 } });
    const skews: number[] = [];
    const client = transport({}, { onSkew: (ms) => skews.push(ms) });
    expect(await client.call({ command: "listZones", signal })).toMatchObject({ count: 5 });
    expect(skews).toHaveLength(1);
    expect(Math.abs((skews[0] ?? 0) - 20 * 60_000)).toBeLessThan(5_000);
    // What was learned is not asked for again.
    await client.call({ command: "listZones", signal });
    expect(fake.requestLog().map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  it("T-06: a wrong secret is not blamed on the clock: it is asked once", async () => {
    await start();
    await expect(transport({ secretKey: "other" }).call({ command: "listZones", signal })).rejects.toThrow(
      /verify user/,
    );
    expect(fake.requestLog().map(({ status }) => status)).toEqual([401]);
  });

  it("T-07: a certificate nobody signed is refused, or accepted for this client alone", async () => {
    await start({ secure: true });
    const careless = transport({ verifySsl: false });
    expect(await careless.call({ command: "listZones", signal })).toMatchObject({ count: 5 });
    await expect(transport().call({ command: "listZones", signal })).rejects.toThrow(
      /certificate|CERT|SELF_SIGNED|UNABLE/i,
    );
    const { caPem = "" } = fake;
    expect(await transport({ caBundle: caPem }).call({ command: "listZones", signal })).toMatchObject({ count: 5 });
    expect(await careless.call({ command: "listZones", signal })).toMatchObject({ count: 5 });
  });

  it("T-08, §1.2: writes go by POST with nothing in the address, also where the site enforces it", async () => {
    await start({ switches: { enforcePost: true } });
    const userdata = "A".repeat(20 * 1024);
    const call = transport().call({ command: "registerUserData", parameters: { name: "big", userdata }, signal });
    expect(await call).toMatchObject({ userdata: { name: "big" } });
    expect(fake.requestLog()).toMatchObject([{ method: "POST", query: "", body: { userdata: "20480 characters" } }]);
  });

  it("§10: a command that is taken by POST only is sent that way from then on", async () => {
    await start({ switches: { enforcePost: true } });
    const get = transport({ method: "get" });
    const parameters = { name: "n", userdata: "QQ==" };
    expect(await get.call({ command: "registerUserData", parameters, signal })).toMatchObject({
      userdata: { name: "n" },
    });
    expect(fake.requestLog().map(({ method, status }) => `${method} ${status}`)).toEqual(["GET 405", "POST 200"]);
  });

  it("T-11, T-12, T-13: lists are read to their end, in pages of the size the server allows", async () => {
    await start({ switches: { maxPageSize: 3 } });
    const rows = await listAll(transport(), { command: "listZones", signal }, "zone");
    expect(rows).toHaveLength(5);
    expect(await listAll(transport(), { command: "listVirtualMachines", signal }, "virtualmachine")).toEqual([]);
  });

  it("T-12: twelve hundred rows come in three pages", async () => {
    await start();
    for (let index = 0; index < 1200; index++) fake.outside.addMachine(`m-${index}`);
    const rows = await listAll(transport(), { command: "listVirtualMachines", signal }, "virtualmachine");
    expect(new Set(rows.map(({ id }) => id)).size).toBe(1200);
    expect(fake.requestLog().map(({ body }) => (body as { readonly page?: string }).page)).toEqual(["1", "2", "3"]);
  });

  it("T-14: a count without rows, on the first page and without pages, is an empty list", async () => {
    const body = '{"listzonesresponse":{"count":5}}';
    await start({ faults: [{ fault: "status", status: 200, body }] });
    expect(await listAll(transport(), { command: "listZones", signal }, "zone")).toEqual([]);
    expect(fake.requestLog().length).toBeLessThanOrEqual(2);
  });

  it("truncated JSON is a failure of the wire", async () => {
    await start({ faults: [{ fault: "malformed", times: 1 }] });
    await expect(transport().call({ command: "listZones", signal })).rejects.toThrow(/not what CloudStack sends/);
  });
});

it("T-14: a count without rows is an empty list", async () => {
  await start();
  const api = transport();
  // What the server answers beyond the last page.
  const beyond: CloudStackApi = {
    call: (request) => api.call({ ...request, parameters: { page: 9, pagesize: 500 } }),
  };
  expect(await beyond.call({ command: "listZones", signal })).toEqual({ count: 5 });
  expect(await listAll(beyond, { command: "listZones", signal }, "zone")).toEqual([]);
});

describe("a proxy (§12)", () => {
  let proxy: TunnelProxy;

  beforeEach(async () => {
    proxy = await startTunnelProxy();
    vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${proxy.port}`);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    proxy.close();
  });

  it("is gone through by tunnel, and the API's certificate is verified behind it", async () => {
    await start({ secure: true });
    const caBundle = fake.caPem ?? "";
    expect(await transport({ caBundle }).call({ command: "listZones", signal })).toMatchObject({ count: 5 });
    expect(proxy.tunnels.map(({ target }) => target)).toEqual([`127.0.0.1:${fake.port}`]);
    await expect(transport().call({ command: "listZones", signal })).rejects.toThrow(/certificate|SELF_SIGNED|UNABLE/i);
    expect(await transport({ verifySsl: false }).call({ command: "listZones", signal })).toMatchObject({ count: 5 });
  });

  it("is left out for what NO_PROXY names", async () => {
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    await start({ secure: true });
    await transport({ caBundle: fake.caPem ?? "" }).call({ command: "listZones", signal });
    expect(proxy.tunnels).toEqual([]);
  });
});
