import { Label, NodeClaims, Secrets } from "@karpenter-multicloud/core/api";
import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { LEGACY_INSTANCE_TYPE, SCALEWAY_GPU } from "../api/labels.ts";
import { Bench, serverIdOf } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import { syncTags } from "../testing/index.ts";
import type { FakeFault, ViolationKind } from "../testing/index.ts";

let bench: Bench;
let provoked: readonly ViolationKind[] = [];
afterEach(async () => {
  await bench.close(...provoked);
  provoked = [];
});

const start = async (options: BenchOptions = {}): Promise<void> => {
  bench = await Bench.start(options);
};
const operations = (): readonly string[] =>
  bench.fake
    .requestLog()
    .map(({ operation }) => operation)
    .filter((name) => MACHINE_CALLS.includes(name));
const MACHINE_CALLS = [
  "createIp",
  "createVolume",
  "createServer",
  "updateBlockVolume",
  "createNic",
  "setUserData",
  "serverAction",
];
const nothingLeft = (): void => {
  expect(bench.fake.state().machines).toEqual([]);
  expect([...bench.fake.leakedVolumes(), ...bench.fake.leakedIps()]).toEqual([]);
};
const isOpenIn = async (zone: string): Promise<boolean | undefined> =>
  (await bench.type("PRO2-XXS"))?.offerings.find(({ requirements }) => requirements.get(Label.Zone).has(zone))
    ?.availability.available;
interface WrittenFile {
  readonly path: string;
  readonly content: string;
}
interface JoinFile {
  readonly nodeRegistration: {
    readonly taints: readonly unknown[];
    readonly kubeletExtraArgs: readonly { readonly name: string; readonly value: string }[];
  };
}
const L4 = { types: ["L4-1-24G"], requests: { "nvidia.com/gpu": "1" } };
const onlyOnce = (fault: Omit<FakeFault, "times">): readonly FakeFault[] => [{ ...fault, times: 1 }];

