import { describe, expect, it } from "vitest";
import {
  applyDefaults,
  editDistance,
  formatFieldError,
  isQualifiedName,
  isTransitionRule,
  jsonEqual,
  nearestName,
  pruneUnknown,
  rule,
  shape,
  splitPath,
  validateSchema,
} from "./index.ts";
import type { Schema } from "./index.ts";

const port = shape.object(
  {
    name: shape.text({ minLength: 1, maxLength: 5, pattern: "^[a-z]+$" }),
    number: shape.integer({ minimum: 1, maximum: 9 }),
  },
  { required: ["number"] },
);
const schema: Schema = shape.object(
  {
    mode: shape.oneOf(["Fast", "Slow"], { default: "Fast" }),
    ports: shape.list(port, { maxItems: 2 }),
    tags: shape.setOf(shape.text()),
    byName: shape.listByKey(shape.object({ name: shape.text(), size: shape.integer({ maximum: 3 }) }), ["name"]),
    labels: shape.mapOf(shape.text({ maxLength: 3 }), { maxProperties: 2 }),
    nested: shape.object({ size: shape.text({ default: "1Gi" }) }, { default: {} }),
    free: shape.anyObject(),
    amount: { "x-kubernetes-int-or-string": true, pattern: "^[0-9]+%$" },
    on: shape.bool(),
    note: shape.text({ nullable: true }),
    at: shape.dateTime(),
  },
  { required: ["ports"] },
);

function messages(value: unknown): string[] {
  return validateSchema(schema, value).map(formatFieldError);
}

