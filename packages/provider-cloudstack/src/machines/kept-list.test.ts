import { hasCode } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it } from "vitest";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

/** Of all machines of the cluster, not of one. */
const lists = (): number =>
  bench.calls("listVirtualMachines").filter(({ body }) => body["tags[0].key"] === "kubernetes.io/cluster/prod").length;
/** Those that are not on their way out. */
const listed = async (): Promise<readonly (string | undefined)[]> =>
  (await bench.during(bench.provider.list({ signal: bench.signal })))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
const get = (providerID: string | undefined): Promise<unknown> =>
  bench.during(bench.provider.get(providerID ?? "", { signal: bench.signal })).catch((error: unknown) => error);
const isGone = (answer: unknown): boolean => hasCode(answer, "PROVIDER_MACHINE_NOT_FOUND");

describe("the list of machines that is kept for ten seconds (§3)", () => {
  it("one list serves those who ask within ten seconds: lists, the collector and a burst of single questions", async () => {
    await start();
    const claims = [await bench.launch("a1"), await bench.launch("a2"), await bench.launch("a3")];
    await bench.pass(10_000);
    const before = bench.calls("listVirtualMachines").length;
    await Promise.all([listed(), listed()]);
    await bench.collect();
    for (const { status } of claims) expect(isGone(await get(status?.providerID))).toBe(false);
    const asked = bench.calls("listVirtualMachines").slice(before);
    // Beside the one by tag, the collector's own search for marks.
    expect(asked.map(({ body }) => body["keyword"] ?? body["id"] ?? "tag").toSorted()).toEqual([
      "karpenter:prod:",
      "tag",
    ]);
  });

  it("D-147: two lists that confirm each other, thirty seconds apart, are two questions", async () => {
    await start();
    await bench.launch("a1");
    await bench.pass(10_000);
    const before = lists();
    await listed();
    await bench.pass(9_000);
    await listed();
    expect(lists()).toBe(before + 1);
    await bench.pass(21_000);
    await listed();
    expect(lists()).toBe(before + 2);
  });

  it("what we order and tag is in the next list at once", async () => {
    await start();
    expect(await listed()).toEqual([]);
    const claim = await bench.putClaim("a1");
    const since = bench.clock.now();
    const launched = bench.provider.create(claim, { signal: bench.signal });
    const tags = () => bench.fake.state().machines[0]?.tags ?? {};
    while (tags()["karpenter.sh/managed-by"] === undefined) {
      expect(await listed()).toEqual([]);
      await bench.pass(50);
    }
    await bench.pass(2_500);
    expect(await listed()).toEqual(["a1"]);
    expect(bench.clock.now() - since).toBeLessThan(9_000);
    await bench.during(launched);
  });

  it("G-09: what we remove is gone from the next list, and is not found, at once", async () => {
    await start({ fake: { as: "admin", speed: { stopping: 500, expunging: 500 } } });
    const { status } = await bench.launch("a1");
    expect(await listed()).toEqual(["a1"]);
    const since = bench.clock.now();
    const claim = await bench.claim("a1");
    while (!(await bench.deleteOnce(claim))) await bench.pass(1_000);
    expect(await listed()).toEqual([]);
    expect(isGone(await get(status?.providerID))).toBe(true);
    expect(bench.clock.now() - since).toBeLessThan(9_000);
  });

  it("C-81: a list that lacks a machine is no answer to a question about it", async () => {
    await start();
    const { status } = await bench.launch("a1");
    await bench.pass(10_000);
    bench.fake.outside.hide("a1", 1);
    expect(await listed()).toEqual([]);
    expect(isGone(await get(status?.providerID))).toBe(false);
  });

  it("C-81: what somebody else removed is believed to be there for ten seconds at most", async () => {
    await start();
    const { status } = await bench.launch("a1");
    await bench.pass(10_000);
    expect(await listed()).toEqual(["a1"]);
    bench.fake.outside.vanish("a1");
    expect(isGone(await get(status?.providerID))).toBe(false);
    await bench.pass(10_000);
    expect(isGone(await get(status?.providerID))).toBe(true);
    expect(await listed()).toEqual([]);
  });

  it("a machine that is stopping is asked about, whatever a list says", async () => {
    await start();
    const { status } = await bench.launch("a1");
    bench.fake.outside.stop("a1");
    await listed();
    const before = bench.calls("listVirtualMachines").length;
    expect(isGone(await get(status?.providerID))).toBe(false);
    expect(bench.calls("listVirtualMachines").slice(before)).toMatchObject([{ body: { id: expect.any(String) } }]);
  });

  it("another scope is another list: a project that comes into use is asked at once", async () => {
    await start();
    await bench.launch("a1");
    await bench.pass(10_000);
    expect(await listed()).toEqual(["a1"]);
    const before = lists();
    await bench.putClass("prod", {
      project: "k8s-prod",
      networkSelectorTerms: [{ name: "prod-net" }],
      templateSelectorTerms: [{ name: "prod-ubuntu" }],
    });
    await bench.pass(1_000);
    expect(await listed()).toEqual(["a1"]);
    expect(lists()).toBe(before + 2);
  });
});
