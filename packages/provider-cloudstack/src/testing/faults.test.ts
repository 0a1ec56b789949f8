// Every way to fail that the fake has, seen from a client of it.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startWithCallers } from "./callers.ts";
import type { FakeWithCallers } from "./callers.ts";
import type { TinyAnswer } from "./tiny-client.ts";

const ORDER = {
  serviceofferingid: "1cf6a486-44de-55ba-9584-5967eb20f2d6",
  templateid: "17a2600d-8b03-5e41-b523-d84f697272ac",
  zoneid: "b8396597-5bdb-51cb-b775-16903c688374",
  networkids: "3ebc21ed-2cd4-56e5-9ca0-dbd9d1ab0053",
};

let { clock, fake, user, admin } = {} as FakeWithCallers;

beforeEach(async () => {
  ({ clock, fake, user, admin } = await startWithCallers());
});

afterEach(() => fake.close());

const deploy = (name: string, more: Readonly<Record<string, string>> = {}): Promise<TinyAnswer> =>
  user.call("deployVirtualMachine", { ...ORDER, name, ...more }, "POST");

const running = async (name: string): Promise<string> => {
  const { payload } = await deploy(name);
  await clock.advance(1000);
  return String(payload["id"]);
};

const job = async ({ payload }: TinyAnswer): Promise<Readonly<Record<string, unknown>>> => {
  await clock.advance(1000);
  return (await user.call("queryAsyncJobResult", { jobid: String(payload["jobid"]) })).payload;
};

const listed = async (parameters: Readonly<Record<string, string>> = {}): Promise<readonly unknown[]> => {
  const { payload } = await user.call("listVirtualMachines", parameters);
  return (payload["virtualmachine"] as readonly unknown[] | undefined) ?? [];
};

const states = (): readonly string[] => fake.state().machines.map(({ name, state }) => `${name} ${state}`);

describe("answers that go wrong", () => {
  it.each([401, 429, 431, 530, 531, 533, 534, 535])(
    "status %i, in the API's own words, so many times",
    async (status) => {
      fake.faults([{ match: { operation: "listZones" }, fault: "status", status, times: 2 }]);
      for (let time = 0; time < 2; time++) {
        const answer = await user.call("listZones");
        expect(answer).toMatchObject({
          status,
          name: "listzonesresponse",
          payload: { uuidList: [], errorcode: status },
        });
      }
      expect((await user.call("listZones")).status).toBe(200);
    },
  );

  it("429 names the milliseconds", async () => {
    const message = "The given user has reached his/her account api limit, please retry after [1200] ms.";
    fake.faults([{ fault: "status", status: 429, message }]);
    expect((await user.call("listZones")).payload["errortext"]).toBe(message);
  });

  it.each([502, 503, 504])("%i is a proxy's page", async (status) => {
    fake.faults([{ fault: "status", status }]);
    const answer = await fetch(`${fake.url}/client/api?command=listZones`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "text/html"]);
    expect(await answer.text()).toMatch(/^<html>/);
  });

  it("a page of a proxy after the work was done leaves the machine", async () => {
    fake.faults([
      { match: { operation: "deployVirtualMachine" }, fault: "status", status: 504, at: "after", times: 1 },
    ]);
    await expect(deploy("web-1")).rejects.toThrow(/JSON/);
    expect(states()).toEqual(["web-1 Stopped"]);
  });

  it.each([
    ["before", { fault: "drop" }, []],
    ["after", { fault: "timeoutAfter", delayMs: 0 }, ["web-1 Stopped"]],
  ] as const)("the connection breaks %s the work", async (_, fault, left) => {
    fake.faults([{ match: { operation: "deployVirtualMachine" }, ...fault, times: 1 }]);
    await expect(deploy("web-1")).rejects.toThrow(/fetch failed/);
    expect(states()).toEqual(left);
  });

  it("an answer is cut short, or comes late", async () => {
    fake.faults([{ fault: "malformed", times: 1 }]);
    await expect(user.call("listZones")).rejects.toThrow(/JSON/);
    fake.faults([{ fault: "slow", delayMs: 30, times: 1 }]);
    const before = performance.now();
    expect((await user.call("listZones")).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });

  it("a fault is aimed at any parameter of the request", async () => {
    fake.faults([{ match: { operation: "listVirtualMachines", projectid: "-1" }, fault: "status", status: 401 }]);
    expect((await user.call("listVirtualMachines")).status).toBe(200);
    expect((await user.call("listVirtualMachines", { projectid: "-1" })).status).toBe(401);
  });

  it("a fault acts by chance, the same way for the same seed", async () => {
    fake.faults([{ fault: "status", status: 530, probability: 0.5 }]);
    const codes: number[] = [];
    for (let index = 0; index < 40; index++) codes.push((await user.call("listZones")).status);
    expect(codes.filter((code) => code === 530).length).toBeGreaterThan(8);
    expect(codes.filter((code) => code === 200).length).toBeGreaterThan(8);
  });

  it("the server's clock goes wrong", async () => {
    fake.switches.clockAheadMs = 20 * 60_000;
    const date = (await user.call("listZones")).headers.get("date") ?? "";
    expect(Date.parse(date) - Date.parse(new Date().toUTCString())).toBeGreaterThan(19 * 60_000);
  });

  it("a server that is shut down answers questions and takes no jobs", async () => {
    fake.switches.maintenance = true;
    expect((await user.call("listZones")).status).toBe(200);
    expect(await deploy("web-1")).toMatchObject({ status: 503, payload: { errorcode: 503 } });
    expect(states()).toEqual([]);
  });
});

