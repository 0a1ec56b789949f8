import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { FakeClock } from "@karpenter-multicloud/core/testing";
import { startTunnelProxy } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { TunnelProxy } from "@karpenter-multicloud/core/testing/fake-cloud";

import { SIGNATURE_VECTORS, VECTOR_CREDENTIALS } from "../testing/seed/signature-vectors.ts";
import { startFakeOvh } from "../testing/index.ts";
import type { FakeOvh } from "../testing/index.ts";
import type { OvhCredentials } from "./credentials.ts";
import { parseEndpoint } from "./endpoints.ts";
import { adviceFor, kindOf, outcomeUnknown } from "./failure-kind.ts";
import { NativeTransport } from "./native-transport.ts";
import type { OvhApi } from "./ovh-api.ts";
import { signatureOf } from "./request-signature.ts";
import { trustCertificate } from "./trust.ts";

const CLIENT = { clientId: "EU.service+account", clientSecret: "s3cret/with:odd&chars" };
const ACCOUNT: OvhCredentials = { kind: "service-account", ...CLIENT };
const { signal } = new AbortController();

let fake: FakeOvh;

beforeAll(async () => {
  const poor = { clientId: "EU.poor", clientSecret: "poor", iamActions: ["publicCloudProject:apiovh:region/get"] };
  fake = await startFakeOvh({ clock: new FakeClock(), oauthClients: [CLIENT, poor] });
  trustCertificate(fake.caPem ?? "");
});
beforeEach(() => {
  fake.faults([]);
  fake.reset();
});
afterEach(() => void vi.useRealTimers());
afterAll(() => fake.close());

const path = (): string => `/cloud/project/${fake.credentials.serviceName}/kube/${fake.credentials.kubeId}`;
const get = (api: OvhApi): ReturnType<OvhApi["call"]> => api.call("GET", { path: path(), route: "/kube", signal });
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error("it worked"),
    (error: Error) => error,
  );
const tokensAsked = (): number => fake.requestLog().filter((entry) => entry.path === "/auth/oauth2/token").length;

describe("the signature", () => {
  it.each(SIGNATURE_VECTORS)("T-76: $method $url", ({ method, url, body, timestamp, signature }) => {
    expect(signatureOf({ ...VECTOR_CREDENTIALS, method, url, body, timestamp })).toBe(signature);
  });
});

