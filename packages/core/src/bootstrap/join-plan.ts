// What is said about a machine before its user data is written: the cluster, the node it becomes, and what lets it in.

import type { Taint } from "../api/index.ts";
import type { ClusterFacts } from "./cluster-facts.ts";
import type { KubeletSettings } from "./kubelet-settings.ts";
import type { BootstrapToken } from "./token.ts";

/** "none": the image or the user's own data joins the cluster. */
export type BootstrapMode = "kubeadm" | "k3s" | "rke2" | "talos" | "kosmos" | "custom" | "none";

/** The cloud's identity of a machine, as Node.spec.providerID gets it. */
export type ProviderID =
  | { readonly known: string }
  /**
   * The machine finds its own UUID while it boots and puts `prefix` before it (C-70). `lookups` are shell commands in their
   * order; the first that prints a UUID wins, and no UUID ends the bootstrap.
   */
  | { readonly prefix: string; readonly lookups: readonly string[] };

export interface JoiningNode {
  readonly clusterName: string;
  /** Also the machine's name in the cloud (W-35, C-50). */
  readonly nodeName: string;
  readonly nodePool: string;
  readonly nodeClaim: string;
  readonly nodeClaimUID: string;
  readonly zone: string;
  readonly region: string;
  readonly instanceType: string;
  readonly providerID: ProviderID;
  /** Of the claim; those a kubelet may not set itself are left out (NodeRestriction). */
  readonly labels: Readonly<Record<string, string>>;
  /** Of the claim, startup taints included; the unregistered taint is always added. */
  readonly taints: readonly Taint[];
  readonly gpu?: boolean;
  /** Whose IPv4 address becomes node-ip; the machine waits for it. */
  readonly nodeIPInterface?: string;
  /** What only this cloud has, for templates: ZoneID, ServiceOffering, PrivateNetworkId, … */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What lets the machine in: a token made for it, or what the user keeps in a Secret (k3s, RKE2, Talos, Kosmos). */
export type JoinMaterial =
  | { readonly token: BootstrapToken }
  | { readonly secret: Readonly<Record<string, string>> }
  | { readonly none: true };

export interface BootstrapSettings {
  /** @defaultValue "external": a cloud controller manager initialises the node */
  readonly cloudProvider?: "external" | "none";
  /** @defaultValue unix:///run/containerd/containerd.sock */
  readonly criSocket?: string;
  /** "preinstalled": the image has containerd, kubelet and kubeadm. @defaultValue "auto" */
  readonly install?: "auto" | "preinstalled";
  /** Where kubelet and kubeadm come from; {minor} is replaced by v1.X. @defaultValue the community's Debian repository */
  readonly packageRepository?: string;
  readonly preScript?: string;
  readonly postScript?: string;
  readonly sshKeys?: readonly string[];
  /** Further files of the machine. */
  readonly files?: readonly MachineFile[];
  /** Shell lines that run before the software is installed: scratch disks and alike. */
  readonly prepare?: readonly string[];
}

export interface MachineFile {
  readonly path: string;
  readonly content: string;
  /** @defaultValue "0644" */
  readonly permissions?: string;
}

export interface JoinPlan {
  readonly mode: BootstrapMode;
  /** Not asked for in modes talos, kosmos, custom and none. */
  readonly cluster?: ClusterFacts;
  readonly node: JoiningNode;
  readonly material: JoinMaterial;
  readonly kubelet: KubeletSettings;
  readonly settings?: BootstrapSettings;
  /** The user's own part, a template; in mode custom and none the whole. */
  readonly userData?: string;
  /** `${Name}` stands for a variable as `{{ .Name }}` does, where it has a value; all other `${…}` are the shell's. @defaultValue false */
  readonly dollarVariables?: boolean;
  /** Whether the user's part runs before or after the product's (C: Merge is before, Auto is after). @defaultValue "before" */
  readonly userDataOrder?: "before" | "after";
}