describe("jobs that go wrong", () => {
  it("one never ends", async () => {
    fake.faults([{ match: { operation: "deployVirtualMachine" }, fault: "status", at: "job", jobMs: 1e12 }]);
    const answer = await deploy("web-1");
    await clock.advance(24 * 60 * 60_000);
    expect(await job(answer)).toMatchObject({ jobstatus: 0 });
  });

  it("one begins late and does its work", async () => {
    fake.faults([{ match: { operation: "deployVirtualMachine" }, fault: "slow", at: "job", jobMs: 60_000 }]);
    const answer = await deploy("web-1");
    expect(await job(answer)).toMatchObject({ jobstatus: 0 });
    await clock.advance(60_000);
    expect(await job(answer)).toMatchObject({ jobstatus: 1 });
    expect(states()).toEqual(["web-1 Running"]);
  });

  it("one fails, and older servers write 530 beside the code", async () => {
    const fault = { match: { operation: "deployVirtualMachine" }, fault: "status", at: "job", status: 533 } as const;
    fake.faults([fault]);
    expect(await job(await deploy("web-1"))).toMatchObject({ jobresultcode: 533, jobresult: { errorcode: 533 } });
    fake.switches.oldJobCodes = true;
    expect(await job(await deploy("web-2"))).toMatchObject({ jobresultcode: 530, jobresult: { errorcode: 533 } });
    expect(states()).toEqual(["web-1 Error", "web-2 Error"]);
  });

  it("one is forgotten", async () => {
    const { payload } = await deploy("web-1");
    fake.outside.forgetJobs();
    const asked = await user.call("queryAsyncJobResult", { jobid: String(payload["jobid"]) });
    expect(asked).toMatchObject({ status: 431, payload: { errortext: expect.stringContaining("does not exist") } });
  });

  it("tags fail so many times; destroying fails once", async () => {
    const id = await running("web-1");
    const tags = { resourceids: id, resourcetype: "UserVm", "tags[0].key": "a", "tags[0].value": "1" };
    fake.faults([
      { match: { operation: "createTags" }, fault: "status", at: "job", status: 530, times: 2 },
      { match: { operation: "destroyVirtualMachine" }, fault: "status", at: "job", status: 530, times: 1 },
    ]);
    const results: unknown[] = [];
    for (let time = 0; time < 3; time++) {
      results.push((await job(await user.call("createTags", tags, "POST")))["jobstatus"]);
    }
    expect(results).toEqual([2, 2, 1]);
    expect(await job(await user.call("destroyVirtualMachine", { id }, "POST"))).toMatchObject({ jobstatus: 2 });
    expect(states()).toEqual(["web-1 Running"]);
    expect(await job(await user.call("destroyVirtualMachine", { id }, "POST"))).toMatchObject({ jobstatus: 1 });
  });

  it("the right to expunge is refused although the capability promises it", async () => {
    Object.assign(fake.switches, { allowUserExpunge: true, expungeDenied: true });
    const id = await running("web-1");
    const { payload } = await user.call("listCapabilities");
    expect(payload).toMatchObject({ capability: { allowuserexpungerecovervm: true } });
    const refused = await job(await user.call("destroyVirtualMachine", { id, expunge: "true" }, "POST"));
    expect(refused).toMatchObject({ jobresult: { errorcode: 530 } });
    expect(states()).toEqual(["web-1 Running"]);
  });
});

