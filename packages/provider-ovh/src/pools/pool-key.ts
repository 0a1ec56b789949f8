// Which pool a machine belongs into: equal keys share a pool, everything that touches all machines of a pool is part of the key (O-5 to O-11).

import { createHash } from "node:crypto";

import { compareText, sortedKeys } from "@karpenter-multicloud/core/units";
import type { Taint } from "@karpenter-multicloud/core/api";

import { MANAGED_BY, OwnerLabel } from "../api/labels.ts";
import type { Place } from "../catalog/price-book.ts";
import type { WireTaint, WireTemplate } from "../client/wire.ts";

export interface PoolShape {
  readonly kubeId: string;
  readonly flavor: string;
  /** Zone label value of the nodes. */
  readonly zone: string;
  readonly region: string;
  readonly place: Place;
  readonly monthlyBilled: boolean;
  readonly antiAffinity: boolean;
  readonly attachFloatingIps: boolean;
  /** Never startup taints: the template stays for the life of the pool. */
  readonly taints: readonly Taint[];
  /** The class's tags and what templateLabels adds. */
  readonly labels: Readonly<Record<string, string>>;
  /** Set when the pool is for one claim alone (poolStrategy PerNodeClaim). */
  readonly claimUid?: string;
}

const LONGEST_NAME = 51;
export const POOL_PREFIX = "karpenter-";

/** Equal content in any order gives an equal fingerprint. */
export function templateFingerprint(shape: Pick<PoolShape, "taints" | "labels">): string {
  const labels = sortedKeys(shape.labels).map((key) => [key, shape.labels[key]]);
  return sha256(JSON.stringify({ taints: wireTaints(shape.taints).map((t) => [t.key, t.effect, t.value]), labels }));
}

/** Hex; its first ten characters stand in the pool's template. */
export function poolKey(shape: PoolShape): string {
  return sha256(
    JSON.stringify([
      shape.kubeId,
      shape.flavor,
      shape.zone,
      shape.monthlyBilled,
      shape.antiAffinity,
      shape.attachFloatingIps,
      templateFingerprint(shape),
      shape.claimUid ?? "",
    ]),
  );
}

/** O-10. The same on every replica and in every version: renaming would orphan pools. Shards count from 1. */
export function poolName(shape: PoolShape, shard: number): string {
  const hash = poolKey(shape);
  const suffix = shard > 1 ? `-${shard}` : "";
  if (shape.claimUid !== undefined)
    return shorten(`${POOL_PREFIX}${dashed(shape.flavor)}`, `-${hash.slice(0, 8)}${suffix}`);
  const base = `${POOL_PREFIX}${dashed(shape.flavor)}-${zonePart(shape)}`;
  const tail = `${isPlain(shape) ? "" : `-${hash.slice(0, 6)}`}${suffix}`;
  if (base.length + tail.length <= LONGEST_NAME) return base + tail;
  return shorten(base, `-${hash.slice(0, 6)}${suffix}`);
}

/** O-40: all five parts, though empty; finalizers never, they would block every scale-down. */
export function templateOf(shape: PoolShape, clusterName: string): WireTemplate {
  return {
    metadata: {
      labels: {
        ...shape.labels,
        [OwnerLabel.ManagedBy]: MANAGED_BY,
        [OwnerLabel.Cluster]: clusterName,
        [OwnerLabel.PoolKey]: poolKey(shape).slice(0, 10),
      },
      annotations: {},
      finalizers: [],
    },
    spec: { taints: wireTaints(shape.taints), unschedulable: false },
  };
}

/** O-4: both labels; a name alone proves nothing. */
export function isOwned(template: WireTemplate, clusterName: string): boolean {
  const { labels } = template.metadata;
  return labels[OwnerLabel.ManagedBy] === MANAGED_BY && labels[OwnerLabel.Cluster] === clusterName;
}

/** In the place of the key: taken over from the older product, so that no new machine belongs into it. */
const ADOPTED = "adopted";

export function isAdopted(template: WireTemplate): boolean {
  return template.metadata.labels[OwnerLabel.PoolKey] === ADOPTED;
}

/** Only adds: what the template takes away MKS would take from running nodes. Finalizers alone must go, they block every scale-down. */
export function adoptedTemplate({ metadata, spec }: WireTemplate, clusterName: string): WireTemplate {
  const owner = {
    [OwnerLabel.ManagedBy]: MANAGED_BY,
    [OwnerLabel.Cluster]: clusterName,
    [OwnerLabel.PoolKey]: ADOPTED,
  };
  return { metadata: { ...metadata, labels: { ...metadata.labels, ...owner }, finalizers: [] }, spec };
}

/** Whether machines of the pool get what this shape asks for (O-42). */
export function hasTemplate(actual: WireTemplate, shape: PoolShape, clusterName: string): boolean {
  const wanted = templateOf(shape, clusterName);
  return (
    JSON.stringify(sortedTaints(actual.spec.taints)) === JSON.stringify(wanted.spec.taints) &&
    !actual.spec.unschedulable &&
    sameLabels(actual.metadata.labels, wanted.metadata.labels)
  );
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = sortedKeys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function isPlain(shape: PoolShape): boolean {
  const touched = shape.monthlyBilled || shape.antiAffinity || shape.attachFloatingIps;
  return !touched && shape.taints.length === 0 && Object.keys(shape.labels).length === 0;
}

/** S-02: one-AZ regions keep the documented name with -a, whatever their nodes carry as zone. */
function zonePart({ place, region, zone }: PoolShape): string {
  return dashed(place === "3az" ? zone : `${region}-a`);
}

function dashed(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9-]/g, "-");
}

function shorten(base: string, tail: string): string {
  return base.slice(0, LONGEST_NAME - tail.length).replace(/-+$/, "") + tail;
}

function wireTaints(taints: readonly Taint[]): readonly WireTaint[] {
  return sortedTaints(taints.map(({ key, value = "", effect }) => ({ key, value, effect })));
}

/** The same field order always, so that equal taints are equal texts. */
function sortedTaints(taints: readonly WireTaint[]): readonly WireTaint[] {
  return taints
    .map(({ key, value, effect }) => ({ key, value, effect }))
    .sort((a, b) => compareText(a.key, b.key) || compareText(a.effect, b.effect) || compareText(a.value, b.value));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
