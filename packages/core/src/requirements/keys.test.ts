import { describe, expect, test } from "vitest";
import { Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import { isRestrictedKey, normalizeKey, normalizeValue } from "./keys.ts";

const wellKnown = new Set([...WELL_KNOWN_LABELS, "vendor.io/size"]);

test.each([
  ["failure-domain.beta.kubernetes.io/zone", Label.Zone],
  ["failure-domain.beta.kubernetes.io/region", Label.Region],
  ["beta.kubernetes.io/arch", Label.Arch],
  ["beta.kubernetes.io/os", Label.Os],
  ["beta.kubernetes.io/instance-type", Label.InstanceType],
  ["acme.io/team", "acme.io/team"],
  ["constructor", "constructor"],
])("S-120: %s is read as %s", (key, today) => {
  expect(normalizeKey(key)).toBe(today);
});

test("S-120: providers add keys, and values per key", () => {
  expect(normalizeKey("csi.vendor.io/zone", { "csi.vendor.io/zone": Label.Zone })).toBe(Label.Zone);
  expect(normalizeValue(Label.Zone, "PAR1", { values: { [Label.Zone]: { PAR1: "par-1" } } })).toBe("par-1");
  expect(normalizeValue(Label.Zone, "toString", { values: { [Label.Zone]: {} } })).toBe("toString");
  expect(normalizeValue("toString", "x", { values: {} })).toBe("x");
});

describe("S-121, K-20: restricted keys", () => {
  test.each([
    [Label.Hostname, true],
    ["karpenter.sh/foo", true],
    ["sub.karpenter.sh/foo", true],
    ["vendor.io/foo", true],
    ["sub.vendor.io/foo", true],
    [Label.NodePool, false],
    [Label.CapacityType, false],
    ["vendor.io/size", false],
    ["notkarpenter.sh/foo", false],
    ["kubernetes.io/foo", false],
    ["sub.k8s.io/foo", false],
    ["karpenter.sh", false],
    ["team", false],
  ])("%s: %s", (key, restricted) => {
    expect(isRestrictedKey(key, wellKnown, ["vendor.io"])).toBe(restricted);
  });
});
