import { describe, expect, test } from "vitest";
import { Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import type { RequirementLike } from "./requirements.ts";
import { isLabelValue, isQualifiedName, requirementErrors, unknownCapacityTypes } from "./validation.ts";

const context = { wellKnown: new Set(WELL_KNOWN_LABELS), restrictedDomains: ["vendor.io"] };
const spec = (key: string, operator: string, values?: readonly string[], minValues?: number): RequirementLike => ({
  key,
  operator,
  ...(values === undefined ? {} : { values }),
  ...(minValues === undefined ? {} : { minValues }),
});

describe("S-123, A-11: what is accepted", () => {
  test.each([
    spec("team", "In", ["a"]),
    spec("team", "In", [""]),
    spec("team", "NotIn", []),
    spec("team", "Exists", ["ignored"]),
    spec("team", "Gt", ["0"]),
    spec("acme.io/size", "Lte", ["007"]),
    spec("team", "In", ["a", "b"], 2),
    spec("team", "NotIn", ["a"], 5),
    spec("beta.kubernetes.io/arch", "In", ["amd64"]),
    spec("kubernetes.io/foo", "DoesNotExist"),
  ])("%j", (accepted) => {
    expect(requirementErrors(accepted, context)).toEqual([]);
  });
});

describe("S-123, A-11: what is refused, each with one finding that names it", () => {
  test.each([
    [spec("team", "Like", ["a"]), "operator Like of key team"],
    [spec("kubernetes.io/hostname", "In", ["n1"]), "key kubernetes.io/hostname is restricted"],
    [spec("karpenter.sh/foo", "Exists"), "key karpenter.sh/foo is restricted"],
    [spec("x.vendor.io/foo", "Exists"), "key x.vendor.io/foo is restricted"],
    [spec(Label.NodePool, "Exists"), "set by the pool itself"],
    [spec("Test.com/x", "Exists"), '"Test.com/x" is not a qualified name'],
    [spec("team", "In", ["a b"]), 'value "a b" of key team'],
    [spec("team", "In", []), "key team with operator In has no values"],
    [spec("team", "In"), "key team with operator In has no values"],
    [spec("team", "In", ["a"], 2), "fewer than its minValues 2"],
    [spec("team", "Gt"), "exactly one integer"],
    [spec("team", "Lt", ["1", "2"]), "exactly one integer"],
    [spec("team", "Gte", ["a"]), "exactly one integer"],
    [spec("team", "Lte", ["1.0"]), "exactly one integer"],
    [spec("team", "Lte", ["9223372036854775808"]), "exactly one integer"],
  ])("%j", (refused, finding) => {
    const errors = requirementErrors(refused, context);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(finding);
  });

  test("a negative bound is neither a label value nor a bound; all findings are reported", () => {
    expect(requirementErrors(spec("karpenter.sh/a b", "Gt", ["-1"]), context)).toHaveLength(4);
  });

  test("the nodepool key is accepted where the caller says so", () => {
    expect(requirementErrors(spec(Label.NodePool, "In", ["a"]), { ...context, allowNodePoolKey: true })).toEqual([]);
  });
});

describe("S-122, A-12: capacity types", () => {
  const capacity = (values: readonly string[], minValues?: number) => spec(Label.CapacityType, "In", values, minValues);

  test("a list without any known one is refused", () => {
    expect(requirementErrors(capacity(["cheap"]), context)).toHaveLength(1);
    expect(requirementErrors(spec(Label.CapacityType, "NotIn", ["cheap"]), context)).toEqual([]);
  });

  test("a mix is accepted and the unknown ones are named", () => {
    expect(requirementErrors(capacity(["spot", "cheap"]), context)).toEqual([]);
    expect(unknownCapacityTypes(capacity(["spot", "cheap"]), context)).toEqual(["cheap"]);
    expect(unknownCapacityTypes(spec("team", "In", ["cheap"]), context)).toEqual([]);
  });

  test("known ones must reach minValues", () => {
    expect(requirementErrors(capacity(["spot", "cheap"], 2), context)).toHaveLength(1);
    expect(requirementErrors(capacity(["spot", "on-demand", "cheap"], 2), context)).toEqual([]);
  });

  test("a provider may sell another one", () => {
    const extended = { ...context, capacityTypes: ["metered"] };
    expect(requirementErrors(capacity(["metered"]), extended)).toEqual([]);
    expect(unknownCapacityTypes(capacity(["metered", "cheap"]), extended)).toEqual(["cheap"]);
  });
});

test("qualified names have at most one lower-case DNS prefix", () => {
  const fine = ["a", "a/B_c.d", "a.b-c/x", `${"a".repeat(253)}/x`, "a".repeat(63)];
  const wrong = [
    "",
    "/a",
    "a/",
    "a/b/c",
    "A.com/x",
    "a..b/x",
    "-a/x",
    "a_b/x",
    "x-",
    `${"a".repeat(254)}/x`,
    "a".repeat(64),
  ];
  expect(fine.filter((key) => !isQualifiedName(key))).toEqual([]);
  expect(wrong.filter(isQualifiedName)).toEqual([]);
});

test("label values are short and plain, or empty", () => {
  expect(["", "a", "1.0", "A-b_c", "x".repeat(63)].filter((value) => !isLabelValue(value))).toEqual([]);
  expect(["-a", "a-", "a/b", "a b", "\u00e4", "x".repeat(64), "a\n"].filter(isLabelValue)).toEqual([]);
});