describe("validateSchema", () => {
  it.each([
    [{}, ["ports: required field is missing"]],
    [{ ports: {} }, ["ports: must be a list, not an object"]],
    [{ ports: ["x"] }, ["ports[0]: must be an object, not text"]],
    [{ ports: [{ number: "1" }] }, ["ports[0].number: must be a whole number, not text"]],
    [{ ports: [{ number: 1.5 }] }, ["ports[0].number: must be a whole number, not a fraction"]],
    [
      { ports: [{ number: 0 }, { number: 10 }] },
      ["ports[0].number: must be 1 or more", "ports[1].number: must be 9 or less"],
    ],
    [{ ports: [{ number: 1, name: "" }] }, ["ports[0].name: must not be empty"]],
    [{ ports: [{ number: 1, name: "abcdef" }] }, ["ports[0].name: must have at most 5 characters, has 6"]],
    [{ ports: [{ number: 1, name: "A" }] }, ["ports[0].name: must be text matching ^[a-z]+$"]],
    [{ ports: [{ number: 1, name: 7 }] }, ['ports[0].name: must be text, not a whole number; write it in quotes, "7"']],
    [{ ports: Array.from({ length: 3 }, () => ({ number: 1 })) }, ["ports: must have at most 2 items, has 3"]],
    [{ ports: [], mode: "fast" }, ["mode: must be one of Fast, Slow; did you mean Fast?"]],
    [{ ports: [], mode: "Sideways" }, ["mode: must be one of Fast, Slow"]],
    [{ ports: [], tags: ["a", "b", "a"] }, ["tags[2]: the same value stands twice in this list"]],
    [
      { ports: [], byName: [{ name: "a" }, { name: "a", size: 1 }] },
      ["byName[1]: the same name stands twice in this list"],
    ],
    [{ ports: [], labels: { "a.b/c": "long" } }, ["labels[a.b/c]: must have at most 3 characters, has 4"]],
    [{ ports: [], labels: { a: "1", b: "2", c: "3" } }, ["labels: must have at most 2 entries, has 3"]],
    [{ ports: [], amount: 0.5 }, ['amount: must be a whole number or text, not a fraction; write it in quotes, "0.5"']],
    [{ ports: [], amount: "5" }, ["amount: must be text matching ^[0-9]+%$"]],
    [{ ports: [], amount: [] }, ["amount: must be a whole number or text, not a list"]],
    [{ ports: [], on: "yes" }, ["on: must be true or false, not text"]],
    [{ ports: [], on: null }, ["on: must be true or false, not null"]],
    [{ ports: [], at: "2026-13-01T00:00:00Z" }, ["at: must be a time such as 2026-01-31T08:00:00Z"]],
    ["x", ["must be an object, not text"]],
  ])("answers %j with %j", (value, expected) => {
    expect(messages(value)).toEqual(expected);
  });

  it("accepts what fits, null where it is allowed, and anything in a free object", () => {
    const value = {
      ports: [{ number: 1, name: "a" }],
      amount: "5%",
      note: null,
      free: { a: [1] },
      at: "2026-01-31T08:00:00.5+01:00",
    };
    expect(messages(value)).toEqual([]);
    expect(messages({ ports: [], amount: 5, on: false })).toEqual([]);
  });

  it("counts code points, not UTF-16 units", () => {
    expect(validateSchema(shape.text({ maxLength: 2 }), "👍👍")).toEqual([]);
  });

  it.each([
    [2 ** 31 - 1, 0],
    [2 ** 31, 1],
    [-(2 ** 31) - 1, 1],
  ])("holds int32 to its range: %d", (value, count) => {
    expect(validateSchema(shape.integer({ format: "int32" }), value)).toHaveLength(count);
  });

  it("carries value, suggestion and the server's reason", () => {
    expect(validateSchema(schema, { ports: [], mode: "Fst" })).toEqual([
      {
        path: "mode",
        message: "must be one of Fast, Slow; did you mean Fast?",
        value: "Fst",
        suggestion: "Fast",
        reason: "FieldValueNotSupported",
      },
    ]);
  });

  it("does not question again what an update leaves as it was", () => {
    const old = { ports: [], mode: "Old", byName: [{ name: "a", size: 9 }] };
    expect(validateSchema(schema, { ...old, on: true }, old)).toEqual([]);
    expect(validateSchema(schema, { ...old, byName: [{ name: "b", size: 1 }, ...old.byName] }, old)).toEqual([]);
    expect(validateSchema(schema, { ...old, mode: "New" }, old)).toHaveLength(1);
  });

  it("checks metadata of a root although the CRD says nothing about it", () => {
    const root = shape.object({ metadata: { type: "object" }, spec: shape.object({}) });
    const metadata = { name: "A", labels: { team: true, "a/b/c": "x" }, creationTimestamp: null };
    expect(validateSchema(root, { metadata }).map(formatFieldError)).toEqual([
      "metadata.name: must be lower-case letters, digits, '-' and '.', starting and ending with a letter or digit",
      'metadata.labels.team: must be text, not a boolean; write it in quotes, "true"',
    ]);
    expect(validateSchema(root, { metadata: { labels: { "a/b/c": "x" } } }).map(({ path }) => path)).toEqual([
      "metadata.labels[a/b/c]",
    ]);
    expect(pruneUnknown(root, { metadata: { lables: {} } }).unknown[0]?.suggestion).toBe("labels");
  });
});

describe("rules", () => {
  const grows = rule<{ size: number }>("self.size >= oldSelf.size", {
    message: "size may only grow",
    fieldPath: ".size",
    check: (self, old) => self.size >= old.size,
  });
  const even = rule<{ size: number }>("self.size % 2 == 0", {
    message: "size is even",
    check: ({ size }) => size % 2 === 0,
  });
  const sized = shape.object({ size: shape.integer({ maximum: 100 }) }, { rules: [grows, even], required: ["size"] });

  it("ask rules that compare only when there is an old value", () => {
    expect(isTransitionRule(grows)).toBe(true);
    expect(validateSchema(sized, { size: 2 })).toEqual([]);
    expect(validateSchema(sized, { size: 2 }, { size: 4 }).map(formatFieldError)).toEqual([
      ".size: size may only grow",
    ]);
  });

  it("are not asked about a value of the wrong shape, but about one out of range", () => {
    expect(validateSchema(sized, { size: "3" })).toHaveLength(1);
    expect(validateSchema(sized, { size: 101 })).toHaveLength(2);
  });

  it("count a throwing check as a refusal", () => {
    const throwing = rule<string>("int(self) > 0", {
      message: "is a number",
      check: () => {
        throw new Error("not a number");
      },
    });
    expect(validateSchema({ ...shape.text(), "x-kubernetes-validations": [throwing] }, "a")).toHaveLength(1);
  });
});

