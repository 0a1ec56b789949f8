import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startWithCallers } from "./callers.ts";
import type { FakeWithCallers } from "./callers.ts";
import { TinyClient } from "./tiny-client.ts";

const ZONE = "b8396597-5bdb-51cb-b775-16903c688374";
const MEDIUM = "1cf6a486-44de-55ba-9584-5967eb20f2d6";
const TEMPLATE = "17a2600d-8b03-5e41-b523-d84f697272ac";
const NETWORK = "3ebc21ed-2cd4-56e5-9ca0-dbd9d1ab0053";

let { clock, fake, user, admin } = {} as FakeWithCallers;

beforeEach(async () => {
  ({ clock, fake, user, admin } = await startWithCallers());
});

afterEach(() => fake.close());

const order = (name: string, more: Readonly<Record<string, string>> = {}) => ({
  serviceofferingid: MEDIUM,
  templateid: TEMPLATE,
  zoneid: ZONE,
  networkids: NETWORK,
  name,
  ...more,
});

const deployed = async (name: string, more: Readonly<Record<string, string>> = {}): Promise<string> => {
  const { payload } = await user.call("deployVirtualMachine", order(name, more), "POST");
  await clock.advance(1000);
  return String(payload["id"]);
};

const job = async (id: unknown) => (await user.call("queryAsyncJobResult", { jobid: String(id) })).payload;

describe("the door of the fake", () => {
  it("T-90: a wrong secret, an unknown key and an unknown command are one and the same 401", async () => {
    const wrong = new TinyClient({ ...fake.credentials, secretKey: "other" });
    const refused = {
      uuidList: [],
      errorcode: 401,
      errortext: "unable to verify user credentials and/or request signature",
    };
    expect(await wrong.call("listZones")).toMatchObject({ status: 401, name: "listzonesresponse", payload: refused });
    expect(await user.call("makeCoffee")).toMatchObject({ status: 401, name: "errorresponse", payload: refused });
    const disabled = new TinyClient({
      ...fake.credentials,
      apiKey: "fake-disabled-api-key",
      secretKey: "fake-disabled-secret-key",
    });
    expect((await disabled.call("listZones")).status).toBe(401);
  });

  it("T-06: what has expired is refused, by whatever way the time is written; without version 3 nobody looks at it", async () => {
    const asked = async (expires: string, signatureversion = "3"): Promise<number> =>
      (await user.call("listZones", { signatureversion, expires })).status;
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString().replace(/\.\d+Z$/, "");
    expect(await asked(`${at(-60_000)}Z`)).toBe(401);
    for (const zone of ["Z", "+0000", "+00:00"]) expect(await asked(`${at(60_000)}${zone}`)).toBe(200);
    expect(await asked("soon")).toBe(401);
    expect(await asked(`${at(-60_000)}Z`, "2")).toBe(200);
    fake.switches.enforcePost = true;
    expect(await asked(`${at(14 * 60_000)}Z`)).toBe(200);
    expect(await asked(`${at(16 * 60_000)}Z`)).toBe(401);
    expect(await asked(`${at(60_000)}Z`, "2")).toBe(401);
  });

  it("tells a missing right apart from a missing key", async () => {
    expect(await user.call("listCapacity")).toMatchObject({
      status: 401,
      payload: { errortext: "The given command 'listCapacity' either does not exist, is not available for user." },
    });
    expect((await admin.call("listCapacity", { zoneid: ZONE, type: "0" })).payload).toMatchObject({ count: 1 });
  });

  it("answers empty lists without count, and pages with the server's rules (§1.6)", async () => {
    expect((await user.call("listVirtualMachines", { keyword: "nothing" })).payload).toEqual({});
    expect((await admin.call("listServiceOfferings", { page: "9", pagesize: "500" })).payload).toEqual({ count: 33 });
    expect((await user.call("listZones", { page: "1" })).payload).toMatchObject({
      errorcode: 431,
      errortext: '"pagesize" parameter is required when "page" is specified',
    });
    expect((await user.call("listZones", { page: "1", pagesize: "501" })).payload).toMatchObject({
      errortext: "Page size can't exceed max allowed page size value: 500",
    });
  });

  it("refuses control characters, missing parameters and ids that never existed", async () => {
    expect((await user.call("listZones", { name: "a\tb" })).payload).toMatchObject({ errorcode: 431 });
    expect((await user.call("deployVirtualMachine", { zoneid: ZONE }, "POST")).payload).toMatchObject({
      errortext: "Unable to execute API command deployvirtualmachine due to missing parameter serviceofferingid",
    });
    const unknown = await user.call("listVirtualMachines", { id: "00000000-0000-4000-8000-000000000000" });
    expect(unknown.payload).toMatchObject({
      errorcode: 431,
      errortext: expect.stringContaining("entity does not exist"),
    });
  });

  it("lets cmk in by password and tells it every command", async () => {
    const { payload } = await user.inSession("command=listApis&");
    expect(payload["api"]).toContainEqual(expect.objectContaining({ name: "deployVirtualMachine", isasync: true }));
  });
});

