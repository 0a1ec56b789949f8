// How the kit starts the tiny cloud: all that a provider's author writes besides provider and fake.

import { Label } from "@karpenter-multicloud/core/api";
import { seededRandom } from "@karpenter-multicloud/core/testing";
import type { Subject, SubjectCloud, SubjectContext } from "../stage/index.ts";
import { TINY_ZONES, TinyCloud } from "./cloud.ts";
import { TINY_NODE_CLASS } from "./node-class.ts";
import { tinyProviderFactory } from "./provider.ts";

export const tinySubject: Subject = {
  factory: tinyProviderFactory,
  start: async (context) => tinySubjectCloud(await startTinyCloud(context)),
};

export function startTinyCloud({ clock, hooks, seed }: SubjectContext): Promise<TinyCloud> {
  return TinyCloud.start({ clock, hooks, random: seededRandom(seed) });
}

export function tinySubjectCloud(cloud: TinyCloud): SubjectCloud {
  const nodeClassRef = { ...TINY_NODE_CLASS, name: "default" };
  const { group, kind, name } = nodeClassRef;
  return {
    env: { TINY_URL: cloud.url },
    objects: [{ apiVersion: `${group}/v1`, kind, metadata: { name }, spec: { image: "linux-1" } } as never],
    nodeClassRef,
    zones: TINY_ZONES,
    requirements: [{ key: Label.InstanceType, operator: "In", values: ["small", "medium", "large"] }],
    machines: () =>
      cloud.machines().map(({ id, type, zone, status }) => ({
        id,
        providerID: `tiny://${id}`,
        instanceType: type,
        zone,
        leaving: status === "stopping",
      })),
    close: () => cloud.close(),
    inject: (faults) => cloud.inject(faults),
    requests: () => cloud.requests(),
    addForeignMachine: async () => {
      const order = { type: "small", zone: "north", image: "linux-1", claim: "conformance-1", token: "foreign" };
      cloud.order({ ...order, cluster: "another" });
    },
    driftingSpec: { image: "linux-2" },
  };
}
