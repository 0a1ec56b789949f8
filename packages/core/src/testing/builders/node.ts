// Nodes and NodeClaims for tests: a registered, initialized, ready machine of pool "default" unless said otherwise.

import { Label, nodeClassLabel } from "../../api/index.ts";
import type { Condition, Node, NodeClaim, NodeClaimSpec, Pod, ResourceList, Taint } from "../../api/index.ts";
import type { NodeInput } from "../../scheduling/index.ts";
import { allocatableFrom } from "../../units/index.ts";
import { TEST_CLASS } from "./node-pool.ts";

export interface NodeOptions {
  readonly name?: string;
  /** Empty: not of any pool. */
  readonly nodePool?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly capacity?: ResourceList;
  readonly allocatable?: ResourceList;
  readonly providerID?: string;
  readonly ready?: boolean;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface NodeClaimOptions {
  readonly name?: string;
  readonly nodePool?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Types that are True, or whole conditions. @defaultValue Launched, Registered, Initialized */
  readonly conditions?: readonly (string | Condition)[];
  /** When the conditions became what they are. */
  readonly since?: string;
  readonly lastPodEventTime?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly providerID?: string;
  readonly spec?: Partial<NodeClaimSpec>;
}

export interface NodeInputOptions extends NodeOptions {
  readonly initialized?: boolean;
  readonly pods?: readonly Pod[];
}

const SINCE = "2026-01-01T00:00:00Z";
const CAPACITY: ResourceList = { cpu: "4", memory: "16Gi", pods: "110", "ephemeral-storage": "100Gi" };

export function aNode(options: NodeOptions = {}): Node {
  const { name = "n1", annotations, taints, deletionTimestamp, ready = true } = options;
  const capacity = { ...CAPACITY, ...options.capacity };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      uid: `node-${name}`,
      creationTimestamp: options.creationTimestamp ?? SINCE,
      labels: nodeLabels(options),
      ...(annotations && { annotations }),
      ...(deletionTimestamp && { deletionTimestamp }),
    },
    spec: { providerID: options.providerID ?? `test:///${name}`, ...(taints && { taints }) },
    status: {
      capacity,
      allocatable: { ...capacity, ...options.allocatable },
      conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: SINCE }],
    },
  };
}

export function aNodeClaim(options: NodeClaimOptions = {}): NodeClaim {
  const { name = "n1", nodePool = "default", since = SINCE, annotations, deletionTimestamp } = options;
  const { conditions = ["Launched", "Registered", "Initialized"], lastPodEventTime } = options;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      name,
      uid: `nodeclaim-${name}`,
      creationTimestamp: options.creationTimestamp ?? SINCE,
      labels: { ...poolLabels(nodePool), ...options.labels },
      ...(annotations && { annotations }),
      ...(deletionTimestamp && { deletionTimestamp }),
    },
    spec: { requirements: [], nodeClassRef: TEST_CLASS, expireAfter: "720h", ...options.spec },
    status: {
      nodeName: name,
      providerID: options.providerID ?? `test:///${name}`,
      capacity: CAPACITY,
      allocatable: CAPACITY,
      conditions: conditions.map((condition) => (typeof condition === "string" ? isTrue(condition, since) : condition)),
      ...(lastPodEventTime && { lastPodEventTime }),
    },
  };
}

/** A node as the solve wants it. */
export function aNodeInput({ initialized = true, pods = [], ...options }: NodeInputOptions = {}): NodeInput {
  const { name = "n1", nodePool = "default", taints = [] } = options;
  const node = aNode(options);
  return {
    name,
    ...(nodePool && { nodePool }),
    initialized,
    labels: node.metadata.labels ?? {},
    taints,
    capacity: { ...allocatableFrom(node.status?.capacity), nodes: 1 },
    allocatable: allocatableFrom(node.status?.allocatable),
    pods,
  };
}

function nodeLabels({ name = "n1", nodePool = "default", labels }: NodeOptions): Readonly<Record<string, string>> {
  const managed = { ...poolLabels(nodePool), [Label.Registered]: "true", [Label.Initialized]: "true" };
  return {
    [Label.Hostname]: name,
    [Label.Arch]: "amd64",
    [Label.Os]: "linux",
    ...(nodePool ? managed : {}),
    ...labels,
  };
}

function poolLabels(nodePool: string): Readonly<Record<string, string>> {
  return { [Label.NodePool]: nodePool, [nodeClassLabel(TEST_CLASS)]: TEST_CLASS.name };
}

function isTrue(type: string, since: string): Condition {
  return { type, status: "True", reason: type, message: "", lastTransitionTime: since };
}
