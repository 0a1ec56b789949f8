import { describe, expect, it } from "vitest";
import { Label, type Pod, type TopologySpreadConstraint } from "../api/index.ts";
import {
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  aStorage,
  aStorageClass,
  aVolumeClaim,
} from "../testing/builders/index.ts";
import { boundClaim, fixtureTypes, mounting, pods, type PodOptions } from "../testing/builders/index.ts";
import { apart, near } from "../testing/pod-wishes.ts";
import { effectiveZones } from "./effective-zone.ts";
import type { ProblemInput } from "./index.ts";

const [Z1, Z2, Z3] = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;
const web = { app: "web" };

function zonesOf(pending: readonly Pod[], changes: Partial<ProblemInput> = {}): Readonly<Record<string, number>> {
  return Object.fromEntries(effectiveZones(aProblem({ pods: pending, ...changes })));
}

function inZone(zone: string, count: number, options: PodOptions = {}): ProblemInput["nodes"][number] {
  const running = pods(count, { labels: web, ...options, name: `old-${zone}`, nodeName: zone });
  return aNodeInput({ name: zone, labels: { [Label.Zone]: zone }, pods: running });
}

const spread = (changes: Partial<TopologySpreadConstraint> = {}) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: Label.Zone,
      whenUnsatisfiable: "DoNotSchedule" as const,
      labelSelector: { matchLabels: web },
      ...changes,
    },
  ],
});

describe("effectiveZones", () => {
  it("T-137, S-610: a pod that asks for nothing is flexible", () => {
    expect(zonesOf(pods(2))).toEqual({ flexible: 2 });
  });

  it("T-137, S-610: what a pod requires of its zone counts, its preferences do not", () => {
    const preferred = {
      weight: 1,
      preference: { matchExpressions: [{ key: Label.Zone, operator: "In", values: [Z2] }] },
    };
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preferred] } };
    expect(
      zonesOf([
        aPod({ name: "a", nodeSelector: { [Label.Zone]: Z1 } }),
        aPod({ name: "b", requiredTerms: [[[Label.Zone, "In", Z1, Z2]]] }),
        aPod({ name: "c", spec: { affinity } }),
        aPod({ name: "d", requiredTerms: [[[Label.Zone, "NotIn", Z1]]] }),
      ]),
    ).toEqual({ flexible: 3, [Z1]: 1 });
  });

  it.each([
    ["volumes in several zones", [Z1, Z2], {}, "flexible"],
    ["a volume in one zone", [Z1], {}, Z1],
    ["a volume in another zone than the pod's", [Z2], { nodeSelector: { [Label.Zone]: Z1 } }, "none"],
    ["a volume and a pod with one zone in common", [Z1, Z2], { nodeSelector: { [Label.Zone]: Z2 } }, Z2],
  ])("T-137, S-610: %s", (_, zones, options, expected) => {
    const pod = aPod({ spec: { ...options, ...mounting("data") } });
    expect(zonesOf([pod], { storage: boundClaim("data", { zones }) })).toEqual({ [expected]: 1 });
  });

  it("T-137, S-610: a storage class speaks for a volume that is not there yet", () => {
    const storageClasses = [aStorageClass({ topologies: [[Label.Zone, Z3]] })];
    const persistentVolumeClaims = [aVolumeClaim({ storageClassName: "late" })];
    const storage = aStorage({ storageClasses, persistentVolumeClaims });
    expect(zonesOf([aPod({ spec: mounting("data") })], { storage })).toEqual({ [Z3]: 1 });
  });

  it("S-610: a pod that takes no part in the solve is not counted", () => {
    const unmanaged = aPod({ name: "own", requiredTerms: [[[Label.NodePool, "DoesNotExist"]]] });
    const bound = aPod({ name: "moving", nodeName: "n1" });
    expect(zonesOf([unmanaged, bound, aPod({ spec: mounting("missing") })], { storage: aStorage() })).toEqual({});
  });
});

describe("zones that topology rules leave open", () => {
  it("T-137: spread with several zones in balance is flexible, with one zone behind it is that zone", () => {
    const pending = pods(1, { labels: web, spec: spread() });
    expect(zonesOf(pending)).toEqual({ flexible: 1 });
    const nodes = [inZone(Z1, 1), inZone(Z2, 1)];
    expect(zonesOf(pending, { nodes })).toEqual({ [Z3]: 1 });
  });

  it("T-137: spread that no zone can keep leaves none", () => {
    const nodePools = [
      aPoolInput({
        instanceTypes: fixtureTypes(),
        requirements: [{ key: Label.Zone, operator: "In", values: [Z1, Z2] }],
      }),
    ];
    const pinned = pods(1, { labels: web, spec: { ...spread(), nodeSelector: { [Label.Zone]: "elsewhere" } } });
    expect(zonesOf(pinned, { nodePools })).toEqual({ none: 1 });
  });

  it("S-610: a zone that spread leaves open but the pod rules out is none", () => {
    const nodes = [inZone(Z1, 1), inZone(Z2, 1)];
    const term = [[[Label.Zone, "In", Z1, Z2]]] as const;
    const honoured = aPod({ labels: web, requiredTerms: term, spec: spread() });
    expect(zonesOf([honoured], { nodes })).toEqual({ flexible: 1 });
    const volume = { storage: boundClaim("data", { zones: [Z1] }), nodes };
    expect(zonesOf([aPod({ labels: web, spec: { ...spread(), ...mounting("data") } })], volume)).toEqual({ none: 1 });
  });

  it("S-610: affinity goes where its target is, the first of a company anywhere, anti-affinity where it is not", () => {
    const nodes = [inZone(Z1, 1)];
    expect(zonesOf([aPod(near("web", Label.Zone))], { nodes })).toEqual({ [Z1]: 1 });
    expect(zonesOf([aPod(near("web", Label.Zone))])).toEqual({ none: 1 });
    expect(zonesOf([aPod({ labels: web, ...near("web", Label.Zone) })])).toEqual({ flexible: 1 });
    const two = [...nodes, inZone(Z2, 1)];
    expect(zonesOf([aPod(apart("web", Label.Zone))], { nodes: two })).toEqual({ [Z3]: 1 });
  });

  it("S-327, S-610: under the policy Ignore a preference makes no rule", () => {
    const soft = pods(1, { labels: web, spec: spread({ whenUnsatisfiable: "ScheduleAnyway" }) });
    const nodes = [inZone(Z1, 1), inZone(Z2, 1)];
    expect(zonesOf(soft, { nodes })).toEqual({ [Z3]: 1 });
    expect(zonesOf(soft, { nodes, preferencePolicy: "Ignore" })).toEqual({ flexible: 1 });
  });
});
