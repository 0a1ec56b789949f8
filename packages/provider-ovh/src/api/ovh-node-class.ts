// OVHNodeClass of karpenter.ovhcloud.sh/v1alpha1: the shape a user writes and what became of it. Rules stand in ovh-node-class.schema.ts.

import type { Condition, ConditionFamily, KubeObject, Resource } from "@karpenter-multicloud/core/api";

import { OVH_GROUP } from "./labels.ts";

export interface SecretRef {
  readonly name: string;
  readonly namespace?: string;
}

export interface FlavorSelector {
  /** b3, c3, … */
  readonly families?: readonly string[];
  readonly names?: readonly string[];
  readonly excludeNames?: readonly string[];
  /** As the API has them: available, unavailable. */
  readonly states?: readonly string[];
}

export type OVHNodeClassSpec = {
  /** @defaultValue OVH_SERVICE_NAME */
  readonly serviceName?: string;
  /** @defaultValue found by the controller */
  readonly kubeId?: string;
  /** Only compared with the cluster's. */
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentialsSecretRef?: SecretRef;
  readonly monthlyBilled?: boolean;
  readonly antiAffinity?: boolean;
  readonly attachFloatingIps?: boolean;
  /** Labels of every node, from its first second. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly zones?: readonly string[];
  readonly flavorSelector?: FlavorSelector;
  readonly poolStrategy?: "Shared" | "PerNodeClaim";
  readonly templateLabels?: "None" | "NodePool";
  readonly reserved?: { readonly cpuMilli?: number; readonly memoryMB?: number; readonly storageGB?: number };
  readonly evictionHard?: { readonly memoryMi?: number };
  readonly driftOnVersion?: boolean;
  readonly driftOnTemplateEdit?: boolean;
  readonly monthlyMinLifetime?: string;
};

export interface OVHNodeClassStatus {
  readonly serviceName?: string;
  readonly kubeId?: string;
  readonly region?: string;
  readonly plan?: string;
  readonly regionType?: string;
  readonly zones?: readonly string[];
  readonly kubernetesVersion?: string;
  readonly flavors?: { readonly total: number; readonly available: number };
  readonly discoveredFlavors?: readonly string[];
  readonly poolCount?: number;
  readonly currency?: string;
  readonly priceSource?: "live" | "cached" | "bundled";
  readonly lastSyncTime?: string;
  readonly conditions?: readonly Condition[];
}

export interface OVHNodeClass extends KubeObject {
  readonly spec?: OVHNodeClassSpec;
  readonly status?: OVHNodeClassStatus;
}

export const OVHNodeClasses: Resource<OVHNodeClass> = {
  group: OVH_GROUP,
  version: "v1alpha1",
  kind: "OVHNodeClass",
  plural: "ovhnodeclasses",
  namespaced: false,
};

export const OVH_NODE_CLASS_KIND = { group: OVH_GROUP, kind: "OVHNodeClass" } as const;

/** Held while NodeClaims refer to the class. */
export const OVH_NODE_CLASS_FINALIZER = `${OVH_GROUP}/termination`;

export const OvhCondition = {
  CredentialsReady: "CredentialsReady",
  PermissionsReady: "PermissionsReady",
  ClusterReady: "ClusterReady",
  RegionValid: "RegionValid",
  FlavorsReady: "FlavorsReady",
  ZonesReady: "ZonesReady",
  TagsValid: "TagsValid",
  ProjectUsable: "ProjectUsable",
  /** Information only. */
  PricingReady: "PricingReady",
  /** Information only. */
  PlanSupports: "PlanSupports",
} as const;

export const OVH_NODE_CLASS_CONDITIONS: ConditionFamily = {
  root: "Ready",
  dependents: [
    OvhCondition.CredentialsReady,
    OvhCondition.PermissionsReady,
    OvhCondition.ClusterReady,
    OvhCondition.RegionValid,
    OvhCondition.FlavorsReady,
    OvhCondition.ZonesReady,
    OvhCondition.TagsValid,
    OvhCondition.ProjectUsable,
  ],
};
