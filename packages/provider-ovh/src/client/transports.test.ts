import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { FakeClock } from "@karpenter-multicloud/core/testing";

import { startFakeOvh } from "../testing/index.ts";
import type { FakeOvh } from "../testing/index.ts";
import { parseEndpoint } from "./endpoints.ts";
import { adviceFor, kindOf, outcomeUnknown } from "./failure-kind.ts";
import { NativeTransport } from "./native-transport.ts";
import { NodeOvhTransport } from "./node-ovh-transport.ts";
import { OvhApiError } from "./ovh-api.ts";
import type { ApiRequest, HttpMethod, OvhApi } from "./ovh-api.ts";
import { transportFor } from "./transports.ts";
import { trustCertificate } from "./trust.ts";

let fake: FakeOvh;
let transport: OvhApi;
let make: (url: string) => OvhApi;
const { signal } = new AbortController();

beforeAll(async () => {
  fake = await startFakeOvh({ clock: new FakeClock() });
  trustCertificate(fake.caPem ?? "");
});
beforeEach(() => {
  fake.faults([]);
  fake.reset();
});
afterAll(() => fake.close());

const cluster = (): string => `/cloud/project/${fake.credentials.serviceName}/kube/${fake.credentials.kubeId}`;
const request = (path: string, over: Partial<ApiRequest> = {}): ApiRequest => ({ path, route: path, signal, ...over });
const failure = async (method: HttpMethod, asked: ApiRequest): Promise<OvhApiError> => {
  const error = await transport.call(method, asked).catch((thrown: unknown) => thrown);
  if (error instanceof OvhApiError) return error;
  throw new Error(`not an OvhApiError: ${String(error)}`);
};

const TRANSPORTS: readonly [string, (url: string) => OvhApi][] = [
  ["node-ovh", (url) => new NodeOvhTransport(parseEndpoint(url), fake.credentials)],
  ["native", (url) => new NativeTransport(parseEndpoint(url), { kind: "application-keys", ...fake.credentials })],
];

describe.each(TRANSPORTS)("the contract of both transports, %s", (_name, maker) => {
  beforeEach(() => {
    make = maker;
    transport = make(fake.url);
  });

  it("O-1: carries signed calls over https and hands on status, data and query id", async () => {
    const answer = await transport.call("GET", request(cluster()));
    expect(answer).toMatchObject({ status: 200, data: { id: fake.credentials.kubeId }, queryId: expect.any(String) });
    expect(fake.requestLog().at(-1)).toMatchObject({ auth: "signed", status: 200 });
  });

  it("sends a query without changing what it was given", async () => {
    const query = Object.freeze({ region: "EU-WEST-PAR" });
    const path = `/cloud/project/${fake.credentials.serviceName}/capabilities/kube/flavors`;
    const { data } = await transport.call("GET", request(path, { query }));
    expect(Array.isArray(data)).toBe(true);
    expect(query).toEqual({ region: "EU-WEST-PAR" });
  });

  it("T-85: with a time difference of exactly 0 the API's time is asked for once", async () => {
    for (let time = 0; time < 3; time++) await transport.call("GET", request(cluster()));
    await Promise.all([transport.call("GET", request(cluster())), transport.call("GET", request(cluster()))]);
    expect(fake.requestLog().filter(({ path }) => path.endsWith("/auth/time"))).toHaveLength(1);
  });

  it("asks for the time again when a signature is refused for it, and repeats the call once", async () => {
    await transport.call("GET", request(cluster()));
    fake.switches.skewSeconds = 600;
    expect((await transport.call("GET", request(cluster()))).status).toBe(200);
    fake.switches.skewSeconds = 0;
    fake.reset();
  });

  it("T-79: null and nothing are the same success", async () => {
    for (const emptyAnswer of ["null", "empty"] as const) {
      fake.switches.emptyAnswer = emptyAnswer;
      const body = poolBody(`karpenter-${emptyAnswer}`);
      const { data } = await transport.call("POST", request(`${cluster()}/nodepool`, { body }));
      const path = `${cluster()}/nodepool/${(data as { id: string }).id}`;
      expect(await transport.call("PUT", request(path, { body: { desiredNodes: 1 } }))).toMatchObject({
        status: 200,
        data: null,
      });
    }
  });

  it("O-62: keeps what the library loses of an error", async () => {
    fake.faults([
      {
        match: { path: "*/kube/*" },
        fault: "status",
        status: 403,
        errorCode: "NOT_GRANTED_CALL",
        message: "This call has not been granted",
      },
    ]);
    const error = await failure("GET", request(cluster()));
    expect(error.facts).toMatchObject({ status: 403, errorCode: "NOT_GRANTED_CALL", queryId: expect.any(String) });
    expect(kindOf(error)).toBe("permission");
    expect(adviceFor(error)).toContain(`GET ${cluster()}`);
  });

  it("T-35: an answer in HTML keeps its status", async () => {
    fake.faults([{ match: { method: "GET" }, fault: "status", status: 503, body: "<html>down</html>" }]);
    const error = await failure("GET", request(cluster()));
    expect(error.facts.status).toBe(503);
    expect(kindOf(error)).toBe("transient");
  });

  it("T-34: hands on Retry-After", async () => {
    fake.faults([{ match: { method: "GET" }, fault: "status", status: 429, headers: { "Retry-After": "2" } }]);
    const error = await failure("GET", request(cluster()));
    expect(error.facts.retryAfterMs).toBe(2000);
    expect(kindOf(error)).toBe("rate-limited");
  });

  it("a cut answer to a write leaves the outcome unknown; a refusal does not", async () => {
    const body = poolBody("karpenter-cut");
    fake.faults([{ match: { method: "POST" }, fault: "malformed", times: 1 }]);
    expect(outcomeUnknown(await failure("POST", request(`${cluster()}/nodepool`, { body })))).toBe(true);
    fake.faults([{ match: { method: "POST" }, fault: "timeoutAfter", delayMs: 1, times: 1 }]);
    expect(
      outcomeUnknown(await failure("POST", request(`${cluster()}/nodepool`, { body: poolBody("karpenter-two") }))),
    ).toBe(true);
    expect(outcomeUnknown(await failure("POST", request(`${cluster()}/nodepool`, { body: {} })))).toBe(false);
  });

  it("nobody listening is a failure that surely did nothing", async () => {
    const nowhere = make("https://127.0.0.1:1/1.0");
    const error = await nowhere.call("POST", request(cluster(), { body: { a: 1 } })).catch((thrown: unknown) => thrown);
    expect(kindOf(error)).toBe("transient");
    expect(outcomeUnknown(error)).toBe(false);
  });

  it("an aborted call ends at once, with the caller's reason", async () => {
    fake.faults([{ match: { method: "GET" }, fault: "slow", delayMs: 5_000 }]);
    await expect(transport.call("GET", request(cluster(), { signal: AbortSignal.timeout(50) }))).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });

  it("T-76: a body beyond ASCII is signed as it is sent", async () => {
    const body = { ...poolBody("karpenter-umlaut"), note: "Größe – 学" };
    expect((await transport.call("POST", request(`${cluster()}/nodepool`, { body }))).status).toBe(200);
    expect((await fake.invariants()).filter(({ kind }) => kind === "InvalidSignature")).toEqual([]);
  });

  it("§2.1: reaches the second generation of the API beside the base path", async () => {
    const path = `/v2/publicCloud/project/${fake.credentials.serviceName}/reference/region`;
    const { data } = await transport.call("GET", request(path));
    expect(Array.isArray(data)).toBe(true);
  });

  it("T-68: refuses paths that could lead elsewhere or end the process", async () => {
    for (const path of ["/cloud/../me", "/cloud/a b", "/cloud/{id}", "/cloud/\n", "/cloud/x?y=1"]) {
      await expect(transport.call("GET", request(path))).rejects.toThrow(/not a safe API path/);
    }
  });
});

