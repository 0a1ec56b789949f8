import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { messageOf, poolBody } from "./pool-fixtures.ts";
import { SIGNATURE_VECTORS, VECTOR_CREDENTIALS } from "./seed/signature-vectors.ts";
import type { FakeOvh } from "./server.ts";
import { startFakeOvh } from "./server.ts";
import { acceptableUrls, isSignedFor } from "./signature.ts";
import { TinyClient } from "./tiny-client.ts";
import { wallMs } from "@karpenter-multicloud/core/testing/fake-cloud";

const GUEST = {
  applicationKey: "guest-app",
  applicationSecret: "guest-secret",
  consumerKey: "guest-consumer",
  accessRules: [
    { method: "GET", path: "/cloud/project/*/kube/*" },
    { method: "PUT", path: "/cloud/project/*/nodepool/*" },
  ],
};
const OWNER = { applicationKey: "owner-app", applicationSecret: "owner-secret", consumerKey: "owner-consumer" };

function isSigned(
  index: number,
  host: string,
  changes: { readonly body?: string; readonly query?: string } = {},
): boolean {
  const vector = SIGNATURE_VECTORS[index];
  if (vector === undefined) return false;
  const { method, timestamp, signature } = vector;
  const url = new URL(vector.url);
  const request = {
    ...VECTOR_CREDENTIALS,
    method,
    body: Buffer.from(changes.body ?? vector.body),
    timestamp: String(timestamp),
  };
  return isSignedFor(request, signature, acceptableUrls(host, url.pathname + (changes.query ?? url.search)));
}

describe("signatures", () => {
  it.each(SIGNATURE_VECTORS.map((vector, index) => [vector.method, vector.url, index] as const))(
    "F-3: accepts the vector %s %s",
    (_method, url, index) => {
      expect(isSigned(index, new URL(url).host)).toBe(true);
    },
  );

  it("T-76: on port 8443 accepts both the URL with and without port", () => {
    expect([isSigned(4, "localhost:8443"), isSigned(5, "localhost:8443")]).toEqual([true, true]);
    expect(isSigned(4, "localhost")).toBe(false);
  });

  it("T-76: one changed byte of body or query is refused", () => {
    expect(isSigned(2, "eu.api.ovh.com", { body: '{"desiredNodes":3}' })).toBe(false);
    expect(isSigned(1, "eu.api.ovh.com", { query: "?region=EU%2DWEST-PAR" })).toBe(false);
  });
});

