// The user data of one machine: how it joins the cluster, by the class's type of bootstrap (§8).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import {
  BootstrapError,
  fillTemplate,
  hasClusterInfo,
  KnownClusterFacts,
  packUserData,
  readJoinSecret,
  renderUserData,
  resolveKubelet,
  SAMPLE_TOKEN,
} from "@karpenter-multicloud/core/bootstrap";
import type {
  BootstrapMode,
  BootstrapTokens,
  ClusterFacts,
  JoinMaterial,
  JoinPlan,
} from "@karpenter-multicloud/core/bootstrap";
import type { KubeReader, OwnCluster } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { parseDuration } from "@karpenter-multicloud/core/units";

import type { CloudStackNodeClass, CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import type { CloudStackSettings } from "../settings.ts";
import { providerIdPrefix } from "./machine-id.ts";

export interface JoiningParts {
  readonly kube: KubeReader;
  readonly clock: Clock;
  readonly tokens: Pick<BootstrapTokens, "ensure">;
  readonly settings: CloudStackSettings;
  readonly ownCluster?: OwnCluster;
}

export interface JoiningMachine {
  readonly claim: NodeClaim;
  readonly nodeClass: CloudStackNodeClass;
  readonly name: string;
  readonly zone: { readonly id: string; readonly name: string; readonly label: string };
  readonly instanceType: string;
  readonly offering: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly gpus: number;
  /** Where it exists already: it need not look for its id. */
  readonly machineId?: string;
  /** Of base64 text, as the server says. */
  readonly maxLength: number | undefined;
}

const CLUSTER_VARIABLE =
  /(?:\{\{-?\s*\.|\$\{)(Endpoint|EndpointHost|CABase64|CAHash|ClusterDNS|KubernetesVersion)(?:\s*-?\}\}|\})/;
const TOKEN_VARIABLE = /\{\{-?\s*\.Token|\$\{Token(?:Id)?\}/;
/** vm.userdata.max.length of a server that nobody has changed. */
const DEFAULT_MAX_LENGTH = 32_768;

/** C-70: the machine finds its own UUID, in this order; what is no UUID is not believed. */
export const ID_LOOKUPS: readonly string[] = [
  "cloud-init query v1.instance_id",
  'for f in /run/systemd/netif/leases/* /var/lib/dhcp/*.leases /var/lib/NetworkManager/*.lease /var/lib/dhclient/*.leases; do [ -r "$f" ] && sed -nE "s/.*(SERVER_ADDRESS=|dhcp-server-identifier )([0-9.]+).*/\\2/p" "$f"; done | tail -n 1 | while read -r router; do curl -fsS --max-time 5 "http://$router/latest/meta-data/vm-id" || curl -fsS --max-time 5 "http://$router/latest/meta-data/instance-id"; done',
  "curl -fsS --max-time 5 http://data-server/latest/meta-data/vm-id || curl -fsS --max-time 5 http://data-server/latest/meta-data/instance-id",
  "d=$(mktemp -d); for l in config-2 CONFIG-2; do mount -o ro -L $l $d && cat $d/cloudstack/metadata/vm_id.txt $d/cloudstack/metadata/instance_id.txt | head -n 1 && umount $d && break; done",
  "cat /sys/class/dmi/id/product_uuid",
];

export class Joining {
  readonly #parts: JoiningParts;
  readonly #facts: KnownClusterFacts;

  constructor(parts: JoiningParts) {
    this.#parts = parts;
    this.#facts = new KnownClusterFacts(
      { kube: parts.kube, ...(parts.ownCluster && { own: parts.ownCluster }) },
      parts.clock,
    );
  }

  /** In base64, as the API takes it; empty when there is none. @throws BootstrapError */
  async userData(machine: JoiningMachine, signal: AbortSignal): Promise<string> {
    const { nodeClass } = machine;
    // Registered user data stands for all of it.
    if (nodeClass.spec.userDataRef !== undefined) return "";
    const mode = await this.mode(nodeClass, signal);
    const cluster = await this.#cluster(nodeClass, mode, signal);
    const material = await this.#material(machine.claim, nodeClass, mode, signal);
    return this.#packed(this.#plan(machine, mode, material, cluster), machine);
  }

  /** Values for the variables of registered user data, each filled in for this machine; empty when there are none. @throws BootstrapError */
  async userDataDetails(machine: JoiningMachine, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { nodeClass, claim } = machine;
    const { parameters = {} } = nodeClass.spec.userDataRef ?? {};
    if (Object.keys(parameters).length === 0) return {};
    const cluster = await this.#cluster(nodeClass, "custom", signal);
    const material = await this.#material(claim, nodeClass, "custom", signal);
    return filledParameters(parameters, this.#plan(machine, "custom", material, cluster));
  }

  /** What would stop every machine of the class from joining, found before one is bought. @throws BootstrapError */
  async rehearse(nodeClass: CloudStackNodeClass, maxLength: number | undefined, signal: AbortSignal): Promise<void> {
    const { userDataRef } = nodeClass.spec;
    const mode = userDataRef === undefined ? await this.mode(nodeClass, signal) : "custom";
    const cluster = await this.#cluster(nodeClass, mode, signal);
    const secret = await this.#secret(nodeClass, signal);
    const material: JoinMaterial = secret === undefined ? { token: SAMPLE_TOKEN } : { secret };
    const name = "a".repeat(63);
    const claim: NodeClaim = {
      metadata: { name, uid: SAMPLE_ID },
      spec: { requirements: [], nodeClassRef: { group: "", kind: "", name: "" } },
    };
    const zone = { id: SAMPLE_ID, name: "zone", label: "zone" };
    const about = { claim, nodeClass, name, zone, instanceType: name, offering: name, maxLength };
    const machine = { ...about, labels: {}, cpus: 2, gpus: 0 };
    const plan = this.#plan(machine, mode, material, cluster);
    if (userDataRef === undefined) this.#packed(plan, machine);
    else filledParameters(userDataRef.parameters ?? {}, plan);
  }

  /** What "auto" means in this cluster. */
  async mode({ spec }: CloudStackNodeClass, signal: AbortSignal): Promise<BootstrapMode> {
    if (spec.userDataMode === "Custom") return "custom";
    const type = spec.bootstrap?.type ?? "auto";
    if (type !== "auto") return type;
    return (await hasClusterInfo(this.#parts.kube, signal)) ? "kubeadm" : "none";
  }

  /** Too long is found here (C-73). */
  #packed(plan: JoinPlan, { nodeClass, maxLength }: JoiningMachine): string {
    const text = renderUserData(plan);
    if (text === "") return "";
    const compress = nodeClass.spec.compressUserData ?? true;
    const maxBytes = this.#parts.settings.userDataMaxLength ?? maxLength ?? DEFAULT_MAX_LENGTH;
    return packUserData(text, { maxBytes, encoding: "base64", compress }).body;
  }

  #plan(
    machine: JoiningMachine,
    mode: BootstrapMode,
    material: JoinMaterial,
    cluster: ClusterFacts | undefined,
  ): JoinPlan {
    const { claim, nodeClass, name, zone, instanceType, offering, labels, cpus, gpus, machineId } = machine;
    const { spec } = nodeClass;
    const prefix = providerIdPrefix(spec.providerIDFormat ?? "ccm", zone.name);
    const { bootstrap = {}, userData, userDataMode = "Auto" } = spec;
    return {
      mode,
      ...(cluster === undefined ? {} : { cluster }),
      node: {
        clusterName: this.#parts.settings.clusterName,
        nodeName: name,
        nodePool: labels["karpenter.sh/nodepool"] ?? "",
        nodeClaim: claim.metadata.name ?? "",
        nodeClaimUID: claim.metadata.uid ?? "",
        zone: zone.label,
        region: this.#parts.settings.region ?? "",
        instanceType,
        providerID: machineId === undefined ? { prefix, lookups: ID_LOOKUPS } : { known: `${prefix}${machineId}` },
        labels,
        taints: [...(claim.spec.taints ?? []), ...(claim.spec.startupTaints ?? [])],
        gpu: gpus > 0,
        variables: { ZoneID: zone.id, ServiceOffering: offering },
      },
      material,
      kubelet: resolveKubelet(spec.kubelet ?? {}, cpus),
      settings: joinSettings(bootstrap),
      ...(userData === undefined ? {} : { userData }),
      dollarVariables: true,
      userDataOrder: userDataMode === "Merge" ? "before" : "after",
    };
  }

  async #material(
    claim: NodeClaim,
    nodeClass: CloudStackNodeClass,
    mode: BootstrapMode,
    signal: AbortSignal,
  ): Promise<JoinMaterial> {
    const secret = await this.#secret(nodeClass, signal);
    if (secret !== undefined) return { secret };
    if (mode !== "kubeadm" && !TOKEN_VARIABLE.test(ownText(nodeClass.spec))) return { none: true };
    const ttl = parseDuration(nodeClass.spec.bootstrap?.tokenTTL ?? "30m");
    return { token: await this.#parts.tokens.ensure(claim, ttl, signal) };
  }

  #secret({ spec }: CloudStackNodeClass, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    const { kube, settings } = this.#parts;
    return readJoinSecret(spec.bootstrap?.tokenSecretRef, { kube, namespace: settings.namespace }, signal);
  }

  async #cluster(
    { spec }: CloudStackNodeClass,
    mode: BootstrapMode,
    signal: AbortSignal,
  ): Promise<ClusterFacts | undefined> {
    const { settings } = this.#parts;
    const { endpoint, caCertHash, kubernetesVersion } = spec.bootstrap ?? {};
    const isOwn = mode === "custom" || mode === "none";
    if (isOwn && !CLUSTER_VARIABLE.test(ownText(spec))) return undefined;
    const overrides = {
      endpoint: endpoint || (settings.clusterEndpoint ?? ""),
      kubernetesVersion: kubernetesVersion ?? "",
      ...(caCertHash === undefined ? {} : { caHashes: [caCertHash] }),
    };
    return this.#facts.of(overrides, signal);
  }
}

function joinSettings(bootstrap: NonNullable<CloudStackNodeClassSpec["bootstrap"]>): NonNullable<JoinPlan["settings"]> {
  const { cloudProvider, criSocket, files, preKubeadmCommands = [], postKubeadmCommands = [] } = bootstrap;
  const [preScript, postScript] = [preKubeadmCommands.join("\n"), postKubeadmCommands.join("\n")];
  return {
    // Only a cloud controller manager takes the taint away again that "external" means (C-71).
    cloudProvider: cloudProvider ?? "none",
    ...(criSocket === undefined ? {} : { criSocket }),
    ...(preScript === "" ? {} : { preScript }),
    ...(postScript === "" ? {} : { postScript }),
    ...(files === undefined ? {} : { files }),
  };
}

/** What the user wrote: variables may stand in it. */
function ownText({ userData, userDataRef }: CloudStackNodeClassSpec): string {
  return userData ?? Object.values(userDataRef?.parameters ?? {}).join("\n");
}

/** The server joins them with commas and cuts them there again. */
function filledParameters(
  parameters: Readonly<Record<string, string>>,
  plan: JoinPlan,
): Readonly<Record<string, string>> {
  const filled = Object.entries(parameters).map(([name, value]) => [name, fillTemplate(value, plan)] as const);
  const broken = filled.find(([, value]) => value.includes(","));
  if (broken === undefined) return Object.fromEntries(filled);
  const message = `userDataRef.parameters.${broken[0]} has a comma in its value, at which CloudStack cuts it`;
  throw new BootstrapError("InvalidUserData", message);
}

const SAMPLE_ID = "00000000-0000-4000-8000-000000000000";
