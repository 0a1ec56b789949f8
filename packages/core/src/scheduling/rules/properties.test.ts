// What holds for every problem (T-148), tried on random ones: of each mix of features equally many.

import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Label } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { PodReason } from "../../reasons/index.ts";
import { Requirement } from "../../requirements/index.ts";
import { anInstanceType, anOffering, nextRound } from "../../testing/builders/index.ts";
import { COMMITTING_ENGINES, PARITY_ENGINES } from "../../testing/engines.ts";
import { checkPlan } from "../../testing/plan-checker/index.ts";
import { podNames, waiting } from "../../testing/read-solution.ts";
import { maxResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { MIXES, mixOf, randomProblem, randomProblems } from "../../testing/random-problem/index.ts";
import type { Feature, Mix, RandomProblem } from "../../testing/random-problem/index.ts";
import type { PlannedClaim, ProblemInput, Solution } from "../index.ts";

// Thousands of solves: on a busy machine that takes longer than an ordinary test may.
vi.setConfig({ testTimeout: 600_000 });

const settings: fc.Parameters<[RandomProblem]> = { numRuns: 300, seed: 20_260_101 };
const fewer: fc.Parameters<[RandomProblem]> = { ...settings, numRuns: 150 };

describe.each([...PARITY_ENGINES, ...COMMITTING_ENGINES])("T-148: any problem ($name)", (engine) => {
  it("is planned so that kube-scheduler could bind each pod where the plan has it", () => {
    let placed = 0;
    let onNodes = 0;
    let failed = 0;
    fc.assert(
      fc.property(
        randomProblems((mix) => !mix.isLenient),
        ({ problem }) => {
          const solution = engine.solve(problem);
          expect(checkPlan(problem, solution)).toEqual([]);
          placed += solution.newClaims.flatMap(({ pods }) => pods).length;
          onNodes += solution.existing.flatMap(({ pods }) => pods).length;
          failed += solution.failures.length;
        },
      ),
      settings,
    );
    expect(placed).toBeGreaterThan(2000);
    expect(onNodes).toBeGreaterThan(300);
    expect(failed).toBeGreaterThan(800);
  });

  it("keeps everything but company where the rules allow more than kube-scheduler does", () => {
    fc.assert(
      fc.property(
        randomProblems((mix) => mix.isLenient),
        ({ problem }) => {
          const violations = checkPlan(problem, engine.solve(problem));
          expect(violations.filter(({ rule }) => rule !== "PodAffinity")).toEqual([]);
        },
      ),
      fewer,
    );
  });

  it("answers each pod once: placed, deferred or explained", () => {
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        const solution = engine.solve(problem);
        const answered = [
          ...[...solution.newClaims, ...solution.existing].flatMap(podNames),
          ...podNames({ pods: solution.deferred }),
          ...solution.failures.map(({ pod }) => pod.name),
        ];
        expect(answered.toSorted()).toEqual(podNames(problem).toSorted());
      }),
      fewer,
    );
  });

  it("S-306: the order of pods, nodes, pools, types and offerings does not matter", () => {
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        const told = shape(engine.solve(problem));
        expect(shape(engine.solve(reversed(problem)))).toEqual(told);
        expect(shape(engine.solve(rotated(problem)))).toEqual(told);
      }),
      fewer,
    );
  });

  it("is not changed by what is solved", () => {
    fc.assert(
      fc.property(randomProblems(), ({ seed, problem }) => {
        engine.solve(problem);
        const whole = randomProblem(seed);
        expect(shape(engine.solve(whole))).toEqual(shape(engine.solve(whole)));
        expect(problem.pods).toEqual(
          whole.pods.filter(({ metadata }) => podNames(problem).includes(metadata.name ?? "")),
        );
      }),
      fewer,
    );
  });

  it("does not care for instance types that nobody can use", () => {
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        const more = problem.nodePools.map((pool) => ({ ...pool, instanceTypes: withUseless(pool.instanceTypes) }));
        expect(places(engine.solve({ ...problem, nodePools: more }))).toEqual(places(engine.solve(problem)));
      }),
      fewer,
    );
  });

  it("capacity is never exceeded: every listed type has more of everything than its pods ask for", () => {
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        for (const claim of engine.solve(problem).newClaims) {
          for (const type of claim.instanceTypes) {
            const most = mostOf(type);
            for (const [resource, wanted] of Object.entries(claim.requests)) {
              expect([resource, wanted <= (most[resource] ?? 0)]).toEqual([resource, true]);
            }
            expect(claim.pods.length).toBeLessThanOrEqual(most["pods"] ?? 0);
          }
        }
      }),
      fewer,
    );
  });

  it("is settled after one run: when the machines have come, nothing is left to decide", () => {
    let left = 0;
    fc.assert(
      fc.property(randomProblems(isSettledAtOnce), ({ problem }) => {
        const first = engine.solve(problem);
        const second = engine.solve(nextRound(problem, first));
        expect([second.newClaims, second.existing]).toEqual([[], []]);
        expect(waiting(second)).toEqual(waiting(first));
        left += second.failures.length;
      }),
      fewer,
    );
    expect(left).toBeGreaterThan(250);
  });

  it("is settled after a few runs, each of them valid, where pods wait for others", () => {
    fc.assert(
      fc.property(
        randomProblems((mix) => !mix.isLenient && !isSettledAtOnce(mix)),
        ({ problem }) => {
          let round = problem;
          for (let number = 0; number <= problem.pods.length; number++) {
            const solution = engine.solve(round);
            expect(checkPlan(round, solution)).toEqual([]);
            if (solution.newClaims.length + solution.existing.length === 0) return;
            round = nextRound(round, solution);
          }
          expect(round.pods).toEqual([]);
        },
      ),
      fewer,
    );
  });
});

