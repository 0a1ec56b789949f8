import { NodeClaims, PersistentVolumes } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it } from "vitest";
import { Bench, machineIdOf } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

const names = (): readonly string[] => bench.fake.state().machines.map(({ name, state }) => `${name} ${state}`);
const volumes = (): readonly unknown[] => bench.fake.state().volumes.map(({ name }) => name);
const failure = async (work: Promise<unknown>): Promise<unknown> => bench.during(work).catch((error: unknown) => error);

describe("removing a machine", () => {
  it("T-68, G-12: an administrator's machine goes with its data disk, and its name is free again", async () => {
    await start({
      fake: { as: "admin" },
      spec: {
        diskOffering: "k8s-data-100",
        project: "k8s-prod",
        networkSelectorTerms: [{ name: "prod-net" }],
        templateSelectorTerms: [{ name: "prod-ubuntu" }],
      },
    });
    await bench.launch("a1");
    expect(volumes()).toEqual([expect.stringMatching(/^ROOT/), expect.stringMatching(/^DATA/)]);
    await bench.remove("a1");
    await bench.pass(10_000);
    expect(names()).toEqual([]);
    expect(volumes()).toEqual([]);
    expect(bench.calls("destroyVirtualMachine")).toMatchObject([{ method: "POST", body: { expunge: "true" } }]);
    await bench.launch("a1");
    expect(names()).toEqual(["a1 Running"]);
  });

  it("T-69, G-11: without the right to expunge the machine is only made invisible; the class's owner hears of it once", async () => {
    await start();
    await bench.launch("a1");
    await bench.launch("a2");
    const { providerID = "" } = (await bench.claim("a1")).status ?? {};
    await bench.during(bench.provider.get(providerID, { signal: bench.signal }));
    await bench.remove("a1");
    await bench.remove("a2");
    expect(names()).toEqual(["a1 Destroyed", "a2 Destroyed"]);
    // G-09: nothing that was seen a moment ago keeps it alive.
    const gone = await failure(bench.provider.get(providerID, { signal: bench.signal }));
    expect(hasCode(gone, "PROVIDER_MACHINE_NOT_FOUND")).toBe(true);
    expect(bench.calls("destroyVirtualMachine").map(({ body }) => body["expunge"])).toEqual([undefined, undefined]);
    expect(bench.eventReasons().filter((reason) => reason === "ExpungeNotPermitted")).toHaveLength(1);
    await bench.launch("a1");
    expect(names()).toContain("a1-r1 Running");
  });

  it("T-70: when the right turns out to be missing after all, it is destroyed without", async () => {
    await start({ fake: { switches: { allowUserExpunge: true, expungeDenied: true } } });
    await bench.launch("a1");
    await bench.remove("a1");
    expect(names()).toEqual(["a1 Destroyed"]);
    expect(bench.calls("destroyVirtualMachine").map(({ body }) => body["expunge"])).toEqual(["true", undefined]);
  });

  it("T-71: a volume of a CSI driver survives, by its name and by what Kubernetes knows", async () => {
    await start({ fake: { switches: { allowUserExpunge: true } }, spec: { diskOffering: "k8s-data-100" } });
    await bench.launch("a1");
    bench.fake.outside.attachVolume("a1", "pvc-1234");
    const id = bench.fake.outside.attachVolume("a1", "DATA-of-somebody");
    await bench.kube.create(PersistentVolumes, {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "data" },
      spec: { csi: { driver: "csi.cloudstack.apache.org", volumeHandle: id } },
    });
    await bench.remove("a1");
    expect(volumes()).toEqual(["pvc-1234", "DATA-of-somebody"]);
  });

  it("T-72: a second call during the job sends nothing", async () => {
    await start();
    await bench.launch("a1");
    const claim = await bench.claim("a1");
    await bench.deleteOnce(claim);
    await bench.deleteOnce(claim);
    expect(bench.calls("destroyVirtualMachine")).toHaveLength(1);
    await bench.remove("a1");
  });

  it("T-73, G-10: an id that never was is not found; an API that is down is an error", async () => {
    await start();
    const get = (id: string) => bench.provider.get(`external-cloudstack://${id}`, { signal: bench.signal });
    expect(hasCode(await failure(get("00000000-0000-4000-8000-000000000000")), "PROVIDER_MACHINE_NOT_FOUND")).toBe(
      true,
    );
    const claim = await bench.launch("a1");
    bench.fake.faults([{ match: { operation: "listVirtualMachines" }, fault: "status", status: 503 }]);
    expect(hasCode(await failure(get(machineIdOf(claim))), "PROVIDER_TRANSIENT")).toBe(true);
    bench.fake.faults([]);
  });

  it("T-77: a protected machine of ours is released and destroyed", async () => {
    await start();
    await bench.launch("a1");
    bench.fake.outside.protect("a1");
    await bench.remove("a1");
    expect(names()).toEqual(["a1 Destroyed"]);
  });

  it("C-65: a claim whose machine never got an id loses what carries its uid", async () => {
    await start();
    await bench.launch("a1");
    await bench.kube.patchStatus(NodeClaims, { name: "a1" }, { type: "merge", body: { status: { providerID: null } } });
    await bench.remove("a1");
    expect(names()).toEqual(["a1 Destroyed"]);
  });
});

