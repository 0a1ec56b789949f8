// For each reason of a waiting pod the smallest cluster in which the engine gives it. The reference pages show what it then prints.

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type { PodAffinityTerm, RequirementSpec } from "@karpenter-multicloud/core/api";
import type { PodReason } from "@karpenter-multicloud/core/reasons";
import type { ProblemInput, SolveOptions } from "@karpenter-multicloud/core/scheduling";
import {
  aDaemonSetInput,
  anInstanceType,
  anOffering,
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  pods,
} from "@karpenter-multicloud/core/testing";
import type { PodOptions, PoolInputOptions } from "@karpenter-multicloud/core/testing";

export interface ReasonExample {
  /** What is special about it, in one sentence. */
  readonly story: string;
  readonly problem: ProblemInput;
  readonly options?: SolveOptions;
  /** The pod that waits. */
  readonly pod: string;
  /** Why the engine does not give the reason yet, where that is so. */
  readonly notYet?: string;
}

const POD = "web-0";
const UNTIL = Date.UTC(2026, 0, 1, 12, 3);
const WEB = { app: "web" };
const ZONES = ["zone-a", "zone-b"] as const;

/** Two sizes in two zones. */
const TYPES = [
  anInstanceType({ name: "small", cpu: "2", memory: "8Gi", offerings: ZONES.map((zone) => anOffering({ zone })) }),
  anInstanceType({
    name: "large",
    cpu: "8",
    memory: "32Gi",
    offerings: ZONES.map((zone) => anOffering({ zone, price: 0.4 })),
  }),
];

const RESERVATION = "example.com/reservation";
const RESERVED = anInstanceType({
  name: "large",
  cpu: "8",
  offerings: [
    {
      ...anOffering({ zone: "zone-a", capacityType: CapacityType.Reserved, labels: { [RESERVATION]: "r-1" } }),
      reservationCapacity: 1,
    },
    anOffering({ zone: "zone-a", price: 0.4 }),
  ],
});

function cluster(
  pod: PodOptions,
  pool: PoolInputOptions = {},
  changes: Partial<ProblemInput> = {},
): Pick<ReasonExample, "problem" | "pod"> {
  const nodePools = [aPoolInput({ instanceTypes: TYPES, ...pool })];
  return {
    problem: aProblem({
      nodePools,
      ...changes,
      pods: [aPod({ name: POD, labels: WEB, ...pod }), ...(changes.pods ?? [])],
    }),
    pod: POD,
  };
}

const inZone = (zone: string): RequirementSpec => ({ key: Label.Zone, operator: "In", values: [zone] });
const among = (topologyKey: string, app: string): PodAffinityTerm => ({
  topologyKey,
  labelSelector: { matchLabels: { app } },
});
const apart = (app: string) => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [among(Label.Zone, app)] } },
});

/** A node without room, on which such pods run. */
function aFullNode(zone: string, running: PodOptions) {
  const name = `node-${zone}`;
  return aNodeInput({
    name,
    labels: { [Label.Zone]: zone },
    allocatable: { pods: "0" },
    pods: [aPod({ name: `${name}-0`, nodeName: name, ...running })],
  });
}

const DRIVER = "disk.csi.example.com";
const volumeOf = (claimName: string) => ({ volumes: [{ name: "data", persistentVolumeClaim: { claimName } }] });
const VOLUME = volumeOf("data");

const boundClaim = (name: string, volumeName: string) => ({
  metadata: { name, namespace: "default", annotations: { "pv.kubernetes.io/bind-completed": "yes" } },
  spec: { volumeName, storageClassName: "fast" },
  status: { phase: "Bound" },
});

const disk = (name: string, zone?: string) => ({
  metadata: { name },
  spec: {
    csi: { driver: DRIVER, volumeHandle: name },
    ...(zone !== undefined && {
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: Label.Zone, operator: "In", values: [zone] }] }] },
      },
    }),
  },
});

const FAST = {
  metadata: { name: "fast" },
  provisioner: DRIVER,
  volumeBindingMode: "WaitForFirstConsumer",
};