describe("a service account", () => {
  it("T-52: gets one token for all calls, by Basic, whatever characters its secret has", async () => {
    const api = new NativeTransport(parseEndpoint(fake.url), ACCOUNT);
    await Promise.all([get(api), get(api), get(api)]);
    expect(await get(api)).toMatchObject({ status: 200, data: { id: fake.credentials.kubeId } });
    expect(tokensAsked()).toBe(1);
    expect(fake.requestLog().at(-1)).toMatchObject({ auth: "bearer" });
  });

  it("T-52: a token that ended is renewed without a failed call", async () => {
    fake.switches.oauthTokenSeconds = 60;
    const api = new NativeTransport(parseEndpoint(fake.url), ACCOUNT);
    vi.useFakeTimers({ toFake: ["Date"] });
    await get(api);
    vi.setSystemTime(Date.now() + 61_000);
    expect((await get(api)).status).toBe(200);
    expect(tokensAsked()).toBe(2);
    expect(fake.requestLog().filter(({ status }) => status === 401)).toEqual([]);
  });

  it("T-52: a token that the API refuses is replaced once, and no oftener", async () => {
    const api = new NativeTransport(parseEndpoint(fake.url), ACCOUNT);
    await get(api);
    fake.faults([{ match: { path: "*/kube/*" }, fault: "status", status: 401, times: 1 }]);
    expect((await get(api)).status).toBe(200);
    expect(tokensAsked()).toBe(2);
    fake.faults([{ match: { path: "*/kube/*" }, fault: "status", status: 401 }]);
    expect(kindOf(await failureOf(get(api)))).toBe("auth");
    expect(tokensAsked()).toBe(3);
  });

  it("T-53: a token host that is not there is an error that leaves no doubt about the call, and can be tried again", async () => {
    const endpoint = { ...parseEndpoint(fake.url), tokenUrl: "https://127.0.0.1:1/auth/oauth2/token" };
    const error = await failureOf(
      new NativeTransport(endpoint, ACCOUNT).call("PUT", { path: path(), route: "/kube", signal, body: { a: 1 } }),
    );
    expect(kindOf(error)).toBe("transient");
    expect(outcomeUnknown(error)).toBe(false);
    expect(error.message).toMatch(/^POST \/auth\/oauth2\/token: no answer NO_TOKEN: .*ECONNREFUSED/);
  });

  it("O-62: a wrong secret is told as one of the service account", async () => {
    const wrong: OvhCredentials = { ...ACCOUNT, clientSecret: "wrong" };
    const error = await failureOf(get(new NativeTransport(parseEndpoint(fake.url), wrong)));
    expect(kindOf(error)).toBe("auth");
    expect(adviceFor(error)).toMatch(/^check clientId and clientSecret/);
  });

  it("O-62: a missing IAM action is named", async () => {
    const poor: OvhCredentials = { kind: "service-account", clientId: "EU.poor", clientSecret: "poor" };
    const error = await failureOf(get(new NativeTransport(parseEndpoint(fake.url), poor)));
    expect(kindOf(error)).toBe("permission");
    expect(adviceFor(error)).toContain('grant the action "publicCloudProject:apiovh:kube/get"');
  });

  it("T-56: no error carries a secret or a token", async () => {
    const gone = { ...parseEndpoint("https://127.0.0.1:1/1.0"), tokenUrl: fake.tokenUrl };
    const errors = [
      await failureOf(get(new NativeTransport(gone, ACCOUNT))),
      await failureOf(get(new NativeTransport({ ...gone, tokenUrl: "https://127.0.0.1:1/x" }, ACCOUNT))),
      await failureOf(get(new NativeTransport(gone, { kind: "access-token", accessToken: "canary-token" }))),
    ];
    for (const error of errors) {
      let text = "";
      for (let link: unknown = error; link instanceof Error; link = link.cause)
        text += `${link.message}${link.stack ?? ""}${JSON.stringify(link)}`;
      expect(text).toContain("ECONNREFUSED");
      expect(text).not.toMatch(/s3cret|s3cret%2F|Bearer|Basic|canary-token/);
    }
  });
});

describe("a ready access token", () => {
  it("O-60: is sent as it is, and nothing is asked when it ended", async () => {
    const account = new NativeTransport(parseEndpoint(fake.url), ACCOUNT);
    await get(account);
    const error = await failureOf(
      get(new NativeTransport(parseEndpoint(fake.url), { kind: "access-token", accessToken: "ended" })),
    );
    expect(kindOf(error)).toBe("auth");
    expect(tokensAsked()).toBe(1);
  });
});

describe("a proxy", () => {
  let proxy: TunnelProxy;

  beforeEach(async () => {
    proxy = await startTunnelProxy();
    vi.stubEnv("HTTPS_PROXY", `http://who:what@127.0.0.1:${proxy.port}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    proxy.close();
  });

  it("O-1: is gone through by tunnel, so that it sees neither path nor keys", async () => {
    const api = new NativeTransport(parseEndpoint(fake.url), { kind: "application-keys", ...fake.credentials });
    expect((await get(api)).status).toBe(200);
    expect(proxy.tunnels[0]).toEqual({
      target: `127.0.0.1:${fake.port}`,
      authorization: `Basic ${Buffer.from("who:what").toString("base64")}`,
    });
    expect(fake.requestLog().at(-1)).toMatchObject({ auth: "signed", status: 200 });
  });

  it("O-1: NO_PROXY is respected", async () => {
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    await get(new NativeTransport(parseEndpoint(fake.url), { kind: "application-keys", ...fake.credentials }));
    expect(proxy.tunnels).toEqual([]);
  });
});

describe("plain http", () => {
  it("O-1, O-2: carries signed calls to a local API, and follows no redirect", async () => {
    const plain = await startFakeOvh({ clock: new FakeClock(), insecure: true });
    const api = new NativeTransport(parseEndpoint(plain.url), { kind: "application-keys", ...plain.credentials });
    expect((await get(api)).status).toBe(200);
    const headers = { Location: "http://127.0.0.1:1/elsewhere" };
    plain.faults([{ match: { path: "*/kube/*" }, fault: "status", status: 302, headers }]);
    expect(kindOf(await failureOf(get(api)))).toBe("config");
    await plain.close();
  });
});
