import { Label, NodeClaims, Nodes, Secrets } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bench, machineIdOf } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import { ID_LOOKUPS } from "./joining.ts";

const ID = "b70436a5-1901-5601-b097-27ff10f8dbc8";

describe("T-63: a machine finds its own id", () => {
  let bin: string;

  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), "machine-"));
  });

  afterEach(() => rmSync(bin, { recursive: true }));

  /** Programs of the machine, as shell scripts, before those of this one. */
  const looked = (lookup: string | undefined, programs: Readonly<Record<string, string>>): string => {
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(join(bin, name), `#!/bin/bash\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const PATH = `${bin}:/usr/bin:/bin`;
    return execFileSync("bash", ["-c", lookup ?? "false"], {
      env: { PATH },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  };

  it("from cloud-init", () => {
    expect(looked(ID_LOOKUPS[0], { "cloud-init": `[ "$*" = "query v1.instance_id" ] && echo ${ID}` })).toBe(ID);
  });

  it("from the virtual router by its name", () => {
    const curl = `case "$*" in *data-server/latest/meta-data/instance-id) echo ${ID};; *) exit 22;; esac`;
    expect(looked(ID_LOOKUPS[2], { curl })).toBe(ID);
  });

  it("from the config drive", () => {
    const mount = `dir="\${@: -1}"; [ "$4" = config-2 ] && mkdir -p "$dir/cloudstack/metadata" && echo ${ID} > "$dir/cloudstack/metadata/vm_id.txt"`;
    expect(looked(ID_LOOKUPS[3], { mount, umount: "true" })).toBe(ID);
  });

  it("from the router that leased its address, in each place where that is written", () => {
    const curl = `case "$*" in *http://10.20.1.1/latest/meta-data/vm-id) echo ${ID};; *) exit 22;; esac`;
    const folder = mkdtempSync(join(tmpdir(), "leases-"));
    for (const line of ["SERVER_ADDRESS=10.20.1.1", "  option dhcp-server-identifier 10.20.1.1;"]) {
      writeFileSync(join(folder, "eth0.lease"), `${line}\n`);
      const lookup = (ID_LOOKUPS[1] ?? "").replace("/run/systemd/netif/leases/*", `${folder}/*`);
      expect(looked(lookup, { curl })).toBe(ID);
    }
    rmSync(folder, { recursive: true });
  });

  it("from the firmware", () => {
    expect(looked(ID_LOOKUPS[4], { cat: `[ "$1" = /sys/class/dmi/id/product_uuid ] && echo ${ID}` })).toBe(ID);
  });
});

/** Of a multipart text, in their order. */
function partNames(text: string): readonly string[] {
  return [...text.matchAll(/filename="([^"]+)"/g)].map(([, name = ""]) => name);
}

