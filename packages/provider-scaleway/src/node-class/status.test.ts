import { Label } from "@karpenter-multicloud/core/api";
import { afterEach, describe, expect, it } from "vitest";

import { ScalewayNodeClasses } from "../api/scaleway-node-class.ts";
import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import { Bench } from "../test-bench.ts";
import { CLASS_MISTAKES } from "../test-class-mistakes.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;
afterEach(() => bench.close());

const start = async (options: BenchOptions = {}): Promise<void> => {
  bench = await Bench.start(options);
};
const edit = async (spec: ScalewayNodeClassSpec): Promise<void> => {
  await bench.kube.patch(ScalewayNodeClasses, { name: "default" }, { type: "merge", body: { spec } });
  await bench.pass(5_000);
};
const drift = async (name: string): Promise<string> =>
  bench.during(bench.provider.isDrifted(await bench.claim(name), { signal: bench.signal }));
const MINUTE = 60_000;

describe("conditions of a class (§3)", () => {
  it("a class of defaults is ready, with zones, images and a number of types", async () => {
    await start();
    expect(await bench.condition("Ready")).toContain("True");
    const { status } = await bench.nodeClass();
    expect(status?.zones).toEqual(["fr-par-1", "fr-par-2"]);
    expect(status?.images?.some(({ label, gpu }) => label === "ubuntu_noble_gpu_os_13_nvidia" && gpu)).toBe(true);
    expect(status?.instanceTypeCount).toBeGreaterThan(100);
  });

  it("a key that was revoked is told of, by its own condition", async () => {
    await start();
    bench.fake.outside.revokeKey(bench.fake.credentials.accessKey);
    await bench.pass(6 * MINUTE);
    expect(await bench.condition("CredentialsReady")).toContain("False Unauthorized");
  });

  it("T-42: a label without an image for the root volume gives way to the next; none names zone and term", async () => {
    await start({ spec: { imageSelectorTerms: [{ label: "nowhere" }, { label: "ubuntu_jammy" }] } });
    expect(await bench.type("PRO2-S")).toBeDefined();
    await edit({ imageSelectorTerms: [{ label: "nowhere" }] });
    expect(await bench.condition("ImagesReady")).toMatch(/^False ImageNotFound: .*fr-par-1/);
  });

  describe("W-29: a type that no image fits", () => {
    const NOTE = "NoImageForInstanceType";
    const told = (): readonly string[] =>
      bench.events.notes.flatMap(({ reason, message }) => (reason === NOTE ? [message] : []));

    it("is told of, each with the zones in which it is not offered, and not again and again", async () => {
      await start({ spec: { instanceTypeSelector: { include: ["PRO2-XXS", "COPARM1-2C-8G", "L4-1-24G"] } } });
      expect(told()).toEqual([]);
      const id = bench.fake.outside.addImage("own", "fr-par-2", "arm64");
      await edit({ imageSelectorTerms: [{ id }, { label: "ubuntu_noble_gpu_os_13_nvidia", gpu: true }] });
      expect(told().map((message) => message.split(":")[0])).toEqual([
        "instance type PRO2-XXS is not offered in fr-par-1, fr-par-2 for want of an image",
      ]);
      expect(await bench.type("PRO2-XXS")).toBeUndefined();
      expect(await bench.type("L4-1-24G")).toBeDefined();
      await bench.pass(30 * MINUTE);
      // The recorder tells each of them once in that time.
      const notes = bench.events.notes.filter(({ reason }) => reason === NOTE);
      const keys = notes.map(({ dedupeKey, dedupeFor }) => [dedupeKey, dedupeFor]);
      expect(new Set(keys.map((key) => JSON.stringify(key))).size).toBe(1);
      expect(keys[0]?.[1]).toBe(60 * MINUTE);
    });

    it("is not told of where the terms themselves leave it out", async () => {
      await start({ spec: { imageSelectorTerms: [{ label: "ubuntu_noble_gpu_os_13_nvidia", gpu: true }] } });
      expect(await bench.type("L4-1-24G")).toBeDefined();
      expect(told().filter((message) => message.includes("PRO2"))).toEqual([]);
    });

    it("beyond twenty the others stand in one", async () => {
      await start();
      const id = bench.fake.outside.addImage("own", "fr-par-1", "arm64");
      await edit({ zones: ["fr-par-1"], imageSelectorTerms: [{ id }] });
      expect(told()).toHaveLength(21);
      expect(told().at(-1)).toMatch(/^\d{2,} more instance types are not offered somewhere for want of an image: /);
    });
  });

  it("T-68: a zone without the security group drops out, and the class works while one is left", async () => {
    await start({ spec: { zones: ["fr-par-1", "pl-waw-2"] } });
    bench.fake.outside.addSecurityGroup("fr-par-1", "nodes");
    await edit({ securityGroup: { name: "nodes" } });
    expect((await bench.nodeClass()).status?.zones).toEqual(["fr-par-1"]);
    expect(await bench.condition("Ready")).toContain("True");
    const zones = (await bench.types()).flatMap(({ offerings }) =>
      offerings.map(({ requirements }) => requirements.get(Label.Zone).any()),
    );
    expect([...new Set(zones)]).toEqual(["fr-par-1"]);
  });

  it("W-47: kubeadm's bindings that are missing are named, and are no reason to stop", async () => {
    await start();
    expect(await bench.condition("BootstrapReady")).toMatch(
      /^True .*ClusterRoleBinding kubeadm:kubelet-bootstrap, kubeadm:node-autoapprove-bootstrap/,
    );
    expect(await bench.condition("Ready")).toMatch(/^True/);
  });

  it("a managed placement group is made once per zone and goes with the class", async () => {
    await start({ spec: { placementGroup: { policyType: "max_availability" } } });
    expect((await bench.nodeClass()).status?.placementGroups).toHaveLength(2);
    expect(bench.writes("createPlacementGroup")).toHaveLength(2);
    await bench.kube.delete(ScalewayNodeClasses, { name: "default" });
    await bench.pass(5_000);
    expect(bench.writes("deletePlacementGroup")).toHaveLength(2);
  });
});

