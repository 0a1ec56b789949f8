// What this provider writes for a machine, read by the machine itself: as it stands it joins, and with any one word changed it does not.

import { readFileSync } from "node:fs";
import { Secrets } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import { Ajv } from "ajv";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { ScalewayNodeClasses } from "../api/scaleway-node-class.ts";
import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import { Bench, serverIdOf } from "../test-bench.ts";
import type { FakeScaleway } from "../testing/index.ts";
import { TinyClient } from "../testing/tiny-client.ts";

let bench: Bench;
let joined: Node[] = [];
afterEach(async () => {
  // A machine that never joins is what these tests are about.
  await bench.close("LeakedServer");
});

const nothing = async (): Promise<void> => {};
const hooks: MachineHooks = {
  nodeJoins: async (node) => void joined.push(node),
  nodeReady: nothing,
  nodeNotReady: nothing,
  nodeLeaves: nothing,
  nodeExists: async () => true,
};

/** What the other ways of joining need, each its own keys. */
const JOIN_SECRET = Object.fromEntries(
  Object.entries({ token: "K10abc::server:xyz", POOL_ID: "p", POOL_REGION: "fr-par", SCW_SECRET_KEY: "k" }).map(
    ([key, value]) => [key, Buffer.from(value).toString("base64")],
  ),
);

async function launched(
  spec: ScalewayNodeClassSpec = {},
  more?: (fake: FakeScaleway) => ScalewayNodeClassSpec,
): Promise<{ readonly id: string; readonly zone: string }> {
  joined = [];
  const kube = {
    get: ((...call: Parameters<Bench["kube"]["get"]>) => bench.kube.get(...call)) as Bench["kube"]["get"],
  };
  const { endpoint, kubernetesVersion } = TEST_CLUSTER;
  const cluster = { kube, endpoints: [endpoint], caBundle: TEST_CA, version: kubernetesVersion };
  bench = await Bench.start({ fake: { hooks, cluster }, spec });
  if (spec.bootstrap?.tokenSecretRef !== undefined) {
    await bench.kube.create(Secrets, { metadata: { name: "join", namespace: "kube-system" }, data: JOIN_SECRET });
    await bench.pass(60_000);
  }
  if (more !== undefined) {
    const body = { spec: more(bench.fake) };
    await bench.kube.patch(ScalewayNodeClasses, { name: "default" }, { type: "merge", body });
    await bench.pass(5_000);
  }
  const claim = await bench.launch("gpu", { types: ["L4-1-24G", "L40S-1-48G"], requests: { "nvidia.com/gpu": "1" } });
  return { id: serverIdOf(claim), zone: claim.metadata.labels?.["topology.kubernetes.io/zone"] ?? "" };
}

/** Stored while the machine starts: it reads its user data a minute after power-on. */
async function bootWith(change: (text: string) => string): Promise<string> {
  const { id, zone } = await launched();
  const text = bench.fake.userData(id) ?? "";
  const changed = change(text);
  expect(changed).not.toBe(text);
  const path = `/instance/v1/zones/${zone}/servers/${id}/user_data/cloud-init`;
  await new TinyClient(bench.fake).call("PATCH", path, changed);
  await bench.pass(120_000);
  return bench.fake.state().machines[0]?.boot ?? "";
}

type Mutation = readonly [what: string, from: string | RegExp, to: string, reason: string];

const MUTATIONS: readonly Mutation[] = [
  ["another first line", "#cloud-config\n", "#cloudconfig\n", "unreadable"],
  ["YAML that is broken", "write_files:", "write_files: [", "unreadable"],
  ["no command", /runcmd:[\s\S]*$/, "", "nothing in the user data joins"],
  ["a command that calls another file", /- \/etc\/karpenter\/bootstrap\.sh\n$/, "- /other.sh\n", "nothing in the user"],
  [
    "no file to join by",
    "path: /etc/karpenter/join.yaml",
    "path: /etc/karpenter/joined.yaml",
    "no file /etc/karpenter",
  ],
  ["another kind", "kind: JoinConfiguration", "kind: InitConfiguration", "no JoinConfiguration"],
  ["another endpoint", "203.0.113.10:6443", "203.0.113.11:6443", "no API server answers"],
  ["another port", "203.0.113.10:6443", "203.0.113.10:443", "no API server answers"],
  ["another token id", /token: [a-z0-9]{6}\./, "token: abcdef.", "no Secret bootstrap-token-abcdef"],
  ["another token secret", /(token: [a-z0-9]{6})\.[a-z0-9]{16}/, "$1.0123456789abcdef", "secret is wrong"],
  ["a token that is none", /token: \S+/, "token: short", "not the form"],
  ["another CA hash", /sha256:[0-9a-f]{64}/, `sha256:${"0".repeat(64)}`, "of another cluster"],
  ["no unregistered taint", /- key: karpenter\.sh\/unregistered\n +effect: NoExecute/, "[]", "unregistered taint"],
  ["the taint's effect changed", "effect: NoExecute", "effect: NoSchedule", "without the unregistered taint"],
  ["another name", "value: gpu\n", "value: cpu\n", "is not the name of this machine"],
  [
    "another zone in the provider id",
    "scaleway://instance/fr-par-1/",
    "scaleway://instance/pl-waw-1/",
    "not this machine",
  ],
  ["another product in the provider id", "scaleway://instance/", "scaleway://baremetal/", "not this machine"],
  ["no provider id", / +- name: provider-id\n +value: .*\n/, "", "no provider id"],
  [
    "a label that a kubelet may not set",
    "node-labels\n            value: ",
    "node-labels\n            value: node-role.kubernetes.io/gpu=,",
    "may not label itself",
  ],
  ["a cloud provider that is not built in", "value: external", "value: scaleway", "is not built in"],
  [
    "a runtime that is not there",
    "unix:///run/containerd/containerd.sock",
    "unix:///run/dockershim.sock",
    "container runtime",
  ],
  ["a reservation that is none", "memory: 1465Mi", "memory: much", "is no quantity"],
  ["more reserved than there is", "memory: 1465Mi", "memory: 99Gi", "more memory is reserved"],
  ["swap left on", "swapoff -a", "# swapoff -a", "swap is on"],
  ["forwarding left off", "net.ipv4.ip_forward = 1", "net.ipv4.ip_forward = 0", "forwarding is off"],
];

