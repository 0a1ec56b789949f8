import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Label } from "../../api/index.ts";
import { anInstanceType, anOffering, aPod, aPoolInput, aProblem } from "../../testing/builders/index.ts";
import { randomProblems } from "../../testing/random-problem/index.ts";
import type { ProblemInput, SolveMode } from "../index.ts";
import { solve } from "../solve.ts";
import { CompileCache } from "./compile-cache.ts";

vi.setConfig({ testTimeout: 600_000 });

const settings = { numRuns: 60, seed: 20_260_114 };

describe.each(["parity", "fast"] satisfies readonly SolveMode[])("S-1015: what is kept between solves (%s)", (mode) => {
  it("changes no decision, whatever was solved before", () => {
    const crossed = new CompileCache();
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        const cold = solve(problem, { mode });
        const own = new CompileCache();
        expect(solve(problem, { mode, cache: own })).toEqual(cold);
        expect(solve(problem, { mode, cache: own })).toEqual(cold);
        expect(solve(problem, { mode, cache: crossed })).toEqual(cold);
        expect(solve(problem, { mode, cache: crossed })).toEqual(cold);
      }),
      settings,
    );
  });

  it("changes none either when pools lose types, nodes or their status between two solves", () => {
    const cache = new CompileCache();
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        solve(problem, { mode, cache });
        for (const changed of changesOf(problem)) {
          expect(solve(changed, { mode, cache })).toEqual(solve(changed, { mode }));
        }
      }),
      { ...settings, numRuns: 30 },
    );
  });
});

describe("S-1017: what-if solves about one cluster", () => {
  it("answer as if each were the only one, whichever nodes they leave out and whose pods they move", () => {
    const cache = new CompileCache();
    let moved = 0;
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        for (const fork of forksOf(problem)) {
          moved += fork.pods.length - problem.pods.length;
          const { nodesInCommon, ...alone } = fork;
          expect(nodesInCommon).toHaveLength(problem.nodes.length);
          expect(solve(fork, { mode: "parity", cache })).toEqual(solve(alone, { mode: "parity" }));
        }
      }),
      { ...settings, numRuns: 30 },
    );
    expect(moved).toBeGreaterThan(25);
  });
});

describe("S-1015: a kept pool", () => {
  const dear = anInstanceType({ name: "dear", cpu: "8", offerings: [anOffering({ price: 2 })] });
  const cheap = anInstanceType({ name: "cheap", cpu: "8", offerings: [anOffering({ price: 1 })] });
  const soldOut = anInstanceType({ name: "cheap", cpu: "8", offerings: [anOffering({ price: 1, available: "gone" })] });
  const problemWith = (changes: Parameters<typeof aPoolInput>[0]): ProblemInput =>
    aProblem({ pods: [aPod({ requests: { cpu: "1" } })], nodePools: [aPoolInput(changes)] });

  it("is read again when a type has sold out", () => {
    const cache = new CompileCache();
    const names = [
      [dear, cheap],
      [dear, soldOut],
      [dear, cheap],
    ].map((instanceTypes) =>
      solve(problemWith({ instanceTypes }), { cache }).newClaims[0]?.instanceTypes.map(({ name }) => name),
    );
    expect(names).toEqual([["cheap", "dear"], ["dear"], ["cheap", "dear"]]);
  });

  it("is read again when what it asks for has changed", () => {
    const cache = new CompileCache();
    const only = (type: string) => [{ key: Label.InstanceType, operator: "In" as const, values: [type] }];
    const names = ["dear", "cheap"].map((type) => {
      const problem = problemWith({ instanceTypes: [dear, cheap], requirements: only(type) });
      return solve(problem, { cache }).newClaims[0]?.instanceTypes.map(({ name }) => name);
    });
    expect(names).toEqual([["dear"], ["cheap"]]);
  });

  it("is left out when it is on its way out", () => {
    const cache = new CompileCache();
    const problem = problemWith({ instanceTypes: [dear] });
    expect(solve(problem, { cache }).newClaims).toHaveLength(1);
    const nodePools = problem.nodePools.map((pool) => ({
      ...pool,
      skipped: { reason: "NodePoolDeleting" as const, detail: "it is being deleted" },
    }));
    expect(solve({ ...problem, nodePools }, { cache }).newClaims).toHaveLength(0);
  });
});

/** Without one node or without two, their pods on the move; or with all of them, some pods being about to move. */
function forksOf(problem: ProblemInput): readonly ProblemInput[] {
  const { nodes } = problem;
  return nodes.flatMap((_, index) => {
    const gone = nodes.slice(index, index + 1 + (index % 2));
    const pods = gone.flatMap((node) => node.pods);
    return {
      ...problem,
      pods: [...problem.pods, ...pods],
      nodes: index % 3 === 2 ? nodes : nodes.filter((node) => !gone.includes(node)),
      nodesInCommon: nodes,
      movingPods: new Set(pods.map(({ metadata }) => metadata.uid ?? "")),
    };
  });
}

function changesOf(problem: ProblemInput): readonly ProblemInput[] {
  const { nodePools, nodes } = problem;
  const withStatus = nodePools.map((pool) => ({
    ...pool,
    nodePool: { ...pool.nodePool, status: { ...pool.nodePool.status, resources: { cpu: "3" } } },
  }));
  const withFewer = nodePools.map((pool) => ({ ...pool, instanceTypes: pool.instanceTypes.slice(1) }));
  return [
    { ...problem, nodePools: withStatus },
    { ...problem, nodePools: withFewer },
    { ...problem, nodePools: nodePools.slice(1) },
    { ...problem, nodes: nodes.slice(1) },
    { ...problem, daemonSets: problem.daemonSets.slice(1) },
    problem,
  ];
}