describe("the life of a machine", () => {
  it("is listed at once, runs when its job is done, and carries its address", async () => {
    const { payload } = await user.call("deployVirtualMachine", order("web-1"), "POST");
    const { payload: before } = await user.call("listVirtualMachines", { id: String(payload["id"]) });
    expect(before).toMatchObject({ count: 1, virtualmachine: [{ name: "web-1", state: "Stopped" }] });
    await clock.advance(1000);
    expect(await job(payload["jobid"])).toMatchObject({
      jobstatus: 1,
      jobresult: { virtualmachine: { state: "Running", nic: [{ ipaddress: "10.20.1.2", isdefault: true }] } },
    });
  });

  it("T-48: a failed start leaves a machine in Error that keeps its name, and older servers say 530 beside the 533", async () => {
    fake.outside.setCapacity("zone-01", 0);
    fake.switches.oldJobCodes = true;
    const { payload } = await user.call("deployVirtualMachine", order("web-1"), "POST");
    await clock.advance(1000);
    expect(await job(payload["jobid"])).toMatchObject({
      jobstatus: 2,
      jobresultcode: 530,
      jobresult: { errorcode: 533 },
    });
    expect(fake.state().machines).toMatchObject([{ name: "web-1", state: "Error" }]);
    const again = await user.call("deployVirtualMachine", order("web-1"), "POST");
    expect(again.payload).toMatchObject({
      errorcode: 431,
      errortext: expect.stringContaining("already exists in the network domain"),
    });
  });

  it("T-69: a user without the right to expunge only makes it invisible; an administrator removes it", async () => {
    const id = await deployed("web-1");
    const refused = await user.call("destroyVirtualMachine", { id, expunge: "true" }, "POST");
    await clock.advance(1000);
    expect(await job(refused.payload["jobid"])).toMatchObject({
      jobresult: { errortext: "Account does not have permission for expunging." },
    });
    expect(fake.state().machines).toMatchObject([{ state: "Running" }]);
    await user.call("destroyVirtualMachine", { id }, "POST");
    await clock.advance(1000);
    expect((await user.call("listVirtualMachines", { id })).payload).toEqual({});
    expect((await admin.call("listVirtualMachines", { id, listall: "true" })).payload).toMatchObject({
      virtualmachine: [{ state: "Destroyed" }],
    });
    await admin.call("expungeVirtualMachine", { id }, "POST");
    await clock.advance(1000);
    expect(fake.state()).toMatchObject({ machines: [], volumes: [] });
  });

  it("§1.8: data disks survive unless they are named", async () => {
    const disk = { diskofferingid: "33c1c11c-fae7-5ffa-b262-9b9a06bbc104" };
    const id = await deployed("web-1", disk);
    await admin.call("destroyVirtualMachine", { id, expunge: "true" }, "POST");
    await clock.advance(1000);
    expect(fake.state().volumes).toMatchObject([{ type: "DATADISK", state: "Ready" }]);
  });

  it("T-22: an isolated network wakes up with its first machine", async () => {
    await deployed("web-1", { networkids: "ea446ca5-79e9-5905-9007-e1a5fc02828d" });
    expect(fake.state().networks).toContainEqual(expect.objectContaining({ name: "k8s-fresh", state: "Implemented" }));
  });

  it("limits are counted from what there is", async () => {
    fake.outside.setLimit("k8s", "8", 2);
    await deployed("web-1");
    expect((await user.call("deployVirtualMachine", order("web-2"), "POST")).payload).toMatchObject({
      errorcode: 535,
      errortext: expect.stringContaining("Type = 'cpu'"),
    });
    expect((await user.call("listAccounts")).payload).toMatchObject({
      account: [{ cpuavailable: "0", vmavailable: "19" }],
    });
  });
});