describe.each([...PARITY_ENGINES, ...COMMITTING_ENGINES])("T-148: any explanation ($name)", (engine) => {
  it("S-620: is short, covers every pool and has a narrowing funnel", () => {
    fc.assert(
      fc.property(randomProblems(), ({ problem }) => {
        const names = poolsInOrder(problem);
        for (const { summary, nodePools } of engine.solve(problem).failures) {
          expect(summary.length).toBeLessThanOrEqual(250);
          expect(nodePools.map(({ nodePool }) => nodePool)).toEqual(names);
          for (const { funnel, reason, verdict } of nodePools) {
            expect(reason).not.toBe("NotEvaluated");
            if (verdict === "skipped" || (UNTRIED.has(reason) && funnel.length === 0)) continue;
            const left = funnel.map((stage) => stage.left);
            expect(left).toEqual(left.toSorted((a, b) => b - a));
            expect(left.at(-1)).toBe(0);
          }
        }
      }),
      fewer,
    );
  });
});

const [reference, ...others] = PARITY_ENGINES;

describe.each(others)("T-148: $name", (engine) => {
  it("decides like the reference, claim for claim, on a thousand problems", () => {
    for (let seed = 0; seed < 1000; seed++) {
      const problem = randomProblem(seed);
      const expected = reference && decisions(reference.solve(problem));
      expect([seed, decisions(engine.solve(problem))]).toEqual([seed, expected]);
    }
  });
});

describe("random problems", () => {
  it("are the same for the same seed, and combine features in many ways", () => {
    expect(MIXES.length).toBeGreaterThanOrEqual(25);
    expect(new Set(MIXES.map(({ name }) => name)).size).toBe(MIXES.length);
    expect(mixOf(MIXES.length + 1)).toBe(mixOf(1));
    for (const seed of [0, 1, 77, 4_000_000]) expect(randomProblem(seed)).toEqual(randomProblem(seed));
    expect(randomProblem(1)).not.toEqual(randomProblem(1 + MIXES.length));
  });
});

/** Reasons of pods that no pool was asked about. */
const UNTRIED: ReadonlySet<PodReason> = new Set<PodReason>(["InvalidPod", "VolumeLookupFailed", "VolumeTopology"]);

/** With these a machine that has come may let in a pod that no machine to come could. */
const UNSETTLING: readonly Feature[] = [
  "zone-spread",
  "host-spread",
  "capacity-spread",
  "label-spread",
  "near",
  "apart",
  "wished-company",
  "limits",
  "node-limits",
  "min-values",
  "short-lists",
  "reservations",
  "default-spread",
];

