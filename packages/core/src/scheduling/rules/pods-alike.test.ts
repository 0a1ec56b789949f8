// Long rows of identical pods, which are placed many at a time, go where they would go one by one (S-1013).

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aNodeInput, aPoolInput, aProblem, ascendingTypes, pods } from "../../testing/builders/index.ts";
import { COMMITTING_ENGINES, PARITY_ENGINES } from "../../testing/engines.ts";
import { solve } from "../index.ts";
import type { ProblemInput } from "../index.ts";

const [REFERENCE, ENGINE] = PARITY_ENGINES;

const workload = fc.record({
  count: fc.integer({ min: 1, max: 90 }),
  cpu: fc.constantFrom("100m", "250m", "700m", "1500m"),
  memory: fc.constantFrom("64Mi", "512Mi", "3Gi"),
  isApart: fc.boolean(),
});

const problems = fc
  .record({
    workloads: fc.array(workload, { minLength: 1, maxLength: 5 }),
    nodes: fc.integer({ min: 0, max: 3 }),
    types: fc.integer({ min: 1, max: 12 }),
    limit: fc.constantFrom("12", "40", "1000"),
    isWeighted: fc.boolean(),
  })
  .map(({ workloads, nodes, types, limit, isWeighted }): ProblemInput =>
    aProblem({
      pods: workloads.flatMap(({ count, cpu, memory, isApart }, index) =>
        pods(count, {
          name: `w${index}`,
          requests: { cpu, memory },
          ...(isApart && { nodeSelector: { "kubernetes.io/arch": "amd64" } }),
        }),
      ),
      nodes: Array.from({ length: nodes }, (_, index) =>
        aNodeInput({ name: `node-${index}`, allocatable: { cpu: `${2 + index}`, memory: "8Gi", pods: "20" } }),
      ),
      nodePools: [
        aPoolInput({ name: "small", instanceTypes: ascendingTypes(Math.min(types, 4)), limits: { cpu: limit } }),
        aPoolInput({ name: "large", instanceTypes: ascendingTypes(types), ...(isWeighted && { weight: 10 }) }),
      ],
    }),
  );

describe("S-1013: pods like the one before", () => {
  it("go where the rules send them one by one", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        expect(ENGINE?.solve(problem)).toEqual(REFERENCE?.solve(problem));
        for (const engine of COMMITTING_ENGINES) expect(engine.solve(problem)).toEqual(ENGINE?.solve(problem));
      }),
      { numRuns: 60, seed: 20_261_122 },
    );
  });

  it("are cut off where the time is up, in the middle of a row", () => {
    const problem = aProblem({
      pods: pods(200, { requests: { cpu: "10m" } }),
      nodePools: [aPoolInput({ instanceTypes: ascendingTypes(40) })],
    });
    let looks = 0;
    const cut = { shouldStop: () => ++looks === 2 };
    const { newClaims, failures } = solve(problem, cut);
    expect(newClaims.reduce((sum, claim) => sum + claim.pods.length, 0)).toBe(128);
    expect(failures).toHaveLength(72);
  });
});
