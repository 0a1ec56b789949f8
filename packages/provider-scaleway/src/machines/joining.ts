// The user data of one machine: how it joins the cluster, by the class's type of bootstrap (§7).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import {
  KnownClusterFacts,
  missingJoinBindings,
  packUserData,
  readJoinSecret,
  renderUserData,
  resolveKubelet,
  SAMPLE_TOKEN,
} from "@karpenter-multicloud/core/bootstrap";
import type { BootstrapTokens, ClusterFacts, JoinMaterial, JoinPlan } from "@karpenter-multicloud/core/bootstrap";
import type { KubeReader, OwnCluster } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { parseDuration } from "@karpenter-multicloud/core/units";

import { DEFAULT_TOKEN_TTL } from "../api/scaleway-node-class.ts";
import type { BootstrapType, ScalewayNodeClass } from "../api/scaleway-node-class.ts";
import type { WireNic, WireServer } from "../client/wire.ts";
import { regionOf } from "../selection/class-resolver.ts";
import type { ScalewaySettings } from "../settings.ts";
import { providerIdOf } from "./machine-id.ts";

/** The API's own limit is unknown; this much has always been taken (W-40). */
const MAX_USER_DATA_BYTES = 100 * 1024;

export interface JoiningParts {
  readonly kube: KubeReader;
  readonly clock: Clock;
  readonly tokens: Pick<BootstrapTokens, "ensure">;
  readonly settings: ScalewaySettings;
  readonly ownCluster?: OwnCluster;
}

export interface JoiningMachine {
  readonly claim: NodeClaim;
  readonly nodeClass: ScalewayNodeClass;
  readonly server: Pick<WireServer, "id" | "zone" | "name" | "commercialType">;
  readonly nics: readonly WireNic[];
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly gpus: number;
}

