import { afterEach, describe, expect, it } from "vitest";
import { Bench, machineIdOf } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

/** An empty list, as one that lags behind shows it. */
const EMPTY = '{"listvirtualmachinesresponse":{}}';

const names = (): readonly string[] => bench.fake.state().machines.map(({ name, state }) => `${name} ${state}`);

describe("launching a machine while answers, jobs and tags go wrong", () => {
  it("T-46, G-05: a machine whose order was just accepted when the process died is adopted by its display name", async () => {
    await start();
    const claim = await bench.putClaim("a1");
    void bench.provider.create(claim, { signal: bench.signal }).catch(() => {});
    while (bench.fake.state().machines.length === 0) await bench.pass(1);
    await bench.restart();
    bench.fake.outside.untag("a1");
    await bench.launch("a1");
    expect(names()).toEqual(["a1 Running"]);
    expect(bench.fake.state().machines[0]?.tags).toMatchObject({ "karpenter.sh/managed-by": "karpenter" });
    expect(bench.calls("deployVirtualMachine")).toHaveLength(1);
  });

  it("T-47, G-05: a connection that breaks after the order was taken leaves one machine, ordered once", async () => {
    const fault = {
      match: { operation: "deployVirtualMachine" },
      fault: "timeoutAfter",
      delayMs: 10,
      times: 1,
    } as const;
    await start({ fake: { faults: [fault] } });
    const claim = await bench.launch("a1");
    expect(bench.calls("deployVirtualMachine")).toMatchObject([{ status: 0, fault: "timeoutAfter" }]);
    expect(bench.fake.state().machines).toMatchObject([
      { id: machineIdOf(claim), name: "a1", state: "Running", tags: { "karpenter.sh/nodeclaim": "a1" } },
    ]);
  });

  it("T-47: where lists do not show the machine at once it is looked for again, not ordered again", async () => {
    await start({
      fake: {
        faults: [
          { match: { operation: "deployVirtualMachine" }, fault: "timeoutAfter", delayMs: 10, times: 1 },
          // By name and by tag, before the order and at the first look after it.
          { match: { operation: "listVirtualMachines" }, fault: "status", status: 200, body: EMPTY, times: 4 },
        ],
      },
    });
    await bench.launch("a1");
    expect(names()).toEqual(["a1 Running"]);
    expect(bench.calls("deployVirtualMachine")).toHaveLength(1);
  });

  it("T-47: a connection that breaks before the order was taken leaves none, and the next attempt one", async () => {
    const fault = {
      match: { operation: "deployVirtualMachine" },
      fault: "timeoutBefore",
      delayMs: 10,
      times: 1,
    } as const;
    await start({ fake: { faults: [fault] } });
    await bench.launch("a1").catch(() => bench.launch("a1"));
    expect(names()).toEqual(["a1 Running"]);
    expect(bench.calls("deployVirtualMachine").map(({ status }) => status)).toEqual([0, 200]);
  });

  it("T-10: a proxy's page instead of an answer leaves one machine, whether it was ordered or not", async () => {
    const page = { match: { operation: "deployVirtualMachine" }, fault: "status", status: 502, times: 1 } as const;
    await start({ fake: { faults: [page] } });
    await expect(bench.launch("a1")).rejects.toThrow(/502/);
    await bench.launch("a1");
    bench.fake.faults([{ ...page, at: "after" }]);
    await bench.launch("a2");
    expect(names()).toEqual(["a1 Running", "a2 Running"]);
    expect(bench.calls("deployVirtualMachine").map(({ body, status }) => `${body["name"]} ${status}`)).toEqual([
      "a1 502",
      "a1 200",
      "a2 502",
    ]);
  });

  it("T-10: a proxy's page instead of a list is asked past", async () => {
    await start();
    await bench.launch("a1");
    const before = bench.calls("listVirtualMachines").length;
    bench.fake.faults([{ match: { operation: "listVirtualMachines" }, fault: "status", status: 502, times: 2 }]);
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toHaveLength(1);
    expect(
      bench
        .calls("listVirtualMachines")
        .slice(before)
        .map(({ status }) => status),
    ).toEqual([502, 502, 200]);
  });

  it("T-54: a job that takes too long is not waited for; when it fails later the claim goes and so does its machine", async () => {
    const slow = {
      match: { operation: "deployVirtualMachine" },
      fault: "status",
      at: "job",
      status: 533,
      jobMs: 6 * 60_000,
      times: 1,
    } as const;
    await start({ fake: { as: "admin", faults: [slow] } });
    const before = bench.clock.now();
    const claim = await bench.launch("a1");
    expect(bench.clock.now() - before).toBeGreaterThanOrEqual(4 * 60_000);
    expect(bench.clock.now() - before).toBeLessThan(5 * 60_000);
    expect(claim.status?.providerID).toBe(`external-cloudstack://${bench.fake.state().machines[0]?.id}`);
    await bench.markLaunched("a1");
    await bench.collect();
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeUndefined();
    await bench.pass(3 * 60_000);
    await bench.collect();
    await bench.pass(1_000);
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeDefined();
    expect(bench.eventReasons()).toContain("LaunchFailed");
    expect((await bench.type("medium"))?.offerings[0]?.availability).toMatchObject({ available: false });
    await bench.remove("a1");
    await bench.pass(10_000);
    expect(names()).toEqual([]);
  });

  it("T-54: a job that takes too long and works in the end leaves the claim alone", async () => {
    const slow = { match: { operation: "deployVirtualMachine" }, fault: "slow", at: "job", jobMs: 6 * 60_000 } as const;
    await start({ fake: { faults: [slow] } });
    await bench.launch("a1");
    await bench.markLaunched("a1");
    expect(names()).toEqual(["a1 Stopped"]);
    await bench.pass(3 * 60_000);
    await bench.collect();
    expect(names()).toEqual(["a1 Running"]);
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeUndefined();
  });

  it("T-55: a machine that cannot be tagged is not kept", async () => {
    await start({
      fake: {
        faults: [{ match: { operation: "createTags" }, fault: "status", at: "job", status: 530, message: "no" }],
      },
    });
    await bench.refusal("a1");
    expect(bench.calls("createTags")).toHaveLength(5);
    expect(bench.calls("destroyVirtualMachine")).toHaveLength(1);
    expect(names()).toEqual(["a1 Destroyed"]);
  });

  it("T-56: where a tag is there already only the others are written, and a wrong one is replaced", async () => {
    const fault = { match: { operation: "createTags" }, fault: "slow", at: "job", jobMs: 2_000, times: 1 } as const;
    await start({ fake: { faults: [fault] } });
    const claim = await bench.putClaim("a1");
    const launched = bench.provider.create(claim, { signal: bench.signal });
    while (bench.calls("createTags").length === 0) await bench.pass(10);
    bench.fake.outside.tag("a1", { "karpenter.sh/managed-by": "karpenter", "karpenter.sh/nodepool": "wrong" });
    await bench.during(launched);
    const keys = bench
      .calls("createTags")
      .map(({ body }) => Object.entries(body).flatMap(([name, value]) => (name.endsWith(".key") ? [value] : [])));
    expect(keys[0]).toHaveLength(6);
    expect(keys[1]).toHaveLength(5);
    expect(keys[1]).not.toContain("karpenter.sh/managed-by");
    expect(bench.calls("deleteTags")).toHaveLength(1);
    expect(bench.fake.state().machines[0]?.tags).toMatchObject({
      "karpenter.sh/managed-by": "karpenter",
      "karpenter.sh/nodepool": "default",
      "kubernetes.io/cluster/prod": "owned",
    });
  });

  it("T-60: a throttled order waits as long as it is told", async () => {
    await start({
      fake: { faults: [{ match: { operation: "deployVirtualMachine" }, fault: "status", status: 429, times: 1 }] },
    });
    await bench.launch("a1");
    const [first, second, ...more] = bench.calls("deployVirtualMachine");
    expect([first?.status, second?.status, more]).toEqual([429, 200, []]);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(734);
    expect(names()).toEqual(["a1 Running"]);
  });

  it("§10: a server that is shut down is waited for; nothing is ordered and no offering is blamed", async () => {
    await start({ fake: { switches: { maintenance: true } } });
    expect((await bench.refusal("a1")).name).toBe("Transient");
    bench.fake.switches.maintenance = false;
    await bench.launch("a1");
    expect(names()).toEqual(["a1 Running"]);
  });

  it("§1.5: a job that the server has forgotten is answered by looking at the machine", async () => {
    await start();
    const claim = await bench.putClaim("a1");
    const launched = bench.provider.create(claim, { signal: bench.signal });
    while (bench.fake.state().machines[0]?.state !== "Starting") await bench.pass(10);
    bench.fake.outside.forgetJobs();
    expect((await bench.during(launched)).status?.providerID).toContain(bench.fake.state().machines[0]?.id);
    expect(names()).toEqual(["a1 Running"]);
  });
});