describe("machines that go wrong", () => {
  it("one runs and is in Error later; another one's host dies", async () => {
    await running("web-1");
    await running("web-2");
    fake.outside.fail("web-1");
    fake.outside.stop("web-2");
    expect(states()).toEqual(["web-1 Error", "web-2 Stopped"]);
  });

  it("one stays away from lists for a while", async () => {
    await running("web-1");
    await running("web-2");
    fake.outside.hide("web-1", 2);
    expect([(await listed()).length, (await listed()).length, (await listed()).length]).toEqual([1, 1, 2]);
  });

  it("lists are stale: what changes is not seen", async () => {
    const id = await running("web-1");
    fake.outside.freezeLists();
    await running("web-2");
    await job(await user.call("destroyVirtualMachine", { id }, "POST"));
    expect(await listed()).toMatchObject([{ name: "web-1", state: "Running" }]);
    fake.outside.thawLists();
    expect(await listed()).toMatchObject([{ name: "web-2" }]);
  });

  it.each([
    ["skip", 6],
    ["repeat", 7],
  ] as const)("pages shift while they are read: rows %s", async (pagesShift, distinct) => {
    for (let index = 0; index < 8; index++) fake.outside.addMachine(`m-${index}`);
    fake.switches.pagesShift = pagesShift;
    const rows: unknown[] = [];
    for (const page of ["1", "2", "3"]) rows.push(...(await listed({ page, pagesize: "3" })));
    const ids = new Set(rows.map((row) => (row as { readonly id: string }).id));
    expect(ids.size).toBe(distinct);
    expect(await listed({ pagesize: "-1" })).toHaveLength(8);
  });
});

describe("things that run out or change", () => {
  it("capacity of a zone, of an offering, of a host tag", async () => {
    const results: unknown[] = [];
    for (const place of ["zone-01", "medium/zone-01", "tag:nvme/zone-01"]) {
      fake.reset();
      fake.outside.edit("offerings", "medium", { hosttags: "nvme" });
      fake.outside.edit("hosts", "kvm-cpu-01", { hosttags: "nvme" });
      fake.outside.setCapacity(place, 1);
      results.push((await job(await deploy("web-1")))["jobstatus"], (await job(await deploy("web-2")))["jobstatus"]);
    }
    expect(results).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it("addresses of a network, and a limit that is lowered while machines run", async () => {
    fake.outside.setAddresses("k8s-net", 1);
    await running("web-1");
    expect(await deploy("web-2")).toMatchObject({ status: 533, payload: { cserrorcode: 4320 } });
    fake.outside.setAddresses("k8s-net", 9);
    fake.outside.setLimit("k8s", "0", 1);
    expect(await deploy("web-2")).toMatchObject({
      status: 535,
      payload: { errortext: expect.stringContaining("'user_vm'") },
    });
  });

  it("a template goes or is not ready, an offering goes, a zone is closed or renamed, a name is taken", async () => {
    const name = "ubuntu-22.04-k8s-1.33.2";
    fake.outside.edit("templates", name, { isready: false });
    expect((await deploy("web-1")).payload["errortext"]).toMatch(/not ready/);
    fake.outside.remove("templates", name);
    expect((await deploy("web-1")).payload["errortext"]).toMatch(/templateid .*entity does not exist/);
    fake.reset();
    fake.outside.remove("offerings", "medium");
    expect((await deploy("web-1")).payload["errortext"]).toMatch(/serviceofferingid .*entity does not exist/);
    fake.reset();
    fake.outside.edit("zones", "zone-01", { allocationstate: "Disabled" });
    expect(await deploy("web-1")).toMatchObject({ status: 531 });
    fake.outside.edit("zones", "zone-01", { allocationstate: "Enabled", name: "zone-one" });
    expect((await user.call("listZones", { name: "zone-one" })).payload).toMatchObject({ count: 1 });
    fake.outside.addMachine("web-1");
    expect((await deploy("web-1")).payload["errortext"]).toMatch(/already exists in the network domain/);
  });
});

describe("the paths of the fake's own", () => {
  const post = async (path: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }> => {
    const answer = await fetch(`${fake.url}/_fake/${path}`, { method: "POST", body: JSON.stringify(body) });
    return { status: answer.status, body: await answer.json() };
  };

  it("take faults and settings, and say what they do not know", async () => {
    await post("faults", [{ fault: "status", status: 429, times: 1 }]);
    expect((await user.call("listZones")).status).toBe(429);
    await post("switches", { version: "4.18.0.0" });
    expect((await user.call("listCapabilities")).payload).toMatchObject({
      capability: { cloudstackversion: "4.18.0.0" },
    });
    expect(await post("switches", { colour: "red" })).toMatchObject({ status: 400 });
  });

  it("take other rows, and move the clock", async () => {
    const zones = [{ id: ORDER.zoneid, name: "only", allocationstate: "Enabled" }];
    expect(await post("fixtures", { zones })).toMatchObject({ status: 200, body: { zones: 1 } });
    expect((await user.call("listZones")).payload).toEqual({ count: 1, zone: zones });
    expect(await post("fixtures", { moons: [] })).toMatchObject({ status: 400 });
    const before = clock.now();
    await post("clock", { ms: 60_000 });
    expect(clock.now() - before).toBe(60_000);
  });

  it("tell which requests came, with their command, caller and time", async () => {
    await admin.call("listZones", { available: "true" });
    const calls = (await (await fetch(`${fake.url}/_fake/calls`)).json()) as readonly object[];
    expect(calls).toMatchObject([{ operation: "listZones", method: "GET", body: { available: "true" }, status: 200 }]);
  });
});
