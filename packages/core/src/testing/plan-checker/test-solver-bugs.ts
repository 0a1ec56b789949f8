// Bugs of a solver that concern one pod and one machine, each as what it misreads.

import { Label } from "../../api/index.ts";
import { aDaemonSetInput, anInstanceType, anOffering, aPod, aPoolInput } from "../builders/index.ts";
import {
  busy,
  initOf,
  large,
  NO_SCHEDULE,
  node,
  problem,
  reservedProblem,
  small,
  SOLD,
  terms,
  wants,
  without,
  withTypes,
} from "./test-clusters.ts";
import type { SolverBug } from "./test-clusters.ts";
import { containers, nodes, pods, pools, poolSpec, types } from "./test-told.ts";

export const solverBugs: readonly SolverBug[] = [
  {
    bug: "taints of a NodePool are overlooked",
    rule: "Taints",
    input: problem({ ...wants({}), nodePools: [aPoolInput({ instanceTypes: SOLD, taints: [NO_SCHEDULE] })] }),
    misreading: poolSpec((spec) => ({
      ...spec,
      template: { ...spec.template, spec: { ...spec.template.spec, taints: [] } },
    })),
  },
  {
    bug: "taints of a node are overlooked",
    rule: "Taints",
    input: problem({ ...wants({}), nodes: [node({ taints: [NO_SCHEDULE] })] }),
    misreading: nodes((each) => ({ ...each, taints: [] })),
  },
  {
    bug: "a toleration counts for every value",
    rule: "Taints",
    input: problem({
      ...wants({ tolerations: [{ key: "dedicated", value: "x" }] }),
      nodes: [node({ taints: [{ ...NO_SCHEDULE, value: "y" }] })],
    }),
    misreading: pods((spec) => ({ ...spec, tolerations: [{ key: "dedicated", operator: "Exists" }] })),
  },
  {
    bug: "the nodeSelector is overlooked",
    rule: "Labels",
    input: problem(wants({ nodeSelector: { [Label.Arch]: "amd64" } })),
    misreading: without("nodeSelector"),
  },
  {
    bug: "the nodeSelector is overlooked on existing nodes",
    rule: "Labels",
    input: problem({ ...wants({ nodeSelector: { [Label.Zone]: "zone-b" } }), nodes: [node()] }),
    misreading: without("nodeSelector"),
  },
  {
    bug: "required node affinity is overlooked",
    rule: "Labels",
    input: problem(wants(terms([Label.InstanceType, "In", "large"]))),
    misreading: without("affinity"),
  },
  {
    bug: "NotIn is read as Exists",
    rule: "Labels",
    input: problem(wants(terms([Label.Zone, "NotIn", "zone-a"]))),
    misreading: pods((_, pod) => aPod({ name: pod.metadata.name ?? "", ...terms([Label.Zone, "Exists"]) }).spec),
  },
  {
    bug: "Gt admits the bound itself",
    rule: "Labels",
    input: problem({ ...wants(terms(["size", "Gt", "4"])), nodes: [node({ labels: { size: "4" } })] }),
    misreading: pods((_, pod) => aPod({ name: pod.metadata.name ?? "", ...terms(["size", "Gt", "3"]) }).spec),
  },
  {
    bug: "requirements of a NodePool are overlooked",
    rule: "Labels",
    input: problem({
      ...wants({}),
      nodePools: [
        aPoolInput({ instanceTypes: SOLD, requirements: [{ key: Label.Arch, operator: "In", values: ["amd64"] }] }),
      ],
    }),
    misreading: poolSpec((spec) => ({
      ...spec,
      template: { ...spec.template, spec: { ...spec.template.spec, requirements: [] } },
    })),
  },
  {
    bug: "requests are overlooked",
    rule: "Resources",
    input: problem(wants({ requests: { cpu: "3" } })),
    misreading: containers(({ name }) => ({ name })),
  },
  {
    bug: "memory is overlooked",
    rule: "Resources",
    input: problem(wants({ requests: { cpu: "1", memory: "6Gi" } })),
    misreading: containers(({ name }) => ({ name, resources: { requests: { cpu: "1" } } })),
  },
  {
    bug: "extended resources are overlooked",
    rule: "Resources",
    input: problem({
      ...wants({ requests: { "example.com/gpu": "1" } }),
      ...withTypes(small, anInstanceType({ name: "gpu", capacity: { "example.com/gpu": "1" } })),
    }),
    misreading: containers(({ name }) => ({ name })),
  },
  {
    bug: "sidecars are overlooked",
    rule: "Resources",
    input: problem(wants({ spec: initOf("Always") })),
    misreading: without("initContainers"),
  },
  {
    bug: "init containers are overlooked",
    rule: "Resources",
    input: problem(wants({ spec: initOf() })),
    misreading: without("initContainers"),
  },
  {
    bug: "pod overhead is overlooked",
    rule: "Resources",
    input: problem(wants({ spec: { overhead: { cpu: "3" } } })),
    misreading: without("overhead"),
  },
  {
    bug: "requests of the pod as a whole are overlooked",
    rule: "Resources",
    input: problem(wants({ spec: { resources: { requests: { cpu: "3" } } } })),
    misreading: without("resources"),
  },
  {
    bug: "the number of pods is overlooked",
    rule: "Resources",
    input: problem(wants({}, 9)),
    misreading: types((type) => ({ ...type, capacity: { ...type.capacity, pods: 100 } })),
  },
  {
    bug: "what the kubelet reserves is overlooked",
    rule: "Resources",
    input: problem({
      ...wants({ requests: { cpu: "2" } }),
      ...withTypes({ ...small, overhead: { ...small.overhead, kubeReserved: { cpu: 100 } } }, large),
    }),
    misreading: types((type) => ({ ...type, overhead: { ...type.overhead, kubeReserved: {} } })),
  },
  {
    bug: "huge pages are counted as ordinary memory",
    rule: "Resources",
    input: problem({
      ...wants({ requests: { memory: "3Gi" } }),
      ...withTypes({ ...small, capacity: { ...small.capacity, "hugepages-2Mi": 2 ** 31 } }, large),
    }),
    misreading: types((type) => ({ ...type, capacity: { ...type.capacity, "hugepages-2Mi": 0 } })),
  },
  {
    bug: "DaemonSets are overlooked on new nodes",
    rule: "Resources",
    input: problem({
      ...wants({ requests: { cpu: "1500m" } }),
      daemonSets: [aDaemonSetInput({ requests: { cpu: "1" } })],
    }),
    misreading: (input) => ({ ...input, daemonSets: [] }),
  },
  {
    bug: "DaemonSets are overlooked on existing nodes",
    rule: "Resources",
    input: problem({
      ...wants({ requests: { cpu: "3500m" } }),
      nodes: [node()],
      daemonSets: [aDaemonSetInput({ requests: { cpu: "1" } })],
    }),
    misreading: (input) => ({ ...input, daemonSets: [] }),
  },
  {
    bug: "a DaemonSet's limits are not taken for its requests",
    rule: "Resources",
    input: problem({
      ...wants({ requests: { cpu: "1500m" } }),
      daemonSets: [aDaemonSetInput({ spec: { containers: [{ name: "m", resources: { limits: { cpu: "1" } } }] } })],
    }),
    misreading: (input) => ({ ...input, daemonSets: [aDaemonSetInput()] }),
  },
  {
    bug: "pods that run already are overlooked",
    rule: "Resources",
    input: problem({ ...wants({ requests: { cpu: "2" } }), nodes: [node({ pods: [busy] })] }),
    misreading: nodes((each) => ({ ...each, pods: [] })),
  },
  {
    bug: "capacity is taken for allocatable",
    rule: "Resources",
    input: problem({ ...wants({ requests: { cpu: "4" } }), nodes: [node({ allocatable: { cpu: "3" } })] }),
    misreading: nodes((each) => ({ ...each, allocatable: each.capacity })),
  },
  {
    bug: "host ports are overlooked",
    rule: "HostPorts",
    input: problem(wants({ ports: [{ hostPort: 80 }] }, 2)),
    misreading: containers(({ name }) => ({ name })),
  },
  {
    bug: "a port on every address is read as one on a single address",
    rule: "HostPorts",
    input: problem({
      pods: [
        aPod({ name: "a", ports: [{ hostPort: 80 }] }),
        aPod({ name: "b", ports: [{ hostPort: 80, hostIP: "10.0.0.1" }] }),
      ],
    }),
    misreading: containers((each) => ({ ...each, ports: [{ hostIP: "10.0.0.9", ...each.ports?.[0] }] })),
  },
  {
    bug: "host ports of DaemonSets are overlooked",
    rule: "HostPorts",
    input: problem({
      ...wants({ ports: [{ hostPort: 80 }] }),
      daemonSets: [aDaemonSetInput({ ports: [{ hostPort: 80 }], nodeSelector: { [Label.Arch]: "arm64" } })],
    }),
    misreading: (input) => ({ ...input, daemonSets: [] }),
  },
  {
    bug: "host ports of running pods are overlooked",
    rule: "HostPorts",
    input: problem({
      ...wants({ ports: [{ hostPort: 80 }] }),
      nodes: [node({ pods: [aPod({ name: "busy", nodeName: "n1", ports: [{ hostPort: 80 }] })] })],
    }),
    misreading: nodes((each) => ({ ...each, pods: [] })),
  },
  {
    bug: "limits are overlooked",
    rule: "Limits",
    input: problem({
      ...wants({ requests: { cpu: "1" } }),
      nodePools: [aPoolInput({ instanceTypes: SOLD, limits: { cpu: "2" } })],
    }),
    misreading: poolSpec((spec) => ({ ...spec, limits: {} })),
  },
  {
    bug: "the limit on nodes is overlooked",
    rule: "Limits",
    input: problem({
      ...wants({ requests: { cpu: "5" } }, 2),
      nodePools: [aPoolInput({ instanceTypes: SOLD, limits: { nodes: "1" } })],
    }),
    misreading: poolSpec((spec) => ({ ...spec, limits: {} })),
  },
  {
    bug: "limits forget the nodes that exist",
    rule: "Limits",
    input: problem({
      ...wants({ requests: { cpu: "2" } }),
      nodes: [node({ pods: [busy] })],
      nodePools: [aPoolInput({ instanceTypes: SOLD, limits: { cpu: "5" } })],
    }),
    misreading: nodes((each) => ({ ...each, capacity: {} })),
  },
  {
    bug: "minValues is overlooked",
    rule: "MinValues",
    input: problem({
      ...wants({ requests: { cpu: "3" } }),
      nodePools: [
        aPoolInput({
          instanceTypes: SOLD,
          requirements: [{ key: Label.InstanceType, operator: "Exists", minValues: 2 }],
        }),
      ],
    }),
    misreading: poolSpec((spec) => ({
      ...spec,
      template: { ...spec.template, spec: { ...spec.template.spec, requirements: [] } },
    })),
  },
  {
    bug: "minValues is lowered although the policy forbids it",
    rule: "MinValues",
    input: problem({
      ...wants({ requests: { cpu: "3" } }),
      nodePools: [
        aPoolInput({
          instanceTypes: SOLD,
          requirements: [{ key: Label.InstanceType, operator: "Exists", minValues: 2 }],
        }),
      ],
    }),
    misreading: (input) => ({ ...input, minValuesPolicy: "BestEffort" }),
  },
  {
    bug: "a reservation is used more often than it has machines",
    rule: "Reservations",
    input: reservedProblem(wants({ requests: { cpu: "1500m" } }, 2)),
    misreading: types((type) => ({
      ...type,
      offerings: type.offerings.map((offering) => ({ ...offering, reservationCapacity: 9 })),
    })),
  },
  {
    bug: "reserved machines are bought although they are switched off",
    rule: "Reservations",
    input: reservedProblem({ ...wants({}), reservedCapacity: "Off" }),
    misreading: (input) => ({ ...input, reservedCapacity: "Fallback" }),
  },
  {
    bug: "what one offering adds to its machines is expected of all of them",
    rule: "Resources",
    input: problem({
      ...wants({ requests: { "example.com/gpu": "1" } }),
      ...withTypes(
        anInstanceType({
          name: "odd",
          offerings: [
            anOffering({ zone: "zone-a", price: 0.1 }),
            {
              ...anOffering({ zone: "zone-b", available: "out of stock" }),
              capacityOverride: { "example.com/gpu": 4 },
            },
          ],
        }),
      ),
    }),
    misreading: types((type) => ({ ...type, capacity: { ...type.capacity, "example.com/gpu": 4 } })),
  },
  {
    bug: "sold-out offerings are planned with",
    rule: "Offerings",
    input: problem({
      ...wants({}),
      ...withTypes(large, anInstanceType({ name: "gone", offerings: [anOffering({ available: "out of stock" })] })),
    }),
    misreading: types((type) => ({
      ...type,
      requirements: large.requirements.without(Label.InstanceType, Label.Zone),
      offerings: type.offerings.map((offering) => ({ ...offering, availability: { available: true } })),
    })),
  },
  {
    bug: "a NodePool that is not ready is used",
    rule: "PoolUnusable",
    input: problem({
      ...wants({}),
      nodePools: [aPoolInput({ instanceTypes: SOLD, skipped: { reason: "NodePoolNotReady", detail: "" } })],
    }),
    misreading: pools(({ nodePool, instanceTypes }) => ({ nodePool, instanceTypes })),
  },
  {
    bug: "a static NodePool is used",
    rule: "PoolUnusable",
    input: problem({ ...wants({}), nodePools: [aPoolInput({ instanceTypes: SOLD, replicas: 1 })] }),
    misreading: poolSpec(({ template }) => ({ template })),
  },
  {
    bug: "more instance types are listed than allowed",
    rule: "InstanceTypes",
    input: problem({ ...wants({}), maxInstanceTypes: 2 }),
    misreading: (input) => ({ ...input, maxInstanceTypes: 600 }),
  },
  {
    bug: "a NodePool buys what another one is sold",
    rule: "InstanceTypes",
    input: problem({
      ...wants({}),
      nodePools: [aPoolInput({ instanceTypes: [large] }), aPoolInput({ name: "b", instanceTypes: [] })],
    }),
    misreading: (input) => ({ ...input, nodePools: [aPoolInput({ instanceTypes: [large, small] })] }),
  },
];
