// Machines that are paid for already: taken first, never more of them than there are, and waited for (S-512…S-517).
// Scenarios of docs/reference/upstream-parity.md: E-143, E-144, E-145, E-148.

import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../../api/index.ts";
import type { PodSpec } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import {
  anInstanceType,
  anOffering,
  aPod,
  aPoolInput,
  aProblem,
  FIXTURE_WELL_KNOWN,
  nextRound,
  pods,
} from "../../testing/builders/index.ts";
import type { PodOptions, PoolInputOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { companies, refusals, typeNames, waiting } from "../../testing/read-solution.ts";
import type { PlannedClaim, PoolInput, ProblemInput, Solution } from "../index.ts";

const ID = "example.com/reservation-id";

interface Reservation {
  readonly id: string;
  readonly count: number;
}

function reserved({ id, count }: Reservation, price: number): Offering {
  const offering = anOffering({ capacityType: CapacityType.Reserved, price: price / 1000, labels: { [ID]: id } });
  return { ...offering, reservationCapacity: count };
}

/** Sold on demand and as spot too. */
function aType(name: string, cpu: string, ...reservations: readonly Reservation[]): InstanceType {
  const price = Number(cpu) / 10;
  return anInstanceType({
    name,
    cpu,
    offerings: [
      anOffering({ price }),
      anOffering({ capacityType: "spot", price }),
      ...reservations.map((each) => reserved(each, price)),
    ],
  });
}

const APART: PodOptions = {
  labels: { app: "apart" },
  spec: {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { app: "apart" } }, topologyKey: Label.Hostname },
        ],
      },
    },
  },
};
const inPool = (name: string): PodOptions => ({ ...APART, name, nodeSelector: { [Label.NodePool]: name } });

function problemOf(changes: Partial<ProblemInput>, ...pools: readonly PoolInputOptions[]): ProblemInput {
  return aProblem({
    nodePools: pools.map(aPoolInput),
    wellKnownLabels: new Set([...FIXTURE_WELL_KNOWN, ID]),
    reservationIdLabel: ID,
    ...changes,
  });
}

/** What the cloud says once these claims have been launched; a reservation without machines is no longer offered. */
function afterLaunch(problem: ProblemInput, solution: Solution): ProblemInput {
  const taken = solution.newClaims.map(({ cheapest }) => idOf(cheapest.offering));
  const rest = (offering: Offering): Offering => {
    const { reservationCapacity } = offering;
    if (reservationCapacity === undefined) return offering;
    const left = reservationCapacity - taken.filter((id) => id === idOf(offering)).length;
    const availability = left > 0 ? ({ available: true } as const) : ({ available: false, reason: "used up" } as const);
    return { ...offering, reservationCapacity: left, availability };
  };
  const sold = (pool: PoolInput): PoolInput => ({
    ...pool,
    instanceTypes: pool.instanceTypes.map((type) => ({ ...type, offerings: type.offerings.map(rest) })),
  });
  const next = nextRound(problem, solution);
  return { ...next, nodePools: next.nodePools.map(sold) };
}

const idOf = ({ requirements }: Offering): string | undefined => requirements.get(ID).single();
const bought = ({ cheapest }: PlannedClaim): string =>
  `${cheapest.instanceType.name} ${idOf(cheapest.offering) ?? "-"}`;
const idsOf = ({ requirements }: PlannedClaim): readonly string[] => [...requirements.get(ID).values];
const capacityTypesOf = ({ requirements }: PlannedClaim): readonly string[] => [
  ...requirements.get(Label.CapacityType).values,
];
const deferredNames = ({ deferred }: Solution): readonly string[] =>
  deferred.map(({ metadata }) => metadata.name ?? "");

