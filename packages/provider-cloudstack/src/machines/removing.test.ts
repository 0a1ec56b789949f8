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
  it("T-68: an administrator's machine goes with its data disk, and its name is free again", async () => {
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

  it("T-69: without the right to expunge the machine is only made invisible; the class's owner hears of it once", async () => {
    await start();
    await bench.launch("a1");
    await bench.launch("a2");
    await bench.remove("a1");
    await bench.remove("a2");
    expect(names()).toEqual(["a1 Destroyed", "a2 Destroyed"]);
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

  it("T-73: an id that never was is not found; an API that is down is an error", async () => {
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

  it("T-75: a list that is suddenly empty is not believed before it has been confirmed twice", async () => {
    await start();
    for (const name of ["a1", "a2", "a3", "a4", "a5"]) await bench.launch(name);
    await bench.during(bench.provider.list({ signal: bench.signal }));
    bench.fake.switches.hideMachines = true;
    expect(hasCode(await failure(bench.provider.list({ signal: bench.signal })), "PROVIDER_TRANSIENT")).toBe(true);
    expect(bench.eventReasons()).toContain("SuspiciousInventory");
    bench.fake.switches.hideMachines = false;
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toHaveLength(5);
  });

  it("T-17: a project that cannot be listed makes the whole list fail", async () => {
    await start();
    await bench.putClass("prod", {
      project: "k8s-prod",
      networkSelectorTerms: [{ name: "prod-net" }],
      templateSelectorTerms: [{ name: "prod-ubuntu" }],
    });
    await bench.pass(5_000);
    await bench.launch("a1");
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toHaveLength(1);
    bench.fake.faults([{ match: { operation: "listVirtualMachines" }, fault: "status", status: 401, times: 1 }]);
    expect(await failure(bench.provider.list({ signal: bench.signal }))).toBeInstanceOf(Error);
  });

  it("T-76: a machine that somebody stopped is given up after five minutes, one that is migrating never", async () => {
    await start();
    await bench.launch("a1");
    await bench.launch("a2");
    await bench.markLaunched("a1", "Registered");
    await bench.markLaunched("a2", "Registered");
    bench.fake.outside.setState("a2", "Migrating");
    bench.fake.outside.stop("a1");
    await bench.collect();
    await bench.pass(6 * 60_000);
    await bench.collect();
    expect((await bench.claim("a1")).metadata.deletionTimestamp).toBeDefined();
    expect((await bench.claim("a2")).metadata.deletionTimestamp).toBeUndefined();
    expect(bench.eventReasons()).toContain("InstanceStopped");
    bench.fake.outside.setState("a2", "Running");
  });

  it("T-18: six hundred machines are listed, over two pages", async () => {
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
