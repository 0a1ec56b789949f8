// One class as launching needs it: where its cluster is, what can be had there, and what its pools look like.

import { Label, NodePools } from "@karpenter-multicloud/core/api";
import type { NodeClaim, NodePool } from "@karpenter-multicloud/core/api";
import { NodeClassNotReady } from "@karpenter-multicloud/core/provider";
import type { InstanceTypes, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { Informer, KubeCache } from "@karpenter-multicloud/core/kube";

import { isForbiddenTemplateLabel, OvhAnnotation } from "../api/labels.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import type { FlavorCatalog } from "../catalog/flavors.ts";
import { InstanceTypeCatalog } from "../catalog/instance-types.ts";
import type { Situation } from "../catalog/instance-types.ts";
import type { Pricing } from "../catalog/pricing.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import type { PoolShape } from "../pools/pool-key.ts";

const ANTI_AFFINITY_NODES = 5;
const NODES_BY_PLAN: Readonly<Record<string, number>> = { free: 100, standard: 500 };

export interface ClassViewParts {
  readonly flavors: FlavorCatalog;
  readonly pricing: Pricing;
  readonly unavailable: UnavailableOfferings;
  readonly settings: OvhSettings;
  /** Empty: the cluster's id is used. */
  readonly clusterName: string;
  readonly cache: KubeCache;
}

export class ClassViews {
  readonly #parts: ClassViewParts;
  readonly #types = new InstanceTypeCatalog();
  readonly #pools: Informer<NodePool>;

  constructor(parts: ClassViewParts) {
    this.#parts = parts;
    this.#pools = parts.cache.informer(NodePools);
  }

  async instanceTypes(nodeClass: OVHNodeClass, access: ClusterAccess, signal: AbortSignal): Promise<InstanceTypes> {
    const { flavors, pricing, unavailable, settings } = this.#parts;
    const situation = situationOf(nodeClass);
    const { uid = "", generation = 0, name = "" } = nodeClass.metadata;
    return this.#types.of({
      spec: nodeClass.spec ?? {},
      classKey: `${name}:${uid}:${generation}`,
      situation,
      flavors: await flavors.of(access, situation.region, signal),
      prices: { version: pricing.version, book: pricing.book },
      unavailable,
      memoryOverhead: settings.memoryOverhead,
      monthlyFamilies: settings.monthlyFamilies,
    });
  }

  clusterName(access: { readonly kubeId: string }): string {
    return this.#parts.clusterName || access.kubeId;
  }

  /** O-12, O-13 */
  maxNodes(nodeClass: OVHNodeClass): number {
    if (nodeClass.spec?.poolStrategy === "PerNodeClaim") return 1;
    const { maxNodesPerPool } = this.#parts.settings;
    return nodeClass.spec?.antiAffinity ? Math.min(ANTI_AFFINITY_NODES, maxNodesPerPool) : maxNodesPerPool;
  }

  clusterLimit(nodeClass: OVHNodeClass): number {
    return this.#parts.settings.maxNodesPerCluster ?? NODES_BY_PLAN[nodeClass.status?.plan ?? ""] ?? 500;
  }

  /** O-5: a pure function of claim, class and offering. */
  shape(
    claim: NodeClaim,
    nodeClass: OVHNodeClass,
    access: ClusterAccess,
    { flavor, zone }: { readonly flavor: string; readonly zone: string },
  ): PoolShape {
    const { region, place } = situationOf(nodeClass);
    const {
      monthlyBilled = false,
      antiAffinity = false,
      attachFloatingIps = false,
      poolStrategy,
    } = nodeClass.spec ?? {};
    return {
      kubeId: access.kubeId,
      flavor,
      zone,
      region,
      place,
      monthlyBilled,
      antiAffinity,
      attachFloatingIps,
      taints: claim.spec.taints ?? [],
      labels: { ...this.#poolLabels(claim, nodeClass), ...nodeClass.spec?.tags },
      ...(poolStrategy === "PerNodeClaim" ? { claimUid: claim.metadata.uid ?? "" } : {}),
    };
  }

  /** O-8: only when the class asks for it, because it makes more pools. */
  #poolLabels(claim: NodeClaim, nodeClass: OVHNodeClass): Readonly<Record<string, string>> {
    const name = claim.metadata.labels?.[Label.NodePool];
    if (nodeClass.spec?.templateLabels !== "NodePool" || name === undefined) return {};
    const labels = this.#pools.get({ name })?.spec.template.metadata?.labels ?? {};
    const allowed = Object.entries(labels).filter(([key]) => !isForbiddenTemplateLabel(key));
    return { ...Object.fromEntries(allowed), [Label.NodePool]: name };
  }
}

/** @throws NodeClassNotReady while the status does not say where the cluster is */
export function situationOf(nodeClass: OVHNodeClass): Situation {
  const { region, regionType, zones } = nodeClass.status ?? {};
  if (region === undefined || zones === undefined || zones.length === 0) {
    throw new NodeClassNotReady(`OVHNodeClass ${nodeClass.metadata.name ?? ""}: region and zones are not known yet`);
  }
  const place = regionType === "region-3-az" ? "3az" : regionType === "localzone" ? "localzone" : "1az";
  return { region, place, zones };
}

export function offeringOf(claim: NodeClaim): { readonly flavor: string; readonly zone: string } | undefined {
  const [flavor, zone] = (claim.metadata.annotations?.[OvhAnnotation.Offering] ?? "").split("/");
  return flavor && zone ? { flavor, zone } : undefined;
}
