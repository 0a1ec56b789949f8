// Whether a kubelet starts with these arguments and this configuration, and the Node it registers.

import type { Node, Taint, TaintEffect } from "../../api/index.ts";
import { hasTaint, UNREGISTERED_TAINT } from "../../api/index.ts";
import { isForbiddenToKubelets } from "../../bootstrap/index.ts";
import { allocatableOf } from "./allocatable.ts";
import { demand, type JoinedMachine, type MachineSurroundings } from "./surroundings.ts";

type Args = Readonly<Record<string, string>>;
type Config = Readonly<Record<string, unknown>>;

/** Arguments a kubelet of today still takes that matter here; an unknown one ends it at once. */
const KNOWN = new Set([
  "cloud-provider",
  "config",
  "container-runtime-endpoint",
  "feature-gates",
  "hostname-override",
  "image-credential-provider-bin-dir",
  "image-credential-provider-config",
  "max-pods",
  "node-ip",
  "node-labels",
  "pod-infra-container-image",
  "provider-id",
  "register-with-taints",
  "root-dir",
  "v",
]);
const EFFECTS: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"] satisfies readonly TaintEffect[];
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const LABEL_KEY = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const UNINITIALIZED: Taint = {
  key: "node.cloudprovider.kubernetes.io/uninitialized",
  value: "true",
  effect: "NoSchedule",
};

export function registerNode(args: Args, config: Config, surroundings: MachineSurroundings): JoinedMachine {
  const { machine, cluster } = surroundings;
  const unknown = Object.keys(args).find((name) => !KNOWN.has(name));
  demand(unknown === undefined, `the kubelet does not know --${unknown}`);
  const name = args["hostname-override"] ?? machine.name;
  demand(name === machine.name, `node ${name} is not the name of this machine`);
  const providerID = args["provider-id"] ?? "";
  demand(machine.providerIDs.includes(providerID), `${providerID || "no provider id"} is not this machine`);
  const external = args["cloud-provider"] ?? "";
  demand(external === "" || external === "external", `cloud provider ${external} is not built in`);
  const ip = args["node-ip"];
  const addresses = Object.values(machine.addresses ?? {});
  demand(ip === undefined || addresses.includes(ip), `${ip} is no address of this machine`);
  const taints = readTaints(args["register-with-taints"] ?? "");
  demand(hasTaint(taints, UNREGISTERED_TAINT), "the node would join without the unregistered taint");
  const kubeletVersion = machine.kubeletVersion ?? cluster.version;
  demand(minorOf(kubeletVersion) <= minorOf(cluster.version), `kubelet ${kubeletVersion} is newer than its API server`);
  const node: Node = {
    metadata: { name, labels: { ...readLabels(args["node-labels"] ?? ""), ...ownLabels(name, machine.arch) } },
    spec: { providerID, taints: external === "" ? taints : [...taints, UNINITIALIZED] },
    status: {
      capacity: withPods(machine.capacity, config),
      allocatable: allocatableOf(withPods(machine.capacity, config), config),
      conditions: [{ type: "Ready", status: "False", reason: "KubeletNotReady" }],
      ...(ip === undefined ? {} : { addresses: [{ type: "InternalIP", address: ip }] }),
      nodeInfo: { kubeletVersion, architecture: machine.arch ?? "amd64", operatingSystem: "linux" },
    },
  };
  return { joins: true, node, kubeletArgs: args, kubeletConfig: config };
}

function readTaints(text: string): readonly Taint[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [, key = "", value = "", effect = ""] = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(part) ?? [];
      demand(LABEL_KEY.test(key) && LABEL_VALUE.test(value), `${part} is no taint`);
      demand(EFFECTS.includes(effect), `${part} has no effect of a taint`);
      return { key, ...(value !== "" && { value }), effect: effect as TaintEffect };
    });
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const parts = text.split(",").filter((part) => part !== "");
  const entries = parts.map((part) => {
    const [key = "", value = ""] = part.split("=");
    demand(LABEL_KEY.test(key) && LABEL_VALUE.test(value), `${part} is no label`);
    demand(!isForbiddenToKubelets(key), `a kubelet may not label itself ${key}`);
    return [key, value] as const;
  });
  return Object.fromEntries(entries);
}

function ownLabels(name: string, arch = "amd64"): Readonly<Record<string, string>> {
  return { "kubernetes.io/hostname": name, "kubernetes.io/arch": arch, "kubernetes.io/os": "linux" };
}

function withPods(capacity: Readonly<Record<string, string | number>>, config: Config) {
  const maxPods = config["maxPods"] ?? 110;
  demand(typeof maxPods === "number" && Number.isInteger(maxPods) && maxPods > 0, "maxPods is no number of pods");
  return { ...capacity, pods: String(maxPods) };
}

function minorOf(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);
}
