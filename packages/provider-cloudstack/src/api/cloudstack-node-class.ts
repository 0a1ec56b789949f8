// CloudStackNodeClass of karpenter.k8s.cloudstack/v1: the shape a user writes and what became of it. Rules stand in the schema beside it.

import type { Condition, ConditionFamily, KubeObject, Resource } from "@karpenter-multicloud/core/api";
import type { KubeletSettings } from "@karpenter-multicloud/core/bootstrap";
import { CLOUDSTACK_GROUP } from "./labels.ts";

/** All fields that are set must agree; "*" as a tag's value stands for any (spec part 6). */
export interface SelectorTerm {
  readonly tags?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly name?: string;
}

export interface ServiceOfferingTerm extends SelectorTerm {
  readonly minCPU?: number;
  readonly maxCPU?: number;
  readonly minMemoryMiB?: number;
  readonly maxMemoryMiB?: number;
  readonly hostTags?: readonly string[];
  readonly gpu?: boolean;
}

export interface TemplateTerm extends SelectorTerm {
  readonly osType?: string;
  readonly arch?: "amd64" | "arm64";
}

export interface DataDisk {
  readonly offering: string;
  readonly sizeGiB?: number;
  readonly minIops?: number;
  readonly maxIops?: number;
}

export interface OfferingShape {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly cpuSpeedMHz?: number;
}

export interface Bootstrap {
  /** @defaultValue auto: kubeadm where the cluster describes itself, else none */
  readonly type?: "auto" | "kubeadm" | "k3s" | "rke2" | "none";
  readonly tokenSecretRef?: { readonly name: string; readonly namespace?: string; readonly key?: string };
  readonly endpoint?: string;
  readonly caCertHash?: string;
  readonly tokenTTL?: string;
  readonly kubernetesVersion?: string;
  readonly cloudProvider?: "external" | "none";
  readonly criSocket?: string;
  readonly preKubeadmCommands?: readonly string[];
  readonly postKubeadmCommands?: readonly string[];
  readonly files?: readonly { readonly path: string; readonly content: string; readonly permissions?: string }[];
}

export type ExpungePolicy = "Auto" | "Always" | "Never";

/** User data that is registered in CloudStack. */
export interface UserDataReference {
  readonly name?: string;
  readonly id?: string;
  /** Values of its own variables: templates, as userData is. */
  readonly parameters?: Readonly<Record<string, string>>;
}

export type CloudStackNodeClassSpec = {
  readonly zone?: string;
  readonly zones?: readonly string[];
  readonly networkSelectorTerms: readonly SelectorTerm[];
  readonly serviceOfferingSelectorTerms: readonly ServiceOfferingTerm[];
  readonly templateSelectorTerms: readonly TemplateTerm[];
  /** Each inner list picks one more network card, in order. */
  readonly additionalNetworkSelectorTerms?: readonly (readonly SelectorTerm[])[];
  readonly userData?: string;
  readonly userDataMode?: "Auto" | "Custom" | "Merge";
  readonly userDataRef?: UserDataReference;
  readonly compressUserData?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  /** GiB. */
  readonly rootDiskSize?: number;
  readonly rootDiskOffering?: string;
  readonly diskOffering?: string;
  /** GiB. */
  readonly diskSize?: number;
  readonly dataDisks?: readonly DataDisk[];
  readonly sshKeyPair?: string;
  readonly sshKeyPairs?: readonly string[];
  readonly project?: string;
  /** Only administrators may name another account, and its domain with it. */
  readonly account?: string;
  readonly domain?: string;
  /** Each by its id or its name. */
  readonly securityGroups?: readonly { readonly id?: string; readonly name?: string }[];
  readonly affinityGroups?: {
    readonly ids?: readonly string[];
    readonly names?: readonly string[];
    readonly managed?: { readonly type: string; readonly scope?: "NodePool" | "NodeClass" };
  };
  readonly details?: Readonly<Record<string, string>>;
  readonly bootType?: "BIOS" | "UEFI";
  readonly bootMode?: "Legacy" | "Secure";
  readonly group?: string;
  readonly customOfferingShapes?: readonly OfferingShape[];
  /** Per hour. */
  readonly priceTable?: readonly { readonly offering: string; readonly price: string }[];
  readonly templatePolicy?: "Newest" | "FirstTerm";
  readonly kubelet?: KubeletSettings;
  readonly bootstrap?: Bootstrap;
  readonly providerIDFormat?: "ccm" | "capc" | "zoned";
  readonly expungePolicy?: ExpungePolicy;
  readonly allowVolatile?: boolean;
  /** Another key than the controller's. */
  readonly credentialsSecretRef?: { readonly name: string; readonly namespace?: string };
  /** Whether a machine is started by its order, or after its user data knows its id. */
  readonly startVM?: "direct" | "twoPhase";
  /** Takes the user data away once the node has joined. */
  readonly scrubUserData?: boolean;
};

export interface CloudStackNodeClassStatus {
  readonly zones?: readonly { readonly id: string; readonly name: string; readonly label: string }[];
  readonly networks?: readonly {
    readonly id: string;
    readonly name: string;
    readonly zone: string;
    readonly type: string;
    readonly state: string;
  }[];
  readonly serviceOfferings?: readonly {
    readonly id: string;
    readonly name: string;
    readonly instanceType: string;
    readonly cpuNumber?: number;
    readonly cpuSpeed?: number;
    readonly memory?: number;
    readonly networkRate?: number;
    readonly zones: readonly string[];
    readonly price?: string;
    readonly custom: boolean;
  }[];
  readonly templates?: readonly {
    readonly id: string;
    readonly name: string;
    readonly osType: string;
    readonly arch: string;
    readonly zone: string;
    readonly created: string;
  }[];
  readonly projectID?: string;
  readonly diskOfferings?: readonly { readonly id: string; readonly name: string }[];
  readonly affinityGroups?: readonly { readonly id: string; readonly name: string; readonly type: string }[];
  readonly observedHash?: string;
  readonly conditions?: readonly Condition[];
}

export interface CloudStackNodeClass extends KubeObject {
  readonly spec: CloudStackNodeClassSpec;
  readonly status?: CloudStackNodeClassStatus;
}

export const CloudStackNodeClasses: Resource<CloudStackNodeClass> = {
  group: CLOUDSTACK_GROUP,
  version: "v1",
  kind: "CloudStackNodeClass",
  plural: "cloudstacknodeclasses",
  namespaced: false,
};

export const CLOUDSTACK_NODE_CLASS_KIND = { group: CLOUDSTACK_GROUP, kind: "CloudStackNodeClass" } as const;

/** Held while NodeClaims refer to the class. */
export const CLOUDSTACK_NODE_CLASS_FINALIZER = `${CLOUDSTACK_GROUP}/termination`;

export const CloudStackCondition = {
  CredentialsReady: "CredentialsReady",
  ZonesReady: "ZonesReady",
  NetworksReady: "NetworksReady",
  ServiceOfferingsReady: "ServiceOfferingsReady",
  TemplatesReady: "TemplatesReady",
  DisksReady: "DisksReady",
  BootstrapReady: "BootstrapReady",
  ValidationSucceeded: "ValidationSucceeded",
} as const;

export const CLOUDSTACK_NODE_CLASS_CONDITIONS: ConditionFamily = {
  root: "Ready",
  dependents: Object.values(CloudStackCondition),
};

/** `zone` and `zones` say the same; the schema lets only one through. */
export function zonesOf({ zone, zones }: CloudStackNodeClassSpec): readonly string[] {
  return zones ?? (zone === undefined ? [] : [zone]);
}
