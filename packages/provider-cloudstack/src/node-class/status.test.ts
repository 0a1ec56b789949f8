import { Label, NodeClaims } from "@karpenter-multicloud/core/api";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

describe("a class is looked at", () => {
  it("T-01, S-33: the document's class is ready, and its status lists what was found", async () => {
    await start();
    const { status, metadata } = await bench.nodeClass();
    expect(await bench.condition("Ready")).toMatch(/^True/);
    expect(status?.zones).toEqual([{ id: "b8396597-5bdb-51cb-b775-16903c688374", name: "zone-01", label: "zone-01" }]);
    expect(status?.networks).toMatchObject([{ name: "k8s-net", state: "Implemented" }]);
    expect(status?.templates).toMatchObject([{ name: "ubuntu-22.04-k8s-1.33.2", arch: "amd64" }]);
    expect(status?.serviceOfferings?.map(({ instanceType }) => instanceType)).toEqual(
      expect.arrayContaining(["medium", "large", "k8s.c4.m16", "k8s-8-16-Gro-e-XL"]),
    );
    expect(metadata.finalizers).toEqual(["karpenter.k8s.cloudstack/termination"]);
  });

  const cases: readonly (readonly [string, Partial<CloudStackNodeClassSpec>, string, RegExp])[] = [
    [
      "T-19, G-15: fields of a term add up",
      { networkSelectorTerms: [{ name: "k8s-net", tags: { environment: "staging" } }] },
      "NetworksReady",
      /^False NetworkNotFound/,
    ],
    [
      "T-23: a network that is shut down",
      { networkSelectorTerms: [{ name: "going-away" }] },
      "NetworksReady",
      /^False NetworkUnusable.*Shutdown/,
    ],
    [
      "T-24: tags that no offering has",
      { serviceOfferingSelectorTerms: [{ tags: { team: "x" } }] },
      "ServiceOfferingsReady",
      /^False ServiceOfferingNotFound.*addResourceDetail.*cloudstack\.offerings/,
    ],
    [
      "T-25: a template that is downloading",
      { templateSelectorTerms: [{ id: "e8d19331-be8e-519d-aa15-0dcfb47b7498" }] },
      "TemplatesReady",
      /^False TemplateNotReady.*43% Downloaded/,
    ],
    ["T-27: a zone in maintenance", { zone: "zone-03-maintenance" }, "ZonesReady", /^False ZoneDisabled/],
    ["T-28: a zone that is none", { zone: "zone-99" }, "ZonesReady", /^False ZoneNotFound/],
    [
      "T-31: a root disk below the template",
      { rootDiskSize: 50, templateSelectorTerms: [{ name: "huge-root" }] },
      "DisksReady",
      /^False RootDiskTooSmall.*200 GiB/,
    ],
    ["T-33: a custom disk without a size", { diskOffering: "Custom" }, "DisksReady", /^False DiskSizeRequired/],
    [
      "T-33: a fixed disk with a size",
      { diskOffering: "Small", diskSize: 10 },
      "DisksReady",
      /^False DiskSizeRequired/,
    ],
    ["a disk offering that is none", { diskOffering: "nothing" }, "DisksReady", /^False DiskOfferingNotFound/],
    ["T-59: a suspended project", { project: "old-project" }, "ValidationSucceeded", /^False ProjectSuspended/],
    ["a project that is none", { project: "nothing" }, "ValidationSucceeded", /^False ProjectNotFound/],
    ["a key pair that is none", { sshKeyPair: "nothing" }, "ValidationSucceeded", /^False KeyPairNotFound/],
    [
      "an affinity group that is none",
      { affinityGroups: { names: ["nothing"] } },
      "ValidationSucceeded",
      /^False AffinityGroupNotFound/,
    ],
    [
      "C-43: offerings and templates of different architectures",
      {
        zone: "zone-02",
        serviceOfferingSelectorTerms: [{ name: "k8s.arm.c4.m16" }],
        templateSelectorTerms: [{ tags: { os: "ubuntu", version: "22.04" }, arch: "amd64" as const }],
      },
      "TemplatesReady",
      /^False ArchMismatch.*arm64.*amd64/,
    ],
    [
      "an unknown variable",
      { userData: "#!/bin/bash\necho {{ .Nothing }}\n" },
      "ValidationSucceeded",
      /^False UnknownVariable/,
    ],
    [
      "T-37: custom offerings without sizes",
      { serviceOfferingSelectorTerms: [{ name: "custom-unconstrained" }] },
      "ServiceOfferingsReady",
      /^False CustomOfferingNeedsShapes/,
    ],
  ];

  it.each(cases)("%s", async (_, spec, condition, text) => {
    await start({ spec });
    expect(await bench.condition(condition)).toMatch(text);
    expect(await bench.condition("Ready")).toMatch(/^False/);
  });

  it("T-58: user data that is too long is refused before anything is bought", async () => {
    let state = 1;
    const next = (): number => (state = (state * 48_271) % 2_147_483_647);
    const noise = Array.from({ length: 60_000 }, () => String.fromCharCode(97 + (next() % 26))).join("");
    await start({ spec: { userData: `#!/bin/bash\n# ${noise}\n` } });
    expect(await bench.condition("BootstrapReady")).toMatch(/^False UserDataTooLarge.*32768/);
    expect(bench.calls("deployVirtualMachine")).toEqual([]);
  });

  it("T-58: a long script that compresses well passes", async () => {
    await start({ spec: { userData: `#!/bin/bash\n${"echo the same line again\n".repeat(1300)}` } });
    expect(await bench.condition("Ready")).toMatch(/^True/);
  });

  it("T-22, G-13: a network that sleeps is usable, and wakes up", async () => {
    await start({ spec: { networkSelectorTerms: [{ tags: { "karpenter.sh/discovery": "fresh" } }] } });
    await bench.launch("a1");
    expect(bench.fake.state().networks).toContainEqual(
      expect.objectContaining({ name: "k8s-fresh", state: "Implemented" }),
    );
  });

  it("T-24, G-01: an entry of the offerings file makes offerings selectable, without a restart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "offerings-"));
    const path = join(folder, "offerings.json");
    await writeFile(path, "[]");
    await start({
      spec: { serviceOfferingSelectorTerms: [{ tags: { team: "x" } }] },
      env: { CLOUDSTACK_OFFERINGS_FILE: path },
    });
    expect(await bench.condition("Ready")).toMatch(/^False/);
    await writeFile(path, JSON.stringify([{ match: { name: "Medium Instance" }, tags: { team: "x" }, price: 0.02 }]));
    await bench.pass(60_000);
    expect(await bench.condition("Ready")).toMatch(/^True/);
    expect((await bench.types()).map(({ name, offerings }) => [name, offerings[0]?.price?.amount])).toEqual([
      ["Medium-Instance", 0.02],
    ]);
    await rm(folder, { recursive: true });
  });

  it("C-46: a price that is none is left out, and an event says so", async () => {
    await start();
    bench.fake.outside.edit("offerings", "medium", {
      serviceofferingdetails: { "karpenter.sh/discovery": "my-cluster", "karpenter.k8s.cloudstack/price": "-1" },
    });
    await bench.pass(6 * 60_000);
    expect(bench.eventReasons()).toContain("InvalidPrice");
    expect((await bench.type("medium"))?.offerings[0]?.price?.amount).toBeGreaterThan(0);
  });

  it("C-31, §5: a zone in another spelling is found and told of; the status names the disks", async () => {
    await start({ spec: { zone: "ZONE-01", diskOffering: "Small" } });
    expect(await bench.condition("Ready")).toMatch(/^True/);
    expect(bench.eventReasons()).toContain("ZoneSpelling");
    expect((await bench.nodeClass()).status?.diskOfferings).toMatchObject([{ name: "Small" }]);
  });

  it("T-26: an OS type alone picks its template", async () => {
    await start({ spec: { templateSelectorTerms: [{ osType: "Rocky Linux 9" }] } });
    expect((await bench.nodeClass()).status?.templates).toMatchObject([{ name: "rocky-9-k8s" }]);
  });

  it("T-29, T-30: a zone by its id is the same; a name with spaces becomes a label's value", async () => {
    await start({ spec: { zone: "b8396597-5bdb-51cb-b775-16903c688374" } });
    expect((await bench.nodeClass()).status?.zones).toMatchObject([{ label: "zone-01" }]);
  });

  it("T-30: a zone whose name has spaces is a label's value everywhere", async () => {
    await start();
    const { outside } = bench.fake;
    const edge = { zoneid: "5fce41c3-6561-55a0-8081-ec3c39b49f11", zonename: "Zone 4 Edge" };
    outside.addLike("networks", "k8s-net", { name: "edge-net", ...edge });
    outside.addLike("templates", "ubuntu-22.04-k8s-1.33.2", { name: "edge-ubuntu", ...edge });
    outside.edit("hosts", "kvm-cpu-01", { zone: "Zone 4 Edge", hosttags: "" });
    await bench.pass(6 * 60_000);
    await bench.putClass("edge", { zones: ["Zone 4 Edge", "zone-01"] });
    await bench.pass(5_000);
    expect((await bench.nodeClass("edge")).status?.zones).toContainEqual(
      expect.objectContaining({ name: "Zone 4 Edge", label: "Zone-4-Edge" }),
    );
    const { metadata } = await bench.launch("a1", { nodeClass: "edge", zones: ["Zone-4-Edge"] });
    expect(metadata.labels?.[Label.Zone]).toBe("Zone-4-Edge");
    expect(bench.fake.state().machines).toMatchObject([{ zone: "Zone 4 Edge" }]);
  });

  it("T-07, G-08: a certificate nobody signed is said in the conditions; told not to verify, and only then, it goes on", async () => {
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    await start({ fake: { secure: true } });
    expect(await bench.condition("CredentialsReady")).toMatch(/^\w+ APIUnavailable: .*(certificate|CERT|UNABLE)/i);
    expect(await bench.condition("Ready")).not.toMatch(/^True/);
    await bench.close();
    for (const no of ["false", "FALSE"]) {
      await start({ fake: { secure: true }, env: { CLOUDSTACK_VERIFY_SSL: no } });
      expect(await bench.condition("Ready")).toMatch(/^True/);
      await expect(fetch(bench.fake.url)).rejects.toThrow("fetch failed");
      if (no === "false") await bench.close();
    }
    expect(process.env["NODE_TLS_REJECT_UNAUTHORIZED"]).toBe(before);
  });

  it("G-24: a template that forbids user data of others is refused before anything is bought", async () => {
    await start();
    bench.fake.outside.edit("templates", "ubuntu-22.04-k8s-1.33.2", {
      userdatapolicy: "DENYOVERRIDE",
      userdataid: "x",
    });
    await bench.pass(6 * 60_000);
    expect(await bench.condition("BootstrapReady")).toMatch(/^False UserDataDenied/);
    expect((await bench.refusal("a1")).name).toBe("NodeClassNotReady");
    expect(bench.calls("deployVirtualMachine")).toEqual([]);
  });

  it("G-19: every part of the class has a condition of its own", async () => {
    await start();
    const { status } = await bench.nodeClass();
    expect(status?.conditions?.map(({ type }) => type).toSorted()).toEqual([
      "BootstrapReady",
      "CredentialsReady",
      "DisksReady",
      "NetworksReady",
      "Ready",
      "ServiceOfferingsReady",
      "TemplatesReady",
      "ValidationSucceeded",
      "ZonesReady",
    ]);
  });

  it("G-26: a zone that is closed later says so, and another one serves", async () => {
    await start({ spec: { zones: ["zone-01", "zone-02"] } });
    bench.fake.outside.edit("zones", "zone-01", { allocationstate: "Disabled" });
    await bench.pass(16 * 60_000);
    await bench.launch("a1");
    expect(bench.fake.state().machines).toMatchObject([{ zone: "zone-02" }]);
  });

  it("a wrong key takes readiness away and says what to check", async () => {
    await start({ env: { CLOUDSTACK_SECRET_KEY: "wrong" } });
    expect(await bench.condition("CredentialsReady")).toMatch(/^False Unauthorized: check CLOUDSTACK_API_KEY/);
  });

  it("T-61: a role that lacks one API leaves the credentials ready and names it", async () => {
    await start({
      fake: { switches: { deniedCommands: ["createAffinityGroup"] } },
      spec: { affinityGroups: { managed: { type: "host anti-affinity" } } },
    });
    await bench.refusal("a1");
    expect(await bench.condition("ValidationSucceeded")).toMatch(/^False Unauthorized.*createAffinityGroup/);
    expect(await bench.condition("CredentialsReady")).toMatch(/^True/);
  });

  it("§5: an API that is down leaves a ready class ready for fifteen minutes", async () => {
    await start();
    bench.fake.faults([{ fault: "status", status: 503 }]);
    await bench.pass(10 * 60_000);
    expect(await bench.condition("Ready")).toMatch(/^True/);
    await bench.pass(20 * 60_000);
    expect(await bench.condition("Ready")).not.toMatch(/^True/);
    bench.fake.faults([]);
  });

  it("a managed affinity group is made for the pool and goes with the class", async () => {
    await start({
      spec: { affinityGroups: { managed: { type: "non-strict host anti-affinity" } } },
      fake: { as: "user", switches: { allowUserExpunge: true } },
    });
    await bench.launch("a1");
    expect(bench.fake.state().affinityGroups).toContainEqual(
      expect.objectContaining({ name: "karpenter-prod-default-default" }),
    );
    await bench.remove("a1");
    await bench.pass(10_000);
    await bench.kube.delete(CloudStackNodeClasses, { name: "default" });
    await bench.pass(11 * 60_000);
    expect(bench.fake.state().affinityGroups.map(({ name }) => name)).toEqual(["k8s-anti", "k8s-soft-anti"]);
  });
});

