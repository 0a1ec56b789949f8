// Scenarios of docs/reference/upstream-parity.md: E-56.

import { describe, expect, it } from "vitest";
import { Annotation, HASH_VERSION, Label, nodePoolHash, WELL_KNOWN_LABELS } from "../api/index.ts";
import type { NodeClaim, NodePool, RequirementSpec } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import {
  aNodeClaim,
  aNodePool,
  anInstanceType,
  anOffering,
  TEST_CLASS,
  type NodePoolOptions,
} from "../testing/builders/index.ts";
import { hours } from "../units/index.ts";
import { poolDrift, typeDrift, typeMattersAt } from "./drift-reason.ts";

type Stamp = readonly [hash?: string | undefined, version?: string];

const RESERVATION = "example.com/reservation";
const wellKnown = new Set([...WELL_KNOWN_LABELS, RESERVATION]);

function annotations([hash, version]: Stamp): Readonly<Record<string, string>> {
  return {
    ...(hash !== undefined && { [Annotation.NodePoolHash]: hash }),
    ...(version !== undefined && { [Annotation.NodePoolHashVersion]: version }),
  };
}

function stamped(pool: NodePool): NodePool {
  const stamp = annotations([nodePoolHash(pool.spec.template), HASH_VERSION]);
  return { ...pool, metadata: { ...pool.metadata, annotations: stamp } };
}

/** A claim of the first pool, looked at after the pool was changed into the second. */
function afterChange(before: NodePoolOptions, after: NodePoolOptions): string | undefined {
  const { annotations: stamp = {} } = stamped(aNodePool(before)).metadata;
  return poolDrift(aNodeClaim({ annotations: stamp }), stamped(aNodePool(after)));
}

function withStamps(claim: Stamp, pool: Stamp): string | undefined {
  const known = aNodePool();
  const marked = { ...known, metadata: { ...known.metadata, annotations: annotations(pool) } };
  return poolDrift(aNodeClaim({ annotations: annotations(claim) }), marked);
}

function required(labels: Readonly<Record<string, string>>, ...requirements: RequirementSpec[]): string | undefined {
  return poolDrift(aNodeClaim({ labels }), aNodePool({ requirements }));
}

describe("NodePoolDrifted", () => {
  const taint = { key: "a", value: "b", effect: "NoSchedule" } as const;

  it.each<[string, NodePoolOptions]>([
    ["labels", { labels: { team: "a" } }],
    ["annotations", { annotations: { note: "a" } }],
    ["taints", { taints: [taint] }],
    ["startupTaints", { startupTaints: [taint] }],
    ["expireAfter", { expireAfter: "24h" }],
    ["terminationGracePeriod", { terminationGracePeriod: "5m" }],
  ])("DT-92, D-139: another value of %s", (_, changed) => {
    expect(afterChange({}, changed)).toBe("NodePoolDrifted");
  });

  it("DT-92, D-139: another nodeClassRef.name", () => {
    const pool = aNodePool();
    const nodeClassRef = { ...TEST_CLASS, name: "other" };
    const template = { ...pool.spec.template, spec: { ...pool.spec.template.spec, nodeClassRef } };
    const { annotations: stamp = {} } = stamped(pool).metadata;
    const changed = stamped({ ...pool, spec: { ...pool.spec, template } });
    expect(poolDrift(aNodeClaim({ annotations: stamp }), changed)).toBe("NodePoolDrifted");
  });

  it.each<[string, NodePoolOptions]>([
    ["weight", { weight: 5 }],
    ["limits", { limits: { cpu: "10" } }],
    ["disruption", { disruption: { consolidateAfter: "1h", budgets: [{ nodes: "0" }] } }],
    ["replicas", { replicas: 3 }],
  ])("DT-92, D-139: not another value of %s", (_, changed) => {
    expect(afterChange({}, changed)).toBeUndefined();
  });

  it("DT-92: only fingerprints of the same version are compared", () => {
    expect(withStamps(["1", "v1"], ["2", "v1"])).toBe("NodePoolDrifted");
    expect(withStamps(["1", "v1"], ["1", "v1"])).toBeUndefined();
    expect(withStamps(["1", "v1"], ["2", "v2"])).toBeUndefined();
  });

  it.each<[string, Stamp, Stamp]>([
    ["the claim's hash", [undefined, "v1"], ["2", "v1"]],
    ["the claim's version", ["1"], ["2", "v1"]],
    ["the pool's hash", ["1", "v1"], [undefined, "v1"]],
    ["the pool's version", ["1", "v1"], ["2"]],
    ["either version", ["1"], ["2"]],
  ])("DT-92: not without %s", (_, claim, pool) => {
    expect(withStamps(claim, pool)).toBeUndefined();
  });

  it("D-137: comes before the requirements", () => {
    const changed = { labels: { team: "a" }, requirements: [{ key: "x", operator: "Exists" } as const] };
    expect(afterChange({}, changed)).toBe("NodePoolDrifted");
  });
});

