// Requests as other people's clients send them, byte for byte: each signs, encodes and reads answers in its own way.
// cloudstack-go and python cs run themselves, unchanged (`pnpm test:clients cloudstack`); cmk and cluster-autoscaler could not be fetched.

import { FakeClock } from "@karpenter-multicloud/core/testing";
import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeCloudStack } from "./server.ts";
import type { FakeCloudStack } from "./server.ts";

type Json = Readonly<Record<string, unknown>>;
type Given = Readonly<Record<string, string>>;

const ZONE = "b8396597-5bdb-51cb-b775-16903c688374";
const MEDIUM = "1cf6a486-44de-55ba-9584-5967eb20f2d6";
const TEMPLATE = "17a2600d-8b03-5e41-b523-d84f697272ac";
const NETWORK = "3ebc21ed-2cd4-56e5-9ca0-dbd9d1ab0053";
const CLUSTER = "b2dd0715-9cb7-5d8a-ab79-ffb67c0ffbd0";

let clock: FakeClock;
let fake: FakeCloudStack;

beforeEach(async () => {
  clock = new FakeClock();
  fake = await startFakeCloudStack({ clock });
});

afterEach(() => fake.close());

/** Go's url.QueryEscape: a blank is a plus; of the rest only letters, digits and -_.~ stay. */
function goEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (char) => `%${char.codePointAt(0)?.toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

function sorted(parameters: Given): readonly (readonly [string, string])[] {
  return Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function hmac(text: string, secret = fake.credentials.secretKey): string {
  return createHmac("sha1", secret).update(text).digest("base64");
}

interface Answer {
  readonly status: number;
  readonly payload: Json;
  readonly body: Json;
}

/** As both Go clients take it apart: the one key that ends with "response". */
async function read(answer: Response): Promise<Answer> {
  const body = (await answer.json()) as Json;
  const key = Object.keys(body).find((name) => name.endsWith("response")) ?? "";
  return { status: answer.status, payload: body[key] as Json, body };
}

describe("cmk", () => {
  /** Names as they are, values escaped by Go, without expiry; the signature is made of the same text with %20 for blanks. */
  const cmk = (api: string, args: Given = {}, secret?: string): Promise<Answer> => {
    const all = { ...args, command: api, response: "json", apiKey: fake.credentials.apiKey };
    const encoded = sorted(all)
      .map(([name, value]) => `${name}=${goEscape(value)}`)
      .join("&");
    const signature = hmac(encoded.toLowerCase().replaceAll("+", "%20"), secret);
    const url = `${fake.credentials.apiUrl}?${encoded.replaceAll(/[[\]]/g, encodeURIComponent)}&signature=${goEscape(signature)}`;
    return fetch(url).then(read);
  };

  it("T-86: sync reads every API with what cmk builds its commands from", async () => {
    const { payload } = await cmk("listApis", { listall: "true" });
    const apis = payload["api"] as readonly Json[];
    expect(payload["count"]).toBe(apis.length);
    expect(apis.length).toBeGreaterThan(45);
    for (const api of apis) {
      expect(api).toMatchObject({
        name: expect.any(String),
        description: expect.any(String),
        isasync: expect.any(Boolean),
      });
      expect(api["response"]).not.toEqual([]);
      for (const param of api["params"] as readonly Json[]) {
        expect(param).toMatchObject({
          name: expect.any(String),
          description: expect.any(String),
          type: expect.stringMatching(/^(?:uuid|string|integer|boolean|list|map)$/),
          length: expect.any(Number),
          required: expect.any(Boolean),
          related: expect.any(String),
        });
      }
    }
    const deploy = apis.find(({ name }) => name === "deployVirtualMachine");
    const required = ((deploy?.["params"] ?? []) as readonly Json[]).filter((param) => param["required"] === true);
    expect(required.map(({ name }) => name)).toEqual(["serviceofferingid", "templateid", "zoneid"]);
  });

  it("T-86: list zones, deploy virtualmachine, and its job asked for every second", async () => {
    expect((await cmk("listZones", { name: "zone-01" })).payload).toMatchObject({ count: 1, zone: [{ id: ZONE }] });
    const order = { serviceofferingid: MEDIUM, templateid: TEMPLATE, zoneid: ZONE, networkids: NETWORK, name: "cmk-1" };
    const { payload } = await cmk("deployVirtualMachine", { ...order, displayname: "my machine (1)" });
    const seen: Json[] = [];
    while (seen.at(-1)?.["jobstatus"] !== 1) {
      await clock.advance(100);
      seen.push((await cmk("queryAsyncJobResult", { jobid: String(payload["jobid"]) })).payload);
    }
    expect(seen.slice(0, -1).every(({ jobstatus }) => jobstatus === 0)).toBe(true);
    expect(seen.at(-1)?.["jobresult"]).toMatchObject({
      virtualmachine: { displayname: "my machine (1)", state: "Running" },
    });
    const tags = { resourceids: String(payload["id"]), resourcetype: "UserVm" };
    const tagged = await cmk("createTags", { ...tags, "tags[0].key": "team", "tags[0].value": "a b" });
    expect(tagged).toMatchObject({ status: 200, payload: { jobid: expect.any(String) } });
  });

  it("T-86: refused keys make it log in by password, and the session's key stands in for the signature", async () => {
    expect((await cmk("listZones", {}, "wrong")).status).toBe(401);
    const { apiUrl } = fake.credentials;
    const login = new URLSearchParams({
      command: "login",
      username: "k8s",
      password: "password",
      domain: "/",
      response: "json",
    });
    const entered = await fetch(apiUrl, { method: "POST", body: login });
    const cookie = entered.headers.getSetCookie().find((each) => each.startsWith("sessionkey="));
    const key = /^sessionkey=([^;]+)/.exec(cookie ?? "")?.[1] ?? "";
    expect(key).not.toBe("");
    const asked = await fetch(`${apiUrl}?command=listZones&response=json&sessionkey=${key}`).then(read);
    expect(asked).toMatchObject({ status: 200, payload: { count: 5 } });
  });
});

describe("cluster-autoscaler", () => {
  /** Names and values escaped by Go, in that form also signed; no expiry; everything by GET. */
  const autoscaler = (api: string, args: Given): Promise<Answer> => {
    const all = { ...args, command: api, response: "json", apiKey: fake.credentials.apiKey };
    const encoded = sorted(all)
      .map(([name, value]) => `${goEscape(name)}=${goEscape(value)}`)
      .join("&");
    const signature = hmac(encoded.toLowerCase().replaceAll("+", "%20"));
    return fetch(`${fake.credentials.apiUrl}?${encoded}&signature=${goEscape(signature)}`).then(read);
  };

  /** The types that it asserts; anything else is a panic there. */
  const cluster = (value: unknown): Json => {
    const row = value as Json;
    for (const name of ["size", "masternodes", "minsize", "maxsize"]) expect(row[name]).toEqual(expect.any(Number));
    for (const machine of row["virtualmachines"] as readonly Json[]) {
      expect(machine).toEqual({ id: expect.any(String), name: expect.any(String), state: expect.any(String) });
    }
    return row;
  };

  const scaled = async (args: Given): Promise<Json> => {
    const { payload } = await autoscaler("scaleKubernetesCluster", { id: CLUSTER, ...args });
    expect(payload["jobid"]).toEqual(expect.any(String));
    await clock.advance(10_000);
    const job = (await autoscaler("queryAsyncJobResult", { jobid: String(payload["jobid"]) })).payload;
    expect(job["jobstatus"]).toBe(1);
    return cluster((job["jobresult"] as Json)["kubernetescluster"]);
  };

  it("T-87: reads the cluster, makes it larger, and takes named nodes away", async () => {
    const { payload } = await autoscaler("listKubernetesClusters", { id: CLUSTER });
    const [before] = payload["kubernetescluster"] as readonly Json[];
    expect(cluster(before)).toMatchObject({ size: 2, masternodes: 1, minsize: 1, maxsize: 5 });
    const larger = await scaled({ size: "3" });
    expect(larger).toMatchObject({ size: 3 });
    const machines = larger["virtualmachines"] as readonly Json[];
    expect(machines).toHaveLength(4);
    const gone = String(machines.at(-1)?.["id"]);
    const smaller = await scaled({ nodeids: gone });
    expect(smaller).toMatchObject({ size: 2 });
    expect((smaller["virtualmachines"] as readonly Json[]).map(({ id }) => id)).not.toContain(gone);
  });

  it("T-87: looks for an error in the body, never at the status", async () => {
    const { payload } = await autoscaler("listKubernetesClusters", { id: "00000000-0000-4000-8000-000000000000" });
    expect(payload).toMatchObject({ errorcode: 431, errortext: expect.stringContaining("does not exist") });
  });
});

describe("cloudstack-go", () => {
  /** Lists by GET, the rest as a form; version 3 in lower case with an expiry; blanks as %20, stars raw, tildes raw too. */
  const sdk = (api: string, args: Given, post = false, asyncResult = false): Promise<Json> => {
    const expires = new Date(Date.now() + 15 * 60_000).toISOString().replace(/\.\d+Z$/, "Z");
    const { apiKey, apiUrl } = fake.credentials;
    const all: Given = { ...args, apiKey, command: api, response: "json", signatureversion: "3", expires };
    const encoded = sorted(all)
      .map(([name, value]) => `${name}=${goEscape(value).replaceAll("+", "%20").replaceAll("%2A", "*")}`)
      .join("&");
    const signature = hmac(encoded.toLowerCase());
    const sent = post
      ? fetch(apiUrl, { method: "POST", body: new URLSearchParams({ ...all, signature }) })
      : fetch(`${apiUrl}?${encoded.replaceAll(/[[\]]/g, encodeURIComponent)}&signature=${goEscape(signature)}`);
    return sent.then(read).then(async ({ payload }) => {
      if (!asyncResult) return payload;
      await clock.advance(1000);
      const job = await sdk("queryAsyncJobResult", { jobid: String(payload["jobid"]) });
      // The first value of the result is the object; a count beside it would be an error there.
      const [first] = Object.values(job["jobresult"] as Json);
      return (typeof first === "object" ? first : job["jobresult"]) as Json;
    });
  };

  const order = { serviceofferingid: MEDIUM, templateid: TEMPLATE, zoneid: ZONE, networkids: NETWORK };

  it("T-84: a machine is deployed, tagged, listed and destroyed", async () => {
    const made = await sdk("deployVirtualMachine", { ...order, name: "go-1" }, true, true);
    expect(made).toMatchObject({ state: "Running", nic: [{ ipaddress: expect.any(String) }] });
    const id = String(made["id"]);
    const tags = { resourceids: id, resourcetype: "UserVm", "tags[0].key": "team", "tags[0].value": "a b*" };
    expect(await sdk("createTags", tags, true, true)).toEqual({ success: true });
    const wanted = { "tags[0].key": "team", "tags[0].value": "a b*" };
    expect(await sdk("listVirtualMachines", wanted)).toMatchObject({ count: 1, virtualmachine: [{ id }] });
    expect(await sdk("destroyVirtualMachine", { id }, true, true)).toEqual({
      securitygroup: [],
      nic: [],
      affinitygroup: [],
      tags: [],
    });
    expect(await sdk("listVirtualMachines", wanted)).toEqual({});
  });

  it("T-84: a tilde in a value is refused, as by a real server, unless the site's filter lets it pass", async () => {
    expect(await sdk("listZones", { keyword: "a~b" })).toMatchObject({ errorcode: 401 });
    fake.switches.lenientTilde = true;
    expect(await sdk("listZones", { keyword: "a~b" })).toEqual({});
  });

  it("T-88: Terraform asks for networks of all projects, a root disk by its machine, and names tags in its own spelling", async () => {
    const made = await sdk("deployVirtualMachine", { ...order, name: "tf-1", rootdisksize: "50" }, true, true);
    const id = String(made["id"]);
    expect(await sdk("listNetworks", { projectid: "-1" })).toMatchObject({ count: expect.any(Number) });
    const roots = await sdk("listVolumes", { virtualmachineid: id, type: "ROOT" });
    expect(roots).toMatchObject({ count: 1, volume: [{ size: 50 * 1024 ** 3 }] });
    const tags = { resourceids: id, resourcetype: "userVm", "tags[0].key": "a", "tags[0].value": "b" };
    expect(await sdk("createTags", tags, true, true)).toEqual({ success: true });
    expect(await sdk("updateVirtualMachine", { id, displayname: "new" }, true)).toMatchObject({
      virtualmachine: { displayname: "new" },
    });
    await sdk("destroyVirtualMachine", { id }, true, true);
    expect(await sdk("listVirtualMachines", { id })).toEqual({});
  });

  it("T-89: the older provider finds offerings by name and its tags one by one, and its machine ends Running with tags", async () => {
    const { zone } = await sdk("listZones", { available: "true" });
    expect((zone as readonly Json[]).every((row) => row["allocationstate"] === "Enabled")).toBe(true);
    const networks = (await sdk("listNetworks", { zoneid: ZONE }))["network"] as readonly Json[];
    const first = await sdk("listTags", { resourceid: String(networks[0]?.["id"]), resourcetype: "Network" });
    expect(first["tag"]).toContainEqual(
      expect.objectContaining({ key: "karpenter.sh/discovery", value: "my-cluster" }),
    );
    expect(await sdk("listTags", { resourceid: MEDIUM, resourcetype: "ServiceOffering" })).toEqual({});
    expect(await sdk("listServiceOfferings", { name: "medium" })).toMatchObject({
      count: 1,
      serviceoffering: [{ id: MEDIUM }],
    });
    const name = "karpenter-default-abc";
    const { id } = await sdk("deployVirtualMachine", { ...order, name, displayname: name }, true);
    await clock.advance(5_000);
    const { virtualmachine } = await sdk("listVirtualMachines", { id: String(id) });
    expect(virtualmachine).toMatchObject([{ state: "Running", nic: [{ networkid: NETWORK }] }]);
    const tags = { "tags[0].key": "karpenter.sh/managed-by", "tags[0].value": "karpenter" };
    expect(await sdk("createTags", { resourceids: String(id), resourcetype: "UserVm", ...tags }, true, true)).toEqual({
      success: true,
    });
    expect(fake.state().machines).toMatchObject([{ name, tags: { "karpenter.sh/managed-by": "karpenter" } }]);
    // G-11: without the right to expunge its users cannot remove anything.
    await sdk("destroyVirtualMachine", { id: String(id), expunge: "true" }, true);
    await clock.advance(1000);
    expect(fake.state().machines).toMatchObject([{ state: "Running" }]);
  });
});
