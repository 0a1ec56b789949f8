import { Secrets } from "@karpenter-multicloud/core/api";
import { KubeError } from "@karpenter-multicloud/core/kube";
import { afterEach, describe, expect, it } from "vitest";

import { Bench, machineIdOf } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

/** With what is in base64 inside it. */
const userData = (name: string): string => {
  const text = bench.fake.userData(name) ?? "";
  const blocks = text.match(/(?:^[A-Za-z0-9+/=]{60,76}\r?\n)+[A-Za-z0-9+/=]*$/gm) ?? [];
  return [text, ...blocks.map((block) => Buffer.from(block, "base64").toString("utf8"))].join("\n");
};

const machine = (): Readonly<Record<string, unknown>> => bench.fake.state().virtualMachines[0] ?? {};

describe("security groups (§5)", () => {
  const spec = { securityGroups: [{ name: "k8s-nodes" }] };

  it("are found by name and sent where the zone has them", async () => {
    await start({ spec: { ...spec, zone: "zone-02" } });
    expect(await bench.condition("ZonesReady")).toMatch(/^False SecurityGroupsNotEnabled.*zone-02/);
    bench.fake.outside.edit("zones", "zone-02", { securitygroupsenabled: true });
    await bench.pass(16 * 60_000);
    expect(await bench.condition("Ready")).toMatch(/^True/);
    await bench.launch("a1");
    expect(machine()).toMatchObject({ securitygroup: [{ name: "k8s-nodes" }], zonename: "zone-02" });
  });

  it("a zone without them is not used while another has them", async () => {
    await start({ spec: { ...spec, zones: ["zone-01", "zone-02"] } });
    bench.fake.outside.edit("zones", "zone-02", { securitygroupsenabled: true });
    await bench.pass(16 * 60_000);
    expect(await bench.condition("ZonesReady")).toMatch(/^True.*zone zone-01 has no security groups/);
    await bench.launch("a1");
    expect(machine()).toMatchObject({ zonename: "zone-02" });
  });

  it("one that is none is named", async () => {
    await start({ spec: { securityGroups: [{ name: "nothing" }] } });
    expect(await bench.condition("ValidationSucceeded")).toMatch(/^False SecurityGroupNotFound.*nothing/);
  });

  it("in a Basic zone no network is named", async () => {
    await start({ spec: { ...spec, zone: "zone-02" } });
    bench.fake.outside.edit("zones", "zone-02", { securitygroupsenabled: true, networktype: "Basic" });
    await bench.pass(16 * 60_000);
    await bench.launch("a1");
    expect(bench.calls("deployVirtualMachine")).toMatchObject([{ status: 200 }]);
    expect(bench.calls("deployVirtualMachine")[0]?.body).not.toHaveProperty("networkids");
  });
});

describe("account and domain (§5)", () => {
  const spec = { account: "k8s", domain: "tenant-a" };

  it("an administrator buys machines for another account, sees them and removes them", async () => {
    await start({ spec, fake: { as: "admin" } });
    expect(await bench.condition("Ready")).toMatch(/^True/);
    await bench.launch("a1");
    expect(machine()).toMatchObject({ account: "k8s", domain: "tenant-a" });
    expect(await bench.provider.list({ signal: bench.signal })).toHaveLength(1);
    await bench.remove("a1");
    await bench.pass(60_000);
    expect(bench.fake.state().machines).toEqual([]);
  });

  it("groups that are made belong to that account", async () => {
    const affinityGroups = { managed: { type: "host anti-affinity" } } as const;
    await start({ spec: { ...spec, affinityGroups }, fake: { as: "admin" } });
    await bench.launch("a1");
    expect(bench.calls("createAffinityGroup")).toMatchObject([{ status: 200, body: { account: "k8s" } }]);
  });

  it("nobody else may name one", async () => {
    await start({ spec: { account: "admin", domain: "ROOT" } });
    expect(await bench.condition("ValidationSucceeded")).toMatch(/^False Unauthorized.*no administrator/);
  });

  it.each([
    [{ account: "k8s", domain: "nothing" }, /^False DomainNotFound/],
    [{ account: "nothing", domain: "ROOT/tenant-a" }, /^False AccountNotFound/],
  ])("%j is none", async (wrong, text) => {
    await start({ spec: wrong, fake: { as: "admin" } });
    expect(await bench.condition("ValidationSucceeded")).toMatch(text);
  });
});