export const REASON_EXAMPLES: Readonly<Record<PodReason, ReasonExample>> = {
  TaintNotTolerated: {
    story: "The only NodePool is for another team.",
    ...cluster({}, { taints: [{ key: "team", value: "data", effect: "NoSchedule" }] }),
  },
  RequirementMismatch: {
    story: "The NodePool allows amd64 only, and the pod was built for arm64.",
    ...cluster(
      { nodeSelector: { [Label.Arch]: "arm64" } },
      { requirements: [{ key: Label.Arch, operator: "In", values: ["amd64"] }] },
    ),
  },
  UnknownLabel: {
    story: "The NodePool's template says `team`, the pod `taem`.",
    ...cluster({ nodeSelector: { taem: "data" } }, { labels: { team: "data" } }),
  },
  VolumeTopology: {
    story: "The pod's disk is in zone-c, and nothing is sold there.",
    ...cluster(
      { spec: VOLUME },
      {},
      {
        storage: {
          persistentVolumeClaims: [boundClaim("data", "disk-1")],
          persistentVolumes: [disk("disk-1", "zone-c")],
          storageClasses: [FAST],
        },
      },
    ),
  },
  VolumeLimit: {
    story: "The only node can have one volume attached, and has it; the NodePool may have no other node.",
    ...cluster(
      { spec: VOLUME },
      { limits: { nodes: "1" } },
      {
        nodes: [
          {
            ...aNodeInput({
              name: "node-1",
              pods: [aPod({ name: "db-0", nodeName: "node-1", spec: volumeOf("disk-0") })],
            }),
            volumeLimits: { [DRIVER]: 1 },
          },
        ],
        storage: {
          persistentVolumeClaims: [boundClaim("data", "disk-1"), boundClaim("disk-0", "disk-0")],
          persistentVolumes: [disk("disk-1"), disk("disk-0")],
          storageClasses: [FAST],
        },
      },
    ),
  },
  HostPort: {
    story: "A DaemonSet has port 9100 on every node.",
    ...cluster(
      { ports: [{ containerPort: 80, hostPort: 9100 }] },
      {},
      { daemonSets: [aDaemonSetInput({ name: "exporter", ports: [{ containerPort: 9100, hostPort: 9100 }] })] },
    ),
  },
  InsufficientResources: {
    story: "The largest machine that the NodePool allows has 32 GiB.",
    ...cluster({ requests: { memory: "48Gi" } }),
  },
  TopologySpread: {
    story: "One such pod runs in zone-a, the constraint asks for two zones, and the NodePool may only use zone-a.",
    ...cluster(
      {
        spec: {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: Label.Zone,
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: { matchLabels: WEB },
              minDomains: 2,
            },
          ],
        },
      },
      { requirements: [inZone("zone-a")] },
      { nodes: [aFullNode("zone-a", { labels: WEB })] },
    ),
  },
  PodAffinity: {
    story: "The pod wants to be near pods of `app: db`, and there are none.",
    ...cluster({
      spec: {
        affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [among(Label.Zone, "db")] } },
      },
    }),
  },
  PodAntiAffinity: {
    story: "The pod avoids the zones of `app: db`, and such a pod runs in both zones.",
    ...cluster({ spec: apart("db") }, {}, { nodes: ZONES.map((zone) => aFullNode(zone, { labels: { app: "db" } })) }),
  },
  InversePodAntiAffinity: {
    story: "Pods that run in both zones refuse `app: web` there.",
    ...cluster({}, {}, { nodes: ZONES.map((zone) => aFullNode(zone, { spec: apart("web") })) }),
  },
  LimitExceeded: {
    story: "The NodePool may have 5 cores, and its node has 4 of them.",
    ...cluster(
      { requests: { cpu: "1" } },
      { limits: { cpu: "5" } },
      { nodes: [aNodeInput({ name: "node-1", allocatable: { pods: "0" } })] },
    ),
  },
  NodeLimitReached: {
    story: "The NodePool may have one node, and has it.",
    ...cluster({}, { limits: { nodes: "1" } }, { nodes: [aNodeInput({ name: "node-1", allocatable: { pods: "0" } })] }),
  },
  NoInstanceType: {
    story: "The NodePool asks for a zone in which the cloud sells nothing.",
    ...cluster({}, { requirements: [inZone("zone-x")] }),
  },
  OfferingUnavailable: {
    story: "The one type that fits is out of stock until 12:03.",
    ...soldOut(),
  },
  MinValues: {
    story: "The NodePool wants two instance types to choose from, and the pod fits only one.",
    ...cluster(
      { requests: { cpu: "6" } },
      { requirements: [{ key: Label.InstanceType, operator: "In", values: ["small", "large"], minValues: 2 }] },
    ),
  },
  ReservationBusy: {
    story: "The last machine of a reservation is promised to another pod of the round.",
    notYet: "A pod that waits for a reservation goes on to the next round and is not reported as a failure.",
    ...cluster(
      { requests: { cpu: "6" } },
      { instanceTypes: [RESERVED] },
      { reservationIdLabel: RESERVATION, pods: [aPod({ name: "db-0", requests: { cpu: "7" } })] },
    ),
  },
  NodePoolNotReady: {
    story: "The NodePool refers to a NodeClass that is not there.",
    ...cluster(
      {},
      { skipped: { reason: "NodePoolNotReady", detail: "NodeClassNotFound: NodeClass default not found" } },
    ),
  },
  NodePoolDeleting: {
    story: "Somebody deleted the NodePool.",
    ...cluster({}, { deletionTimestamp: "2026-01-01T12:00:00Z" }),
  },
  NodePoolStatic: { story: "The NodePool has `replicas: 3`.", ...cluster({}, { replicas: 3 }) },
  NodePoolBackOff: {
    story: "The cloud has just refused the last machine that the NodePool could have had.",
    ...cluster(
      {},
      {
        skipped: {
          reason: "NodePoolBackOff",
          detail: "after insufficient_capacity (no b3-8 left in GRA11) it is tried again at 2026-01-01T12:00:30Z",
        },
      },
    ),
  },
  OverlayPending: {
    story: "The NodePool was made a moment ago.",
    ...cluster({}, { skipped: { reason: "OverlayPending", detail: "its overlays are not evaluated yet" } }),
  },
  InstanceTypesUnavailable: {
    story: "The cloud refuses the credentials.",
    ...cluster(
      {},
      { skipped: { reason: "InstanceTypesUnavailable", detail: "listing flavors: the application key is not valid" } },
    ),
  },
  DraUnsupported: {
    story: "The pod has a resource claim.",
    ...cluster({ spec: withResourceClaim() }),
  },
  InvalidPod: {
    story: "The pod's node selector and its node affinity exclude each other.",
    ...cluster({
      nodeSelector: { [Label.Zone]: "zone-a" },
      requiredTerms: [[[Label.Zone, "In", "zone-b"]]],
    }),
  },
  VolumeLookupFailed: {
    story: "The pod names a claim that does not exist.",
    ...cluster(
      { spec: VOLUME },
      {},
      { storage: { persistentVolumeClaims: [], persistentVolumes: [], storageClasses: [] } },
    ),
  },
  NodeSettling: {
    story: "A node is to be removed, and the only other node got a pod half a minute ago.",
    notYet: "It is an answer of nodes to pods that have a place; such pods are not reported as failures.",
    ...cluster(
      {},
      { limits: { cpu: "0" } },
      {
        nodes: [{ ...aNodeInput({ name: "node-1" }), settling: true }],
        movingPods: new Set(["default/web-0"]),
      },
    ),
  },
  NotEvaluated: {
    story: "Larger pods came first, and time ran out after 64 of them.",
    options: { shouldStop: () => true },
    ...cluster({}, {}, { pods: pods(64, { name: "batch", requests: { cpu: "1" } }) }),
  },
};

function soldOut(): Pick<ReasonExample, "problem" | "pod"> {
  const offerings = [anOffering({ zone: "zone-a", available: "out of stock", until: UNTIL })];
  return cluster(
    { requests: { cpu: "6" } },
    { instanceTypes: [anInstanceType({ name: "large", cpu: "8", offerings })] },
  );
}

/** Pod specs have the field only where the cluster has the feature. */
function withResourceClaim(): NonNullable<PodOptions["spec"]> & { readonly resourceClaims: readonly object[] } {
  return { resourceClaims: [{ name: "gpu", resourceClaimName: "one-gpu" }] };
}