describe("RequirementsDrifted", () => {
  it("DT-93: not while the label's value is among those asked for", () => {
    expect(required({ x: "a" }, { key: "x", operator: "In", values: ["a", "b"] })).toBeUndefined();
    expect(required({ x: "a" }, { key: "x", operator: "In", values: ["b"] })).toBe("RequirementsDrifted");
  });

  it.each<[RequirementSpec]>([
    [{ key: "new", operator: "In", values: ["a"] }],
    [{ key: "new", operator: "Exists" }],
    [{ key: "new", operator: "Gt", values: ["1"] }],
    [{ key: "new", operator: "Lt", values: ["1"] }],
    [{ key: "new", operator: "Gte", values: ["1"] }],
    [{ key: "new", operator: "Lte", values: ["1"] }],
    [{ key: Label.Zone, operator: "In", values: ["zone-a"] }],
  ])("DT-93, D-137: %o on a key that the claim lacks", (requirement) => {
    expect(required({ x: "a" }, requirement)).toBe("RequirementsDrifted");
  });

  it.each<[RequirementSpec]>([
    [{ key: "new", operator: "NotIn", values: ["b"] }],
    [{ key: "new", operator: "DoesNotExist" }],
    [{ key: "x", operator: "Exists" }],
    [{ key: "x", operator: "In", values: ["a", "b"], minValues: 2 }],
  ])("DT-93, D-137: not %o", (requirement) => {
    expect(required({ x: "a" }, requirement)).toBeUndefined();
  });

  it("a key that the cloud has another name for is the same key", () => {
    const pool = aNodePool({ requirements: [{ key: "cloud/zone", operator: "In", values: ["zone-a"] }] });
    const claim = aNodeClaim({ labels: { [Label.Zone]: "zone-a" } });
    expect(poolDrift(claim, pool)).toBe("RequirementsDrifted");
    expect(poolDrift(claim, pool, { keys: { "cloud/zone": Label.Zone } })).toBeUndefined();
  });
});

describe("InstanceTypeNotFound", () => {
  const LABELS = { [Label.InstanceType]: "m.4", [Label.Zone]: "zone-a", [Label.CapacityType]: "on-demand" };

  function sells(...instanceTypes: readonly InstanceType[]) {
    return { instanceTypes, wellKnown, reservationIdLabel: RESERVATION };
  }

  function ofClaim(labels: Readonly<Record<string, string>>, ...types: readonly InstanceType[]): string | undefined {
    return typeDrift(aNodeClaim({ labels }), sells(...types));
  }

  it("D-138, DT-94: counts from an hour after the claim was made", () => {
    const claim: NodeClaim = aNodeClaim({ creationTimestamp: "2026-01-01T00:00:00Z" });
    expect(typeMattersAt(claim)).toBe(Date.parse("2026-01-01T00:00:00Z") + hours(1));
    const { creationTimestamp: _, ...undated } = claim.metadata;
    expect(typeMattersAt({ ...claim, metadata: undated })).toBeUndefined();
  });

  it("D-138: the type is sold under its name no longer", () => {
    expect(ofClaim(LABELS, anInstanceType({ offerings: [anOffering({ zone: "zone-a" })] }))).toBeUndefined();
    expect(ofClaim(LABELS, anInstanceType({ name: "m.8", offerings: [anOffering({ zone: "zone-a" })] }))).toBe(
      "InstanceTypeNotFound",
    );
    expect(ofClaim({}, anInstanceType())).toBe("InstanceTypeNotFound");
  });

  it("D-138: it is sold in other zones or ways only", () => {
    expect(ofClaim(LABELS, anInstanceType({ offerings: [anOffering({ zone: "zone-b" })] }))).toBe(
      "InstanceTypeNotFound",
    );
    const spot = anOffering({ zone: "zone-a", capacityType: "spot" });
    expect(ofClaim(LABELS, anInstanceType({ offerings: [spot] }))).toBe("InstanceTypeNotFound");
  });

  it("D-138: a claim that does not say how it was bought is sold as long as anything of its type is", () => {
    const { [Label.CapacityType]: _, ...unsaid } = LABELS;
    const spot = anOffering({ zone: "zone-a", capacityType: "spot" });
    expect(ofClaim(unsaid, anInstanceType({ offerings: [spot] }))).toBeUndefined();
  });

  it("D-138: sold out is not gone", () => {
    const soldOut = anOffering({ zone: "zone-a", available: "sold out" });
    expect(ofClaim(LABELS, anInstanceType({ offerings: [soldOut] }))).toBeUndefined();
  });

  it("D-138, DT-94: a reserved machine may have been demoted to on-demand, but not to spot", () => {
    const reserved = { ...LABELS, [Label.CapacityType]: "reserved", [RESERVATION]: "r1" };
    const [onDemand, spot, other] = [
      anOffering({ zone: "zone-a" }),
      anOffering({ zone: "zone-a", capacityType: "spot" }),
      anOffering({ zone: "zone-a", capacityType: "reserved", labels: { [RESERVATION]: "r2" } }),
    ];
    expect(ofClaim(reserved, anInstanceType({ offerings: [onDemand] }))).toBeUndefined();
    expect(ofClaim(reserved, anInstanceType({ offerings: [other] }))).toBeUndefined();
    expect(ofClaim(reserved, anInstanceType({ offerings: [spot] }))).toBe("InstanceTypeNotFound");
  });
});
