// Bugs of a solver that concern persistent volumes, each as what it misreads.

import type { StorageInput } from "../../scheduling/index.ts";
import {
  aPod,
  aStorage,
  aStorageClass,
  aVolumeClaim,
  boundClaim,
  CSI_DRIVER,
  mounting,
  pods as severalPods,
  storageOf,
} from "../builders/index.ts";
import { Label } from "../../api/index.ts";
import { large, node, problem, wants, withTypes } from "./test-clusters.ts";
import type { SolverBug } from "./test-clusters.ts";
import { nodes, types } from "./test-told.ts";
import type { Misreading } from "./test-told.ts";

const storage =
  (change: (told: StorageInput) => StorageInput): Misreading =>
  (input) => ({ ...input, ...(input.storage && { storage: change(input.storage) }) });

const without = (key: string) => (object: object) =>
  Object.fromEntries(Object.entries(object).filter(([field]) => field !== key));

const data = { spec: mounting("data") };
const inZone = (...zones: string[]) => ({ storage: boundClaim("data", { zones }) });
const late = (claims: readonly string[], more: Parameters<typeof aStorageClass>[0] = {}): StorageInput =>
  aStorage({
    persistentVolumeClaims: claims.map((name) => aVolumeClaim({ name, storageClassName: "late" })),
    storageClasses: [aStorageClass(more)],
  });
const limited = { volumeLimits: { [CSI_DRIVER]: 1 } };
const one = aPod({ name: "one", spec: mounting("one") });
const two = aPod({ name: "two", spec: mounting("two") });

export const volumeBugs: readonly SolverBug[] = [
  {
    bug: "the zone of a bound volume is overlooked",
    rule: "VolumeTopology",
    input: problem({ ...wants(data), ...inZone("zone-c") }),
    misreading: storage((told) => ({
      ...told,
      persistentVolumes: told.persistentVolumes.map((volume) => ({
        ...volume,
        spec: without("nodeAffinity")(volume.spec),
      })),
    })),
  },
  {
    bug: "the zone of a bound volume is overlooked on existing nodes",
    rule: "VolumeTopology",
    input: problem({ ...wants(data), ...inZone("zone-c"), nodes: [node()] }),
    misreading: storage((told) => ({
      ...told,
      persistentVolumes: told.persistentVolumes.map((volume) => ({
        ...volume,
        spec: without("nodeAffinity")(volume.spec),
      })),
    })),
  },
  {
    bug: "the topologies of a storage class are overlooked",
    rule: "VolumeTopology",
    input: problem({ ...wants(data), storage: late(["data"], { topologies: [[Label.Zone, "zone-b"]] }) }),
    misreading: storage((told) => ({ ...told, storageClasses: [aStorageClass()] })),
  },
  {
    bug: "the terms of one of two volumes are overlooked",
    rule: "VolumeTopology",
    input: problem({
      pods: [aPod({ name: "both", spec: mounting("one", "two") })],
      storage: storageOf(boundClaim("one", { zones: ["zone-a", "zone-b"] }), boundClaim("two", { zones: ["zone-b"] })),
    }),
    misreading: storage((told) => ({
      ...told,
      persistentVolumeClaims: told.persistentVolumeClaims.map((claim) =>
        aVolumeClaim({ name: claim.metadata.name ?? "", volumeName: "pv-one" }),
      ),
    })),
  },
  {
    bug: "a class that binds at once is taken to bind late",
    rule: "VolumeClaim",
    input: problem({ ...wants(data), storage: late(["data"], { volumeBindingMode: "Immediate" }) }),
    misreading: storage((told) => ({ ...told, storageClasses: [aStorageClass()] })),
  },
  {
    bug: "a claim that is on its way out is taken as good",
    rule: "VolumeClaim",
    input: problem({
      ...wants(data),
      storage: aStorage({
        persistentVolumeClaims: [aVolumeClaim({ storageClassName: "late", deletionTimestamp: "2026-01-01T00:00:00Z" })],
        storageClasses: [aStorageClass()],
      }),
    }),
    misreading: storage((told) => ({ ...told, persistentVolumeClaims: [aVolumeClaim({ storageClassName: "late" })] })),
  },
  {
    bug: "what a node can attach is overlooked",
    rule: "VolumeLimit",
    input: problem({ pods: [one, two], storage: late(["one", "two"]), nodes: [{ ...node(), ...limited }] }),
    misreading: nodes(without("volumeLimits") as never),
  },
  {
    bug: "volumes of running pods are not counted",
    rule: "VolumeLimit",
    input: problem({
      pods: [one],
      storage: late(["one", "two"]),
      nodes: [{ ...node({ pods: [aPod({ name: "running", nodeName: "n1", spec: mounting("two") })] }), ...limited }],
    }),
    misreading: nodes((each) => ({ ...each, pods: [] })),
  },
  {
    bug: "what an instance type can attach is overlooked",
    rule: "VolumeLimit",
    input: problem({
      ...withTypes({ ...large, ...limited }),
      pods: [one, two],
      storage: late(["one", "two"]),
    }),
    misreading: types(without("volumeLimits") as never),
  },
  {
    bug: "a limit is off by one",
    rule: "VolumeLimit",
    input: problem({
      ...withTypes({ ...large, volumeLimits: { [CSI_DRIVER]: 2 } }),
      pods: severalPods(3, {}).map((pod, index) => ({ ...pod, spec: { ...pod.spec, ...mounting(`c${index}`) } })),
      storage: late(["c0", "c1", "c2"]),
    }),
    misreading: types((type) => ({ ...type, volumeLimits: { [CSI_DRIVER]: 3 } })),
  },
];