describe("rules of the kind (T-69)", () => {
  it.each(CLASS_MISTAKES)("a mistake in %s is refused by its name", async (field, spec) => {
    await start();
    await expect(bench.putClass("wrong", spec)).rejects.toThrow(field);
  });

  it("bootstrap.type cannot be changed", async () => {
    await start();
    await expect(edit({ bootstrap: { type: "custom" }, userData: "#!/bin/sh" })).rejects.toThrow("bootstrap.type");
  });
});

describe("drift (W-52)", () => {
  it("T-66: a new build of the image drifts once the cache has expired", async () => {
    await start();
    await bench.launch("a");
    expect(await drift("a")).toBe("");
    bench.fake.outside.rotateImages("ubuntu_noble");
    await bench.pass(11 * MINUTE);
    expect(await drift("a")).toBe("ImageDrift");
  });

  it("T-66: an image that was selected by its id stays what it is", async () => {
    await start({ spec: { zones: ["fr-par-1"] } });
    const id = bench.fake.outside.addImage("mine", "fr-par-1");
    await edit({ imageSelectorTerms: [{ id }] });
    await bench.launch("a");
    bench.fake.outside.rotateImages("ubuntu_noble");
    await bench.pass(11 * MINUTE);
    expect(await drift("a")).toBe("");
  });

  it("T-67: other tags are drift, other zones are not", async () => {
    await start();
    await bench.launch("a");
    await edit({ zones: ["fr-par-1"] });
    expect(await drift("a")).toBe("");
    await edit({ tags: ["team=ml"] });
    expect(await drift("a")).toBe("NodeClassDrift");
  });

  it("a security group changed by hand is drift", async () => {
    await start({ spec: { zones: ["fr-par-1"] } });
    bench.fake.outside.addSecurityGroup("fr-par-1", "nodes");
    await edit({ securityGroup: { name: "nodes" } });
    await bench.launch("a");
    const other = bench.fake.outside.addSecurityGroup("fr-par-1", "other");
    bench.fake.outside.setSecurityGroup("a", other.id);
    await bench.pass(2 * MINUTE);
    expect(await drift("a")).toBe("SecurityGroupDrift");
  });
});

describe("settings of a running provider", () => {
  it("W-51: how often and after how long servers without NodeClaim go can be set", async () => {
    await start();
    expect(bench.provider.settings()).toMatchObject({ orphanInterval: 2 * MINUTE, orphanAge: 5 * MINUTE });
    await bench.close();
    await start({ env: { SCW_GC_INTERVAL: "30s", SCW_GC_MIN_AGE: "10m" } });
    expect(bench.provider.settings()).toMatchObject({ orphanInterval: 30_000, orphanAge: 10 * MINUTE });
  });

  it("S-06: aliases can be added", async () => {
    await start({ env: { SCW_INSTANCE_TYPE_ALIASES: "big=H100-2-80G, tiny = PLAY2-NANO" } });
    const values = bench.provider.settings().normalizedValues?.[Label.InstanceType] ?? {};
    expect([values["BIG"], values["tiny"], values["l4"]]).toEqual(["H100-2-80G", "PLAY2-NANO", "L4-1-24G"]);
  });
});