describe("the choice of a transport", () => {
  const keys = { kind: "application-keys", applicationKey: "a", applicationSecret: "b", consumerKey: "c" } as const;
  const account = { kind: "service-account", clientId: "c", clientSecret: "s" } as const;
  const secure = parseEndpoint("ovh-eu");
  const plain = parseEndpoint("http://localhost:8080/1.0");

  it("O-1: node-ovh carries application keys over https, our own transport everything else", () => {
    expect(transportFor({ proxied: false }, secure, keys)).toBeInstanceOf(NodeOvhTransport);
    expect(transportFor({ proxied: true }, secure, keys)).toBeInstanceOf(NativeTransport);
    expect(transportFor({ proxied: false }, plain, keys)).toBeInstanceOf(NativeTransport);
    expect(transportFor({ proxied: false }, secure, account)).toBeInstanceOf(NativeTransport);
    expect(transportFor({ proxied: false, forced: "native" }, secure, keys)).toBeInstanceOf(NativeTransport);
    expect(transportFor({ proxied: true, forced: "node-ovh" }, secure, keys)).toBeInstanceOf(NodeOvhTransport);
  });

  it("O-1: what node-ovh cannot do it is not forced to do, and the setting is named", () => {
    const forced = { proxied: false, forced: "node-ovh" } as const;
    expect(() => transportFor(forced, secure, account)).toThrow(/OAuth2 credentials: leave OVH_TRANSPORT out/);
    expect(() => transportFor(forced, plain, keys)).toThrow(/https only, .*leave OVH_TRANSPORT out/);
  });
});

function poolBody(name: string): Readonly<Record<string, unknown>> {
  return {
    name,
    flavorName: "b3-8",
    desiredNodes: 0,
    minNodes: 0,
    maxNodes: 100,
    autoscale: false,
    availabilityZones: ["eu-west-par-a"],
    template: {
      metadata: { labels: {}, annotations: {}, finalizers: [] },
      spec: { taints: [], unschedulable: false },
    },
  };
}
