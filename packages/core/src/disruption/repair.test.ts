import { describe, expect, it } from "vitest";
import { Annotation, type Node, type NodePool, type PartialCondition } from "../api/index.ts";
import type { RepairPolicy } from "../provider/index.ts";
import { aNode, aNodePool } from "../testing/builders/index.ts";
import { minutes } from "../units/index.ts";
import { ailmentOf, sicknessOf } from "./repair.ts";
import { repairSettingsOf } from "./repair-settings.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const POLICIES: readonly RepairPolicy[] = [
  { conditionType: "Ready", conditionStatus: "False", tolerationDuration: minutes(30) },
  { conditionType: "GpuReady", conditionStatus: "False", tolerationDuration: minutes(10) },
];

function node(...conditions: readonly PartialCondition[]): Node {
  const known = aNode();
  return { ...known, status: { ...known.status, conditions } };
}

function condition(type: string, status: "True" | "False" | "Unknown", lastTransitionTime?: string): PartialCondition {
  return { type, status, ...(lastTransitionTime !== undefined && { lastTransitionTime }) };
}

/** The builder's annotations are those of the machines. */
function aPool(key: string, text: string): NodePool {
  const pool = aNodePool();
  return { ...pool, metadata: { ...pool.metadata, annotations: { [key]: text } } };
}

function group(sick: number, all: number): readonly Node[] {
  const since = "2026-01-01T00:00:00Z";
  return Array.from({ length: all }, (_, index) => node(condition("Ready", index < sick ? "False" : "True", since)));
}

describe("how long a node may be sick", () => {
  it("D-153, DT-109: counted from the condition's transition", () => {
    const sick = node(condition("Ready", "False", "2026-01-01T00:00:00Z"));
    expect(ailmentOf(sick, POLICIES)).toEqual({ condition: "Ready", repairAt: START + minutes(30) });
  });

  it("D-153, DT-109: of two conditions the one whose time is up first counts", () => {
    const ready = condition("Ready", "False", "2026-01-01T00:00:00Z");
    const [early, late] = ["2026-01-01T00:19:00Z", "2026-01-01T00:21:00Z"];
    expect(ailmentOf(node(ready, condition("GpuReady", "False", early)), POLICIES)?.condition).toBe("GpuReady");
    expect(ailmentOf(node(ready, condition("GpuReady", "False", late)), POLICIES)?.condition).toBe("Ready");
  });

  it("DT-109: another status or type is no sickness, nor is a condition without a time", () => {
    const since = "2026-01-01T00:00:00Z";
    expect(ailmentOf(node(condition("Ready", "Unknown", since)), POLICIES)).toBeUndefined();
    expect(ailmentOf(node(condition("DiskReady", "False", since)), POLICIES)).toBeUndefined();
    expect(ailmentOf(node(condition("Ready", "False")), POLICIES)).toBeUndefined();
  });
});

describe("how many nodes may be sick", () => {
  it.each([
    [1, 1, false],
    [1, 3, false],
    [2, 4, true],
    [2, 10, false],
    [3, 10, true],
    [3, 11, false],
  ])("D-154, DT-110, DX-30: %d of %d are too many: %s", (sick, all, expected) => {
    const { nodes, unhealthy, most } = sicknessOf(group(sick, all), repairSettingsOf(undefined, POLICIES));
    expect([nodes, unhealthy, unhealthy > most]).toEqual([all, sick, expected]);
  });

  it.each([
    ["0", 1],
    ["3", 3],
    ["40%", 4],
    ["41%", 5],
  ])("DX-30: a NodePool that says %s lets %d of ten be sick, never none", (text, expected) => {
    expect(repairSettingsOf(aPool(Annotation.RepairThreshold, text), POLICIES).most(10)).toBe(expected);
  });
});

describe("a threshold", () => {
  const most = (text: string, nodes: number) =>
    repairSettingsOf(aPool(Annotation.RepairThreshold, text), POLICIES).most(nodes);

  it("DX-30: of many nodes a percentage is exact", () => {
    expect([most("100%", 200), most("20%", 500)]).toEqual([200, 100]);
  });

  it.each(["many", "", "-1", "1.5%", "5%%"])("DX-30: %j is an error", (text) => {
    expect(() => most(text, 10)).toThrow("is neither a number nor a percentage");
  });
});

describe("how long each condition may be bad", () => {
  const settings = (text: string) => repairSettingsOf(aPool(Annotation.RepairTolerations, text), POLICIES);

  it("DX-30: what a NodePool says holds for the conditions it names", () => {
    const ready = condition("Ready", "False", "2026-01-01T00:00:00Z");
    expect(ailmentOf(node(ready), settings("Ready=5m, Other=1h").policies)?.repairAt).toBe(START + minutes(5));
    expect(ailmentOf(node(ready), settings("Other=1h").policies)?.repairAt).toBe(START + minutes(30));
  });

  it("DX-30: blanks do not matter", () => {
    const ready = condition("Ready", "False", "2026-01-01T00:00:00Z");
    for (const text of ["Other=1h, Ready=5m", " Ready = 5m "]) {
      expect(ailmentOf(node(ready), settings(text).policies)?.repairAt).toBe(START + minutes(5));
    }
  });

  it.each(["Ready", "Ready=soon", "=5m", "Ready=5m=6m"])("DX-30: %s is an error", (text) => {
    expect(() => settings(text)).toThrow("is not of the form Condition=duration");
  });
});

describe("how nodes are repaired", () => {
  const settings = (key: string, text: string) => repairSettingsOf(aPool(key, text), POLICIES);

  it("DX-30: by force and without an hourly limit, unless the NodePool says otherwise", () => {
    expect(repairSettingsOf(undefined, POLICIES)).toMatchObject({ replaceFirst: false });
    expect(repairSettingsOf(undefined, POLICIES).perHour).toBeUndefined();
    expect(settings(Annotation.RepairMode, "force").replaceFirst).toBe(false);
    expect(settings(Annotation.RepairMode, "replaceFirst").replaceFirst).toBe(true);
    expect(settings(Annotation.RepairsPerHour, "2").perHour).toBe(2);
    expect(settings(Annotation.RepairsPerHour, "0").perHour).toBe(0);
  });

  it("DX-30: a static NodePool replaces its nodes once they are gone", () => {
    const pool = aPool(Annotation.RepairMode, "replaceFirst");
    const fixed = { ...pool, spec: { ...pool.spec, replicas: 2 } };
    expect(repairSettingsOf(fixed, POLICIES).replaceFirst).toBe(false);
  });

  it.each([
    [Annotation.RepairMode, "gently", "neither force nor replaceFirst"],
    [Annotation.RepairsPerHour, "10%", "is no number"],
    [Annotation.RepairsPerHour, "", "is no number"],
  ])("DX-30: %s %s is an error", (key, text, message) => {
    expect(() => settings(key, text)).toThrow(message);
  });
});