describe("joining", () => {
  let bench: Bench;
  let joined: Node[];

  const hooks: MachineHooks = {
    nodeJoins: (node) => {
      joined.push(node);
      return Promise.resolve();
    },
    nodeReady: () => Promise.resolve(),
    nodeNotReady: () => Promise.resolve(),
    nodeLeaves: () => Promise.resolve(),
    nodeExists: () => Promise.resolve(true),
  };

  const start = async (options: BenchOptions = {}): Promise<void> => {
    joined = [];
    const cluster = {
      // Only known once the bench stands.
      kube: { get: (...args: Parameters<Bench["kube"]["get"]>) => bench.kube.get(...args) } as Pick<
        Bench["kube"],
        "get"
      >,
      endpoints: [TEST_CLUSTER.endpoint],
      caBundle: TEST_CA,
      version: TEST_CLUSTER.kubernetesVersion,
      joinSecrets: ["K10abc::server:secret"],
    };
    bench = await Bench.start({ ...options, fake: { hooks, cluster, ...options.fake } });
  };

  afterEach(() => bench.close());

  it("T-65, G-20: kubeadm joins by the machine's own user data, with the unregistered taint and the claim's labels", async () => {
    await start();
    const claim = await bench.launch("a1", { types: ["k8s.c4.m16"] });
    await bench.pass(70_000);
    expect(bench.fake.state().machines).toMatchObject([{ name: "a1", boot: "joins", node: "a1" }]);
    const [node] = joined;
    expect(node?.spec?.providerID).toBe(`external-cloudstack://${machineIdOf(claim)}`);
    expect(node?.spec?.taints).toContainEqual(
      expect.objectContaining({ key: "karpenter.sh/unregistered", effect: "NoExecute" }),
    );
    expect(node?.metadata.labels).toMatchObject({ [Label.InstanceType]: "k8s.c4.m16", [Label.Zone]: "zone-01" });
    expect((await bench.kube.list(Secrets, { namespace: "kube-system" })).items).toHaveLength(1);
    expect((await bench.kube.list(Nodes)).items).toEqual([]);
  });

  it.each([
    ["capc", "cloudstack:///"],
    ["zoned", "cloudstack://zone-01/"],
  ] as const)("T-64: providerIDFormat %s", async (providerIDFormat, prefix) => {
    await start({ spec: { providerIDFormat } });
    const claim = await bench.launch("a1");
    await bench.pass(70_000);
    expect(joined[0]?.spec?.providerID).toBe(claim.status?.providerID);
    expect(claim.status?.providerID).toMatch(new RegExp(`^${prefix}[0-9a-f-]{36}$`));
  });

  it("C-70: a machine that is told its own id joins with it", async () => {
    await start({ spec: { startVM: "twoPhase" } });
    const claim = await bench.launch("a1");
    await bench.pass(70_000);
    expect(bench.fake.state().machines).toMatchObject([{ name: "a1", boot: "joins", node: "a1" }]);
    expect(joined[0]?.spec?.providerID).toBe(claim.status?.providerID);
  });

  it("§8: variables stand in {{ .Name }} and in ${Name}; what is the shell's stays", async () => {
    const userData = "#!/bin/bash\necho {{ .NodeName }} ${Zone} ${ServiceOffering} ${HOME} $NodeName\n";
    await start({ spec: { userData } });
    await bench.launch("a1");
    expect(bench.fake.userData("a1")).toContain("echo a1 zone-01 medium ${HOME} $NodeName");
  });

  it("T-66: where a node registers under another form of its machine's id the claim takes that form", async () => {
    await start();
    const claim = await bench.launch("a1");
    const id = machineIdOf(claim);
    expect(claim.status?.providerID).toBe(`external-cloudstack://${id}`);
    const node = (name: string, providerID: string): Node => ({ metadata: { name }, spec: { providerID } });
    await bench.kube.create(Nodes, node("other", `cloudstack:///${ID}`));
    await bench.kube.create(Nodes, node("foreign", `aws:///${id}`));
    await bench.pass(1_000);
    expect((await bench.claim("a1")).status?.providerID).toBe(`external-cloudstack://${id}`);
    await bench.kube.create(Nodes, node("a1", `cloudstack:///${id.toUpperCase()}`));
    await bench.pass(1_000);
    const form = `cloudstack:///${id.toUpperCase()}`;
    expect((await bench.claim("a1")).status?.providerID).toBe(form);
    expect(await bench.during(bench.provider.get(form, { signal: bench.signal }))).toMatchObject({
      status: { providerID: form },
    });
    const listed = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(listed.map(({ status }) => status?.providerID)).toEqual([form]);
    await bench.remove("a1");
    expect(bench.fake.state().machines).toMatchObject([{ state: "Destroyed" }]);
  });

  it("T-66: also where the node was there before the claim knew its machine", async () => {
    await start();
    const claim = await bench.putClaim("a1");
    const launched = bench.provider.create(claim, { signal: bench.signal });
    while (bench.fake.state().machines.length === 0) await bench.pass(1);
    const id = bench.fake.state().machines[0]?.id ?? "";
    await bench.kube.create(Nodes, { metadata: { name: "a1" }, spec: { providerID: `cloudstack:///${id}` } });
    const { status } = await bench.during(launched);
    await bench.kube.patchStatus(NodeClaims, { name: "a1" }, { type: "merge", body: { status } });
    await bench.pass(1_000);
    expect((await bench.claim("a1")).status?.providerID).toBe(`cloudstack:///${id}`);
  });

  it("T-67: the user's script runs after the product's part, or before it in mode Merge, or alone in mode Custom", async () => {
    await start();
    await bench.launch("a1");
    const after = bench.fake.userData("a1") ?? "";
    expect(partNames(after)).toEqual(["karpenter", "zz-user"]);
    expect(after).toContain("Node initialization script");
    await bench.putClass("merge", { userDataMode: "Merge" });
    await bench.putClass("custom", {
      userDataMode: "Custom",
      userData: "#!/bin/bash\necho {{ .NodeName }} {{ .ServiceOffering }}\n",
    });
    await bench.pass(5_000);
    await bench.launch("a2", { nodeClass: "merge" });
    const merged = bench.fake.userData("a2") ?? "";
    expect(partNames(merged)).toEqual(["00-user", "karpenter"]);
    await bench.launch("a3", { nodeClass: "custom" });
    expect(bench.fake.userData("a3")).toBe("#!/bin/bash\necho a3 medium\n");
  });

  it("§8: k3s and RKE2 join with the token of their Secret", async () => {
    await start();
    const token = Buffer.from("K10abc::server:secret").toString("base64");
    await bench.kube.create(Secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace: "kube-system", name: "agent" },
      data: { token },
    });
    for (const type of ["k3s", "rke2"] as const) {
      await bench.putClass(type, {
        bootstrap: {
          type,
          tokenSecretRef: { name: "agent", namespace: "kube-system" },
          kubernetesVersion: TEST_CLUSTER.kubernetesVersion,
        },
      });
      await bench.pass(5_000);
      expect(await bench.condition("BootstrapReady", type)).toMatch(/^True/);
      await bench.launch(`${type}-1`, { nodeClass: type });
      await bench.pass(70_000);
      const machine = bench.fake.state().machines.find(({ name }) => name === `${type}-1`);
      expect(machine).toMatchObject({ boot: "joins", node: `${type}-1` });
    }
    await bench.putClass("lost", {
      bootstrap: { type: "k3s", tokenSecretRef: { name: "nothing", namespace: "kube-system" } },
    });
    await bench.pass(5_000);
    expect(await bench.condition("BootstrapReady", "lost")).toMatch(/^False TokenSourceMissing/);
  });
});
