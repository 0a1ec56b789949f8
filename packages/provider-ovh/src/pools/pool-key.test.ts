// Scenarios of docs/reference/upstream-parity.md: E-200, E-207, E-211.

import type { Taint } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";

import { hasTemplate, isOwned, poolKey, poolName, templateFingerprint, templateOf } from "./pool-key.ts";
import type { PoolShape } from "./pool-key.ts";

const shape = (over: Partial<PoolShape> = {}): PoolShape => ({
  kubeId: "11111111-2222-4333-8444-555555555555",
  flavor: "b3-8",
  zone: "eu-west-par-a",
  region: "EU-WEST-PAR",
  place: "3az",
  monthlyBilled: false,
  antiAffinity: false,
  attachFloatingIps: false,
  taints: [],
  labels: {},
  ...over,
});
const NAME = /^[a-z]([a-z0-9-]{0,49}[a-z0-9])?$/;
const taints: readonly Taint[] = [
  { key: "b", effect: "NoSchedule" },
  { key: "a", value: "x", effect: "NoExecute" },
];

describe("the name of a pool", () => {
  it("S-02, O-10: is karpenter-flavor-zone for plain pools, with -a in one-AZ regions", () => {
    expect(poolName(shape(), 1)).toBe("karpenter-b3-8-eu-west-par-a");
    const gra7 = { flavor: "b2-30", region: "GRA7", zone: "nova", place: "1az" } as const;
    expect(poolName(shape(gra7), 1)).toBe("karpenter-b2-30-gra7-a");
    expect(poolName(shape(), 2)).toBe("karpenter-b3-8-eu-west-par-a-2");
  });

  it("O-10: carries six characters of the key when anything else touches the machines", () => {
    const plain = poolName(shape(), 1);
    for (const over of [{ taints }, { labels: { team: "a" } }, { monthlyBilled: true }, { antiAffinity: true }]) {
      const name = poolName(shape(over), 1);
      expect(name).toBe(`${plain}-${poolKey(shape(over)).slice(0, 6)}`);
      expect(poolName(shape(over), 3)).toBe(`${name}-3`);
    }
  });

  it("T-19: too long names are cut, keep the rules of MKS and stay apart", () => {
    const long = (end: string): PoolShape =>
      shape({ flavor: `very-long-flavor-name-with-many-parts-${end}`, zone: "ap-southeast-syd-a" });
    const names = [poolName(long("one"), 1), poolName(long("two"), 1), poolName(long("one"), 12)];
    for (const name of names) expect(name).toMatch(NAME);
    expect(new Set(names).size).toBe(3);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(51);
  });

  it("O-10: replaces what MKS does not accept", () => {
    expect(poolName(shape({ flavor: "x_1.5" }), 1)).toBe("karpenter-x-1-5-eu-west-par-a");
  });
});

describe("the key of a pool", () => {
  it("O-6: is the same for the same content in another order", () => {
    const one = shape({ taints, labels: { a: "1", b: "2" } });
    const other = shape({ taints: taints.toReversed(), labels: { b: "2", a: "1" } });
    expect(templateFingerprint(one)).toBe(templateFingerprint(other));
    expect(poolKey(one)).toBe(poolKey(other));
  });

  it("O-5: differs in everything that makes machines differ", () => {
    const shapes = [
      shape(),
      shape({ kubeId: "other" }),
      shape({ flavor: "b3-16" }),
      shape({ zone: "eu-west-par-b" }),
      shape({ monthlyBilled: true }),
      shape({ antiAffinity: true }),
      shape({ attachFloatingIps: true }),
      shape({ taints: taints.slice(1) }),
      shape({ labels: { a: "1" } }),
      shape({ claimUid: "u" }),
    ];
    expect(new Set(shapes.map(poolKey)).size).toBe(shapes.length);
  });
});

describe("the template of a pool", () => {
  it("O-8, O-9, trap 6: has all five parts, our three labels, no finalizer and no bootstrap taint", () => {
    const template = templateOf(shape({ taints, labels: { team: "a" } }), "prod");
    expect(template).toEqual({
      metadata: {
        labels: {
          team: "a",
          "karpenter.ovhcloud.sh/managed-by": "karpenter",
          "karpenter.ovhcloud.sh/cluster": "prod",
          "karpenter.ovhcloud.sh/pool-key": poolKey(shape({ taints, labels: { team: "a" } })).slice(0, 10),
        },
        annotations: {},
        finalizers: [],
      },
      spec: {
        taints: [
          { key: "a", value: "x", effect: "NoExecute" },
          { key: "b", value: "", effect: "NoSchedule" },
        ],
        unschedulable: false,
      },
    });
  });

  it("O-4: only both labels make a pool ours", () => {
    const template = templateOf(shape(), "prod");
    expect(isOwned(template, "prod")).toBe(true);
    expect(isOwned(template, "staging")).toBe(false);
    const labels = { "karpenter.ovhcloud.sh/cluster": "prod" };
    expect(isOwned({ ...template, metadata: { ...template.metadata, labels } }, "prod")).toBe(false);
  });

  it("O-42: an edit by hand is noticed, another order of taints is not", () => {
    const wanted = shape({ taints });
    const template = templateOf(wanted, "prod");
    const spec = { ...template.spec, taints: template.spec.taints.toReversed() };
    expect(hasTemplate({ ...template, spec }, wanted, "prod")).toBe(true);
    expect(hasTemplate({ ...template, spec: { ...spec, unschedulable: true } }, wanted, "prod")).toBe(false);
    expect(hasTemplate(template, shape(), "prod")).toBe(false);
  });
});
