// NodePools for tests: ready, without requirements, of one class.

import type {
  Disruption,
  NodePool,
  NodePoolSpec,
  NodePoolStatus,
  RequirementSpec,
  ResourceList,
  Taint,
} from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { PoolInput } from "../../scheduling/index.ts";
import { anInstanceType } from "./instance-type.ts";

export interface NodePoolOptions {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requirements?: readonly RequirementSpec[];
  readonly taints?: readonly Taint[];
  readonly startupTaints?: readonly Taint[];
  readonly limits?: ResourceList;
  readonly weight?: number;
  readonly replicas?: number;
  readonly disruption?: Disruption;
  readonly expireAfter?: string;
  readonly terminationGracePeriod?: string;
  readonly deletionTimestamp?: string;
  readonly status?: NodePoolStatus;
  readonly spec?: Partial<NodePoolSpec>;
}

export interface PoolInputOptions extends NodePoolOptions {
  readonly instanceTypes?: readonly InstanceType[];
  readonly skipped?: NonNullable<PoolInput["skipped"]>;
}

export const TEST_CLASS = { group: "karpenter.test.sh", kind: "TestNodeClass", name: "default" } as const;

const SINCE = "2026-01-01T00:00:00Z";

export function aNodePool(options: NodePoolOptions = {}): NodePool {
  const { name = "default", deletionTimestamp, limits, weight, replicas, disruption } = options;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name, uid: `nodepool-${name}`, generation: 1, ...(deletionTimestamp && { deletionTimestamp }) },
    spec: {
      template: templateOf(options),
      disruption: { consolidateAfter: "0s", consolidationPolicy: "WhenEmptyOrUnderutilized", ...disruption },
      ...(limits && { limits }),
      ...(weight !== undefined && { weight }),
      ...(replicas !== undefined && { replicas }),
      ...options.spec,
    },
    status: options.status ?? {
      conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime: SINCE }],
    },
  };
}

/** A pool as the solve wants it: with what its cloud sells. */
export function aPoolInput({ instanceTypes, skipped, ...options }: PoolInputOptions = {}): PoolInput {
  return {
    nodePool: aNodePool(options),
    instanceTypes: instanceTypes ?? [anInstanceType()],
    ...(skipped && { skipped }),
  };
}

function templateOf(options: NodePoolOptions): NodePoolSpec["template"] {
  const { labels, annotations, requirements = [], taints, startupTaints, terminationGracePeriod } = options;
  return {
    metadata: { ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: {
      nodeClassRef: TEST_CLASS,
      requirements,
      ...(taints && { taints }),
      ...(startupTaints && { startupTaints }),
      expireAfter: options.expireAfter ?? "720h",
      ...(terminationGracePeriod && { terminationGracePeriod }),
    },
  };
}
