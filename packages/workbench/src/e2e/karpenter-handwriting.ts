// A fleet as Karpenter v1.14 (Go) leaves it behind: what that product writes on NodePools, NodeClaims and Nodes, and nothing
// that only this one writes. Recorded from its sources: hashes, hash version, condition types, order and reasons.

import {
  Annotation,
  DISRUPTED_TAINT,
  getCondition,
  HASH_VERSION,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  type Condition,
  type KubeObject,
  type NodeClaim,
} from "@karpenter-multicloud/core/api";
import type { KubeClient, Patch } from "@karpenter-multicloud/core/kube";

export const KARPENTER_HASH_VERSION = "v3";

/** NodePool.Hash() of v1.14.1 for a template with this class kind named default and expireAfter 720h, nothing else. */
const KARPENTER_HASHES: Readonly<Record<string, string>> = {
  KWOKNodeClass: "12745407319442031341",
  OVHNodeClass: "4994941507360625654",
};
/** Of an earlier template: what a claim carries that has drifted. */
const OUTDATED_HASH = "6821555240594823858";
const CLAIM_CONDITIONS = ["Launched", "Registered", "Initialized", "Consolidatable", "Ready", "ConsistentStateFound"];
const POOL_CONDITIONS = ["ValidationSucceeded", "NodeClassReady", "NodeRegistrationHealthy", "Ready"];

export interface Peculiar {
  /** Its NodePool has changed since: Karpenter has marked it. */
  readonly drifted?: string;
  /** Karpenter was about to remove it when it ended. */
  readonly interrupted?: string;
  /** Made by a version that did not write the label of the NodeClass. */
  readonly unlabelled?: string;
  /** Annotations of NodeClaims that only this product writes; they are taken away. */
  readonly ours: readonly string[];
}

export async function writeAsKarpenter(kube: KubeClient, peculiar: Peculiar): Promise<void> {
  for (const pool of (await kube.list(NodePools)).items) {
    const key = { name: pool.metadata.name ?? "" };
    const hash = KARPENTER_HASHES[pool.spec.template.spec.nodeClassRef.kind] ?? "";
    await kube.patch(NodePools, key, merge({ metadata: { annotations: stamp(hash) } }));
    const conditions = inKarpenterWords(pool, POOL_CONDITIONS);
    await kube.patchStatus(NodePools, key, merge({ status: { conditions } }));
  }
  for (const claim of (await kube.list(NodeClaims)).items) await rewriteClaim(kube, claim, peculiar);
}

/** What Karpenter does with a fleet of another hash version when it starts again (its hash controller). */
export async function takeBack(kube: KubeClient): Promise<void> {
  for (const pool of (await kube.list(NodePools)).items) {
    const hash = KARPENTER_HASHES[pool.spec.template.spec.nodeClassRef.kind] ?? "";
    for (const claim of (await kube.list(NodeClaims)).items) {
      const { annotations = {}, labels = {}, name = "" } = claim.metadata;
      if (labels[Label.NodePool] !== pool.metadata.name) continue;
      if (annotations[Annotation.NodePoolHashVersion] === KARPENTER_HASH_VERSION) continue;
      const isDrifted = getCondition(claim, "Drifted") !== undefined;
      const wanted = isDrifted ? { [Annotation.NodePoolHashVersion]: KARPENTER_HASH_VERSION } : stamp(hash);
      await kube.patch(NodeClaims, { name }, merge({ metadata: { annotations: wanted } }));
    }
    const key = { name: pool.metadata.name ?? "" };
    await kube.patch(NodePools, key, merge({ metadata: { annotations: stamp(hash) } }));
  }
}

/** "hash/version" of claims and pools, by kind and name. */
export async function stampsOf(kube: KubeClient): Promise<Readonly<Record<string, string>>> {
  const objects: readonly KubeObject[] = [
    ...(await kube.list(NodePools)).items,
    ...(await kube.list(NodeClaims)).items,
  ];
  return Object.fromEntries(
    objects.map(({ kind, metadata: { name, annotations = {} } }) => [
      `${kind} ${name}`,
      `${annotations[Annotation.NodePoolHash]}/${annotations[Annotation.NodePoolHashVersion]}`,
    ]),
  );
}

export function isOurStamp(text: string): boolean {
  return text.endsWith(`/${HASH_VERSION}`);
}

async function rewriteClaim(kube: KubeClient, claim: NodeClaim, peculiar: Peculiar): Promise<void> {
  const { name = "", labels = {} } = claim.metadata;
  const isDrifted = name === peculiar.drifted;
  const hash = isDrifted ? OUTDATED_HASH : (KARPENTER_HASHES[claim.spec.nodeClassRef.kind] ?? "");
  const isOfPool = labels[Label.NodePool] !== undefined;
  const annotations = {
    ...Object.fromEntries([Annotation.LaunchHint, ...peculiar.ours].map((key) => [key, null])),
    ...(isOfPool ? { ...stamp(hash), [Annotation.MinValuesRelaxed]: "false" } : {}),
  };
  const { group, kind } = claim.spec.nodeClassRef;
  const classLabel = { [`${group}/${kind.toLowerCase()}`]: null };
  const unlabelled = name === peculiar.unlabelled ? { labels: classLabel } : {};
  await kube.patch(NodeClaims, { name }, merge({ metadata: { annotations, ...unlabelled } }));
  const extra = [
    ...(isDrifted ? [condition(claim, "Drifted", "NodePoolDrifted")] : []),
    ...(name === peculiar.interrupted ? [condition(claim, "DisruptionReason", "Underutilized")] : []),
  ];
  const conditions = [...inKarpenterWords(claim, CLAIM_CONDITIONS), ...extra];
  await kube.patchStatus(NodeClaims, { name }, merge({ status: { conditions } }));
  if (claim.status?.nodeName === undefined) return;
  const node = { name: claim.status.nodeName };
  if (name === peculiar.unlabelled) await kube.patch(Nodes, node, merge({ metadata: { labels: classLabel } }));
  if (name !== peculiar.interrupted) return;
  const taints = (await kube.get(Nodes, node)).spec?.taints ?? [];
  await kube.patch(Nodes, node, merge({ spec: { taints: [...taints, DISRUPTED_TAINT] } }));
}

/** Its order, no others; where it is True the reason is the type. */
function inKarpenterWords(
  object: KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } },
  types: readonly string[],
): readonly Condition[] {
  return types.flatMap((type) => {
    const known = getCondition(object, type);
    if (known === undefined) return [];
    const words = known.status === "True" ? { reason: type, message: "" } : {};
    return [{ ...known, ...words, observedGeneration: object.metadata.generation ?? 1 }];
  });
}

function condition({ metadata }: NodeClaim, type: string, reason: string): Condition {
  const { creationTimestamp = "", generation = 1 } = metadata;
  return {
    type,
    status: "True",
    reason,
    message: reason,
    lastTransitionTime: creationTimestamp,
    observedGeneration: generation,
  };
}

function stamp(hash: string): Readonly<Record<string, string>> {
  return { [Annotation.NodePoolHash]: hash, [Annotation.NodePoolHashVersion]: KARPENTER_HASH_VERSION };
}

function merge(body: Readonly<Record<string, unknown>>): Patch {
  return { type: "merge", body };
}
