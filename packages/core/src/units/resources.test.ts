import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QuantityError } from "./quantity.ts";
import {
  addResources,
  allocatableFrom,
  exceeded,
  fits,
  formatAmount,
  maxResources,
  minCommonResources,
  requestsFrom,
  subtractResources,
  toResourceList,
} from "./resources.ts";

describe("from and to Kubernetes", () => {
  const list = { cpu: "100.5m", memory: "1.5", "vendor.io/card": "2", pods: 110 };

  test("needs round up, supplies round down", () => {
    expect(requestsFrom(list)).toEqual({ cpu: 101, memory: 2, "vendor.io/card": 2, pods: 110 });
    expect(allocatableFrom(list)).toEqual({ cpu: 100, memory: 1, "vendor.io/card": 2, pods: 110 });
  });

  test("no list is no resources", () => {
    expect(requestsFrom(undefined)).toEqual({});
  });

  test("texts are canonical and in name order", () => {
    const texts = toResourceList({ pods: 1000, memory: 2 * 1024 ** 3, cpu: 1500, "ephemeral-storage": 10 * 1024 ** 3 });
    expect(Object.entries(texts)).toEqual([
      ["cpu", "1500m"],
      ["ephemeral-storage", "10Gi"],
      ["memory", "2Gi"],
      ["pods", "1k"],
    ]);
    expect(toResourceList({ cpu: 2000, "hugepages-2Mi": 4 * 1024 ** 2 })).toEqual({ cpu: "2", "hugepages-2Mi": "4Mi" });
  });

  test("what cannot be counted is refused", () => {
    expect(() => requestsFrom({ cpu: "many" })).toThrow(QuantityError);
    expect(() => requestsFrom({ memory: "100Ei" })).toThrow(RangeError);
    expect(() => requestsFrom({ constructor: "1" })).toThrow("resource name constructor");
    expect(() => addResources({ memory: Number.MAX_SAFE_INTEGER }, { memory: 1 })).toThrow(RangeError);
  });

  test("any amounts survive the way to text and back", () => {
    const amount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(fc.record({ cpu: amount, memory: amount, pods: amount }), (resources) => {
        expect(requestsFrom(toResourceList(resources))).toEqual(resources);
        expect(allocatableFrom(toResourceList(resources))).toEqual(resources);
      }),
    );
  });
});

describe("arithmetic", () => {
  test("a sum has every resource of its parts", () => {
    expect(addResources({ cpu: 1 }, { cpu: 2, memory: 3 }, {})).toEqual({ cpu: 3, memory: 3 });
    expect(addResources()).toEqual({});
  });

  test("a difference has the resources of the first only and may go below zero", () => {
    expect(subtractResources({ cpu: 1, memory: 5 }, { cpu: 3, "vendor.io/card": 1 })).toEqual({ cpu: -2, memory: 5 });
  });

  test("a maximum is taken per resource, also of negative ones", () => {
    expect(maxResources({ cpu: 1, a: -2 }, { cpu: 3, memory: 2 })).toEqual({ cpu: 3, memory: 2, a: -2 });
  });

  test("S-229: a common minimum has only what all have; one without resources makes it empty", () => {
    expect(minCommonResources([{ cpu: 3, memory: 1 }, { cpu: 2 }])).toEqual({ cpu: 2 });
    expect(minCommonResources([{ cpu: 3 }, {}, { cpu: 2 }])).toEqual({});
    expect(minCommonResources([])).toEqual({});
  });
});

describe("S-232: fits", () => {
  test("what is exactly there fits, one more does not", () => {
    expect(fits({ cpu: 1000 }, { cpu: 1000, memory: 1 })).toBe(true);
    expect(fits({ cpu: 1001 }, { cpu: 1000, memory: 1 })).toBe(false);
  });

  test("a request of 0 of an unknown resource fits, of 1 does not", () => {
    expect(fits({ "vendor.io/card": 0 }, { cpu: 1 })).toBe(true);
    expect(fits({ "vendor.io/card": 1 }, { cpu: 1 })).toBe(false);
  });

  test("nothing fits what is overdrawn, not even nothing", () => {
    expect(fits({}, { cpu: 1, memory: -1 })).toBe(false);
  });
});

test("NP-16: reaching a limit is allowed, passing it is not, and only resources with a limit count", () => {
  const usage = { cpu: 2000, memory: 5, nodes: 3 };
  expect(exceeded(usage, { cpu: 2000, memory: 4 })).toEqual(["memory"]);
  expect(exceeded(usage, { nodes: 2, cpu: 1999, pods: 0 })).toEqual(["cpu", "nodes"]);
  expect(exceeded(usage, {})).toEqual([]);
});

test.each([
  ["cpu", 1500, "1.5"],
  ["cpu", 2000, "2"],
  ["memory", 512, "512"],
  ["memory", 14.2 * 1024 ** 3, "14.2Gi"],
  ["memory", 1024 ** 3 - 1, "1Gi"],
  ["memory", -2048, "-2Ki"],
  ["ephemeral-storage", 20 * 1024 ** 3, "20Gi"],
  ["pods", 11000, "11000"],
])("people read %s %d as %s", (resource, amount, text) => {
  expect(formatAmount(resource, Math.trunc(amount))).toBe(text);
});
