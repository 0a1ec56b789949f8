import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import { Requirement } from "./requirement.ts";
import { Requirements } from "./requirements.ts";

const wellKnown = new Set(WELL_KNOWN_LABELS);

/** "k In a b", "k Exists". */
function set(...lines: readonly string[]): Requirements {
  return Requirements.fromSpecs(
    lines.map((line) => {
      const [key = "", operator = "", ...values] = line.split(" ");
      return { key, operator, values };
    }),
  );
}

describe("S-111: one requirement per key", () => {
  test("adding a present key narrows it, an absent key reads as Exists", () => {
    const both = set("k In a b", "k NotIn a");
    expect(both.toString()).toBe("k In [b]");
    expect(both.get("other").toString()).toBe("other Exists");
    expect([both.has("k"), both.has("other"), both.size]).toEqual([true, false, 1]);
  });

  test("T-120: an In and a NotIn of one key keep the larger minValues", () => {
    const specs = [
      { key: "k", operator: "In", values: ["a", "b", "c"], minValues: 1 },
      { key: "k", operator: "NotIn", values: ["c"], minValues: 2 },
    ];
    expect(Requirements.fromSpecs(specs).toString()).toBe("k In [a b] minValues 2");
  });

  test("keys, entries and texts come in code-point order", () => {
    const mixed = set("b Exists", "a Exists", "B Exists");
    expect(mixed.keys()).toEqual(["B", "a", "b"]);
    expect([...mixed].map(({ key }) => key)).toEqual(["B", "a", "b"]);
    expect(mixed.with(Requirement.of("aa", "Exists")).keys()).toEqual(["B", "a", "aa", "b"]);
    expect(mixed.toSpecs().map(({ key }) => key)).toEqual(["B", "a", "b"]);
  });

  test("a set never changes; narrowing that changes nothing returns the set itself", () => {
    const original = set("k In a b");
    const narrowed = original.with(Requirement.of("k", "In", ["a"]));
    expect([original.toString(), narrowed.toString()]).toEqual(["k In [a b]", "k In [a]"]);
    expect(original.merge(set("k Exists"))).toBe(original);
    expect(original.merge(Requirements.empty)).toBe(original);
    expect(original.without("other")).toBe(original);
    expect(narrowed.without("k").size).toBe(0);
  });

  test("labels are lists of one value; no labels are no requirements", () => {
    expect(Requirements.fromLabels({ b: "2", a: "1" }).toString()).toBe("a In [1], b In [2]");
    expect(Requirements.fromLabels(undefined).size).toBe(0);
  });

  test("S-110: the text leaves the hostname out", () => {
    expect(set("a Exists", `${Label.Hostname} In n1`).toString()).toBe("a Exists");
  });

  test("S-120: keys and values of a provider are read as its nodes carry them", () => {
    const normalization = {
      keys: { "csi.vendor.io/zone": Label.Zone },
      values: { [Label.Zone]: { PAR1: "par-1" } },
    };
    const specs = [{ key: "csi.vendor.io/zone", operator: "In", values: ["PAR1", "par-2"] }];
    expect(Requirements.fromSpecs(specs, normalization).toString()).toBe(`${Label.Zone} In [par-1 par-2]`);
    expect(Requirements.fromLabels({ "csi.vendor.io/zone": "PAR1" }, normalization).get(Label.Zone).single()).toBe(
      "par-1",
    );
  });

  test("S-120: the beta zone key and the stable one are the same key", () => {
    const both = set("failure-domain.beta.kubernetes.io/zone In z1 z2", `${Label.Zone} In z2 z3`);
    expect(both.toString()).toBe(`${Label.Zone} In [z2]`);
  });
});