describe("what people should know of the site", () => {
  const notes = (reason: string): readonly string[] =>
    bench.events.notes.flatMap((note) => (note.reason === reason ? [note.message] : []));

  it("an offering with a lease ends its machines: its class says so, and works", async () => {
    await start();
    expect(notes("LeasedOffering")).toEqual([]);
    bench.fake.outside.edit("offerings", "medium", { leaseduration: 7, leaseexpiryaction: "DESTROY" });
    bench.fake.outside.edit("offerings", "large", { leaseduration: -1 });
    await bench.pass(6 * 60_000);
    expect(notes("LeasedOffering")[0]).toMatch(/offering medium after 7 days/);
    expect(notes("LeasedOffering").filter((message) => message.includes("large"))).toEqual([]);
    expect(await bench.condition("Ready")).toMatch(/^True/);
  });

  it("a network that hands no user data on is named", async () => {
    await start();
    expect(notes("NetworkWithoutUserData")).toEqual([]);
    bench.fake.outside.edit("networks", "k8s-net", { service: [{ name: "Dhcp" }] });
    await bench.pass(2 * 60_000);
    expect(notes("NetworkWithoutUserData")[0]).toMatch(/k8s-net in zone-01/);
    expect(await bench.condition("Ready")).toMatch(/^True/);
  });
});

