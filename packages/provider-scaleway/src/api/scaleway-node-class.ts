// ScalewayNodeClass of karpenter.scaleway.com/v1alpha1: the shape a user writes and what became of it. Rules stand in scaleway-node-class.schema.ts.

import type { Condition, ConditionFamily, KubeObject, Resource } from "@karpenter-multicloud/core/api";
import type { KubeletSettings } from "@karpenter-multicloud/core/bootstrap";

import { SCALEWAY_GROUP } from "./labels.ts";

export interface ImageTerm {
  /** Exactly one of the three. */
  readonly label?: string;
  readonly id?: string;
  readonly name?: string;
  /** For types with GPUs only, or without only. @defaultValue both */
  readonly gpu?: boolean;
}

export interface InstanceTypeSelector {
  /** Patterns; `*` stands for anything. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly allowEndOfService?: boolean;
  readonly minMemory?: string;
}

export interface RootVolume {
  readonly type?: "sbs" | "local";
  readonly size?: string | number;
  readonly iops?: number;
}

export type PublicIp = "none" | "dynamic" | "flexible" | "flexible-ipv4-ipv6" | "flexible-ipv6";

/** One of the two. */
export interface NamedRef {
  readonly id?: string;
  readonly name?: string;
}

export interface PlacementGroupSpec {
  readonly id?: string;
  readonly policyType?: "max_availability" | "low_latency";
  readonly policyMode?: "optional" | "enforced";
}

export type BootstrapType = "kubeadm" | "k3s" | "rke2" | "talos" | "kosmos" | "custom";

export interface BootstrapSpec {
  readonly type?: BootstrapType;
  readonly apiServerEndpoint?: string;
  readonly kubernetesVersion?: string;
  readonly cloudProvider?: "external" | "none";
  readonly tokenTTL?: string;
  readonly tokenSecretRef?: { readonly name: string; readonly namespace?: string };
  readonly installScript?: "auto" | "preinstalled";
  readonly preScript?: string;
  readonly postScript?: string;
}

export type ScalewayNodeClassSpec = {
  /** @defaultValue SCW_DEFAULT_ZONE */
  readonly zones?: readonly string[];
  /** @defaultValue SCW_DEFAULT_PROJECT_ID */
  readonly projectID?: string;
  readonly imageSelectorTerms?: readonly ImageTerm[];
  readonly instanceTypeSelector?: InstanceTypeSelector;
  readonly rootVolume?: RootVolume;
  readonly scratchStorage?: "none" | "raid0" | "ephemeral";
  readonly publicIP?: PublicIp;
  readonly privateNetworks?: readonly NamedRef[];
  /** Its address becomes the node's. */
  readonly primaryPrivateNetwork?: string;
  readonly securityGroup?: NamedRef;
  readonly placementGroup?: PlacementGroupSpec;
  readonly sshKeys?: readonly string[];
  readonly tags?: readonly string[];
  readonly bootstrap?: BootstrapSpec;
  readonly userData?: string;
  readonly kubelet?: KubeletSettings;
  readonly deleteUserDataAfterRegistration?: boolean;
  readonly protected?: boolean;
};

export interface FoundImage {
  readonly id: string;
  readonly label?: string;
  readonly arch: string;
  readonly zone: string;
  readonly type: string;
  readonly gpu: boolean;
  readonly compatibleTypes: number;
}

export interface Zonal {
  readonly id: string;
  readonly zone: string;
}

export interface ScalewayNodeClassStatus {
  readonly images?: readonly FoundImage[];
  readonly zones?: readonly string[];
  readonly securityGroups?: readonly Zonal[];
  readonly privateNetworks?: readonly { readonly id: string; readonly region: string }[];
  readonly placementGroups?: readonly Zonal[];
  readonly instanceTypeCount?: number;
  readonly lastSyncTime?: string;
  readonly conditions?: readonly Condition[];
}

export interface ScalewayNodeClass extends KubeObject {
  readonly spec?: ScalewayNodeClassSpec;
  readonly status?: ScalewayNodeClassStatus;
}

export const ScalewayNodeClasses: Resource<ScalewayNodeClass> = {
  group: SCALEWAY_GROUP,
  version: "v1alpha1",
  kind: "ScalewayNodeClass",
  plural: "scalewaynodeclasses",
  namespaced: false,
};

export const SCALEWAY_NODE_CLASS_KIND = { group: SCALEWAY_GROUP, kind: "ScalewayNodeClass" } as const;

/** Held while NodeClaims refer to the class. */
export const SCALEWAY_NODE_CLASS_FINALIZER = `${SCALEWAY_GROUP}/termination`;

export const ScalewayCondition = {
  ValidationSucceeded: "ValidationSucceeded",
  CredentialsReady: "CredentialsReady",
  ImagesReady: "ImagesReady",
  SecurityGroupsReady: "SecurityGroupsReady",
  PrivateNetworksReady: "PrivateNetworksReady",
  PlacementGroupsReady: "PlacementGroupsReady",
  BootstrapReady: "BootstrapReady",
  InstanceTypesReady: "InstanceTypesReady",
} as const;

export const SCALEWAY_NODE_CLASS_CONDITIONS: ConditionFamily = {
  root: "Ready",
  dependents: Object.values(ScalewayCondition),
};

export const DEFAULT_TOKEN_TTL = "30m";
