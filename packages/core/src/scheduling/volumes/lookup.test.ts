// Pods whose claims cannot be used yet are left out with the reason; all others are planned (S-233, S-206 d).
// Scenarios of docs/reference/upstream-parity.md: E-224.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import {
  aPersistentVolume,
  aPod,
  aProblem,
  aStorage,
  aStorageClass,
  aVolumeClaim,
  CSI_DRIVER,
  mounting,
} from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { companies, refusals, waiting } from "../../testing/read-solution.ts";
import type { PodReason } from "../../reasons/index.ts";
import type { ProblemInput, Solution, StorageInput } from "../index.ts";

const GONE_SOON = "2026-01-01T00:00:00Z";
const bound = aVolumeClaim({ volumeName: "pv-data" });
const unbound = aVolumeClaim({ storageClassName: "late" });
const storageWith = (claim: typeof bound, changes: Partial<StorageInput> = {}): StorageInput =>
  aStorage({ persistentVolumeClaims: [claim], ...changes });

const REJECTED: readonly (readonly [string, PodReason, StorageInput, string])[] = [
  [
    "a claim that does not exist",
    "VolumeLookupFailed",
    aStorage(),
    "persistent volume claim default/data does not exist; create it",
  ],
  [
    "a claim of the same name in another namespace",
    "VolumeLookupFailed",
    storageWith(aVolumeClaim({ namespace: "other", storageClassName: "late" }), { storageClasses: [aStorageClass()] }),
    "persistent volume claim default/data does not exist",
  ],
  [
    "a claim that is being deleted",
    "VolumeLookupFailed",
    storageWith(aVolumeClaim({ storageClassName: "late", deletionTimestamp: GONE_SOON }), {
      storageClasses: [aStorageClass()],
    }),
    "persistent volume claim default/data is being deleted",
  ],
  [
    "a claim that has lost its volume",
    "VolumeLookupFailed",
    storageWith(aVolumeClaim({ volumeName: "pv-data", phase: "Lost" }), { persistentVolumes: [aPersistentVolume()] }),
    "persistent volume claim default/data has lost its volume pv-data",
  ],
  [
    "a volume that does not exist",
    "VolumeLookupFailed",
    storageWith(bound),
    "persistent volume pv-data of claim default/data does not exist",
  ],
  [
    "a volume that is being deleted",
    "VolumeLookupFailed",
    storageWith(bound, { persistentVolumes: [aPersistentVolume({ deletionTimestamp: GONE_SOON })] }),
    "persistent volume pv-data of claim default/data is being deleted",
  ],
  [
    "a binding that is not complete",
    "VolumeLookupFailed",
    storageWith(aVolumeClaim({ volumeName: "pv-data", bound: false }), { persistentVolumes: [aPersistentVolume()] }),
    "persistent volume claim default/data is not bound yet to the volume pv-data",
  ],
  [
    "no volume and no storage class",
    "VolumeLookupFailed",
    storageWith(aVolumeClaim()),
    "persistent volume claim default/data is not bound and has no storage class",
  ],
  [
    "a storage class that does not exist",
    "VolumeLookupFailed",
    storageWith(unbound),
    "storage class late of persistent volume claim default/data does not exist",
  ],
  [
    "a storage class that binds at once",
    "VolumeLookupFailed",
    storageWith(unbound, { storageClasses: [aStorageClass({ volumeBindingMode: "Immediate" })] }),
    "storage class late binds at once (volumeBindingMode Immediate)",
  ],
  [
    "a storage class that does not say when it binds",
    "VolumeLookupFailed",
    storageWith(unbound, { storageClasses: [{ metadata: { name: "late" }, provisioner: CSI_DRIVER }] }),
    "storage class late binds at once (volumeBindingMode Immediate)",
  ],
  [
    "a topology key that no machine has",
    "VolumeTopology",
    storageWith(unbound, {
      storageClasses: [aStorageClass({ topologies: [["example.com/rack", "r1"]] })],
      unsupportedTopologyKeys: ["example.com/rack"],
    }),
    "storage class late of persistent volume claim default/data allows volumes by example.com/rack only",
  ],
  [
    "a driver that the cloud cannot attach for, by its class",
    "VolumeTopology",
    storageWith(unbound, { storageClasses: [aStorageClass()], unsupportedProvisioners: [CSI_DRIVER] }),
    `the machines of this cloud cannot attach volumes of ${CSI_DRIVER}`,
  ],
  [
    "a driver that the cloud cannot attach for, by its volume",
    "VolumeTopology",
    storageWith(bound, { persistentVolumes: [aPersistentVolume()], unsupportedProvisioners: [CSI_DRIVER] }),
    `the machines of this cloud cannot attach volumes of ${CSI_DRIVER}`,
  ],
];

