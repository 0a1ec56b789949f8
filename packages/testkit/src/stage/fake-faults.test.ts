import { describe, expect, it } from "vitest";
import { toFakeFaults, type FakeWords } from "./fake-faults.ts";

const words: FakeWords = {
  requests: {
    create: [{ operation: "order" }, { operation: "grow" }],
    delete: [{ operation: "drop" }],
    list: [{ operation: "list" }],
    other: [],
    any: [{ operation: "*" }],
  },
  machine: ({ instanceType: flavor }) => ({ operation: "launch", ...(flavor ? { flavor } : {}) }),
  busy: { status: 400, message: "wait" },
  failedBoot: { machineStatus: "ERROR" },
};

describe("toFakeFaults", () => {
  it("sets a fault of an action on each of its requests", () => {
    const headers = { "Retry-After": "5" };
    expect(toFakeFaults([{ fault: "status", on: "create", status: 429, headers, times: 2 }], words)).toEqual([
      { match: { operation: "order" }, fault: "status", status: 429, headers, times: 2 },
      { match: { operation: "grow" }, fault: "status", status: 429, headers, times: 2 },
    ]);
  });

  it("breaks connections at once, and leaves one that hangs silent", () => {
    expect(
      toFakeFaults(
        [
          { fault: "timeoutAfter", probability: 0.5 },
          { fault: "hang", on: "list" },
        ],
        words,
      ),
    ).toEqual([
      { match: { operation: "*" }, fault: "timeoutAfter", probability: 0.5, delayMs: 1 },
      { match: { operation: "list" }, fault: "timeoutBefore" },
    ]);
  });

  it("tells a machine that fails from one that boots for ever, and uses the cloud's word for busy", () => {
    const given = [{ fault: "boot" }, { fault: "slowBoot" }, { fault: "busy", on: "delete" }] as const;
    expect(toFakeFaults(given, words)).toEqual([
      { match: { operation: "launch" }, fault: "boot", machineStatus: "ERROR" },
      { match: { operation: "launch" }, fault: "boot" },
      { match: { operation: "drop" }, fault: "status", status: 400, message: "wait" },
    ]);
  });

  it("names the type that is out of stock", () => {
    expect(toFakeFaults([{ fault: "outOfStock", instanceType: "small" }], words)).toEqual([
      { match: { operation: "launch", flavor: "small" }, fault: "outOfStock" },
    ]);
  });
});
