import { expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import { anInstanceType, aPoolInput, aProblem, fixtureTypes } from "../../testing/builders/index.ts";
import { poolsWithoutTypes } from "./pools-without-types.ts";

const types = fixtureTypes();

function found(...nodePools: Parameters<typeof aPoolInput>[0][]) {
  const problem = aProblem({ nodePools: nodePools.map((pool) => aPoolInput({ instanceTypes: types, ...pool })) });
  return poolsWithoutTypes(problem).map(({ nodePool, becauseOfMinValues }) => [
    nodePool.metadata.name,
    becauseOfMinValues,
  ]);
}

it("S-608: names pools whose requirements no type on offer meets, and tells when minValues is what is in the way", () => {
  const nowhere = { key: Label.Zone, operator: "In", values: ["mars"] } as const;
  const many = { key: Label.InstanceType, operator: "Exists", minValues: 7 } as const;
  expect(
    found(
      { name: "fine" },
      { name: "nowhere", requirements: [nowhere] },
      { name: "many", requirements: [many] },
      { name: "both", requirements: [nowhere, many] },
    ),
  ).toEqual([
    ["nowhere", false],
    ["many", true],
    ["both", false],
  ]);
});

it("S-608: a pool that takes no part is not named, one whose types are all sold out is", () => {
  const soldOut = anInstanceType({ offerings: [] });
  expect(
    found(
      { name: "static", replicas: 1, requirements: [{ key: Label.Zone, operator: "In", values: ["mars"] }] },
      { name: "empty", instanceTypes: [] },
      { name: "sold-out", instanceTypes: [soldOut] },
    ),
  ).toEqual([["sold-out", false]]);
});

it("S-509: under BestEffort minValues keeps no pool out", () => {
  const requirements = [{ key: Label.InstanceType, operator: "Exists", minValues: 7 }] as const;
  const nodePools = [aPoolInput({ instanceTypes: types, requirements })];
  expect(poolsWithoutTypes(aProblem({ nodePools, minValuesPolicy: "BestEffort" }))).toEqual([]);
});