describe("callers", () => {
  let fake: FakeOvh;
  let client: TinyClient;

  beforeEach(async () => {
    fake = await startFakeOvh({
      clock: new FakeClock(),
      credentials: [OWNER, GUEST],
      oauthClients: [
        { clientId: "robot", clientSecret: "s3cret" },
        { clientId: "reader", clientSecret: "s3cret", iamActions: ["publicCloudProject:apiovh:kube/*get"] },
      ],
      openstackTokens: ["keystone-token"],
      publicUrl: "https://api.example.test",
    });
    client = new TinyClient(fake);
  });
  afterEach(async () => fake.close());

  async function token(form: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const type = { "Content-Type": "application/x-www-form-urlencoded" };
    const answer = await client.call("POST", "//auth/oauth2/token", undefined, {
      rawBody: form,
      headers: { ...type, ...headers },
    });
    expect(answer.status).toBe(200);
    return (answer.json as { readonly access_token: string }).access_token;
  }
  const bearer = (value: string): { headers: Record<string, string> } => ({
    headers: { Authorization: `Bearer ${value}` },
  });

  it("answers the time without authentication, with the skew", async () => {
    fake.switches.skewSeconds = 3600;
    const answer = await client.get("/auth/time", { headers: {} });
    expect(Number(answer.text) - wallMs() / 1000).toBeGreaterThan(3590);
  });

  it("F-3: accepts a URL signed without port, with http, or with the public name", async () => {
    const path = "/1.0/me";
    for (const signedUrl of [
      `https://127.0.0.1${path}`,
      `http://127.0.0.1:${fake.port}${path}`,
      `https://api.example.test${path}`,
    ]) {
      expect((await client.get("/me", { signedUrl })).status).toBe(200);
    }
  });

  it.each([
    ["an unknown application key", { applicationKey: "nobody" }, 403, "INVALID_KEY"],
    ["an unknown consumer key", { consumerKey: "nobody" }, 403, "INVALID_CREDENTIAL"],
    ["a wrong signature", { signature: "$1$00" }, 400, "INVALID_SIGNATURE"],
    ["no headers at all", { headers: {} }, 403, "NOT_CREDENTIAL"],
    ["a timestamp older than 30 s", { timestamp: Math.round(wallMs() / 1000) - 33 }, 400, "INVALID_SIGNATURE"],
  ])("F-3: refuses %s", async (_name, options, status, errorCode) => {
    const answer = await client.get("/me", options);
    expect(answer).toMatchObject({ status, json: { errorCode } });
    expect(answer.headers["x-ovh-queryid"]).toMatch(/^FAKE/);
  });

  it("F-10: counts wrong signatures as broken invariants", async () => {
    await client.get("/me", { signature: "$1$00" });
    expect((await fake.invariants()).map(({ kind }) => kind)).toEqual(["InvalidSignature"]);
  });

  it("T-55: follows a skewed server clock when the client does", async () => {
    fake.switches.skewSeconds = 3600;
    expect((await client.get("/me")).status).toBe(400);
    expect((await client.get("/me", { timestamp: Math.round(wallMs() / 1000) + 3600 })).status).toBe(200);
  });

  it("F-3, T-57: a consumer key does only what its rules say; * also stands for slashes", async () => {
    const guest = new TinyClient(fake, GUEST);
    expect((await guest.get(client.kube)).status).toBe(200);
    expect((await guest.get(`${client.kube}/nodepool`)).status).toBe(200);
    const refused = await guest.call("POST", `${client.kube}/nodepool`, poolBody());
    expect(refused).toMatchObject({ status: 403, json: { errorCode: "NOT_GRANTED_CALL", class: "Client::Forbidden" } });
    expect((await guest.get("/me")).status).toBe(403);
    expect((await guest.get("/auth/currentCredential")).json).toMatchObject({ rules: GUEST.accessRules });
  });

  it("F-3: OAuth2 client credentials by Basic or form, then bearer calls", async () => {
    const basic = Buffer.from("robot:s3cret").toString("base64");
    const byHeader = await token("grant_type=client_credentials&scope=all", { Authorization: `Basic ${basic}` });
    const byForm = await token("grant_type=client_credentials&client_id=robot&client_secret=s3cret");
    for (const value of [byHeader, byForm]) expect((await client.get("/me", bearer(value))).status).toBe(200);
    expect((await client.get("/me", bearer("made-up"))).status).toBe(401);
  });

  it("T-52: a token expires", async () => {
    fake.switches.oauthTokenSeconds = 0;
    const value = await token("grant_type=client_credentials&client_id=robot&client_secret=s3cret");
    expect((await client.get("/me", bearer(value))).status).toBe(401);
  });

  it("names the missing IAM action", async () => {
    const value = await token("grant_type=client_credentials&client_id=reader&client_secret=s3cret");
    expect((await client.get(`${client.kube}/nodepool`, bearer(value))).status).toBe(200);
    const refused = await client.call("POST", `${client.kube}/nodepool`, poolBody(), bearer(value));
    const unauthorizedActionsByIAM = "publicCloudProject:apiovh:kube/nodepool/create";
    expect(refused).toMatchObject({ status: 403, json: { details: { unauthorizedActionsByIAM } } });
  });

  it("F-3: accepts configured keystone tokens as cluster-autoscaler sends them", async () => {
    expect((await client.get(client.kube, bearer("OpenStack/keystone-token"))).status).toBe(200);
    expect((await client.get(client.kube, bearer("OpenStack/other"))).status).toBe(401);
  });

  it("hands out a consumer key that works once its owner agreed", async () => {
    const headers = { "X-Ovh-Application": OWNER.applicationKey, "Content-Type": "application/json" };
    const accessRules = [{ method: "GET", path: "/me" }];
    const answer = await client.call("POST", "/auth/credential", { accessRules }, { headers });
    const { consumerKey, validationUrl, state } = answer.json as Record<string, string>;
    expect(state).toBe("pendingValidation");
    const applicant = new TinyClient(fake, { ...OWNER, consumerKey: consumerKey ?? "" });
    expect(messageOf(await applicant.get("/me"))).toBe("This credential is not valid");
    const { pathname, search } = new URL(validationUrl ?? "");
    await client.get(`/${pathname}${search}`, { headers: {} });
    expect((await applicant.get("/me")).status).toBe(200);
  });

  it("F-3: with auth off nobody is asked", async () => {
    fake.switches.auth = "off";
    expect((await client.get("/me", { headers: {} })).status).toBe(200);
  });
});