describe("create (W-40)", () => {
  it("T-28: server, volume tags, user data, then power; the user data is stored raw", async () => {
    await start();
    const claim = await bench.launch("a");
    expect(operations()).toEqual(["createServer", "updateBlockVolume", "setUserData", "serverAction"]);
    const log = bench.fake.requestLog();
    const made = log.findIndex(({ operation }) => operation === "createServer");
    const uid = encodeURIComponent(`karpenter-nodeclaim-uid=${claim.metadata.uid ?? ""}`);
    const looked = log
      .slice(0, made)
      .filter(({ operation }) => operation === "listServers")
      .at(-1);
    expect(looked?.query).toContain(uid);
    const stored = log.find(({ operation }) => operation === "setUserData");
    expect(stored?.path).toMatch(/\/user_data\/cloud-init$/);
    expect(log.slice(log.findIndex(({ operation }) => operation === "serverAction") + 1)[0]?.operation).toBe(
      "getServer",
    );
    const [server] = bench.writes("createServer");
    expect(server?.body).toMatchObject({ name: "a", dynamic_ip_required: true, boot_type: "local", protected: false });
    expect(bench.fake.userData(serverIdOf(claim))).toMatch(/^#cloud-config/);
    const [volume] = bench.fake.state().blockVolumes;
    expect(volume?.["tags"]).toContain("karpenter-nodeclaim=a");
  });

  it("S-21: the log line of the older controller, with the real commercial type", async () => {
    await start();
    await bench.launch("gpu", L4);
    const line = bench.logger.find("creating scaleway instance with cloud-init");
    expect(line).toMatchObject({ level: "info", fields: { commercialType: "L4-1-24G" } });
  });

  it("T-29, T-31: without a public address the body says so, and the private network comes before power", async () => {
    await start({ spec: { zones: ["fr-par-1"] } });
    const network = bench.fake.outside.addPrivateNetwork("fr-par", "nodes");
    await bench.kube.patch(
      (await import("../api/scaleway-node-class.ts")).ScalewayNodeClasses,
      { name: "default" },
      { type: "merge", body: { spec: { publicIP: "none", privateNetworks: [{ id: network.id }] } } },
    );
    await bench.pass(5_000);
    const claim = await bench.launch("private");
    const [server] = bench.writes("createServer");
    expect(server?.body).toMatchObject({ dynamic_ip_required: false });
    expect(Object.keys(server?.body as object)).not.toContain("public_ips");
    expect(operations()).toEqual(["createServer", "updateBlockVolume", "createNic", "setUserData", "serverAction"]);
    expect(bench.fake.userData(serverIdOf(claim))).toContain("02:00:00:");
  });

  it("T-30: a flexible address is made first, carried by the server and released with it", async () => {
    await start({ spec: { publicIP: "flexible" } });
    const claim = await bench.launch("public");
    expect(operations().slice(0, 2)).toEqual(["createIp", "createServer"]);
    const [ip] = bench.fake.state().ips;
    expect(ip).toMatchObject({
      server: { id: serverIdOf(claim) },
      tags: expect.arrayContaining(["karpenter-managed=true"]),
    });
    await bench.remove("public");
    expect(bench.fake.state().ips).toEqual([]);
    nothingLeft();
  });

  it("T-43: GPU types boot the GPU image, others plain Ubuntu", async () => {
    await start();
    await bench.launch("gpu", L4);
    await bench.launch("cpu", { types: ["POP2-2C-8G"] });
    const names = bench.fake.state().servers.map((server) => (server["image"] as { readonly name: string }).name);
    expect(names).toEqual(["Ubuntu Noble GPU OS 13", "Ubuntu 24.04 Noble Numbat"]);
  });

  it("T-49: one bootstrap token per claim, reused by a retry, gone with the user data once registered", async () => {
    await start();
    const claim = await bench.launch("a");
    await bench.launch("a");
    const [secret, ...others] = (await bench.kube.list(Secrets, { namespace: "kube-system" })).items;
    expect(others).toEqual([]);
    const data = (key: string): string => Buffer.from(secret?.data?.[key] ?? "", "base64").toString("utf8");
    expect(secret?.type).toBe("bootstrap.kubernetes.io/token");
    expect(secret?.metadata.name).toBe(`bootstrap-token-${data("token-id")}`);
    expect(bench.fake.userData(serverIdOf(claim))).toContain(`${data("token-id")}.${data("token-secret")}`);
    const left = Date.parse(data("expiration")) - bench.clock.now();
    expect(left).toBeGreaterThan(29 * 60_000);
    expect(left).toBeLessThanOrEqual(30 * 60_000);
    expect(Object.keys(secret?.data ?? {}).toSorted()).toEqual([
      "auth-extra-groups",
      "description",
      "expiration",
      "token-id",
      "token-secret",
      "usage-bootstrap-authentication",
      "usage-bootstrap-signing",
    ]);
    const registered = {
      type: "Registered",
      status: "True",
      reason: "Registered",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    await bench.kube.patchStatus(
      NodeClaims,
      { name: "a" },
      { type: "merge", body: { status: { ...claim.status, conditions: [registered] } } },
    );
    await bench.pass(3 * 60_000);
    expect((await bench.kube.list(Secrets, { namespace: "kube-system" })).items).toEqual([]);
    expect(bench.fake.userData(serverIdOf(claim))).toBeUndefined();
  });

  it("T-50: the kubelet is told its provider id, the unregistered taint and no label of the cloud controller's", async () => {
    await start();
    const claim = await bench.launch("a");
    const text = bench.fake.userData(serverIdOf(claim)) ?? "";
    const { write_files: files } = parse(text) as { readonly write_files: readonly WrittenFile[] };
    const join = parse(files.find(({ path }) => path === "/etc/karpenter/join.yaml")?.content ?? "") as JoinFile;
    const { kubeletExtraArgs, taints } = join.nodeRegistration;
    const args = Object.fromEntries(kubeletExtraArgs.map(({ name, value }) => [name, value]));
    expect(args["provider-id"]).toBe(`scaleway://instance/fr-par-1/${serverIdOf(claim)}`);
    expect(claim.status?.providerID).toBe(args["provider-id"]);
    expect(taints).toContainEqual({ key: "karpenter.sh/unregistered", effect: "NoExecute" });
    const labels = (args["node-labels"] ?? "").split(",").map((label) => label.split("=")[0] ?? "");
    expect(labels).toEqual(expect.arrayContaining(["karpenter.sh/nodepool", "karpenter.sh/capacity-type"]));
    expect(labels.filter((label) => label.startsWith("k8s.scaleway.com/"))).toEqual([]);
  });

  it("T-51, W-33: tags survive the cloud controller's sync", async () => {
    await start({ spec: { tags: ["team=ml"] } });
    await bench.launch("a");
    const [machine] = bench.fake.state().machines;
    const { labels, errors } = syncTags(machine?.tags ?? []);
    expect(errors).toEqual([]);
    expect(labels).toMatchObject({ "k8s.scaleway.com/karpenter-nodepool": "default", "k8s.scaleway.com/team": "ml" });
  });

  it("W-21: the label is spelled as the waiting pods spell it", async () => {
    await start();
    const claim = await bench.launch("gpu", { ...L4, capacityTypes: [SCALEWAY_GPU] });
    expect(claim.metadata.labels).toMatchObject({ [LEGACY_INSTANCE_TYPE]: "l4", [Label.CapacityType]: SCALEWAY_GPU });
  });
});

describe("idempotence (W-42)", () => {
  it("T-32: when the answer to POST is lost, the server is found by its tag", async () => {
    await start();
    bench.fake.faults(onlyOnce({ match: { operation: "createServer" }, fault: "timeoutAfter", delayMs: 1 }));
    const claim = await bench.launch("a");
    expect(bench.fake.state().machines.map(({ id }) => id)).toEqual([serverIdOf(claim)]);
    expect(bench.writes("createServer")).toHaveLength(1);
  });

  it("T-33: a process that died before power-on goes on with the same server", async () => {
    await start();
    await bench.putClaim("a");
    bench.fake.faults([{ match: { operation: "setUserData" }, fault: "timeoutBefore" }]);
    const dying = bench.provider.create(await bench.claim("a"), { signal: bench.signal });
    dying.catch(() => {});
    await bench.pass(3_000);
    bench.fake.faults([]);
    await bench.restart();
    const claim = await bench.launch("a");
    expect(bench.writes("createServer")).toHaveLength(1);
    expect(bench.fake.state().machines).toMatchObject([{ id: serverIdOf(claim), state: "running" }]);
  });

  it("asked twice for one claim it answers the same machine", async () => {
    await start();
    const first = await bench.launch("a");
    const again = await bench.launch("a");
    expect(again.status?.providerID).toBe(first.status?.providerID);
    expect(bench.writes("createServer")).toHaveLength(1);
  });

  it("T-34: of two servers of one claim the older stays, the younger goes with its volume", async () => {
    await start();
    const claim = await bench.putClaim("a");
    const tags = [
      "karpenter-managed=true",
      "karpenter-cluster=prod",
      `karpenter-nodeclaim-uid=${claim.metadata.uid ?? ""}`,
    ];
    provoked = ["ServerCreatedTwice"];
    const request = { commercialType: "PRO2-XXS", tags, foreign: false };
    const older = bench.fake.outside.addServer("fr-par-1", { name: "a", ...request });
    await bench.pass(1_000);
    bench.fake.outside.addServer("fr-par-2", { name: "a-2", ...request });
    const launched = await bench.launch("a");
    expect(serverIdOf(launched)).toBe(older.id);
    expect(bench.fake.state().machines.map(({ id }) => id)).toEqual([older.id]);
    for (let passed = 0; passed <= 12; passed += 2) {
      await bench.collect();
      await bench.pass(2 * 60_000);
    }
    expect(bench.fake.state().blockVolumes).toHaveLength(1);
    expect(bench.fake.leakedVolumes()).toEqual([]);
  });
});

describe("refusals (§9)", () => {
  it("T-35: a used-up quota closes the type everywhere, says so, and another type serves", async () => {
    await start({ spec: { zones: ["fr-par-1", "fr-par-2"] } });
    bench.fake.outside.setQuota("L4-1-24G", 1);
    bench.fake.outside.addServer("fr-par-1", {
      name: "other",
      commercialType: "L4-1-24G",
      image: "ubuntu_noble_gpu_os_12",
    });
    bench.fake.outside.setAvailability("L40S-1-48G", "fr-par-2", "available");
    const claim = await bench.launch("gpu", { types: ["L4-1-24G", "L40S-1-48G"], requests: { "nvidia.com/gpu": "1" } });
    expect(claim.metadata.labels?.[Label.InstanceType]).toBe("L40S-1-48G");
    expect(bench.events.notes).toContainEqual(
      expect.objectContaining({ reason: "QuotaExceeded", message: expect.stringContaining("1/1") }),
    );
    const isClosed = async (): Promise<boolean> =>
      (await bench.type("L4-1-24G"))?.offerings.every(({ availability }) => !availability.available) === true;
    expect(await isClosed()).toBe(true);
    await bench.pass(29 * 60_000);
    expect(await isClosed()).toBe(true);
    await bench.pass(2 * 60_000);
    expect(await isClosed()).toBe(false);
  });

  it.each([412, 403, 503])(
    "T-36: out_of_stock at power-on with status %i: cleaned up, next candidate",
    async (status) => {
      await start();
      bench.fake.faults([{ match: { zone: "fr-par-1" }, fault: "outOfStock", status }]);
      const claim = await bench.launch("a");
      expect(claim.status?.providerID).toContain("/fr-par-2/");
      expect(bench.fake.state().machines).toHaveLength(1);
      expect(bench.writes("deleteServer")).toHaveLength(1);
      expect(bench.writes("deleteBlockVolume")).toHaveLength(1);
      expect(bench.fake.leakedVolumes()).toEqual([]);
      expect(await isOpenIn("fr-par-1")).toBe(false);
      await bench.pass(3 * 60_000);
      expect(await isOpenIn("fr-par-1")).toBe(true);
    },
  );

  it("T-37: a server that stops again after power-on was out of stock too", async () => {
    await start();
    bench.fake.faults([{ match: { zone: "fr-par-1" }, fault: "outOfStock", at: "afterwards" }]);
    const claim = await bench.launch("a");
    expect(claim.status?.providerID).toContain("/fr-par-2/");
    expect(bench.fake.state().machines.map(({ zone }) => zone)).toEqual(["fr-par-2"]);
    expect(bench.writes("deleteServer")).toHaveLength(1);
    expect(bench.writes("deleteBlockVolume")).toHaveLength(1);
    expect(bench.fake.leakedVolumes()).toEqual([]);
    expect([await isOpenIn("fr-par-1"), await isOpenIn("fr-par-2")]).toEqual([false, true]);
    await bench.pass(3 * 60_000);
    expect(await isOpenIn("fr-par-1")).toBe(true);
  });

  it("T-38: the first API's words for a quota are understood", async () => {
    await start();
    bench.fake.switches.quotaError = "legacy";
    bench.fake.outside.setQuota("PRO2-XXS", 0);
    const error = await bench.refusal("a");
    expect(error.name).toBe("InsufficientCapacity");
    expect(error.message).toContain("the quota of PRO2-XXS is used up");
    expect([await isOpenIn("fr-par-1"), await isOpenIn("fr-par-2")]).toEqual([false, false]);
  });

  it("T-39: user data that is refused: the server goes and never gets power", async () => {
    await start();
    bench.fake.faults([{ match: { operation: "setUserData" }, fault: "status", type: "invalid_arguments" }]);
    await bench.refusal("a");
    expect(bench.writes("serverAction")).toEqual([]);
    expect(bench.writes("deleteServer")).toHaveLength(1);
    expect(bench.fake.state().blockVolumes).toEqual([]);
    nothingLeft();
  });

  it("W-45: no log line, event, error or condition shows user data, or what is secret in it", async () => {
    await start();
    bench.fake.faults([{ match: { operation: "setUserData" }, fault: "status", type: "invalid_arguments" }]);
    const error = await bench.refusal("a");
    bench.fake.faults([]);
    const claim = await bench.launch("b");
    const text = bench.fake.userData(serverIdOf(claim)) ?? "";
    const [, secret = ""] = /token: ([a-z0-9]{6}\.[a-z0-9]{16})/.exec(text) ?? [];
    expect(secret).toHaveLength(23);
    const { lines } = bench.logger;
    const shown = JSON.stringify([lines, bench.events.notes, await bench.claims(), await bench.nodeClass()]);
    for (const hidden of [secret.slice(7), "JoinConfiguration", bench.fake.credentials.secretKey]) {
      expect(`${shown}${error.message}`).not.toContain(hidden);
    }
    expect(shown).not.toMatch(/token: [a-z0-9]{6}\./);
  });

  it("T-40: 429 with reset_seconds is waited for, and one server is made", async () => {
    await start();
    const fault = { match: { operation: "createServer" }, fault: "status", type: "too_many_requests" } as const;
    bench.fake.faults(onlyOnce({ ...fault, fields: { reset_seconds: 2 } }));
    const before = bench.clock.now();
    await bench.launch("a");
    const [refused, made, ...others] = bench.writes("createServer");
    expect(others).toEqual([]);
    expect((made?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(2_000);
    expect(bench.clock.now()).toBeGreaterThan(before);
    expect(bench.fake.state().machines).toHaveLength(1);
  });

  it("T-41: a key without the right to volumes makes the class unready and pauses launches for a minute", async () => {
    const key = { accessKey: "SCWAAAAAAAAAAAAAAAAA", secretKey: "11111111-2222-4333-8444-555555555555" };
    await start({ fake: { keys: [{ ...key, mayNotWrite: ["volume"] }] } });
    const error = await bench.refusal("a");
    expect(error.message).toContain("BlockStorageFullAccess");
    expect(await bench.condition("CredentialsReady")).toMatch(/^False Forbidden: .*Block Storage/);
    const tries = bench.writes("createServer").length;
    await bench.pass(5_000);
    await bench.refusal("a");
    expect(bench.writes("createServer")).toHaveLength(tries);
    await bench.pass(60_000);
    await bench.refusal("a");
    expect(bench.writes("createServer").length).toBeGreaterThan(tries);
  });

  it("W-11: what was refused is told by type and zone, and open again once one was got", async () => {
    const metrics = new PromMetrics();
    await start({ metrics });
    const series = async (): Promise<readonly string[]> => {
      await bench.collect();
      const text = await metrics.render();
      return text.split("\n").filter((line) => line.startsWith("karpenter_scaleway_unavailable_offerings{"));
    };
    bench.fake.faults([{ match: { zone: "fr-par-1" }, fault: "outOfStock" }]);
    await bench.launch("a");
    const told = 'karpenter_scaleway_unavailable_offerings{instance_type="PRO2-XXS",zone="fr-par-1"} 1';
    expect(await series()).toEqual([told]);
    await bench.pass(3 * 60_000);
    expect(await series()).toEqual([]);
    // A second miss closes it for twice as long.
    await bench.launch("b");
    await bench.pass(5 * 60_000);
    expect(await isOpenIn("fr-par-1")).toBe(false);
    await bench.pass(60_000);
    expect(await isOpenIn("fr-par-1")).toBe(true);
  });

  it("W-11: a type that the key may not make is left alone for ten minutes", async () => {
    await start();
    const details = [{ action: "write", resource: "instance_server" }];
    const fault = { match: { operation: "createServer" }, fault: "status", type: "permissions_denied" } as const;
    bench.fake.faults(onlyOnce({ ...fault, status: 403, fields: { details } }));
    await bench.refusal("a");
    expect(await isOpenIn("fr-par-1")).toBe(false);
    await bench.pass(10 * 60_000);
    expect(await isOpenIn("fr-par-1")).toBe(true);
  });

  it("T-44: an image that is gone at POST makes the class be looked at again", async () => {
    await start();
    bench.fake.outside.rotateImages("ubuntu_noble");
    const error = await bench.refusal("a");
    expect(error.name).toBe("NodeClassNotReady");
    expect(error.message).toContain("instance_image");
    expect((await bench.launch("a")).status?.providerID).toBeDefined();
  });

  it("T-45, T-46: JSON under a longer content type, and a slash at the address's end, do no harm", async () => {
    await start();
    bench.fake.switches.contentType = "application/json; charset=utf-8";
    expect((await bench.launch("a")).status?.providerID).toBeDefined();
  });

  it("T-48: user data beyond the limit is refused before anything is bought", async () => {
    await start({ spec: { userData: `#cloud-config\n# ${"x".repeat(102_000)}` } });
    expect(await bench.condition("BootstrapReady")).toContain("UserDataTooLarge");
    await bench.refusal("a");
    expect(bench.writes()).toEqual([]);
  });
});
