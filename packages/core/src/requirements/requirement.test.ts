import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Requirement } from "./requirement.ts";

const req = (operator: string, values: readonly string[] = [], minValues?: number) =>
  Requirement.of("k", operator, values, minValues);
const text = (requirement: Requirement) => requirement.toString();

const In = (...values: string[]) => req("In", values);
const NotIn = (...values: string[]) => req("NotIn", values);
const Exists = req("Exists");
const DoesNotExist = req("DoesNotExist");
const Gt = (n: number | string) => req("Gt", [String(n)]);
const Gte = (n: number | string) => req("Gte", [String(n)]);
const Lt = (n: number | string) => req("Lt", [String(n)]);
const Lte = (n: number | string) => req("Lte", [String(n)]);

/** One of everything, to pair with everything. */
const samples = fc.oneof(
  fc.subarray(["a", "b", "0", "1", "3", "5", "007", "1.0"]).map((values) => In(...values)),
  fc.subarray(["a", "b", "0", "1", "3", "5", "007", "1.0"]).map((values) => NotIn(...values)),
  fc.constantFrom(Exists, DoesNotExist),
  fc.tuple(fc.constantFrom("Gt", "Gte", "Lt", "Lte"), fc.nat(7)).map(([operator, n]) => req(operator, [String(n)])),
);
const wide = fc
  .tuple(samples, samples, fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }))
  .map(([a, b, minValues]) => a.intersection(b).withMinValues(minValues));
const probes = ["a", "b", "c", "", "-1", "0", "1", "2", "3", "4", "5", "6", "7", "8", "007", "1.0", "1e3"];

describe("construction", () => {
  test("S-101: Gt and Lt become inclusive bounds", () => {
    expect([Gt(5).gte, Gte(5).gte, Lt(5).lte, Lte(5).lte]).toEqual([6, 5, 4, 5]);
    expect([Gt(5).complement, Gt(5).values.size]).toEqual([true, 0]);
  });

  test("S-101: nothing is greater than the largest 64-bit integer", () => {
    expect(Gt("9223372036854775807").operator).toBe("DoesNotExist");
    expect(Gte("9223372036854775807").operator).toBe("Exists");
  });

  test("S-102: older keys are read as today's", () => {
    expect(Requirement.of("beta.kubernetes.io/arch", "Exists").key).toBe("kubernetes.io/arch");
  });

  test("S-103: the operator follows from complement and values", () => {
    const operators = [In("a"), NotIn("a"), Exists, DoesNotExist, In(), NotIn(), Gt(1), Gt(1).intersection(NotIn("5"))];
    expect(operators.map((each) => each.operator)).toEqual([
      "In",
      "NotIn",
      "Exists",
      "DoesNotExist",
      "DoesNotExist",
      "Exists",
      "Exists",
      "NotIn",
    ]);
  });

  test("an operator or bound that cannot be read allows nothing", () => {
    for (const unreadable of [req("Like", ["a"]), Gt("x"), req("Lt"), Gte("1.0"), Lte(" 1")]) {
      expect(probes.filter((probe) => unreadable.has(probe))).toEqual([]);
    }
  });

  test("values are held once and in order, whatever order they came in", () => {
    expect([...In("b", "a", "b").values]).toEqual(["a", "b"]);
    expect([...NotIn("2").intersection(NotIn("1")).values]).toEqual(["1", "2"]);
  });
});

