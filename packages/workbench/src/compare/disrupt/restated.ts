// A scenario in which a difference on purpose cannot show. When Karpenter answers that one as this engine answers the original, the
// difference is the whole explanation.

import { isConditionTrue } from "@karpenter-multicloud/core/api";
import { readScenario } from "@karpenter-multicloud/core/testing";
import { consolidatableAt } from "@karpenter-multicloud/core/disruption";
import type { MethodDifference } from "./answers.ts";
import { withoutContradictions } from "./without-contradictions.ts";
import { withoutSpotNobodySells } from "./no-spot-left.ts";

export interface Restatement {
  readonly rule: string;
  readonly what: string;
  /** The scenario as Karpenter has to be asked; undefined when the rule does not apply to it, or to what differs. */
  readonly restate: (scenario: object, differing: readonly MethodDifference[]) => object | undefined;
}

export const RESTATEMENTS: readonly Restatement[] = [
  {
    rule: "D-135",
    what: "a condition Consolidatable is not believed while consolidateAfter is not over",
    restate: withoutStaleConditions,
  },
  {
    rule: "D-27",
    what: "a pod of a StatefulSet that has ended and is being removed counts only when its successor is there",
    restate: withoutEndedPods,
  },
  {
    rule: "D-81",
    what: "a replacement admits spot only where a spot machine is left to buy (D-78)",
    restate: withoutSpotNobodySells,
  },
  {
    rule: "S-105",
    what: "a pod whose own selectors contradict each other has no place; Karpenter puts it where the label is absent",
    restate: withoutContradictions,
  },
  {
    rule: "S-407",
    what: "what a pod may be near to is known whether or not it tolerates the PreferNoSchedule taints of NodePools",
    restate: withTolerantCompany,
  },
  {
    rule: "S-410",
    what: "pods that end with the node that goes, of DaemonSets and of the node itself, do not count for the spread of others",
    restate: withoutNamesOfStaying,
  },
  {
    rule: "S-512",
    what: "without the gate ReservedCapacity nothing reserved is bought, whatever the cloud says it has",
    restate: withoutReservations,
  },
  {
    rule: "D-55",
    what: "without a NodePool that is ready pods may still move to the nodes that stay; Karpenter then decides nothing",
    restate: withReadyPools,
  },
];

function withoutStaleConditions(json: object): object | undefined {
  const scenario = readScenario(json);
  if (scenario.options.evaluateConditions) return undefined;
  const pools = new Map(scenario.nodePools.map((pool) => [pool.metadata.name, pool]));
  const nowMs = Date.parse(scenario.now);
  const waiting = new Set(
    scenario.nodes.flatMap(({ nodeClaim }) => {
      const pool = pools.get(nodeClaim?.metadata.labels?.["karpenter.sh/nodepool"]);
      if (nodeClaim === undefined || pool === undefined) return [];
      const at = consolidatableAt(nodeClaim, pool);
      return at !== undefined && at > nowMs ? [nodeClaim.metadata.name] : [];
    }),
  );
  if (waiting.size === 0) return undefined;
  const { nodes = [] } = json as { readonly nodes?: readonly EntryJson[] };
  return {
    ...json,
    nodes: nodes.map((entry) => {
      const name = entry.nodeClaim?.metadata?.name ?? entry.node?.metadata?.name;
      if (!waiting.has(name)) return entry;
      const { conditions = [] } = entry.nodeClaim?.status ?? {};
      const others = conditions.filter(({ type }) => type !== "Consolidatable");
      return {
        ...entry,
        nodeClaim: {
          ...entry.nodeClaim,
          metadata: { ...entry.node?.metadata, ...entry.nodeClaim?.metadata },
          status: { ...entry.nodeClaim?.status, conditions: [...others, NOT_YET] },
        },
      };
    }),
  };
}

/** Only pods with rules about other pods: Karpenter forgets domains of pools for them alone, and they keep the toleration it gives them too late. */
function withTolerantCompany(json: object): object | undefined {
  const { nodePools = [], nodes = [], pods = [] } = json as CompanyJson;
  const isSoft = ({ effect }: TaintJson): boolean => effect === "PreferNoSchedule";
  if (!nodePools.some(({ spec }) => spec?.template?.spec?.taints?.some(isSoft))) return undefined;
  let found = false;
  const tolerant = (pod: CompanyPodJson): CompanyPodJson => {
    if (!pod.spec?.affinity?.podAffinity && !pod.spec?.affinity?.podAntiAffinity) return pod;
    found = true;
    const tolerations = [...(pod.spec.tolerations ?? []), { operator: "Exists", effect: "PreferNoSchedule" }];
    return { ...pod, spec: { ...pod.spec, tolerations } };
  };
  const restated = {
    ...json,
    pods: pods.map(tolerant),
    nodes: nodes.map((entry) => (entry.pods ? { ...entry, pods: entry.pods.map(tolerant) } : entry)),
  };
  return found ? restated : undefined;
}

