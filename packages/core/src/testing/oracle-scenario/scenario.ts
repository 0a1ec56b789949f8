// One scheduling question as JSON: cluster, pods and what the cloud sells, with every default filled in.

import type {
  CSINode,
  DaemonSet,
  Namespace,
  Node,
  NodeClaim,
  NodeOverlay,
  NodePool,
  Pod,
  PodDisruptionBudget,
  ResourceList,
} from "../../api/index.ts";
import type { MethodName } from "../../disruption/index.ts";
import type { RequirementLike } from "../../requirements/index.ts";
import type { StorageInput } from "../../scheduling/index.ts";

export interface ScenarioOverhead {
  readonly kubeReserved?: ResourceList;
  readonly systemReserved?: ResourceList;
  readonly evictionThreshold?: ResourceList;
}

export interface ScenarioOffering {
  readonly capacityType: string;
  readonly zone: string;
  readonly price: number;
  readonly available: boolean;
  readonly requirements?: readonly RequirementLike[];
  readonly reservationCapacity?: number;
  readonly capacityOverride?: ResourceList;
  readonly overheadOverride?: ScenarioOverhead;
}

export interface ScenarioInstanceType {
  readonly name: string;
  /** Offered to these pools only; absent: to all. */
  readonly nodePools?: readonly string[];
  readonly capacity: ResourceList;
  readonly overhead?: ScenarioOverhead;
  readonly requirements: readonly RequirementLike[];
  readonly offerings: readonly ScenarioOffering[];
}

export interface ScenarioNode {
  readonly state: "initialized" | "registered" | "launched";
  readonly node?: Node;
  readonly nodeClaim?: NodeClaim;
  readonly pods: readonly Pod[];
}

export interface ScenarioOptions {
  readonly preferencePolicy: "Respect" | "Ignore";
  readonly minValuesPolicy: "Strict" | "BestEffort";
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly wellKnownLabels: readonly string[];
  /** Drifted and Consolidatable are computed; otherwise they are taken as given. */
  readonly evaluateConditions: boolean;
}

export interface Scenario {
  readonly id?: unknown;
  readonly name: string;
  readonly action: "schedule" | "disrupt";
  /** With `disrupt`: only this method. */
  readonly method?: MethodName;
  /** RFC 3339. */
  readonly now: string;
  readonly options: ScenarioOptions;
  readonly nodePools: readonly NodePool[];
  readonly nodeOverlays: readonly NodeOverlay[];
  readonly instanceTypes: readonly ScenarioInstanceType[];
  readonly nodes: readonly ScenarioNode[];
  readonly pods: readonly Pod[];
  readonly daemonSets: readonly DaemonSet[];
  readonly pdbs: readonly PodDisruptionBudget[];
  readonly storage: StorageInput;
  readonly csiNodes: readonly CSINode[];
  readonly namespaces: readonly Namespace[];
  /** By name of the NodeClaim: why the cloud calls it drifted. */
  readonly driftedNodeClaims: Readonly<Record<string, string>>;
}

/** What is wrong with a scenario, or what in it cannot be answered. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
}