describe("pruneUnknown", () => {
  it("drops unknown fields at every depth and names the nearest known one", () => {
    const value = { port: [], ports: [{ number: 1, nane: "a" }], zzz: 1, free: { any: 1 }, labels: { any: "x" } };
    const { value: pruned, unknown } = pruneUnknown(schema, value);
    expect(pruned).toEqual({ ports: [{ number: 1 }], free: { any: 1 }, labels: { any: "x" } });
    expect(unknown.map(formatFieldError)).toEqual([
      "port: unknown field; did you mean ports?",
      "ports[0].nane: unknown field; did you mean name?",
      "zzz: unknown field; the fields here are amount, at, byName, free, labels, mode, nested, note, on, ports, tags",
    ]);
    expect(unknown[0]).toMatchObject({ value: [], suggestion: "ports", reason: "FieldValueUnknown" });
  });

  it("answers the same value when there is nothing to drop", () => {
    const value = { ports: [{ number: 1 }] };
    expect(pruneUnknown(schema, value).value).toBe(value);
  });

  it("treats __proto__ as an ordinary unknown field", () => {
    const value: unknown = JSON.parse('{"ports":[],"__proto__":{"polluted":true}}');
    expect(pruneUnknown(schema, value).unknown.map(({ path }) => path)).toEqual(["__proto__"]);
    const free: unknown = JSON.parse('{"ports":[],"free":{"__proto__":{"a":1}}}');
    expect(JSON.stringify(pruneUnknown(schema, free).value)).toBe('{"ports":[],"free":{"__proto__":{"a":1}}}');
  });
});

describe("applyDefaults", () => {
  it("fills absent fields, outermost first", () => {
    expect(applyDefaults(schema, { ports: [] })).toEqual({ ports: [], mode: "Fast", nested: { size: "1Gi" } });
  });

  it("counts a null as absent where null is not allowed", () => {
    const value = { mode: null, on: null, note: null, nested: { size: null }, labels: { a: null } };
    expect(applyDefaults(schema, value)).toEqual({ mode: "Fast", note: null, nested: { size: "1Gi" }, labels: {} });
  });

  it("leaves the given value alone and answers it when nothing was missing", () => {
    const given = Object.freeze({ ports: [] });
    applyDefaults(schema, given);
    expect(given).toEqual({ ports: [] });
    const full = { mode: "Slow", nested: { size: "2Gi" } };
    expect(applyDefaults(schema, full)).toBe(full);
  });
});

describe("names", () => {
  it.each([
    ["requirement", ["requirements", "resources", "taints"], "requirements"],
    ["lables", ["labels", "name"], "labels"],
    ["noSchedule", ["NoSchedule", "NoExecute"], "NoSchedule"],
    ["tolerationz", ["containers", "tolerations"], "tolerations"],
    ["colour", ["size", "weight"], undefined],
  ])("takes %s of %j for %s", (name, candidates, expected) => {
    expect(nearestName(name, candidates)).toBe(expected);
  });

  it.each([
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["lables", "labels", 1],
    ["same", "same", 0],
  ])("counts the edits from %s to %s as %d", (a, b, expected) => {
    expect(editDistance(a, b)).toBe(expected);
  });

  it.each([
    ["team", true],
    ["example.com/team", true],
    ["Example.com/team", false],
    ["a/b/c", false],
    [`${"a".repeat(253)}/x`, true],
    [`${"a".repeat(254)}/x`, false],
    ["a".repeat(64), false],
  ])("knows whether %s is a qualified name: %s", (key, expected) => {
    expect(isQualifiedName(key)).toBe(expected);
  });

  it("splits paths at dots and brackets, keeping dots inside brackets", () => {
    expect(splitPath("spec.template.labels[a.b/c].items[0].x")).toEqual([
      "spec",
      "template",
      "labels",
      "a.b/c",
      "items",
      "0",
      "x",
    ]);
  });

  it("compares JSON without regard to the order of keys, but with regard to types and lists", () => {
    expect(jsonEqual({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
    expect(jsonEqual({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
    expect(jsonEqual({ a: "1" }, { a: 1 })).toBe(false);
    expect(jsonEqual({ a: undefined }, { b: undefined })).toBe(false);
  });
});