/** Only on the nodes that this engine would remove. */
function withoutNamesOfStaying(json: object, differing: readonly MethodDifference[]): object | undefined {
  const gone = new Set(
    differing.flatMap(({ ours }) =>
      (ours.commands ?? []).flatMap(({ candidates }) => candidates.map(({ name }) => name)),
    ),
  );
  const { nodes = [] } = json as { readonly nodes?: readonly EntryJson[] };
  let found = false;
  const nameless = (pod: PodJson): PodJson => {
    const owners = pod.metadata?.ownerReferences ?? [];
    if (!pod.metadata?.labels || !owners.some(({ kind }) => kind === "Node" || kind === "DaemonSet")) return pod;
    found = true;
    return { ...pod, metadata: { ...pod.metadata, labels: {} } };
  };
  const restated = nodes.map((entry) => {
    const name = entry.nodeClaim?.metadata?.name ?? entry.node?.metadata?.name;
    return entry.pods && gone.has(name ?? "") ? { ...entry, pods: entry.pods.map(nameless) } : entry;
  });
  return found ? { ...json, nodes: restated } : undefined;
}

/** Nodes that run on reservations keep their price. */
function withoutReservations(json: object): object | undefined {
  const { options, instanceTypes = [] } = json as MarketJson;
  const isReserved = ({ capacityType }: OfferingJson): boolean => capacityType === "reserved";
  if (options?.featureGates?.["ReservedCapacity"] !== false) return undefined;
  if (!instanceTypes.some(({ offerings }) => offerings.some(isReserved))) return undefined;
  return {
    ...json,
    instanceTypes: instanceTypes.map((type) => ({
      ...type,
      offerings: type.offerings.map((each) => (isReserved(each) ? { ...each, available: false } : each)),
    })),
  };
}

/** Other pods that have ended count for neither engine. */
function withoutEndedPods(json: object): object | undefined {
  const { nodes = [] } = json as { readonly nodes?: readonly EntryJson[] };
  const hasEnded = ({ metadata, status }: PodJson): boolean =>
    metadata?.deletionTimestamp !== undefined && (status?.phase === "Succeeded" || status?.phase === "Failed");
  if (!nodes.some(({ pods }) => pods?.some(hasEnded))) return undefined;
  return {
    ...json,
    nodes: nodes.map((entry) => (entry.pods ? { ...entry, pods: entry.pods.filter((pod) => !hasEnded(pod)) } : entry)),
  };
}

/** The pools are ready, and nothing can be bought for them all the same. */
function withReadyPools(json: object): object | undefined {
  const { nodePools } = readScenario(json);
  const isReady = nodePools.some((pool) => pool.spec.replicas === undefined && isConditionTrue(pool, "Ready"));
  if (isReady || nodePools.every(({ spec }) => spec.replicas !== undefined)) return undefined;
  const { nodePools: pools = [], instanceTypes = [] } = json as MarketJson & { readonly nodePools?: readonly object[] };
  return {
    ...json,
    nodePools: pools.map((pool) => ({ ...pool, status: {} })),
    instanceTypes: instanceTypes.map((type) => ({
      ...type,
      offerings: type.offerings.map((each) => ({ ...each, available: false })),
    })),
  };
}

interface TaintJson {
  readonly effect?: string;
}

interface CompanyPodJson {
  readonly spec?: {
    readonly affinity?: { readonly podAffinity?: object; readonly podAntiAffinity?: object };
    readonly tolerations?: readonly object[];
  };
}

interface CompanyJson {
  readonly nodePools?: readonly {
    readonly spec?: { readonly template?: { readonly spec?: { readonly taints?: readonly TaintJson[] } } };
  }[];
  readonly nodes?: readonly { readonly pods?: readonly CompanyPodJson[] }[];
  readonly pods?: readonly CompanyPodJson[];
}

interface OfferingJson {
  readonly capacityType: string;
}

interface MarketJson {
  readonly options?: { readonly featureGates?: Readonly<Record<string, boolean>> };
  readonly instanceTypes?: readonly { readonly offerings: readonly OfferingJson[] }[];
}

interface PodJson {
  readonly metadata?: {
    readonly deletionTimestamp?: string;
    readonly labels?: object;
    readonly ownerReferences?: readonly { readonly kind?: string }[];
  };
  readonly status?: { readonly phase?: string };
}

interface EntryJson {
  readonly pods?: readonly PodJson[];
  readonly node?: { readonly metadata?: { readonly name?: string } };
  readonly nodeClaim?: {
    readonly metadata?: { readonly name?: string };
    readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
  };
}

const NOT_YET = {
  type: "Consolidatable",
  status: "False",
  reason: "Waiting",
  message: "",
  lastTransitionTime: "2026-01-01T11:00:00Z",
};
