import { describe, expect, it } from "vitest";
import { parseNetwork, parseTemplate } from "../client/wire.ts";
import { chooseTemplates } from "./templates.ts";
import { fitsOfferingTerm, fitsTerm, select } from "./terms.ts";

const network = (name: string, tags: Readonly<Record<string, string>> = {}) =>
  parseNetwork({
    id: `id-${name}`,
    name,
    zoneid: "z1",
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });

const template = (name: string, created: string, more: Readonly<Record<string, unknown>> = {}) =>
  parseTemplate({ id: `id-${name}`, name, created, zoneid: "z1", isready: true, status: "Download Complete", ...more });

describe("selector terms", () => {
  const networks = [network("a", { env: "staging" }), network("b", { env: "production" }), network("c")];

  it("T-19: all fields of a term must agree", () => {
    expect(select(networks, [{ name: "b", tags: { env: "staging" } }], fitsTerm)).toEqual([]);
  });

  it("G-15: an id that is not there is not made up for by a name that is", () => {
    expect(select(networks, [{ id: "id-nothing", name: "b" }], fitsTerm)).toEqual([]);
    expect(select(networks, [{ id: "id-a", name: "b" }], fitsTerm)).toEqual([]);
  });

  it("T-20: terms add up, in their order, each row once", () => {
    const terms = [{ name: "c" }, { tags: { env: "*" } }, { id: "ID-B" }];
    expect(select(networks, terms, fitsTerm).map(({ name }) => name)).toEqual(["c", "a", "b"]);
  });

  it("T-21: a star asks for the key", () => {
    expect(select(networks, [{ tags: { env: "*" } }], fitsTerm).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("offerings are picked by size, host tags and GPU too; the size of a custom one is open", () => {
    const row = { id: "o", name: "gpu", tags: {}, cpuNumber: 4, memoryMiB: 8192, hostTags: ["gpu"], gpu: {} };
    expect(fitsOfferingTerm(row, { minCPU: 4, maxMemoryMiB: 8192, hostTags: ["gpu"], gpu: true })).toBe(true);
    for (const term of [{ minCPU: 5 }, { maxMemoryMiB: 4096 }, { hostTags: ["nvme"] }, { gpu: false }]) {
      expect(fitsOfferingTerm(row, term)).toBe(false);
    }
    const { cpuNumber: _, memoryMiB: __, ...custom } = row;
    expect(fitsOfferingTerm(custom, { minCPU: 100 })).toBe(true);
  });
});

describe("templates", () => {
  const rows = [
    template("u-1", "2026-03-02T09:14:07+0000"),
    template("u-2", "2026-08-11T06:02:51+0000"),
    template("u-arm", "2026-01-01T00:00:00+0000", { arch: "aarch64" }),
    template("cks", "2026-10-01T00:00:00+0000", { forcks: true }),
    template("late", "2026-11-20T22:00:00+0000", { isready: false, status: "43% Downloaded" }),
    template("system", "2026-11-20T22:00:00+0000", { templatetype: "SYSTEM" }),
  ];
  const chosen = (...args: Parameters<typeof chooseTemplates>): readonly string[] =>
    [...chooseTemplates(...args).byPlace].map(([place, { name }]) => `${place} ${name}`);

  it("C-35: the newest that is usable is taken, per zone and architecture", () => {
    expect(chosen(rows, [{ tags: {} }], "Newest")).toEqual(["z1/amd64 u-2", "z1/arm64 u-arm"]);
  });

  it("C-35: FirstTerm prefers the order of the terms", () => {
    expect(chosen(rows, [{ name: "u-1" }, { name: "u-2" }], "FirstTerm")).toEqual(["z1/amd64 u-1"]);
    expect(chosen(rows, [{ name: "u-1" }, { name: "u-2" }], "Newest")).toEqual(["z1/amd64 u-2"]);
  });

  it("C-34: templates of CloudStack's Kubernetes service only by name", () => {
    expect(chosen(rows, [{ name: "cks" }], "Newest")).toEqual(["z1/amd64 cks"]);
  });

  it("T-25: one that is named and not ready is reported with its status", () => {
    const { byPlace, notReady } = chooseTemplates(rows, [{ id: "id-late" }], "Newest");
    expect([byPlace.size, notReady?.status]).toEqual([0, "43% Downloaded"]);
  });
});