describe.each(PARITY_ENGINES)("claims that cannot be used ($name)", (engine) => {
  const solve = (changes: Partial<ProblemInput>): Solution => {
    const problem = aProblem(changes);
    return expectValid(problem, engine.solve(problem));
  };
  const both = [aPod({ name: "out", spec: mounting("data") }), aPod({ name: "in" })];

  it.each(REJECTED)(
    "T-131: %s keeps its pod out with reason %s, and the others are placed",
    (_, reason, storage, text) => {
      const plan = solve({ pods: both, storage });
      expect(companies(plan)).toEqual([["in"]]);
      expect(waiting(plan)).toEqual(["out"]);
      expect(refusals(plan)).toEqual([reason]);
      expect(plan.failures[0]?.summary).toContain(text);
    },
  );

  it("T-131: a bound claim needs no storage class", () => {
    const claim = aVolumeClaim({ volumeName: "pv-data", storageClassName: "missing" });
    const storage = storageWith(claim, { persistentVolumes: [aPersistentVolume({ zones: ["test-zone-2"] })] });
    const plan = solve({ pods: both, storage });
    expect(waiting(plan)).toEqual([]);
    expect([...(plan.newClaims[0]?.requirements.get(Label.Zone).values ?? [])]).toEqual(["test-zone-2"]);
  });

  it("a class that does not say when it binds does so at once, as on the API server", () => {
    const { volumeBindingMode: _, ...unsaid } = aStorageClass();
    expect(refusals(solve({ pods: both, storage: storageWith(unbound, { storageClasses: [unsaid] }) }))).toEqual([
      "VolumeLookupFailed",
    ]);
  });

  it("without any word on storage, pods with a claim wait", () => {
    expect(refusals(solve({ pods: both }))).toEqual(["VolumeLookupFailed"]);
  });

  it("S-203: a pod that has to leave its node is planned where its volume is, though its claim is going too", () => {
    const going = aVolumeClaim({ volumeName: "pv-data", deletionTimestamp: GONE_SOON });
    const volume = aPersistentVolume({ zones: ["test-zone-2"], deletionTimestamp: GONE_SOON });
    const leaving = aPod({ name: "leaving", nodeName: "old", spec: mounting("data") });
    const plan = solve({ pods: [leaving], storage: storageWith(going, { persistentVolumes: [volume] }) });
    expect([...(plan.newClaims[0]?.requirements.get(Label.Zone).values ?? [])]).toEqual(["test-zone-2"]);
    const waitingToo = aPod({ name: "waiting", spec: mounting("data") });
    const both = solve({ pods: [waitingToo, leaving], storage: storageWith(going, { persistentVolumes: [volume] }) });
    expect([companies(both), waiting(both)]).toEqual([[["leaving"]], ["waiting"]]);
    expect(refusals(solve({ pods: [leaving], storage: aStorage() }))).toEqual(["VolumeLookupFailed"]);
    expect(refusals(solve({ pods: [leaving], storage: storageWith(going) }))).toEqual(["VolumeLookupFailed"]);
  });

  it("all that is wrong is said at once", () => {
    const plan = solve({ pods: [aPod({ spec: mounting("one", "two") })], storage: aStorage() });
    expect(plan.failures[0]?.nodePools[0]?.detail).toMatch(
      /default\/one does not exist.*; .*default\/two does not exist/,
    );
  });

  it("S-233: the claim of an ephemeral volume has the names of its pod and the volume", () => {
    const spec = { volumes: [{ name: "scratch", ephemeral: { volumeClaimTemplate: {} } }] };
    const claim = aVolumeClaim({ name: "web-0-scratch", storageClassName: "late" });
    const storage = storageWith(claim, { storageClasses: [aStorageClass()] });
    expect(waiting(solve({ pods: [aPod({ name: "web-0", spec })], storage }))).toEqual([]);
    const early = solve({ pods: [aPod({ name: "web-1", spec })], storage });
    expect(early.failures[0]?.summary).toBe(
      "persistent volume claim default/web-1-scratch does not exist yet; it is made for the pod's ephemeral volume scratch",
    );
  });

  it("an affinity that contradicts itself reaches no node, not even one without the label", () => {
    const terms = [
      {
        matchExpressions: ["test-zone-1", "test-zone-2"].map((zone) => ({
          key: Label.Zone,
          operator: "In",
          values: [zone],
        })),
      },
      {},
    ];
    const storage = storageWith(bound, { persistentVolumes: [aPersistentVolume({ terms })] });
    const plan = solve({ pods: both, storage });
    expect(refusals(plan)).toEqual(["VolumeTopology"]);
    expect(plan.failures[0]?.summary).toContain("no node can ever reach the volume of default/data");
  });
});
