// What goes wrong on the first day is told in one line, where people look, with what to do about it.

import "reflect-metadata";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment, KubeObject, NodePool, Secret } from "@karpenter-multicloud/core/api";
import { loadProvider } from "@karpenter-multicloud/controller";
import { parseSettings } from "@karpenter-multicloud/core/options";
import type { OVHNodeClass } from "@karpenter-multicloud/provider-ovh";
import { describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import { parseDemoOptions } from "../demo/options.ts";
import { runDemoCommand } from "./demo-run.ts";
import { lookAt, type Sight } from "./newcomer-world.ts";

describe("a pod that fits nothing", () => {
  it("asks for more CPU than the largest allowed machine has", async () => {
    const sight = await lookAt({ cloud: ovhCloud(), change: pods({ requests: { cpu: "64", memory: "1Gi" } }) });
    expect(podLine(sight)).toBe(
      "needs cpu 64, largest allowed b3-32 offers 7.81 (NodePool default); request less, or allow larger instance types in the NodePool",
    );
  });

  it("asks for it on another cloud", async () => {
    const sight = await lookAt({ cloud: simulatedCloud(), change: pods({ requests: { cpu: "640" } }) });
    expect(podLine(sight)).toBe(
      "needs cpu 640, largest allowed c-256x-amd64-linux offers 255.9 (NodePool default); request less, or allow larger instance types in the NodePool",
    );
  });

  it("selects a label that nobody gives to nodes", async () => {
    const sight = await lookAt({ cloud: ovhCloud(), change: pods({ nodeSelector: { disktype: "ssd" } }) });
    expect(podLine(sight)).toBe(
      'label "disktype" does not have known values (NodePool default); give it to the NodePool in spec.template.metadata.labels, or take it off the pod',
    );
  });

  it("selects a zone that is not there", async () => {
    const nodeSelector = { "topology.kubernetes.io/zone": "eu-west-par-x" };
    const sight = await lookAt({ cloud: ovhCloud(), change: pods({ nodeSelector }) });
    expect(podLine(sight)).toBe(
      "needs topology.kubernetes.io/zone In [eu-west-par-x], instance types offer eu-west-par-a, eu-west-par-b, eu-west-par-c (NodePool default); ask for one of these, or allow other instance types in the NodePool",
    );
  });

  it("asks for a GPU where no allowed machine has one", async () => {
    const sight = await lookAt({ cloud: ovhCloud(), change: pods({ requests: { cpu: "1", "nvidia.com/gpu": "1" } }) });
    expect(podLine(sight)).toBe(
      "needs nvidia.com/gpu 1, no allowed instance type has any (NodePool default); allow instance types that have it in the NodePool",
    );
  });
});

describe("a mistake in the user's own YAML (-f)", () => {
  it("a misspelt field: file, line, document, field and fix", async () => {
    const yaml = [
      "apiVersion: karpenter.sh/v1",
      "kind: NodePool",
      "metadata:",
      "  name: mine",
      "spec:",
      "  template:",
      "    spec:",
      "      nodeClassRef: {group: karpenter.ovhcloud.sh, kind: OVHNodeClass, name: default}",
      "      requirments: []",
      "---",
      "apiVersion: apps/v1",
      "kind: Deployment",
      "metadata: {name: web}",
      "spec:",
      "  replica: 3",
      "  selector: {matchLabels: {app: web}}",
      "  template:",
      "    metadata: {labels: {app: web}}",
      "    spec: {containers: [{name: web, image: nginx}]}",
    ];
    expect(await refusalOf(yaml)).toBe(
      [
        "mine.yaml:9: NodePool mine (document 1): spec.template.spec.requirments: unknown field; did you mean requirements?",
        "mine.yaml:15: Deployment web (document 2): spec.replica: unknown field; did you mean replicas? (found 3)",
      ].join("\n"),
    );
  });

  it("a misspelt kind", async () => {
    const yaml = ["apiVersion: karpenter.sh/v1", "kind: Nodepool", "metadata: {name: mine}"];
    expect(await refusalOf(yaml)).toBe(
      'mine.yaml:2: Nodepool mine (document 1): kind: unknown kind; did you mean NodePool? (found "Nodepool")',
    );
  });

  it("a file that is not there", async () => {
    const refused = runDemoCommand(["-f", "/nowhere/mine.yaml"]);
    await expect(refused).rejects.toThrow(
      "/nowhere/mine.yaml: cannot be read (ENOENT: no such file or directory, open '/nowhere/mine.yaml')",
    );
  });
});

describe("wrong credentials", () => {
  it.each([
    [
      "consumerKey",
      "check consumerKey in the credentials Secret: it must belong to the applicationKey, be validated and not be expired (https://api.ovh.com/createToken/): GET /cloud/project/{serviceName}/kube/{kubeId}: 403 INVALID_CREDENTIAL: This credential is not valid",
    ],
    [
      "applicationKey",
      "check applicationKey in the credentials Secret, and that it was made for this endpoint (https://api.ovh.com/createToken/): GET /cloud/project/{serviceName}/kube/{kubeId}: 403 INVALID_KEY: This application key is invalid",
    ],
    [
      "applicationSecret",
      "check applicationSecret in the credentials Secret: it is not the one of the applicationKey (https://api.ovh.com/createToken/): GET /cloud/project/{serviceName}/kube/{kubeId}: 400 INVALID_SIGNATURE: Invalid signature",
    ],
  ])("%s is wrong", async (key, message) => {
    const sight = await lookAt({ cloud: ovhCloud(), change: secret({ [key]: "0123456789abcdef" }) });
    expectClassProblem(sight, "CredentialsReady=False InvalidCredential", message);
  });

  it("the Secret does not exist", async () => {
    const cloud = ovhCloud();
    const sight = await lookAt({ cloud, change: (object) => (object.kind === "Secret" ? undefined : object) });
    expectClassProblem(
      sight,
      "CredentialsReady=False SecretNotFound",
      "Secret karpenter/ovh-credentials does not exist: create it with kubectl create secret generic ovh-credentials -n karpenter --from-literal=applicationKey=… --from-literal=applicationSecret=… --from-literal=consumerKey=…",
    );
  });

  it("the Secret lacks a key", async () => {
    const sight = await lookAt({ cloud: ovhCloud(), change: secret({ consumerKey: undefined }) });
    expectClassProblem(
      sight,
      "CredentialsReady=False MissingKey",
      "Secret karpenter/ovh-credentials has no value for consumerKey: add it; https://api.ovh.com/createToken/ makes applicationKey, applicationSecret and consumerKey together",
    );
  });
});

describe("a flavor out of stock", () => {
  const soldOut = () => ovhCloud({ faults: [{ match: { flavor: "b3-8" }, fault: "outOfStock" }] });

  it("without an alternative: until when, and what to allow", async () => {
    const sight = await lookAt({ cloud: soldOut(), change: flavors(["b3-8"]), after: 10 });
    expect(podLine(sight)).toBe(
      "b3-8 on-demand in eu-west-par-a is unavailable until 2026-01-01T08:30:38Z: OutOfStock, and so are 2 other offerings (NodePool default); it is tried again then; allow more instance types or zones to have it sooner",
    );
  });

  it("with an alternative: says why the first machine did not come, and takes the other", async () => {
    const sight = await lookAt({ cloud: soldOut(), change: one(flavors(["b3-8", "b3-16"])), after: 20 });
    expect(sight.decisions.filter((line) => /^(Create|GiveUp)/.test(line))).toMatchInlineSnapshot(`
      [
        "CreateNodeClaim default-vbm7s: 1 pod needs a new machine: b3-8 at 0.0512 EUR/h is the cheapest that fits (1 dearer type would do)",
        "GiveUpNodeClaim default-vbm7s: machine karpenter-b3-8-eu-west-par-a-node-10d4e8 of flavor b3-8 in zone eu-west-par-a: OVHcloud has no more of this flavor here now (FLAVOR_OUT_OF_STOCK_ERROR); its pods are planned again",
        "CreateNodeClaim default-hcx4d: 1 pod needs a new machine: b3-8 at 0.0512 EUR/h is the cheapest that fits (1 dearer type would do)",
        "GiveUpNodeClaim default-hcx4d: machine karpenter-b3-8-eu-west-par-b-node-daa364 of flavor b3-8 in zone eu-west-par-b: OVHcloud has no more of this flavor here now (FLAVOR_OUT_OF_STOCK_ERROR); its pods are planned again",
        "CreateNodeClaim default-4cbzw: 1 pod needs a new machine: b3-8 at 0.0512 EUR/h is the cheapest that fits (1 dearer type would do)",
        "GiveUpNodeClaim default-4cbzw: machine karpenter-b3-8-eu-west-par-c-node-d16986 of flavor b3-8 in zone eu-west-par-c: OVHcloud has no more of this flavor here now (FLAVOR_OUT_OF_STOCK_ERROR); its pods are planned again",
        "CreateNodeClaim default-ndmvh: 1 pod needs a new machine: b3-16 at 0.1023 EUR/h is the cheapest that fits",
      ]
    `);
    expect(sight.running).toBe(1);
  });
});

describe("a provider that is not chosen well", () => {
  it.each([
    [undefined, "--provider: no provider is chosen; set --provider or PROVIDER to one of ovh, scaleway, cloudstack"],
    ["aws", "--provider=aws: there is no such provider; choose one of ovh, scaleway, cloudstack"],
  ])("the controller with %s", async (name, line) => {
    await expect(loadProvider(name)).rejects.toThrow(`one setting is wrong:\n  ${line}`);
  });

  it("the controller with a misspelt flag", () => {
    expect(() => parseSettings(["--provder=ovh"], { CLUSTER_NAME: "prod" })).toThrow(
      "one setting is wrong:\n  --provder: there is no such flag; did you mean --provider?",
    );
  });

  it("the demo", () => {
    expect(() => parseDemoOptions(["--provider", "aws"], false)).toThrow(
      '--provider "aws" is not in the demo: choose one of ovh, scaleway, cloudstack, simulated',
    );
  });
});

describe("an OVHNodeClass that points elsewhere", () => {
  it("at a cluster that does not exist", async () => {
    const kubeId = "99999999-2222-4333-8444-555555555555";
    const sight = await lookAt({ cloud: ovhCloud(), change: nodeClass({ kubeId }) });
    expectClassProblem(
      sight,
      "ClusterReady=False NotFound",
      "cluster 99999999-2222-4333-8444-555555555555 was not found in project 0123456789abcdef0123456789abcdef: correct kubeId, serviceName or endpoint (GET /cloud/project/{serviceName}/kube/{kubeId}: 404: Kube does not exist)",
    );
  });

  it("at another region than the cluster's", async () => {
    const sight = await lookAt({ cloud: ovhCloud(), change: nodeClass({ region: "GRA9" }) });
    expectClassProblem(
      sight,
      "RegionValid=False RegionMismatch",
      "region is GRA9, but the cluster is in EU-WEST-PAR: correct it or leave it out",
    );
  });

  it("at nothing, where it cannot be found out", async () => {
    const sight = await lookAt({ cloud: ovhCloud(), change: nodeClass({ kubeId: undefined }) });
    expectClassProblem(
      sight,
      "ClusterReady=False Ambiguous",
      "no cluster of the project could be recognised as this one: set spec.kubeId of the OVHNodeClass or OVH_KUBE_ID; the project has fake (11111111-2222-4333-8444-555555555555)",
    );
  });
});

/** The one thing that is said about pods; the same in their events and in what the demo prints. */
function podLine({ podEvents, decisions, running }: Sight): string {
  expect(running).toBe(0);
  expect(podEvents).toHaveLength(1);
  const line = podEvents[0]?.replace("FailedScheduling: Failed to schedule pod, ", "") ?? "";
  expect(decisions.at(-1)).toMatch(/^\w+ 5 Pods \(default\/inflate-\S+, default\/inflate-\S+ and 3 more\): /);
  expect(decisions.at(-1)?.endsWith(`: ${line}`), decisions.at(-1)).toBe(true);
  return line;
}

/** Said by the class, handed on by the pool, and at the pods as far as an event has room. */
function expectClassProblem(sight: Sight, condition: string, message: string): void {
  const reason = condition.split(" ")[1] ?? "";
  expect(sight.nodeClass.filter((line) => line.startsWith(condition.split("=")[0] ?? ""))).toEqual([
    `${condition}: ${message}`,
  ]);
  expect(sight.nodePool).toContain(`NodeClassReady=False ${reason}: OVHNodeClass default: ${message}`);
  const line = `not used: ${reason}: OVHNodeClass default: ${message} (NodePool default)`;
  expect(podLine(sight)).toBe(line.length > 250 ? `${line.slice(0, 249)}…` : line);
}

type Change = (object: KubeObject) => KubeObject | undefined;

function changing<T extends KubeObject>(kind: string, change: (object: T) => T): Change {
  return (object) => (object.kind === kind ? change(object as T) : object);
}

interface PodWish {
  readonly requests?: Readonly<Record<string, string>>;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

function pods({ requests, nodeSelector }: PodWish): Change {
  return changing<Deployment>("Deployment", (deployment) => {
    const { template } = deployment.spec;
    const containers = template.spec.containers.map((container) =>
      requests === undefined ? container : { ...container, resources: { requests, limits: requests } },
    );
    const spec = { ...template.spec, containers, ...(nodeSelector === undefined ? {} : { nodeSelector }) };
    return { ...deployment, spec: { ...deployment.spec, template: { ...template, spec } } };
  });
}

/** The quick start with one pod only. */
function one(also: Change): Change {
  const single = changing<Deployment>("Deployment", (deployment) => ({
    ...deployment,
    spec: { ...deployment.spec, replicas: 1 },
  }));
  return (object) => {
    const changed = also(object);
    return changed && single(changed);
  };
}

function flavors(names: readonly string[]): Change {
  return changing<NodePool>("NodePool", (pool) => {
    const { template } = pool.spec;
    const requirements = [{ key: "node.kubernetes.io/instance-type", operator: "In" as const, values: names }];
    return { ...pool, spec: { ...pool.spec, template: { ...template, spec: { ...template.spec, requirements } } } };
  });
}

/** Undefined takes a key away. */
function secret(values: Readonly<Record<string, string | undefined>>): Change {
  return changing<Secret>("Secret", (given) => {
    const changed = Object.entries(values).map(([key, value]) => [key, value && Buffer.from(value).toString("base64")]);
    const data = Object.entries({ ...given.data, ...Object.fromEntries(changed) }).filter(([, value]) => value);
    return { ...given, data: Object.fromEntries(data) as Record<string, string> };
  });
}

function nodeClass(values: Partial<Record<"kubeId" | "region", string | undefined>>): Change {
  return changing<OVHNodeClass>("OVHNodeClass", (given) => {
    const spec = Object.entries({ ...given.spec, ...values }).filter(([, value]) => value !== undefined);
    return { ...given, spec: Object.fromEntries(spec) };
  });
}

/** What the demo says about a file with these lines, the folder left out. */
async function refusalOf(lines: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "newcomer-"));
  try {
    const file = join(folder, "mine.yaml");
    await writeFile(file, lines.join("\n"));
    const refused = await runDemoCommand(["-f", file]).catch((error: unknown) => error);
    return (refused as Error).message.replaceAll(`${folder}/`, "");
  } finally {
    await rm(folder, { recursive: true });
  }
}
