import { describe, expect, it } from "vitest";
import { Label, type NodePool, type RequirementSpec, type Taint } from "../../api/index.ts";
import type { ProviderSettings } from "../../provider/index.ts";
import { aNodePool, type NodePoolOptions } from "../../testing/builders/index.ts";
import { nodePoolDoubts, nodePoolErrors } from "./node-pool-errors.ts";

const errors = (options: NodePoolOptions, settings: ProviderSettings = {}) =>
  nodePoolErrors(aNodePool(options), settings);
const requiring = (...requirements: readonly RequirementSpec[]) => errors({ requirements });
const NO: Taint["effect"] = "NoSchedule";

describe("mistakes in a NodePool", () => {
  it("a plain pool has none", () => {
    expect(errors({ labels: { team: "a", "example.com/tier": "" } })).toEqual([]);
  });

  it("A-9: the pool's own label", () => {
    expect(errors({ labels: { [Label.NodePool]: "x" } })).toEqual([
      "label karpenter.sh/nodepool is set by Karpenter itself: remove it",
    ]);
  });

  it.each(["-x", "a/b/c", "Upper.Case/x", "a".repeat(64), `${"a".repeat(254)}/x`])("A-9: %s is no label key", (key) => {
    expect(errors({ labels: { [key]: "v" } })).toEqual([`label key "${key}" is not a qualified name`]);
  });

  it("A-9: a value that no label may have", () => {
    expect(errors({ labels: { team: "a b" } })).toEqual(['value "a b" of label team is not a label value']);
    expect(errors({ labels: { team: "a".repeat(64) } })).toHaveLength(1);
  });

  it("A-9, K-20: restricted keys, of Karpenter and of the provider, and the hostname", () => {
    const settings = { restrictedDomains: ["cloud.example.com"], wellKnownLabels: ["cloud.example.com/flavor"] };
    const labels = {
      "karpenter.sh/x": "a",
      "sub.cloud.example.com/x": "a",
      "cloud.example.com/flavor": "a",
      [Label.Hostname]: "a",
    };
    expect(errors({ labels }, settings).map((text) => text.split('"')[1])).toEqual([
      "karpenter.sh/x",
      Label.Hostname,
      "sub.cloud.example.com/x",
    ]);
  });

  it("A-10: taints and startup taints count together", () => {
    const [error, ...more] = errors({
      taints: [{ key: "dedicated", value: "a", effect: NO }],
      startupTaints: [{ key: "dedicated", value: "b", effect: NO }],
    });
    expect(more).toEqual([]);
    expect(error).toBe("taint dedicated=b:NoSchedule is there twice (taints and startupTaints count together)");
  });

  it("A-10: one key with different effects is fine", () => {
    const taints: readonly Taint[] = [
      { key: "dedicated", effect: NO },
      { key: "dedicated", effect: "NoExecute" },
    ];
    expect(errors({ taints })).toEqual([]);
  });

  it("A-10: key and value of a taint are qualified names", () => {
    expect(errors({ taints: [{ key: "", effect: NO }] })).toEqual(['taint key "" is not a qualified name']);
    expect(errors({ taints: [{ key: "a", value: "b c", effect: NO }] })).toEqual([
      'value "b c" of taint a is not valid',
    ]);
  });

  it("A-11: In without values, bounds that are none, too few values for minValues", () => {
    expect(requiring({ key: "team", operator: "In", values: [] })).toEqual(["key team with operator In has no values"]);
    expect(requiring({ key: "size", operator: "Gt", values: ["x"] })).toHaveLength(1);
    expect(requiring({ key: "size", operator: "Lt", values: ["1", "2"] })).toHaveLength(1);
    expect(requiring({ key: "team", operator: "In", values: ["a"], minValues: 2 })).toHaveLength(1);
    expect(requiring({ key: "size", operator: "Gte", values: ["3"] })).toEqual([]);
  });

  it("A-11: the pool's own key may not be required", () => {
    expect(requiring({ key: Label.NodePool, operator: "In", values: ["x"] })).toEqual([
      "key karpenter.sh/nodepool is set by the pool itself",
    ]);
  });

  it("A-11, K-19: older spellings are judged as what they mean, the provider's too", () => {
    const arch: RequirementSpec = { key: "beta.kubernetes.io/arch", operator: "In", values: ["amd64"] };
    expect(requiring(arch)).toEqual([]);
    const settings = {
      restrictedDomains: ["cloud.example.com"],
      normalizedLabels: { "cloud.example.com/flavor": Label.InstanceType },
    };
    const flavor: RequirementSpec = { key: "cloud.example.com/flavor", operator: "In", values: ["m.4"] };
    expect(errors({ requirements: [flavor] }, settings)).toEqual([]);
  });

  it("TC-21, A-12: a capacity type that nobody sells is a mistake only when nothing else is left", () => {
    const capacity = (...values: readonly string[]): RequirementSpec => ({
      key: Label.CapacityType,
      operator: "In",
      values,
    });
    expect(requiring(capacity("cheap"))).toEqual([
      "key karpenter.sh/capacity-type has none of its possible values on-demand, spot, reserved",
    ]);
    expect(requiring(capacity("cheap", "spot"))).toEqual([]);
    expect(errors({ requirements: [capacity("cheap")] }, { capacityTypes: ["cheap"] })).toEqual([]);
    expect(requiring({ ...capacity("cheap", "spot"), minValues: 2 })).toHaveLength(1);
  });

  it("A-11, A-12, K-19: values are judged as what they mean, as the engine reads them", () => {
    const settings: ProviderSettings = {
      capacityTypes: ["leased"],
      normalizedLabels: { "cloud.example.com/billing": Label.CapacityType },
      normalizedValues: { [Label.CapacityType]: { rent: "leased", "on demand": "on-demand" } },
    };
    const billing = (...values: readonly string[]): NodePoolOptions => ({
      requirements: [{ key: "cloud.example.com/billing", operator: "In", values }],
    });
    expect(errors(billing("rent"), settings)).toEqual([]);
    expect(errors(billing("on demand"), settings)).toEqual([]);
    expect(errors(billing("rent", "bought"), settings)).toEqual([]);
    expect(nodePoolDoubts(aNodePool(billing("rent", "bought")), settings)).toEqual(["bought"]);
    expect(errors(billing("bought"), settings)).toEqual([
      "key karpenter.sh/capacity-type has none of its possible values on-demand, spot, reserved, leased",
    ]);
  });

  it("A-12, K-19: two spellings of one value are one value for minValues", () => {
    const settings: ProviderSettings = { normalizedValues: { [Label.CapacityType]: { cheap: "spot" } } };
    const requirement: RequirementSpec = { key: Label.CapacityType, operator: "In", values: ["cheap", "spot"] };
    expect(errors({ requirements: [{ ...requirement, minValues: 1 }] }, settings)).toEqual([]);
    expect(errors({ requirements: [{ ...requirement, minValues: 2 }] }, settings)).toHaveLength(1);
  });

  it("TC-14, A-11: a value of 70 characters passes the schema and is refused here", () => {
    expect(requiring({ key: "team", operator: "In", values: ["a".repeat(70)] })).toEqual([
      `value "${"a".repeat(70)}" of key team is not a valid label value`,
    ]);
  });

  it("NP-6: everything that is wrong is told at once", () => {
    const pool: NodePool = aNodePool({
      labels: { "-x": "a" },
      taints: [{ key: "", effect: NO }],
      requirements: [{ key: "team", operator: "In", values: [] }],
    });
    expect(nodePoolErrors(pool, {})).toHaveLength(3);
  });
});