describe("tags", () => {
  it("T-15: a list with two tags shows what has either; names are found as parts", async () => {
    const ids = [await deployed("default-abc"), await deployed("default-abc1")];
    for (const [index, id] of ids.entries()) {
      const tag = { resourceids: id, resourcetype: "uservm", "tags[0].key": `k${index}`, "tags[0].value": "v" };
      await user.call("createTags", tag, "POST");
    }
    await clock.advance(100);
    const both = { "tags[0].key": "k0", "tags[0].value": "v", "tags[1].key": "k1", "tags[1].value": "v" };
    expect((await user.call("listVirtualMachines", both)).payload).toMatchObject({ count: 2 });
    expect((await user.call("listVirtualMachines", { name: "default-abc" })).payload).toMatchObject({ count: 2 });
  });

  it("T-56: one key that exists fails all of them; offerings have none", async () => {
    const id = await deployed("web-1");
    const tags = { resourceids: id, resourcetype: "UserVm", "tags[0].key": "a", "tags[0].value": "1" };
    await user.call("createTags", tags, "POST");
    await clock.advance(100);
    const again = await user.call("createTags", { ...tags, "tags[1].key": "b", "tags[1].value": "2" }, "POST");
    await clock.advance(100);
    expect(await job(again.payload["jobid"])).toMatchObject({
      jobresult: { errorcode: 530, errortext: `tag a already on UserVm with id ${id}` },
    });
    expect(fake.state().machines).toMatchObject([{ tags: { a: "1" } }]);
    const offering = await admin.call(
      "createTags",
      { ...tags, resourceids: MEDIUM, resourcetype: "ServiceOffering" },
      "POST",
    );
    await clock.advance(100);
    const failed = (await admin.call("queryAsyncJobResult", { jobid: String(offering.payload["jobid"]) })).payload;
    expect(failed).toMatchObject({
      jobresult: { errortext: "The resource type ServiceOffering doesn't support resource tags" },
    });
  });
});

describe("faults and the fake's own paths", () => {
  it("a fault at the job accepts the command and does nothing", async () => {
    fake.faults([
      { match: { operation: "createTags" }, fault: "status", at: "job", status: 530, message: "no", times: 1 },
    ]);
    const id = await deployed("web-1");
    const { payload } = await user.call(
      "createTags",
      { resourceids: id, resourcetype: "UserVm", "tags[0].key": "a", "tags[0].value": "1" },
      "POST",
    );
    await clock.advance(2000);
    expect(await job(payload["jobid"])).toMatchObject({ jobstatus: 2, jobresult: { errortext: "no" } });
  });

  it("shows what it holds and what it saw, and starts afresh", async () => {
    await deployed("web-1");
    const state = (await (await fetch(`${fake.url}/_fake/state`)).json()) as { readonly machines: readonly object[] };
    expect(state.machines).toHaveLength(1);
    expect(await (await fetch(`${fake.url}/_fake/invariants`)).json()).toEqual({
      violations: [],
      leaks: [],
      wrongDeletions: [],
      doubleCreates: [],
    });
    await fetch(`${fake.url}/_fake/reset`, { method: "POST" });
    expect(fake.state().machines).toEqual([]);
  });
});