describe("startVM: twoPhase (C-70)", () => {
  const spec = { startVM: "twoPhase" } as const;

  it("a machine is ordered stopped, told its own id, and started", async () => {
    await start({ spec });
    const claim = await bench.launch("a1");
    const writes = bench.fake
      .requestLog()
      .map(({ operation }) => operation)
      .filter((name) => /^(?:deploy|update|start)/.test(name));
    expect(writes).toEqual(["deployVirtualMachine", "updateVirtualMachine", "startVirtualMachine"]);
    expect(bench.calls("deployVirtualMachine")[0]?.body).toMatchObject({ startvm: "false" });
    expect(bench.calls("deployVirtualMachine")[0]?.body).not.toHaveProperty("userdata");
    expect(userData("a1")).toContain(`external-cloudstack://${machineIdOf(claim)}`);
    expect(userData("a1")).not.toContain("product_uuid");
    expect(machine()).toMatchObject({ state: "Running" });
  });

  it("without capacity the stopped machine is removed, and the next offering bought", async () => {
    await start({ spec, fake: { capacity: { "medium/zone-01": 0 } } });
    await bench.launch("a1", { types: ["medium", "large"] });
    const running = bench.fake.state().machines.filter(({ state }) => state !== "Destroyed");
    expect(running).toMatchObject([{ offering: "large", state: "Running" }]);
    expect(bench.eventReasons()).toContain("LaunchFailed");
  });

  it("a machine that an earlier process left stopped is started by the next", async () => {
    await start({ spec });
    const claim = await bench.putClaim("a1");
    void bench.provider.create(claim, { signal: bench.signal }).catch(() => {});
    while (bench.fake.state().machines.length === 0) await bench.pass(1);
    await bench.restart();
    await bench.launch("a1");
    expect(bench.fake.state().machines).toMatchObject([{ name: "a1", state: "Running" }]);
    expect(bench.calls("deployVirtualMachine")).toHaveLength(1);
    expect(userData("a1")).toContain("external-cloudstack://");
  });
});

describe("scrubUserData (C-73)", () => {
  it("takes the user data away once the node has joined, and only then", async () => {
    await start({ spec: { scrubUserData: true } });
    await bench.launch("a1");
    await bench.markLaunched("a1");
    await bench.pass(2_000);
    expect(userData("a1")).toContain("kubeadm");
    await bench.markLaunched("a1", "Registered");
    await bench.pass(2_000);
    expect(userData("a1")).not.toMatch(/kubeadm|token/);
    expect((await bench.claim("a1")).metadata.annotations).toMatchObject({
      "karpenter.k8s.cloudstack/user-data": "removed",
    });
  });

  it("is not done unasked", async () => {
    await start();
    await bench.launch("a1");
    await bench.markLaunched("a1", "Registered");
    await bench.pass(2_000);
    expect(userData("a1")).toContain("kubeadm");
  });

  it("a role that may not is told of, once", async () => {
    await start({ spec: { scrubUserData: true }, fake: { switches: { deniedCommands: ["updateVirtualMachine"] } } });
    await bench.launch("a1");
    await bench.markLaunched("a1", "Registered");
    await bench.pass(60_000);
    expect(bench.eventReasons().filter((reason) => reason === "UserDataNotScrubbed")).toHaveLength(1);
    expect(bench.calls("updateVirtualMachine")).toHaveLength(1);
  });
});