describe("what is collected", () => {
  it("T-74: a machine whose claim is gone goes after five minutes; other clusters' machines never do", async () => {
    await start();
    const tags = { "karpenter.sh/managed-by": "karpenter", "kubernetes.io/cluster/other": "owned" };
    bench.fake.outside.addMachine("foreign", {
      tags,
      displayName: "foreign karpenter:other:11111111-1111-4111-8111-111111111111",
    });
    await bench.launch("a1");
    await bench.kube.patch(NodeClaims, { name: "a1" }, { type: "merge", body: { metadata: { finalizers: null } } });
    await bench.kube.delete(NodeClaims, { name: "a1" });
    await bench.pass(1000);
    await bench.collect();
    expect(names()).toContain("a1 Running");
    await bench.pass(6 * 60_000);
    await bench.collect();
    await bench.pass(60_000);
    expect(names()).toEqual(["foreign Running", "a1 Destroyed"]);
  });

  it("T-75: a list that is suddenly empty is not believed before two more lists have confirmed it", async () => {
    await start();
    for (const name of ["a1", "a2", "a3", "a4", "a5"]) await bench.launch(name);
    const list = () => failure(bench.provider.list({ signal: bench.signal }));
    const isDoubted = async () => hasCode(await list(), "PROVIDER_TRANSIENT");
    await bench.pass(10_000);
    expect(await list()).toHaveLength(5);
    bench.fake.switches.hideMachines = true;
    await bench.pass(10_000);
    // Two who ask at the same time see one list: it does not confirm itself.
    expect(await Promise.all([isDoubted(), isDoubted()])).toEqual([true, true]);
    expect(bench.eventReasons()).toContain("SuspiciousInventory");
    expect(await failure(bench.collect())).toBeInstanceOf(Error);
    bench.fake.switches.hideMachines = false;
    expect(await list()).toHaveLength(5);
    bench.fake.switches.hideMachines = true;
    await bench.pass(10_000);
    expect([await isDoubted(), await isDoubted()]).toEqual([true, true]);
    expect(await list()).toEqual([]);
    expect(bench.calls("destroyVirtualMachine")).toEqual([]);
  });

  it("T-75: machines whose claims are being deleted may all go at once", async () => {
    await start({ fake: { as: "admin" } });
    const all = ["a1", "a2", "a3", "a4", "a5"];
    for (const name of all) await bench.launch(name);
    await bench.pass(10_000);
    await bench.during(bench.provider.list({ signal: bench.signal }));
    for (const name of all) await bench.remove(name);
    await bench.pass(10_000);
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toEqual([]);
    expect(bench.eventReasons()).not.toContain("SuspiciousInventory");
  });

  const PROJECT = {
    project: "k8s-prod",
    networkSelectorTerms: [{ name: "prod-net" }],
    templateSelectorTerms: [{ name: "prod-ubuntu" }],
  };

  /** One in the account, one in a project; then their claims are gone. */
  const twoWithoutClaims = async (): Promise<void> => {
    await start();
    await bench.putClass("prod", PROJECT);
    await bench.pass(5_000);
    await bench.launch("a1");
    await bench.launch("p1", { nodeClass: "prod" });
    await bench.pass(6 * 60_000);
    for (const name of ["a1", "p1"]) {
      await bench.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
      await bench.kube.delete(NodeClaims, { name });
    }
    await bench.pass(1000);
  };

  it("T-17, G-03: machines of the account and of a project stand in one list", async () => {
    await start();
    await bench.putClass("prod", PROJECT);
    await bench.pass(5_000);
    await bench.launch("a1");
    await bench.launch("p1", { nodeClass: "prod" });
    const listed = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(listed.map(({ metadata }) => metadata.name).toSorted()).toEqual(["a1", "p1"]);
  });

  it("T-17, G-14: a project that cannot be listed makes the whole list fail, and nothing is removed", async () => {
    await twoWithoutClaims();
    const [project] = bench.calls("deployVirtualMachine").flatMap(({ body }) => body["projectid"] ?? []);
    bench.fake.faults([
      { match: { operation: "listVirtualMachines", projectid: project }, fault: "status", status: 401 },
    ]);
    expect(await failure(bench.provider.list({ signal: bench.signal }))).toBeInstanceOf(Error);
    expect(await failure(bench.collect())).toBeInstanceOf(Error);
    expect(bench.calls("destroyVirtualMachine")).toEqual([]);
    bench.fake.faults([]);
    await bench.collect();
    await bench.pass(60_000);
    expect(names()).toEqual(["a1 Destroyed", "p1 Destroyed"]);
  });

  it("T-76: a machine that somebody stopped is given up after five minutes, one that is migrating never", async () => {
    await start();
    await bench.launch("a1");
    await bench.launch("a2");
    await bench.markLaunched("a1", "Registered");
    await bench.markLaunched("a2", "Registered");
    bench.fake.outside.setState("a2", "Migrating");
    bench.fake.outside.stop("a1");
    const isGivenUp = async (name: string) => (await bench.claim(name)).metadata.deletionTimestamp !== undefined;
    await bench.collect();
    await bench.pass(4 * 60_000 + 50_000);
    await bench.collect();
    expect(await isGivenUp("a1")).toBe(false);
    await bench.pass(10_000);
    await bench.collect();
    expect([await isGivenUp("a1"), await isGivenUp("a2")]).toEqual([true, false]);
    expect(bench.eventReasons()).toContain("InstanceStopped");
    await bench.remove("a1");
    await bench.pass(60 * 60_000);
    await bench.collect();
    expect(await isGivenUp("a2")).toBe(false);
    bench.fake.outside.setState("a2", "Running");
  });

  it("T-76: one that has not joined yet, or runs again in time, is not given up", async () => {
    await start();
    await bench.launch("a1");
    await bench.launch("a2");
    await bench.markLaunched("a1");
    await bench.markLaunched("a2", "Registered");
    bench.fake.outside.stop("a1");
    bench.fake.outside.stop("a2");
    await bench.collect();
    await bench.pass(4 * 60_000);
    bench.fake.outside.setState("a2", "Running");
    await bench.collect();
    bench.fake.outside.stop("a2");
    await bench.pass(10_000);
    await bench.collect();
    await bench.pass(4 * 60_000);
    await bench.collect();
    for (const name of ["a1", "a2"]) expect((await bench.claim(name)).metadata.deletionTimestamp).toBeUndefined();
  });

  it("T-76: one that CloudStack itself restarts elsewhere is given up after fifteen minutes", async () => {
    await start();
    bench.fake.outside.edit("offerings", "medium", { offerha: true });
    await bench.pass(6 * 60_000);
    await bench.launch("a1");
    await bench.markLaunched("a1", "Registered");
    bench.fake.outside.stop("a1");
    await bench.collect();
    await bench.pass(14 * 60_000);
    await bench.collect();
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeUndefined();
    await bench.pass(2 * 60_000);
    await bench.collect();
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeDefined();
  });

  it("C-86: a machine that ran and is in Error later is given up, and goes", async () => {
    await start({ fake: { as: "admin" } });
    await bench.launch("a1");
    await bench.markLaunched("a1", "Registered");
    bench.fake.outside.fail("a1");
    await bench.collect();
    await bench.pass(6 * 60_000);
    await bench.collect();
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeDefined();
    await bench.remove("a1");
    await bench.pass(10_000);
    expect(names()).toEqual([]);
  });

  it("T-15: only machines with every tag of ours are in the list", async () => {
    await start();
    bench.fake.outside.addMachine("half-1", { tags: { "kubernetes.io/cluster/prod": "owned" } });
    bench.fake.outside.addMachine("half-2", { tags: { "karpenter.sh/managed-by": "karpenter" } });
    await bench.launch("a1");
    const listed = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(listed.map(({ metadata }) => metadata.name)).toEqual(["a1"]);
  });

  it("G-14: what carries tags is read with them; no question for each", async () => {
    await start();
    await bench.launch("a1");
    await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(bench.calls("listTags")).toEqual([]);
  });

  it("a machine that lists do not show for a while stays, and so does its claim", async () => {
    await start();
    await bench.launch("a1");
    await bench.markLaunched("a1", "Registered");
    bench.fake.outside.hide("a1", 3);
    await bench.collect();
    await bench.pass(2 * 60_000);
    await bench.collect();
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeUndefined();
    expect(bench.calls("destroyVirtualMachine")).toEqual([]);
    expect(names()).toEqual(["a1 Running"]);
  });

  it("lists that lag behind make nobody remove a machine twice or order it anew", async () => {
    await start({ fake: { as: "admin" }, spec: { networkSelectorTerms: [{ name: "k8s-net" }] } });
    await bench.launch("a1");
    bench.fake.outside.freezeLists();
    const claim = await bench.claim("a1");
    await bench.launch("a1");
    expect(bench.calls("deployVirtualMachine")).toHaveLength(1);
    for (let time = 0; time < 4; time++) {
      await bench.deleteOnce(claim);
      await bench.pass(5_000);
    }
    bench.fake.outside.thawLists();
    await bench.remove("a1");
    expect(names()).toEqual([]);
  });

  it.each(["skip", "repeat"] as const)(
    "T-18: pages that shift while they are read (%s) leave no machine out",
    async (how) => {
      await start({ fake: { switches: { maxPageSize: 10, pagesShift: how } } });
      const tags = { "karpenter.sh/managed-by": "karpenter", "kubernetes.io/cluster/prod": "owned" };
      for (let index = 0; index < 35; index++) bench.fake.outside.addMachine(`m-${index}`, { tags });
      const listed = await bench.during(bench.provider.list({ signal: bench.signal }));
      expect(new Set(listed.map(({ status }) => status?.providerID)).size).toBe(35);
      bench.fake.reset();
    },
  );

  it("T-18, G-03: six hundred machines are listed, over two pages", async () => {
    await start({ fake: { as: "user" } });
    const tags = { "karpenter.sh/managed-by": "karpenter", "kubernetes.io/cluster/prod": "owned" };
    for (let index = 0; index < 600; index++) bench.fake.outside.addMachine(`m-${index}`, { tags });
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toHaveLength(600);
    expect(bench.calls("listVirtualMachines").map(({ body }) => body["page"])).toContain("2");
    bench.fake.reset();
  });

  it("C-85: tags that a crash kept away are repaired from the display name", async () => {
    await start();
    await bench.launch("a1");
    bench.fake.outside.untag("a1");
    await bench.pass(6 * 60_000);
    await bench.collect();
    await bench.pass(1_000);
    expect(bench.fake.state().machines[0]?.tags).toMatchObject({ "kubernetes.io/cluster/prod": "owned" });
  });
});
