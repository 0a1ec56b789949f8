// Gathers what one planning round works on: pods, pools with their types, capacity there and on its way, daemons.

import {
  DaemonSets,
  Label,
  Namespaces,
  NodePools,
  Pods,
  type DaemonSet,
  type NodePool,
  type Pod,
} from "../../api/index.ts";
import type { KubeCache } from "../../kube/index.ts";
import { hasCode, normalizationOf, wellKnownLabelsOf, type InstanceType } from "../../provider/index.ts";
import { overlaidPool } from "../../scheduling/index.ts";
import type { DaemonSetInput, NamespaceInput, NodeInput, PoolInput, ProblemInput } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { Resources } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { managedPools } from "../managed-pools.ts";
import { defaultSpreadInput, watchDefaultSpread } from "./default-spread-input.ts";
import { bookedCapacity, settledLabels } from "./ordered-machine.ts";
import { backOffText, type PoolBackOff } from "./pool-back-off.ts";
import { gatherStorage, volumeLimitsOf, watchStorage } from "./storage.ts";

type Deps = Pick<ControllerDeps, "provider" | "cache" | "state" | "logger" | "overlays" | "settings"> & {
  readonly backOff?: Pick<PoolBackOff, "of">;
};

const BY_DAEMON_SET = "daemonset";

/** Declares what the gathering needs, so that it is watched from the start. */
export function watchProblemInput({ cache, settings }: Pick<ControllerDeps, "cache" | "settings">): void {
  cache.informer(NodePools);
  cache.informer(DaemonSets);
  cache.informer(Namespaces);
  watchDefaultSpread(cache, settings);
  cache.informer(Pods, { [BY_DAEMON_SET]: daemonSetUids });
  watchStorage(cache);
}

/** Everything but the pools, which a cloud has to be asked for; without a wait, so that all of it belongs together. */
export function problemOf(
  deps: Pick<ControllerDeps, "provider" | "cache" | "state" | "settings">,
  pods: readonly Pod[],
  nodePools: readonly PoolInput[],
): ProblemInput {
  const nodes = deps.state.nodes().filter((node) => !node.markedForDeletion);
  const { restrictedDomains, maxInstanceTypes, capacityTypes, reservationIdLabel, ...settings } =
    deps.provider.settings();
  const defaultSpread = defaultSpreadInput(deps.cache, deps.settings);
  return {
    pods,
    nodePools,
    nodes: nodes.map((node) => nodeInput(node, typesOf(node, nodePools), deps.cache)),
    daemonSets: gatherDaemonSets(deps.cache),
    namespaces: gatherNamespaces(deps.cache),
    ...(defaultSpread && { defaultSpread }),
    storage: gatherStorage(deps.cache, settings),
    preferencePolicy: deps.settings.preferencePolicy,
    minValuesPolicy: deps.settings.minValuesPolicy,
    // S-514: what is planned here is bought, so it rather waits for reserved capacity.
    reservedCapacity: deps.settings.featureGates.ReservedCapacity ? "Strict" : "Off",
    wellKnownLabels: wellKnownLabelsOf(deps.provider.settings()),
    ...(reservationIdLabel === undefined ? {} : { reservationIdLabel }),
    ...(restrictedDomains ? { restrictedDomains } : {}),
    ...(maxInstanceTypes === undefined ? {} : { maxInstanceTypes }),
    ...(capacityTypes ? { capacityTypes } : {}),
    normalization: normalizationOf(settings),
  };
}

/** As what a machine counts against limits (LC-11). */
export function sizesIn(nodePools: readonly PoolInput[]): (node: StateNode) => Resources {
  return (node) => bookedCapacity(node, typesOf(node, nodePools));
}

/** S-301: pools that cannot grow are kept, with the reason, for the explanations. */
export async function gatherPools(deps: Deps, signal: AbortSignal): Promise<readonly PoolInput[]> {
  const inputs = await Promise.all(managedPools(deps).map((pool) => poolInput(deps, pool, signal)));
  const { overlays } = deps;
  // Looked up after the last wait, so that all pools are seen through the same overlays (OV-6).
  const pools = overlays ? inputs.map((pool) => overlaidPool(pool, overlays.current)) : inputs;
  const pending = pools.filter(({ skipped }) => skipped?.reason === "OverlayPending");
  for (const { nodePool } of pending) {
    deps.logger.debug("overlays are not evaluated yet, nodepool is left out", { NodePool: nodePool.metadata.name });
  }
  return pools;
}

