import { describe, expect, it } from "vitest";
import { instanceTypeNames, shapeName, slug } from "./names.ts";

describe("names of instance types", () => {
  it.each([
    ["Medium Instance", "Medium-Instance"],
    ["k8s/8×16 Größe XL", "k8s-8-16-Gro-e-XL"],
    ["  -x_", "x"],
    ["Zone 4 Edge", "Zone-4-Edge"],
    ["×××", ""],
    [`${"a".repeat(62)}.b`, "a".repeat(62)],
  ])("T-30, T-34: %s is written %s", (name, label) => {
    expect(slug(name)).toBe(label);
  });

  it("T-35: offerings that would be called the same get their id as suffix, all of them", () => {
    const dups = [
      { id: "c2736920-1214", name: "dup" },
      { id: "4717615c-f991", name: "dup" },
      { id: "11111111-0000", name: "×" },
    ];
    expect([...instanceTypeNames(dups).byId.values()]).toEqual(["dup-c2736920", "dup-4717615c", "so-11111111"]);
  });

  it("T-34: an alias renames; one that is no label value or another offering's name is reported and not used", () => {
    const offerings = [
      { id: "a", name: "Medium Instance" },
      { id: "b", name: "large" },
      { id: "c", name: "small" },
    ];
    const aliases = { "Medium Instance": "medium-legacy", large: "not a label", small: "large" };
    expect(instanceTypeNames(offerings, aliases)).toEqual({
      byId: new Map([
        ["a", "medium-legacy"],
        ["b", "large"],
        ["c", "small"],
      ]),
      conflicts: ["large", "small"],
    });
  });

  it("a size of a custom offering says its CPUs and GiB", () => {
    expect(shapeName("custom", { cpu: 4, memoryMiB: 16_384 })).toBe("custom.4x16");
    expect(shapeName("custom", { cpu: 1, memoryMiB: 1536 })).toBe("custom.1x1.5");
  });
});