describe("drift", () => {
  const drift = async (name = "a1"): Promise<string> =>
    bench.during(bench.provider.isDrifted(await bench.claim(name), { signal: bench.signal }));

  it("T-78, G-21: a newer template with the same tags, for machines of its zone and architecture only", async () => {
    await start({ spec: { zones: ["zone-01", "zone-02"], templateSelectorTerms: [{ tags: { os: "ubuntu" } }] } });
    await bench.launch("a1", { zones: ["zone-01"] });
    await bench.launch("a2", { zones: ["zone-02"] });
    await bench.launch("arm", { types: ["k8s.arm.c4.m16"] });
    expect([await drift(), await drift("a2"), await drift("arm")]).toEqual(["", "", ""]);
    const used = bench.fake.state().machines.find(({ name }) => name === "a1")?.template ?? "";
    const zoneid = "b8396597-5bdb-51cb-b775-16903c688374";
    bench.fake.outside.addLike("templates", used, { name: "newer", created: "2026-11-01T00:00:00+0000", zoneid });
    await bench.pass(6 * 60_000);
    expect([await drift(), await drift("a2"), await drift("arm")]).toEqual(["TemplateDrift", "", ""]);
    await bench.launch("a3", { zones: ["zone-01"] });
    expect(bench.fake.state().machines.find(({ name }) => name === "a3")?.template).toBe("newer");
    expect(await drift("a3")).toBe("");
  });

  it("T-79, G-21: a network that lost its tag", async () => {
    await start();
    await bench.launch("a1");
    bench.fake.outside.edit("networks", "k8s-net", { tags: [] });
    bench.fake.outside.edit("networks", "vpc-tier-a", {
      tags: [{ key: "karpenter.sh/discovery", value: "my-cluster" }],
    });
    await bench.pass(2 * 60_000);
    expect(await drift()).toBe("NetworkDrift");
  });

  it("T-80: an offering that lost its detail, seen twice", async () => {
    await start();
    await bench.launch("a1");
    bench.fake.outside.edit("offerings", "medium", { serviceofferingdetails: {} });
    await bench.pass(6 * 60_000);
    expect(await drift()).toBe("");
    await bench.pass(6 * 60_000);
    expect(await drift()).toBe("ServiceOfferingDrift");
  });

  it("a machine that was rescaled by hand", async () => {
    await start();
    await bench.launch("a1");
    bench.fake.outside.rescale("a1", "large");
    expect(await drift()).toBe("ServiceOfferingDrift");
  });

  it("T-81: while the API is down there is no drift", async () => {
    await start();
    await bench.launch("a1");
    bench.fake.faults([{ fault: "status", status: 503 }]);
    await bench.pass(10 * 60_000);
    expect(await drift().catch(() => "not known")).toBe("not known");
    bench.fake.faults([]);
    await bench.pass(2 * 60_000);
    expect(await drift()).toBe("");
  });

  it("T-82, T-83: other user data drifts; a stamp of another version does not", async () => {
    await start();
    await bench.launch("a1");
    await bench.kube.patch(
      CloudStackNodeClasses,
      { name: "default" },
      { type: "merge", body: { spec: { userData: "#!/bin/bash\necho other\n" } } },
    );
    await bench.pass(1_000);
    expect(await drift()).toBe("NodeClassDrift");
    const annotations = { "karpenter.k8s.cloudstack/nodeclass-hash-version": "v0" };
    await bench.kube.patch(NodeClaims, { name: "a1" }, { type: "merge", body: { metadata: { annotations } } });
    expect(await drift()).toBe("");
  });

  it("T-82, G-19: a claim that an older version stamped is stamped anew, also with another hash, and has not drifted", async () => {
    await start();
    await bench.launch("a1");
    const { annotations: fresh } = (await bench.claim("a1")).metadata;
    const annotations = {
      "karpenter.k8s.cloudstack/nodeclass-hash": "0123456789abcdef",
      "karpenter.k8s.cloudstack/nodeclass-hash-version": "v0",
    };
    await bench.kube.patch(NodeClaims, { name: "a1" }, { type: "merge", body: { metadata: { annotations } } });
    await bench.pass(1_000);
    expect(await drift()).toBe("");
    expect((await bench.claim("a1")).metadata.annotations).toEqual(fresh);
  });

  it("T-82: what had drifted before the upgrade has still drifted after it", async () => {
    await start();
    await bench.launch("a1");
    const lastTransitionTime = new Date(bench.clock.now()).toISOString();
    const conditions = [{ type: "Drifted", status: "True", reason: "NodeClassDrift", message: "", lastTransitionTime }];
    await bench.kube.patchStatus(NodeClaims, { name: "a1" }, { type: "merge", body: { status: { conditions } } });
    const annotations = {
      "karpenter.k8s.cloudstack/nodeclass-hash": "0123456789abcdef",
      "karpenter.k8s.cloudstack/nodeclass-hash-version": "v0",
    };
    await bench.kube.patch(NodeClaims, { name: "a1" }, { type: "merge", body: { metadata: { annotations } } });
    await bench.pass(1_000);
    expect((await bench.claim("a1")).metadata.annotations).toMatchObject({
      "karpenter.k8s.cloudstack/nodeclass-hash": "0123456789abcdef",
      "karpenter.k8s.cloudstack/nodeclass-hash-version": "v1",
    });
    expect(await drift()).toBe("NodeClassDrift");
  });

  it("G-21: a claim without a stamp has not drifted", async () => {
    await start();
    await bench.launch("a1");
    const annotations = { "karpenter.k8s.cloudstack/nodeclass-hash": null };
    await bench.kube.patch(NodeClaims, { name: "a1" }, { type: "merge", body: { metadata: { annotations } } });
    await bench.pass(1_000);
    expect(await drift()).toBe("");
  });
});