describe.each(PARITY_ENGINES)("reservations ($name)", (engine) => {
  function solved(problem: ProblemInput): Solution {
    return expectValid(problem, engine.solve(problem));
  }
  /** What each round buys, until nobody waits any more. */
  function roundsOf(problem: ProblemInput): readonly (readonly string[])[] {
    const rounds: (readonly string[])[] = [];
    let next = problem;
    while (next.pods.length > 0 && rounds.length < 10) {
      const solution = solved(next);
      expect(solution.failures).toEqual([]);
      rounds.push(solution.newClaims.map(bought));
      next = afterLaunch(next, solution);
    }
    return rounds;
  }
  const smallAndMedium = {
    instanceTypes: [
      aType("large", "8"),
      aType("medium", "3", { id: "r-medium", count: 1 }),
      aType("small", "2", { id: "r-small", count: 1 }),
    ],
  };

  it("T-121: three pods that fit either of two reservations take one round each, the last one without", () => {
    const problem = problemOf({ pods: pods(3, { requests: { cpu: "1800m" } }) }, smallAndMedium);
    expect(roundsOf(problem)).toEqual([["small r-small"], ["medium r-medium"], ["small -"]]);
  });

  it("T-122: two pools that share the one machine of a reservation place one pod per round", () => {
    const shared = { instanceTypes: [aType("small", "2", { id: "r", count: 1 })] };
    const problem = problemOf(
      { pods: [aPod(inPool("np-1")), aPod(inPool("np-2"))] },
      { name: "np-1", ...shared },
      { name: "np-2", ...shared },
    );
    expect(roundsOf(problem)).toEqual([["small r"], ["small -"]]);
  });

  it("T-122: with a reservation each they place both at once", () => {
    const own = (id: string) => ({ instanceTypes: [aType("small", "2", { id, count: 1 })] });
    const problem = problemOf(
      { pods: [aPod(inPool("np-1")), aPod(inPool("np-2"))] },
      { name: "np-1", ...own("r-1") },
      { name: "np-2", ...own("r-2") },
    );
    expect(roundsOf(problem)).toEqual([["small r-1", "small r-2"]]);
  });

  it("T-123: four pods that keep apart over reservations of one and two machines take rounds of 2, 1 and 1", () => {
    const instanceTypes = [aType("small", "2", { id: "r-1", count: 1 }, { id: "r-2", count: 2 })];
    const rounds = roundsOf(problemOf({ pods: pods(4, APART) }, { instanceTypes }));
    expect(rounds.map((claims) => claims.length)).toEqual([2, 1, 1]);
    expect(rounds.flat().toSorted()).toEqual(["small -", "small r-1", "small r-2", "small r-2"]);
  });

  const heavyAndLight = [
    { name: "heavy", weight: 9, instanceTypes: [aType("small", "2", { id: "r-heavy", count: 1 })] },
    { name: "light", instanceTypes: [aType("small", "2", { id: "r-light", count: 1 })] },
  ];

  it("T-124, S-515: a busy reservation of the heavier pool keeps pods off the lighter one", () => {
    const solution = solved(problemOf({ pods: pods(2, APART) }, ...heavyAndLight));
    expect(companies(solution)).toEqual([["web-0"]]);
    expect([deferredNames(solution), solution.failures]).toEqual([["web-1"], []]);
  });

  it("S-515: the lighter pool is used for pods that the heavier one cannot take for another reason", () => {
    const light = { ...APART, name: "light", nodeSelector: { [Label.NodePool]: "light" } };
    const solution = solved(problemOf({ pods: [...pods(2, APART), aPod(light)] }, ...heavyAndLight));
    expect(solution.newClaims.map(({ nodePool }) => nodePool)).toEqual(["light", "heavy"]);
    expect(deferredNames(solution)).toEqual(["web-1"]);
  });

  it("T-125: a pod that waits for a reservation gives up no preference", () => {
    const prefers = (pool: string): PodSpec["affinity"] => ({
      ...APART.spec?.affinity,
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [{ key: Label.NodePool, operator: "In", values: [pool] }] } },
        ],
      },
    });
    const affinity = prefers("heavy");
    const two = pods(2, { labels: { app: "apart" }, spec: affinity ? { affinity } : {} });
    const solution = solved(problemOf({ pods: two }, ...heavyAndLight.map((pool) => ({ ...pool, weight: 1 }))));
    expect(solution.newClaims.map(({ nodePool }) => nodePool)).toEqual(["heavy"]);
    expect([deferredNames(solution), solution.relaxed]).toEqual([["web-1"], []]);
  });

  it("S-516: a claim that holds reservations asks for nothing else, and names all of them", () => {
    const problem = problemOf({ pods: [aPod({ requests: { cpu: "1800m" } })] }, smallAndMedium);
    const { newClaims } = solved(problem);
    expect(newClaims.map(capacityTypesOf)).toEqual([["reserved"]]);
    expect(newClaims.map(idsOf)).toEqual([["r-medium", "r-small"]]);
    expect(newClaims.map(typeNames)).toEqual([["small", "medium", "large"]]);
  });

  it("S-514: a pod that would leave a claim without its reservations does not join it", () => {
    const onDemand = aPod({ name: "b", nodeSelector: { [Label.CapacityType]: "on-demand" } });
    const solution = solved(problemOf({ pods: [aPod({ name: "a" }), onDemand] }, smallAndMedium));
    expect(companies(solution)).toEqual([["a"], ["b"]]);
    expect(solution.newClaims.map(capacityTypesOf)).toEqual([["reserved"], ["on-demand"]]);
  });

  it("S-514: what a claim can no longer become is free for the next one in the same round", () => {
    const large = aPod({ name: "large", requests: { cpu: "2500m" } });
    const solution = solved(
      problemOf({ pods: [large, aPod({ name: "small", requests: { cpu: "1500m" } })] }, smallAndMedium),
    );
    expect(solution.newClaims.map(idsOf)).toEqual([["r-medium"], ["r-small"]]);
    const joined = [aPod({ name: "a", requests: { cpu: "1" } }), aPod({ name: "b", requests: { cpu: "1" } })];
    const third = aPod({ name: "c", requests: { cpu: "900m" }, nodeSelector: { [Label.InstanceType]: "small" } });
    const filled = [...joined, aPod({ name: "d", requests: { cpu: "950m" } }), third];
    const after = solved(problemOf({ pods: filled }, smallAndMedium));
    expect(after.newClaims.map((claim) => [claim.pods.length, ...idsOf(claim)])).toEqual([
      [3, "r-medium"],
      [1, "r-small"],
    ]);
  });

  it("S-513: of two counts for one reservation the smaller one is believed", () => {
    const problem = problemOf(
      { pods: [aPod(inPool("np-1")), aPod({ ...inPool("np-1"), name: "np-1b" })] },
      { name: "np-1", instanceTypes: [aType("small", "2", { id: "r", count: 5 })] },
      { name: "np-2", instanceTypes: [aType("small", "2", { id: "r", count: 1 })] },
    );
    const solution = solved(problem);
    expect([solution.newClaims.length, solution.deferred.length]).toEqual([1, 1]);
  });

  it("S-514: Fallback takes a reservation while there is one and buys elsewhere after that", () => {
    const instanceTypes = [aType("small", "2", { id: "r", count: 1 })];
    const solution = solved(problemOf({ pods: pods(2, APART), reservedCapacity: "Fallback" }, { instanceTypes }));
    expect(solution.newClaims.map(bought)).toEqual(["small r", "small -"]);
    expect(solution.newClaims.map(capacityTypesOf)).toEqual([["reserved"], ["on-demand", "spot"]]);
    expect(solution.deferred).toEqual([]);
  });

  it("S-514: Fallback has no place for a pod that wants reserved capacity only, when all of it is taken", () => {
    const onlyReserved = { ...APART, nodeSelector: { [Label.CapacityType]: "reserved" } };
    const instanceTypes = [aType("small", "2", { id: "r", count: 1 })];
    const solution = solved(
      problemOf({ pods: pods(2, onlyReserved), reservedCapacity: "Fallback" }, { instanceTypes }),
    );
    expect(solution.newClaims.map(bought)).toEqual(["small r"]);
    expect([waiting(solution), refusals(solution)]).toEqual([["web-1"], ["ReservationBusy"]]);
  });

  it("S-512: switched off, reserved offerings are left alone", () => {
    const instanceTypes = [aType("small", "2", { id: "r", count: 1 })];
    const solution = solved(problemOf({ pods: pods(2, APART), reservedCapacity: "Off" }, { instanceTypes }));
    expect(solution.newClaims.map(bought)).toEqual(["small -", "small -"]);
    expect(solution.newClaims.map(capacityTypesOf)).toEqual([
      ["on-demand", "spot"],
      ["on-demand", "spot"],
    ]);
  });

  it("S-512: switched off, a pod that wants reserved capacity only has no place", () => {
    const onlyReserved = aPod({ nodeSelector: { [Label.CapacityType]: "reserved" } });
    const instanceTypes = [aType("small", "2", { id: "r", count: 1 })];
    const problem = problemOf({ pods: [onlyReserved], reservedCapacity: "Off" }, { instanceTypes });
    expect([waiting(solved(problem)), refusals(solved(problem))]).toEqual([["web-0"], ["OfferingUnavailable"]]);
  });

  it("S-512: a pod may name its reservation", () => {
    const pod = aPod({ nodeSelector: { [ID]: "r-small" } });
    expect(solved(problemOf({ pods: [pod] }, smallAndMedium)).newClaims.map(bought)).toEqual(["small r-small"]);
  });
});