const NO_CLUSTER: readonly BootstrapType[] = ["talos", "kosmos", "custom"];
const CLUSTER_VARIABLE = /\{\{-?\s*\.(Endpoint|EndpointHost|CABase64|CAHash|ClusterDNS|KubernetesVersion)\s*-?\}\}/;

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

  /** @throws BootstrapError */
  async userData(machine: JoiningMachine, signal: AbortSignal): Promise<string> {
    const { nodeClass } = machine;
    const cluster = await this.#cluster(nodeClass, signal);
    const material = await this.#material(machine, signal);
    const text = renderUserData(this.#plan(machine, material, cluster));
    return packUserData(text, { maxBytes: MAX_USER_DATA_BYTES, encoding: "text", compress: false }).body;
  }

  /**
   * What would stop every machine of the class from joining, found before one is bought.
   * Answers what may stop it, or nothing. @throws BootstrapError
   */
  async rehearse(nodeClass: ScalewayNodeClass, signal: AbortSignal): Promise<string> {
    const cluster = await this.#cluster(nodeClass, signal);
    const mode = modeOf(nodeClass);
    const secret = await this.secretOf(nodeClass, signal);
    const material: JoinMaterial =
      mode === "kubeadm" || mode === "custom" ? { token: SAMPLE_TOKEN } : { secret: secret ?? {} };
    const server = { id: SAMPLE_ID, zone: "fr-par-1", name: "rehearsal", commercialType: "PRO2-S" };
    const claim: NodeClaim = {
      metadata: { name: "rehearsal", uid: SAMPLE_ID },
      spec: { requirements: [], nodeClassRef: { group: "", kind: "", name: "" } },
    };
    const machine: JoiningMachine = { claim, nodeClass, server, nics: [], labels: {}, cpus: 2, gpus: 0 };
    const text = renderUserData(this.#plan(machine, material, cluster));
    packUserData(text, { maxBytes: MAX_USER_DATA_BYTES, encoding: "text", compress: false });
    const missing = mode === "kubeadm" ? await missingJoinBindings(this.#parts.kube, signal) : [];
    if (missing.length === 0) return "";
    return `without the ClusterRoleBinding ${missing.join(", ")}, or others of the same rights, no machine gets its certificate`;
  }

  #plan(machine: JoiningMachine, material: JoinMaterial, cluster: ClusterFacts | undefined): JoinPlan {
    const { claim, nodeClass, server, nics, labels, cpus, gpus } = machine;
    const { spec = {} } = nodeClass;
    const { bootstrap = {}, sshKeys, userData } = spec;
    const mode = modeOf(nodeClass);
    const primary = nics.find(({ privateNetworkId }) => privateNetworkId === spec.primaryPrivateNetwork);
    const only = spec.publicIP === "none" ? nics[0] : undefined;
    const nodeIPInterface = (primary ?? only)?.macAddress;
    return {
      mode,
      ...(cluster === undefined ? {} : { cluster }),
      node: {
        clusterName: this.#parts.settings.clusterName,
        nodeName: server.name,
        nodePool: labels["karpenter.sh/nodepool"] ?? "",
        nodeClaim: claim.metadata.name ?? "",
        nodeClaimUID: claim.metadata.uid ?? "",
        zone: server.zone,
        region: regionOf(server.zone),
        instanceType: server.commercialType,
        providerID: { known: providerIdOf(server) },
        labels,
        taints: [...(claim.spec.taints ?? []), ...(claim.spec.startupTaints ?? [])],
        gpu: gpus > 0,
        ...(nodeIPInterface === undefined ? {} : { nodeIPInterface }),
        variables: { PrivateNetworkId: spec.primaryPrivateNetwork ?? nics[0]?.privateNetworkId ?? "" },
      },
      material,
      kubelet: resolveKubelet(spec.kubelet ?? {}, cpus),
      settings: {
        ...(bootstrap.cloudProvider === undefined ? {} : { cloudProvider: bootstrap.cloudProvider }),
        ...(bootstrap.installScript === undefined ? {} : { install: bootstrap.installScript }),
        ...(bootstrap.preScript === undefined ? {} : { preScript: bootstrap.preScript }),
        ...(bootstrap.postScript === undefined ? {} : { postScript: bootstrap.postScript }),
        ...(sshKeys === undefined ? {} : { sshKeys }),
        ...scratchSettings(spec.scratchStorage),
      },
      ...(userData === undefined ? {} : { userData }),
    };
  }

  async #material({ claim, nodeClass }: JoiningMachine, signal: AbortSignal): Promise<JoinMaterial> {
    const mode = modeOf(nodeClass);
    const secret = await this.secretOf(nodeClass, signal);
    if (secret !== undefined) return { secret };
    const wantsToken = mode === "kubeadm" || /\{\{-?\s*\.Token/.test(nodeClass.spec?.userData ?? "");
    if (!wantsToken) return { none: true };
    const ttl = parseDuration(nodeClass.spec?.bootstrap?.tokenTTL ?? DEFAULT_TOKEN_TTL);
    return { token: await this.#parts.tokens.ensure(claim, ttl, signal) };
  }

  /** What the class's tokenSecretRef names; undefined without one. @throws BootstrapError when it is not there */
  secretOf({ spec }: ScalewayNodeClass, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    const { kube, settings } = this.#parts;
    return readJoinSecret(spec?.bootstrap?.tokenSecretRef, { kube, namespace: settings.namespace }, signal);
  }

  async #cluster({ spec }: ScalewayNodeClass, signal: AbortSignal): Promise<ClusterFacts | undefined> {
    const { settings } = this.#parts;
    const { type = "kubeadm", apiServerEndpoint, kubernetesVersion } = spec?.bootstrap ?? {};
    const wanted = type === "custom" && CLUSTER_VARIABLE.test(spec?.userData ?? "");
    if (NO_CLUSTER.includes(type) && !wanted) return undefined;
    const overrides = {
      endpoint: apiServerEndpoint || (settings.clusterEndpoint ?? ""),
      kubernetesVersion: kubernetesVersion ?? "",
    };
    return this.#facts.of(overrides, signal);
  }
}

const SAMPLE_ID = "00000000-0000-4000-8000-000000000000";

export function modeOf({ spec }: ScalewayNodeClass): BootstrapType {
  return spec?.bootstrap?.type ?? "kubeadm";
}

/** Scratch disks are empty and unformatted at every boot. */
function scratchSettings(storage: string | undefined): { readonly prepare?: readonly string[] } {
  if (storage === undefined || storage === "none") return {};
  const disks =
    '$(lsblk -dnpo NAME,TYPE,MOUNTPOINT | awk \'$2 == "disk" && $3 == "" {print $1}\' | while read -r d; do [ -z "$(lsblk -nro MOUNTPOINT "$d" | tr -d \'\\n\')" ] && echo "$d"; done)';
  return {
    prepare: [
      `disks=(${disks})`,
      'if [ "${#disks[@]}" -gt 1 ]; then mdadm --create /dev/md0 --run --level=0 --raid-devices="${#disks[@]}" "${disks[@]}"; scratch=/dev/md0; else scratch="${disks[0]:-}"; fi',
      'if [ -n "$scratch" ]; then mkfs.ext4 -F -m 0 "$scratch"; mkdir -p /mnt/scratch; mount "$scratch" /mnt/scratch; for d in kubelet containerd; do mkdir -p "/mnt/scratch/$d" "/var/lib/$d"; mount --bind "/mnt/scratch/$d" "/var/lib/$d"; done; fi',
    ],
  };
}