describe("a machine reads what it was given", () => {
  it("and joins, with its own provider id, labels and GPUs", async () => {
    const { id, zone } = await launched();
    await bench.pass(120_000);
    expect(bench.fake.state().machines[0]?.boot).toBe("joins");
    expect(joined[0]).toMatchObject({
      metadata: { name: "gpu", labels: { "karpenter.sh/instance-type": "l4", "topology.kubernetes.io/zone": zone } },
      spec: { providerID: `scaleway://instance/${zone}/${id}` },
      status: { capacity: { "nvidia.com/gpu": "1" } },
    });
  });

  it("T-31: in a private network its node's address is the one of IPAM, without the mask", async () => {
    const spec = { zones: ["fr-par-1"] } as const;
    const { id } = await launched(spec, (fake) => {
      const network = fake.outside.addPrivateNetwork("fr-par", "nodes");
      return { publicIP: "none", privateNetworks: [{ id: network.id }] };
    });
    await bench.pass(120_000);
    expect(bench.fake.state().machines[0]?.boot).toBe("joins");
    const { body } = await new TinyClient(bench.fake).call("GET", `/ipam/v1/regions/fr-par/ips?is_ipv6=false`);
    const [ip] = body["ips"] as readonly { readonly address: string; readonly resource?: { readonly name?: string } }[];
    expect(ip?.address).toMatch(/^[\d.]+\/\d+$/);
    const [address] = (ip?.address ?? "").split("/");
    expect(joined[0]?.status?.addresses).toContainEqual({ type: "InternalIP", address });
    expect(id).not.toBe("");
  });

  it.each(MUTATIONS)("and does not join with %s", async (_what, from, to, reason) => {
    const boot = await bootWith((text) => text.replace(from, to));
    expect(boot).toContain(reason);
    expect(joined).toEqual([]);
  });
});

describe("cloud-init's own schema", () => {
  const file = new URL("../../../core/src/bootstrap/test-data/schema-cloud-config-v1.json", import.meta.url);
  const { $schema: _, ...rules } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true, logger: false }).compile(rules);

  it.each<[string, ScalewayNodeClassSpec]>([
    ["defaults", {}],
    [
      "scratch disks, keys and scripts",
      {
        scratchStorage: "raid0",
        sshKeys: ["ssh-ed25519 AAAA ops"],
        bootstrap: { preScript: "echo 1", postScript: "echo 2", cloudProvider: "none" },
      },
    ],
    ["a prepared image", { bootstrap: { installScript: "preinstalled" } }],
    ["k3s", { bootstrap: { type: "k3s", tokenSecretRef: { name: "join", namespace: "kube-system" } } }],
    ["RKE2", { bootstrap: { type: "rke2", tokenSecretRef: { name: "join", namespace: "kube-system" } } }],
    ["Kosmos", { bootstrap: { type: "kosmos", tokenSecretRef: { name: "join", namespace: "kube-system" } } }],
    [
      "cloud-config of one's own",
      { bootstrap: { type: "custom" }, userData: "#cloud-config\nruncmd: [[sh, -c, join]]\n" },
    ],
  ])("accepts what a class with %s writes", async (_name, spec) => {
    const { id } = await launched(spec);
    const text = bench.fake.userData(id) ?? "";
    expect(text).toMatch(/^#cloud-config\n/);
    validate(parse(text, { version: "1.1" }));
    expect(validate.errors ?? []).toEqual([]);
  });
});