/** DaemonSets that have not started on a node that is there hold no port of it yet, those of a machine to come do (S-240). */
function isSettledAtOnce({ features }: Mix): boolean {
  return !UNSETTLING.some((feature) => features.has(feature)) && !(features.has("ports") && features.has("daemons"));
}

/** Of each resource the most that any offering brings. */
function mostOf({ capacity, offerings }: InstanceType): Resources {
  return maxResources(capacity, ...offerings.map(({ capacityOverride = {} }) => capacityOverride));
}

function reversed(problem: ProblemInput): ProblemInput {
  return reordered(problem, (list) => list.toReversed());
}

function rotated(problem: ProblemInput): ProblemInput {
  return reordered(problem, (list) => [...list.slice(list.length / 2), ...list.slice(0, list.length / 2)]);
}

function reordered(problem: ProblemInput, order: <T>(list: readonly T[]) => readonly T[]): ProblemInput {
  return {
    ...problem,
    pods: order(problem.pods),
    nodes: order(problem.nodes.map((node) => ({ ...node, pods: order(node.pods) }))),
    daemonSets: order(problem.daemonSets),
    nodePools: order(
      problem.nodePools.map((pool) => ({
        ...pool,
        instanceTypes: order(pool.instanceTypes.map((type) => ({ ...type, offerings: order(type.offerings) }))),
      })),
    ),
    ...(problem.namespaces && { namespaces: order(problem.namespaces) }),
  };
}

/** Of another pool, sold out, or without room for a single pod. */
function withUseless(types: readonly InstanceType[]): readonly InstanceType[] {
  const [first] = types;
  if (first === undefined) return types;
  const offerings = first.offerings.map((offering) => ({ ...offering, price: { amount: 0.001, currency: "EUR" } }));
  const soldOut = anOffering({ price: 0.001, available: "out of stock" });
  return [
    anInstanceType({ name: "a-sold-out", cpu: "64", offerings: [soldOut] }),
    ...types,
    anInstanceType({ name: "a-tiny", cpu: "64", pods: "0", offerings }),
    anInstanceType({
      name: "z-foreign",
      cpu: "64",
      offerings,
      requirements: [Requirement.of(Label.NodePool, "In", ["somebody-else"])],
    }),
  ];
}

function poolsInOrder({ nodePools }: ProblemInput): readonly string[] {
  return nodePools
    .map(({ nodePool }) => ({ name: nodePool.metadata.name ?? "", weight: nodePool.spec.weight ?? 0 }))
    .toSorted((a, b) => b.weight - a.weight || (a.name < b.name ? 1 : -1))
    .map(({ name }) => name);
}

function claimShape(claim: PlannedClaim) {
  const { cheapest } = claim;
  return {
    pool: claim.nodePool,
    pods: claim.pods.map(({ metadata }) => metadata.name),
    types: claim.instanceTypes.map(({ name }) => name),
    requirements: claim.requirements.toString(),
    // What nothing is asked of may be left out.
    requests: Object.entries(claim.requests)
      .filter(([, amount]) => amount > 0)
      .toSorted(),
    labels: claim.labels,
    cheapest: [cheapest.instanceType.name, cheapest.offering.requirements.toString()],
    minValuesRelaxed: claim.minValuesRelaxed,
  };
}

/** Who goes where. */
function places(solution: Solution) {
  return {
    claims: solution.newClaims.map(claimShape),
    existing: solution.existing.map(({ node, pods }) => [node, ...pods.map(({ metadata }) => metadata.name)]),
    failed: waiting(solution),
    deferred: podNames({ pods: solution.deferred }),
  };
}

/** Who goes where, and with which wishes dropped. */
function decisions(solution: Solution) {
  const relaxed = solution.relaxed.map(({ pod, relaxed: dropped }) => [pod.metadata.name, ...dropped]);
  return { ...places(solution), relaxed };
}

/** Everything a plan says. */
function shape(solution: Solution) {
  return { ...decisions(solution), failures: solution.failures };
}