async function poolInput(deps: Deps, nodePool: NodePool, signal: AbortSignal): Promise<PoolInput> {
  const skipped = skippedReason(nodePool, deps.settings);
  if (skipped) return { nodePool, instanceTypes: [], skipped };
  try {
    const { items } = await deps.provider.getInstanceTypes(nodePool, { signal });
    const pause = deps.backOff?.of(nodePool);
    if (items.length > 0) {
      // Its types stay known: machines of it that are on their way take pods meanwhile.
      const waits = pause && { skipped: { reason: "NodePoolBackOff" as const, detail: backOffText(pause) } };
      return { nodePool, instanceTypes: items, ...waits };
    }
    const detail = "the cloud offers no instance type for it";
    return { nodePool, instanceTypes: [], skipped: { reason: "InstanceTypesUnavailable", detail } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    logTypesFailure(deps, nodePool, error, "nodepool is left out");
    return { nodePool, instanceTypes: [], skipped: { reason: "InstanceTypesUnavailable", detail } };
  }
}

/** A NodeClass that is not ready is no trouble but a beginning, and a condition of the NodePool tells it. */
export function logTypesFailure(
  { logger }: Pick<ControllerDeps, "logger">,
  { metadata: { name } }: NodePool,
  error: unknown,
  consequence: string,
): void {
  const isEarly = hasCode(error, "PROVIDER_NODE_CLASS_NOT_READY");
  logger[isEarly ? "debug" : "error"](`listing instance types failed, ${consequence}`, { NodePool: name, error });
}

function skippedReason(pool: NodePool, { featureGates }: ControllerDeps["settings"]): PoolInput["skipped"] {
  if (pool.metadata.deletionTimestamp) return { reason: "NodePoolDeleting", detail: "it is being deleted" };
  if (pool.spec.replicas !== undefined) {
    const detail = "it has a fixed number of replicas";
    const off = ", and without the feature gate StaticCapacity nothing keeps it at them";
    return { reason: "NodePoolStatic", detail: featureGates.StaticCapacity ? detail : `${detail}${off}` };
  }
  const conditions = pool.status?.conditions ?? [];
  const ready = conditions.find((condition) => condition.type === "Ready");
  if (ready?.status === "True") return undefined;
  const cause = conditions.find((condition) => condition.type !== "Ready" && condition.status === "False");
  return {
    reason: "NodePoolNotReady",
    detail: cause ? `${cause.reason}: ${cause.message}` : "it has not been checked yet",
  };
}

function typesOf(node: StateNode, nodePools: readonly PoolInput[]): readonly InstanceType[] {
  return nodePools.find(({ nodePool }) => nodePool.metadata.name === node.nodePool)?.instanceTypes ?? [];
}

function nodeInput(node: StateNode, types: readonly InstanceType[], cache: KubeCache): NodeInput {
  const labels = { ...settledLabels(node, types), ...node.labels };
  const volumeLimits = volumeLimitsOf({ name: node.name, labels }, types, cache);
  return {
    name: node.name,
    ...(node.nodePool === undefined ? {} : { nodePool: node.nodePool }),
    initialized: node.initialized,
    labels: { [Label.Hostname]: node.name, ...labels },
    taints: node.taints,
    capacity: bookedCapacity(node, types),
    allocatable: node.allocatable,
    pods: node.pods,
    ...(volumeLimits && { volumeLimits }),
  };
}

/** S-404. */
function gatherNamespaces(cache: KubeCache): readonly NamespaceInput[] {
  const namespaces = cache.informer(Namespaces).list();
  return namespaces.map(({ metadata: { name = "", labels = {} } }) => ({ name, labels }));
}

function gatherDaemonSets(cache: KubeCache): readonly DaemonSetInput[] {
  const pods = cache.informer(Pods);
  return cache
    .informer(DaemonSets)
    .list()
    .map((daemonSet: DaemonSet) => {
      const own = pods.byIndex(BY_DAEMON_SET, daemonSet.metadata.uid ?? "");
      const newestPod = own.reduce<Pod | undefined>((newest, pod) => (isNewer(pod, newest) ? pod : newest), undefined);
      return newestPod ? { daemonSet, newestPod } : { daemonSet };
    });
}

function isNewer(pod: Pod, than: Pod | undefined): boolean {
  return !than || (pod.metadata.creationTimestamp ?? "") > (than.metadata.creationTimestamp ?? "");
}

function daemonSetUids(pod: Pod): readonly string[] {
  return (pod.metadata.ownerReferences ?? []).filter((owner) => owner.kind === "DaemonSet").map((owner) => owner.uid);
}
