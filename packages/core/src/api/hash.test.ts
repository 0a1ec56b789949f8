// Scenarios of docs/reference/upstream-parity.md: E-52, E-53, E-54, E-55.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HASH_VERSION, nodePoolHash } from "./hash.ts";
import type { NodeClaimTemplate, NodeClaimTemplateSpec } from "./v1/node-pool.ts";

const nodeClassRef = { group: "vendor.io", kind: "VendorNodeClass", name: "default" };
const a = { key: "a", effect: "NoSchedule" } as const;
const b = { key: "b", value: "1", effect: "NoExecute" } as const;

function template(
  spec: Partial<NodeClaimTemplateSpec> = {},
  metadata?: NonNullable<NodeClaimTemplate["metadata"]>,
): NodeClaimTemplate {
  return { spec: { nodeClassRef, requirements: [], ...spec }, ...(metadata === undefined ? {} : { metadata }) };
}

/** Pinned: a change here means that HASH_VERSION has to be raised, or every node of every user drifts (NP-5). */
const GOLDEN: readonly (readonly [string, NodeClaimTemplate])[] = [
  ["plain", template()],
  ["other class name", template({ nodeClassRef: { ...nodeClassRef, name: "other" } })],
  ["other class kind", template({ nodeClassRef: { ...nodeClassRef, kind: "Other" } })],
  ["other class group", template({ nodeClassRef: { ...nodeClassRef, group: "other.io" } })],
  ["label", template({}, { labels: { team: "a" } })],
  ["label with another value", template({}, { labels: { team: "b" } })],
  ["empty label", template({}, { labels: { team: "" } })],
  ["two labels", template({}, { labels: { team: "a", env: "prod" } })],
  ["annotation", template({}, { annotations: { team: "a" } })],
  ["label and annotation", template({}, { labels: { team: "a" }, annotations: { team: "a" } })],
  ["taint", template({ taints: [a] })],
  ["taint with value", template({ taints: [b] })],
  ["two taints", template({ taints: [a, b] })],
  ["startup taint", template({ startupTaints: [a] })],
  ["taint and startup taint", template({ taints: [a], startupTaints: [b] })],
  ["expireAfter 720h", template({ expireAfter: "720h" })],
  ["expireAfter 1h", template({ expireAfter: "1h" })],
  ["terminationGracePeriod 1h", template({ terminationGracePeriod: "1h" })],
  ["both durations", template({ expireAfter: "720h", terminationGracePeriod: "30m" })],
  ["not ASCII", template({}, { annotations: { note: "caf\u00e9 \u{1f600}" } })],
  [
    "everything",
    template(
      { taints: [a, b], startupTaints: [b], expireAfter: "24h", terminationGracePeriod: "90s" },
      { labels: { team: "a", env: "prod" }, annotations: { note: "x" } },
    ),
  ],
];

describe("NP-5: hashes that must not change under this version", () => {
  test("the version is ours, not upstream's", () => {
    expect(HASH_VERSION).toBe("ts1");
  });

  test("golden hashes", () => {
    expect(Object.fromEntries(GOLDEN.map(([name, golden]) => [name, nodePoolHash(golden)]))).toEqual({
      annotation: "12087126393557436557",
      "both durations": "12296106110511425164",
      "empty label": "9450216605382596653",
      everything: "15834804729560891469",
      "expireAfter 1h": "16689271184930216949",
      "expireAfter 720h": "6855843289160712914",
      label: "16431912850485763128",
      "label and annotation": "11141525197423009624",
      "label with another value": "4562715946796045613",
      "not ASCII": "2190909978996188210",
      "other class group": "9794033621137342003",
      "other class kind": "8241497961411566357",
      "other class name": "12480049471415256592",
      plain: "13966379207151568237",
      "startup taint": "4614883851041807694",
      taint: "5647260696404585791",
      "taint and startup taint": "3249703788292953891",
      "taint with value": "5275255674488613058",
      "terminationGracePeriod 1h": "11482799974496987813",
      "two labels": "17890700900381865510",
      "two taints": "16068113314712473793",
    });
  });

  test("TC-49: every one of them differs, and is an unsigned 64-bit number in decimal", () => {
    const hashes = GOLDEN.map(([, golden]) => nodePoolHash(golden));
    expect(new Set(hashes).size).toBe(GOLDEN.length);
    for (const hash of hashes) {
      expect(hash).toMatch(/^(0|[1-9][0-9]{0,19})$/);
      expect(BigInt(hash)).toBeLessThan(2n ** 64n);
    }
  });
});

describe("NP-3: what does not count", () => {
  const expectSame = (left: NodeClaimTemplate, right: NodeClaimTemplate) =>
    expect(nodePoolHash(left)).toBe(nodePoolHash(right));

  test("requirements", () => {
    expectSame(template({ requirements: [{ key: "k", operator: "Exists" }] }), template());
  });

  test("TC-49: the order and repetition of taints", () => {
    expectSame(template({ taints: [a, b] }), template({ taints: [b, a, b] }));
    expectSame(template({ startupTaints: [a, b] }), template({ startupTaints: [b, a] }));
  });

  test("the order of labels, annotations and fields", () => {
    expectSame(template({}, { labels: { x: "1", y: "2" } }), template({}, { labels: { y: "2", x: "1" } }));
    expectSame(template({ taints: [b] }), template({ taints: [{ effect: "NoExecute", value: "1", key: "b" }] }));
  });

  test("whether something is empty, zero or absent", () => {
    expectSame(template({ taints: [], startupTaints: [] }, { labels: {}, annotations: {} }), template());
    expectSame(template({}, {}), template());
    expectSame(template({ taints: [{ ...a, value: "" }] }), template({ taints: [a] }));
    expectSame(template({ terminationGracePeriod: "0s", expireAfter: "Never" }), template());
  });

  test("TC-49: how a duration is spelled", () => {
    expectSame(template({ expireAfter: "60m" }), template({ expireAfter: "1h" }));
    expectSame(template({ terminationGracePeriod: "1h30m" }), template({ terminationGracePeriod: "5400s" }));
  });
});

test("a duration nobody can read still hashes, as its text", () => {
  expect(nodePoolHash(template({ expireAfter: "soon" }))).not.toBe(nodePoolHash(template({ expireAfter: "later" })));
});

test("any two label maps hash the same exactly when they are the same", () => {
  const labels = fc.dictionary(fc.constantFrom("a", "b", "c", "1", "2"), fc.constantFrom("", "x", "y"), {
    noNullPrototype: true,
  });
  const sorted = (record: Record<string, string>) => JSON.stringify(Object.entries(record).sort());
  fc.assert(
    fc.property(labels, labels, (left, right) => {
      const [one, two] = [nodePoolHash(template({}, { labels: left })), nodePoolHash(template({}, { labels: right }))];
      expect(one === two).toBe(sorted(left) === sorted(right));
    }),
  );
});
