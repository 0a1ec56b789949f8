// The simulated provider as the conformance kit gets it: a cloud without an API, so what is about requests does not apply.

import { Label } from "@karpenter-multicloud/core/api";
import type { KubeObject } from "@karpenter-multicloud/core/api";
import { compareText, minutes, seconds } from "@karpenter-multicloud/core/units";
import type { CloudFault, Subject, SubjectCloud, SubjectContext } from "@karpenter-multicloud/testkit/conformance";
import { SIMULATED_ZONES } from "./simulated-provider/catalog.ts";
import type { SimulatedFaults } from "./simulated-provider/faults.ts";
import { KWOK_GROUP, KWOK_NODE_CLASS, SIMULATED_CUSTOM_RESOURCES } from "./simulated-provider/node-class.ts";
import { orphanOrder } from "./simulated-provider/orphan.ts";
import { SimulatedCloud } from "./simulated-provider/simulated-cloud.ts";
import { createSimulatedProvider } from "./simulated-provider/simulated-provider.ts";

const TYPES = ["c-1x-amd64-linux", "c-2x-amd64-linux", "c-4x-amd64-linux"];
const NO_REQUESTS = "the simulated cloud is called in memory: there are no requests";
const IN_MEMORY = "the simulated cloud is called in memory: a call either happens or fails, and takes no time";

const clouds = new WeakMap<object, SimulatedCloud>();

/** The factory of one world finds its cloud by the environment that the world hands in. */
export const simulatedSubject: Subject = {
  factory: {
    name: "simulated",
    customResources: SIMULATED_CUSTOM_RESOURCES,
    build(ports, env) {
      const cloud = clouds.get(env);
      if (cloud === undefined) throw new Error("the environment is of another world");
      return createSimulatedProvider(ports, cloud);
    },
  },
  start: async ({ clock, hooks, seed }: SubjectContext) => {
    const env = {};
    const cloud = new SimulatedCloud({ clock, machines: hooks, seed });
    clouds.set(env, cloud);
    return subjectCloud(cloud, env);
  },
  notApplicable: {
    "delete-asked-once": NO_REQUESTS,
    "delete-outage": IN_MEMORY,
    "list-outage": IN_MEMORY,
    "drift-outage": IN_MEMORY,
    "error-retry-after": NO_REQUESTS,
    cancel: IN_MEMORY,
    "create-dead-machine": "machines of the simulated cloud do not fail while they boot",
    "error-unauthorized": "the simulated cloud has no credentials",
    "drift-reported": "a KWOKNodeClass has nothing that a machine could differ from",
    "types-overhead": "the catalogue is Karpenter's own, byte for byte (SIM-3): nothing is kept for eviction",
  },
};

function subjectCloud(cloud: SimulatedCloud, env: SubjectCloud["env"]): SubjectCloud {
  const nodeClassRef = { ...KWOK_NODE_CLASS, name: "default" };
  const nodeClass = { apiVersion: `${KWOK_GROUP}/v1alpha1`, kind: KWOK_NODE_CLASS.kind, metadata: { name: "default" } };
  return {
    env,
    objects: [{ ...nodeClass, spec: {} } as KubeObject],
    nodeClassRef,
    zones: SIMULATED_ZONES,
    requirements: [
      { key: Label.InstanceType, operator: "In", values: TYPES },
      { key: Label.CapacityType, operator: "In", values: ["on-demand"] },
    ],
    machines: () =>
      [...cloud.machines()]
        .sort((a, b) => a.createdAt - b.createdAt || compareText(a.providerID, b.providerID))
        .map(({ providerID, instanceType, zone, state }) => ({
          id: providerID,
          providerID,
          instanceType,
          zone,
          leaving: state === "terminating",
        })),
    close: async () => {},
    inject: (faults) => {
      cloud.inject(faults.reduce(withFault, { deleteLatency: seconds(30) }));
      const victims = cloud.machines().filter(({ state }) => state === "running");
      const count = faults.filter(({ fault }) => fault === "vanish").length;
      for (const { providerID } of victims.slice(0, count)) cloud.reclaim(providerID);
    },
    addForeignMachine: async () => void cloud.order(orphanOrder("another")),
  };
}

function withFault(
  faults: SimulatedFaults,
  { fault, status, instanceType, zone, probability = 1 }: CloudFault,
): SimulatedFaults {
  switch (fault) {
    case "outOfStock": {
      const key = { ...(instanceType ? { instanceType } : {}), ...(zone ? { zone } : {}) };
      return { ...faults, outOfStock: [...(faults.outOfStock ?? []), key] };
    }
    case "quota":
      return { ...faults, quota: 0 };
    case "timeoutAfter":
      return { ...faults, lostAnswerRate: probability };
    case "status":
      return status === 429 ? { ...faults, throttled: true } : { ...faults, errorRate: probability };
    case "timeoutBefore":
    case "busy":
    case "malformed":
      return { ...faults, errorRate: probability };
    case "slowBoot":
      return { ...faults, registrationDelay: minutes(30) };
    case "vanish":
      return faults;
    case "boot":
    case "hang":
      throw new RangeError(`the simulated cloud knows no fault "${fault}"`);
  }
}