describe("credentialsSecretRef (C-5)", () => {
  const OTHER = { apiKey: "fake-admin-api-key", secretKey: "fake-admin-secret-key" };
  const spec = { credentialsSecretRef: { name: "other", namespace: "kube-system" } };

  const putSecret = (values: Readonly<Record<string, string>>): Promise<unknown> =>
    bench.kube.create(Secrets, {
      metadata: { namespace: "kube-system", name: "other" },
      data: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
      ),
    });

  const restored = async (): Promise<void> => {
    await bench.pass(31_000);
    expect(await bench.condition("Ready")).toMatch(/^True/);
  };

  it("a class without its Secret says so, and others go on", async () => {
    await start({ spec });
    expect(await bench.condition("CredentialsReady")).toMatch(/^False SecretNotFound.*kube-system\/other/);
    await bench.putClass("plain");
    await bench.pass(5_000);
    await bench.launch("a1", { nodeClass: "plain" });
    expect(await bench.provider.list({ signal: bench.signal })).toHaveLength(1);
  });

  it("a Secret that may not be read is named with the fix, and does not hold up other classes", async () => {
    await start();
    await bench.launch("a1");
    bench.kube.faults = ({ verb, resource }) => {
      if (verb === "get" && resource.kind === "Secret") throw new KubeError(403, "Forbidden", "secrets is forbidden");
    };
    await bench.putClass("other", spec);
    await bench.pass(5_000);
    expect(await bench.condition("CredentialsReady", "other")).toMatch(/^False SecretForbidden.*nodeClassSecrets/);
    expect(await bench.provider.list({ signal: bench.signal })).toHaveLength(1);
  });

  it("machines are bought, listed and removed with that key, beside the controller's", async () => {
    await start({ spec });
    await putSecret(OTHER);
    await restored();
    await bench.putClass("plain");
    await bench.pass(5_000);
    await bench.launch("a1");
    await bench.launch("b1", { nodeClass: "plain" });
    const owners = bench.fake.state().virtualMachines.map(({ name, account }) => `${String(name)} ${String(account)}`);
    expect(owners).toEqual(["a1 admin", "b1 k8s"]);
    expect(await bench.provider.list({ signal: bench.signal })).toHaveLength(2);
    await bench.remove("a1");
    await bench.remove("b1");
    await bench.pass(60_000);
    // The other key is an administrator's: what the first may only destroy, it sees and expunges.
    expect(bench.fake.state().machines).toEqual([]);
  });

  it("a value that is missing is named, and a key that is wrong takes readiness away", async () => {
    await start({ spec });
    await putSecret({ apiKey: "fake-user-api-key" });
    await bench.pass(31_000);
    expect(await bench.condition("CredentialsReady")).toMatch(/^False MissingKey.*secretKey/);
    const secretKey = Buffer.from("wrong").toString("base64");
    await bench.kube.patch(
      Secrets,
      { namespace: "kube-system", name: "other" },
      { type: "merge", body: { data: { secretKey } } },
    );
    await bench.pass(61_000);
    expect(await bench.condition("CredentialsReady")).toMatch(/^False Unauthorized/);
  });

  it("a key that changes is used from then on", async () => {
    await start({ spec });
    await putSecret(OTHER);
    await restored();
    await bench.launch("a1");
    const key = (text: string): string => Buffer.from(text).toString("base64");
    const data = { apiKey: key("fake-user-api-key"), secretKey: key("fake-user-secret-key") };
    await bench.kube.patch(Secrets, { namespace: "kube-system", name: "other" }, { type: "merge", body: { data } });
    await bench.pass(61_000);
    await bench.launch("a2");
    const owners = bench.fake.state().virtualMachines.map(({ name, account }) => `${String(name)} ${String(account)}`);
    expect(owners).toEqual(["a1 admin", "a2 k8s"]);
  });
});