describe("S-104: has", () => {
  test("T-5: inclusive bounds take their own number and refuse what is no integer", () => {
    const three = Gte(3).intersection(Lte(3));
    expect(["3", "4", "2", "a", "3.0", "0x3", " 3", "3e0", ""].filter((value) => three.has(value))).toEqual(["3"]);
  });

  test("leading zeros and a sign are part of an integer", () => {
    expect(Gt(6).has("007")).toBe(true);
    expect(Gt(6).has("+7")).toBe(true);
    expect(Lt(0).has("-1")).toBe(true);
  });

  test("integers beyond 2^53 are larger than every bound below it", () => {
    expect(Gt(5).has("9223372036854775806")).toBe(true);
    expect(Lt(5).has("9223372036854775806")).toBe(false);
  });

  test("In takes its values only, NotIn all others, Exists all, DoesNotExist none", () => {
    expect([In("a").has("a"), In("a").has("b"), NotIn("a").has("a"), NotIn("a").has("b")]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect([Exists.has("x"), DoesNotExist.has("x")]).toEqual([true, false]);
  });
});

describe("S-105: intersection", () => {
  test.each([
    ["T-1: In [A B] and NotIn [A] leave In [B]", In("A", "B"), NotIn("A"), "k In [B]"],
    ["T-2: In [1 9] and Gt 1 leave In [9]", In("1", "9"), Gt(1), "k In [9]"],
    ["T-3: two NotIn exclude what either excludes", NotIn("1", "2"), NotIn("2", "3"), "k NotIn [1 2 3]"],
    ["T-4: Gt 5 and Lt 5 leave nothing", Gt(5), Lt(5), "k DoesNotExist"],
    ["two lists", In("a", "b"), In("b", "c"), "k In [b]"],
    ["lists without a common value", In("a"), In("b"), "k DoesNotExist"],
    ["anything with Exists", In("a"), Exists, "k In [a]"],
    ["anything with DoesNotExist", NotIn("a"), DoesNotExist, "k DoesNotExist"],
    ["bounds narrow each other", Gte(1).intersection(Lte(9)), Gte(3).intersection(Lte(20)), "k Exists >=3 <=9"],
    ["exclusions outside the bounds are forgotten", NotIn("1", "7", "a"), Gt(5), "k NotIn [7] >=6"],
    ["values outside the bounds are dropped, and the bounds with them", Gte(2), In("1", "2", "x"), "k In [2]"],
  ])("%s", (_name, a, b, expected) => {
    expect(text(a.intersection(b))).toBe(expected);
    expect(text(b.intersection(a))).toBe(expected);
  });

  test("T-6: the larger minValues wins and stays on an empty result", () => {
    expect(text(req("In", ["A"], 1).intersection(req("In", ["A", "B"], 2)))).toBe("k In [A] minValues 2");
    expect(text(req("In", ["A"], 3).intersection(In("B")))).toBe("k DoesNotExist minValues 3");
    expect(text(Exists.intersection(req("Exists", [], 2)))).toBe("k Exists minValues 2");
    expect(text(req("Gt", ["5"], 2).intersection(Lt(5)))).toBe("k DoesNotExist minValues 2");
  });

  test("returns itself when nothing changes, so that callers can tell cheaply", () => {
    const a = In("a");
    expect(a.intersection(Exists)).toBe(a);
    expect(a.intersection(In("a", "b"))).toBe(a);
    expect(Exists.intersection(a)).toBe(a);
  });

  test("allows exactly what both allow", () => {
    fc.assert(
      fc.property(wide, wide, (a, b) => {
        const both = a.intersection(b);
        const allowed = (each: Requirement) => probes.filter((probe) => each.has(probe));
        expect(allowed(both)).toEqual(allowed(a).filter((probe) => b.has(probe)));
      }),
    );
  });

  test("is commutative, associative and idempotent", () => {
    fc.assert(
      fc.property(wide, wide, wide, (a, b, c) => {
        expect(text(a.intersection(b))).toBe(text(b.intersection(a)));
        expect(text(a.intersection(b).intersection(c))).toBe(text(a.intersection(b.intersection(c))));
        expect(text(a.intersection(a))).toBe(text(a));
      }),
    );
  });
});

describe("S-106, S-107: hasIntersection", () => {
  test("S-106: two complements intersect even when the bounds leave no integer between the exclusions", () => {
    expect(Gt(3).intersection(Lt(5)).hasIntersection(NotIn("4"))).toBe(true);
    expect(Gt(5).hasIntersection(Lt(5))).toBe(false);
  });

  test("S-107: says the same as the intersection has a value or is a complement", () => {
    fc.assert(
      fc.property(wide, wide, (a, b) => {
        const both = a.intersection(b);
        expect(a.hasIntersection(b)).toBe(both.complement || both.values.size > 0);
      }),
    );
  });
});

describe("S-108: any and single", () => {
  test.each([
    [In("b", "a"), "a"],
    [DoesNotExist, ""],
    [Exists, "0"],
    [NotIn("0", "1", "3"), "2"],
    [Gt(7), "8"],
    [Gte(3).intersection(NotIn("3", "4")), "5"],
    [Lte(1).intersection(NotIn("0")), "1"],
    [Gte(4).intersection(Lte(4)).intersection(NotIn("4")), ""],
    [Lt(0), ""],
  ])("of %s is always %j", (requirement, value) => {
    expect(requirement.any()).toBe(value);
  });

  test("any is allowed whenever there is one", () => {
    fc.assert(
      fc.property(wide, (requirement) => {
        const value = requirement.any();
        expect(value === "" || requirement.has(value)).toBe(true);
      }),
    );
  });

  test("single is the value of a list of one", () => {
    expect([In("a").single(), In("a", "b").single(), Exists.single(), NotIn("a").single()]).toEqual([
      "a",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("S-109: output form", () => {
  test("T-7: two bounds are two entries, each with minValues", () => {
    expect(Gt(1).intersection(Lt(9)).withMinValues(2).toSpecs()).toEqual([
      { key: "k", operator: "Gte", values: ["2"], minValues: 2 },
      { key: "k", operator: "Lte", values: ["8"], minValues: 2 },
    ]);
  });

  test("values are sorted, and operators without values have none", () => {
    expect(In("b", "a").toSpecs()).toEqual([{ key: "k", operator: "In", values: ["a", "b"] }]);
    expect(Exists.toSpecs()).toEqual([{ key: "k", operator: "Exists" }]);
    expect(req("DoesNotExist", [], 1).toSpecs()).toEqual([{ key: "k", operator: "DoesNotExist", minValues: 1 }]);
  });

  test("a bounded NotIn keeps its exclusions", () => {
    expect(Gt(1).intersection(NotIn("5")).toSpecs()).toEqual([
      { key: "k", operator: "Gte", values: ["2"] },
      { key: "k", operator: "NotIn", values: ["5"] },
    ]);
  });

  test("no negative bound is written, because the API refuses it", () => {
    expect(Lt(0).toSpecs()).toEqual([{ key: "k", operator: "Lt", values: ["0"] }]);
  });

  test("reading it back gives the same requirement", () => {
    fc.assert(
      fc.property(wide, (requirement) => {
        const back = requirement
          .toSpecs()
          .map((spec) => Requirement.of(spec.key, spec.operator, spec.values, spec.minValues))
          .reduce((a, b) => a.intersection(b));
        expect(text(back)).toBe(text(requirement));
      }),
    );
  });
});

test("S-110: texts name at most five values", () => {
  expect(text(In("g", "f", "e", "d", "c", "b", "a"))).toBe("k In [a b c d e and 2 others]");
  expect(text(In("e", "d", "c", "b", "a"))).toBe("k In [a b c d e]");
  expect(text(Gt(1).intersection(Lt(9)).intersection(NotIn("4")).withMinValues(3))).toBe(
    "k NotIn [4] >=2 <=8 minValues 3",
  );
});
