// A Kubernetes cluster on a virtual clock, and a simulated cloud that sells it machines.

export { MachineSide, seededRandom } from "@karpenter-multicloud/core/testing";
export { VirtualClock } from "./virtual-clock.ts";
export type { UntilOptions, VirtualClockOptions } from "./virtual-clock.ts";
export { SimulatedCluster } from "./cluster/simulated-cluster.ts";
export type { SimulatedClusterOptions } from "./cluster/simulated-cluster.ts";
export type { KubeletOptions } from "./cluster/kubelet.ts";
export { applyAll } from "./cluster/apply.ts";
export { BUILT_IN_RESOURCES } from "./cluster/built-in-resources.ts";
export * from "./simulated-provider/catalog.ts";
export { parseCatalog } from "./simulated-provider/catalog-file.ts";
export type { SimulatedFaults } from "./simulated-provider/faults.ts";
export * from "./simulated-provider/node-class.ts";
export { SimulatedCloud } from "./simulated-provider/simulated-cloud.ts";
export type {
  CloudRecord,
  MachineOrder,
  SimulatedCloudOptions,
  SimulatedMachine,
} from "./simulated-provider/simulated-cloud.ts";
export { simulatedProviderFactory } from "./simulated-provider/simulated-provider.ts";
export type { SimulatedProviderOptions } from "./simulated-provider/simulated-provider.ts";
