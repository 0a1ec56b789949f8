import { decide } from "@karpenter-multicloud/core/disruption";
import { readScenario, snapshotOf } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { consolidateScenario } from "./scenario.ts";

describe("the cluster of the consolidate bench", () => {
  it("has something to give: all of its nodes are candidates, and some of them go", () => {
    const { snapshot } = snapshotOf(readScenario(consolidateScenario(20)));
    const { eligible, commands } = decide("multi", snapshot);
    expect(eligible).toHaveLength(20);
    expect(commands[0]?.nodes.length).toBeGreaterThan(1);
  });

  it("is the same each time", () => {
    expect(consolidateScenario(5)).toEqual(consolidateScenario(5));
  });
});