describe("S-112: compatible", () => {
  const zone = (rest: string) => set(`${Label.Zone} ${rest}`);

  test("T-8: an undefined well-known key is fine where it is allowed, and NotIn always is", () => {
    expect(Requirements.empty.compatible(zone("In z1"), wellKnown)).toBeUndefined();
    expect(Requirements.empty.compatible(zone("In z1"))?.kind).toBe("Undefined");
    expect(Requirements.empty.compatible(zone("NotIn z1"), wellKnown)).toBeUndefined();
    expect(Requirements.empty.compatible(zone("NotIn z1"))).toBeUndefined();
  });

  test("T-9: a label that must not be there goes with NotIn and DoesNotExist, not with In and Exists", () => {
    const wanted = ["k NotIn x", "k DoesNotExist", "k In x", "k Exists"];
    const offered = set("k DoesNotExist");
    expect(wanted.map((each) => offered.compatible(set(each)) === undefined)).toEqual([true, true, false, false]);
    expect(wanted.map((each) => offered.isCompatible(set(each)))).toEqual([true, true, false, false]);
  });

  test("T-10: a label that must be there does not go with DoesNotExist", () => {
    expect(set("k Exists").compatible(set("k DoesNotExist"))?.kind).toBe("NoIntersection");
    expect(set("k Exists").isCompatible(set("k DoesNotExist"))).toBe(false);
  });

  test.each([
    ["S-114", "k In a", "k Gt 1", false],
    ["S-114", "k In a 5", "k Gt 1", true],
    ["S-114", "other Exists", "k Exists", false],
    ["S-114", "other Exists", "k In a", false],
    ["S-114", "other Exists", "k Gt 1", false],
    ["S-114", "other Exists", "k NotIn a", true],
    ["S-114", "other Exists", "k DoesNotExist", true],
    ["S-114", "k In a", "k NotIn b", true],
    ["S-114", "k In a", "k In b", false],
    ["S-113", "k NotIn a", "k NotIn b", true],
    ["S-113", "k NotIn a", "k DoesNotExist", true],
    ["S-106", "k Gt 3", "k Lt 5", true],
    ["S-105", "k Gt 5", "k Lt 5", false],
    ["directional: keys only the offer has do not matter", "k In a", "", true],
  ])("%s: %s takes %s: %s", (_rule, offered, wanted, expected) => {
    const [a, b] = [set(offered), wanted === "" ? Requirements.empty : set(wanted)];
    expect(a.compatible(b) === undefined).toBe(expected);
    expect(a.isCompatible(b)).toBe(expected);
    expect(a.conflicts(b).length === 0).toBe(expected);
  });

  test("an undefined key is named before a value that does not match, each in key order", () => {
    const offered = set("b In 1", "c In 1");
    const wanted = set("a NotIn x", "b In 2", "c In 2", "y Exists", "z Exists");
    const found = offered.conflicts(wanted);
    expect(found.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      "Undefined y",
      "Undefined z",
      "NoIntersection b",
      "NoIntersection c",
    ]);
    expect(offered.compatible(wanted)).toEqual(found[0]);
    expect(offered.compatible(wanted, new Set(["y", "z"]))?.key).toBe("b");
  });

  test("a conflict says what was wanted and what there is", () => {
    expect(set("k In a").compatible(set("k In b"))).toEqual({
      kind: "NoIntersection",
      key: "k",
      wanted: "k In [b]",
      offered: "k In [a]",
      message: "key k, k In [b] not in k In [a]",
    });
    expect(set("k In a").compatible(set("qqq In b"))).toEqual({
      kind: "Undefined",
      key: "qqq",
      wanted: "qqq In [b]",
      offered: "qqq not defined",
      message: 'label "qqq" does not have known values',
    });
  });
});

describe("S-113: intersects", () => {
  test("only keys of both sides count", () => {
    expect(set("a In 1").intersects(set("b In 2"))).toBeUndefined();
    expect(set("a In 1", "c In 1").intersects(set("a In 2", "c In 2"))?.key).toBe("a");
  });

  test("is symmetric, and says the same as its cheap form", () => {
    const lines = fc.constantFrom("In 1", "In 1 2", "NotIn 1", "Exists", "DoesNotExist", "Gt 1", "Lt 2");
    const sets = fc.dictionary(fc.constantFrom("a", "b", "c"), lines, { noNullPrototype: true });
    const build = (record: Record<string, string>) => set(...Object.entries(record).map(([k, rest]) => `${k} ${rest}`));
    fc.assert(
      fc.property(sets, sets, (left, right) => {
        const [a, b] = [build(left), build(right)];
        expect(a.overlaps(b)).toBe(b.overlaps(a));
        expect(a.intersects(b) === undefined).toBe(a.overlaps(b));
        expect(a.isCompatible(b)).toBe(a.compatible(b) === undefined);
        expect(a.isCompatible(b, new Set(["a", "b", "c"]))).toBe(a.overlaps(b));
      }),
    );
  });
});

describe("S-115: the key that was probably meant", () => {
  test.each([
    ["zone", Label.Zone],
    ["nodepool", Label.NodePool],
    ["node.io/zone", Label.Zone],
    ["topology.kubernetes.io/regio", Label.Region],
  ])("%s is a typo of %s", (key, meant) => {
    const conflict = Requirements.empty.compatible(set(`${key} In x`), wellKnown);
    expect(conflict?.hint).toBe(meant);
    expect(conflict?.message).toBe(`label "${key}" does not have known values (typo of "${meant}"?)`);
  });

  test("keys of the other side are looked at after the well-known ones", () => {
    expect(set("acme.io/team Exists").compatible(set("team In x"))?.hint).toBe("acme.io/team");
    expect(set("acme.io/my-zone Exists").compatible(set("zone In x"))?.hint).toBe(Label.Zone);
  });

  test("keys a provider made well known count, a key is never its own typo", () => {
    const extended = new Set([...wellKnown, "vendor.io/gpu-model"]);
    expect(Requirements.empty.compatible(set("gpu-model In x"), extended)?.hint).toBe("vendor.io/gpu-model");
    expect(Requirements.empty.compatible(set(`${Label.Arch} In x`))?.hint).toBeUndefined();
  });
});
