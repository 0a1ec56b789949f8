import { describe, expect, it } from "vitest";
import { ObserveOnly } from "../../runtime/index.ts";
import { bufferPods, solve, type Solution } from "../../scheduling/index.ts";
import { anInstanceType, aNodeInput, aPod, aProblem, fixturePool } from "../../testing/builders/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { SparePods } from "../buffer-store.ts";
import { bufferOutcomes, type PlanMade } from "./buffer-outcome.ts";

const KEY = "default/headroom";
const template = { spec: aPod({ requests: { cpu: "3" } }).spec };
const pods = bufferPods({ name: "headroom", namespace: "default", uid: "b" }, template, 2);
const spare: SparePods = { pods, byBuffer: new Map([[KEY, pods]]), asked: 1 };
const pool = fixturePool({ instanceTypes: [anInstanceType()] });

type Known = Pick<StateNode, "initialized"> & { readonly nodeClaim?: { readonly metadata: { readonly name: string } } };

function outcome(solution: Solution, created: PlanMade["created"] = [], node?: Known) {
  const state = { nodeByName: () => node as StateNode | undefined };
  return bufferOutcomes(spare, { solution, created, state }).get(KEY);
}

/** Both on new machines, as the create answers. */
function bought(answer: Omit<PlanMade["created"][number], "planned">) {
  const solution = solve(aProblem({ pods, nodePools: [pool] }));
  return outcome(
    solution,
    solution.newClaims.map((planned) => ({ planned, ...answer })),
  );
}

describe("bufferOutcomes", () => {
  it("CB-4: on a node in service the room is there, and its place goes by both names", () => {
    const solution = solve(aProblem({ pods, nodes: [aNodeInput({ name: "n1" })] }));
    const found = outcome(solution, [], { initialized: true, nodeClaim: { metadata: { name: "claim-1" } } });
    expect(found).toMatchObject({ ready: 1, starting: 0, waiting: 1, places: new Set(["n1", "claim-1"]) });
    expect(found?.why).not.toBe("");
  });

  it("CB-4: on a node that starts it is on its way", () => {
    const solution = solve(aProblem({ pods, nodes: [aNodeInput({ name: "n1" })] }));
    expect(outcome(solution, [], { initialized: false })).toMatchObject({
      ready: 0,
      starting: 1,
      places: new Set(["n1"]),
    });
  });

  it("a new NodeClaim is its place", () => {
    const nodeClaim = { metadata: { name: "default-x" } } as NonNullable<PlanMade["created"][number]["nodeClaim"]>;
    expect(bought({ nodeClaim })).toEqual({ ready: 0, starting: 2, waiting: 0, places: new Set(["default-x"]) });
  });

  it("E-87: what was refused or failed at the create has no place, and why", () => {
    const refused = { verdict: "LimitExceeded" as const, detail: "NodePool default would exceed its limit of cpu" };
    const nowhere = { ready: 0, starting: 0, waiting: 2, places: new Set() };
    expect(bought({ refused })).toEqual({ ...nowhere, why: refused.detail });
    expect(bought({ failed: new Error("busy") })).toEqual({ ...nowhere, why: "its NodeClaim could not be created" });
    expect(bought({ failed: new ObserveOnly({ target: "cluster", verb: "create", subject: "NodeClaim x" }) })).toEqual({
      ...nowhere,
      why: "observe mode, nothing is bought",
    });
  });

  it("what waits for reserved capacity, fits nowhere, or wants no node of ours says so", () => {
    const nothing: Solution = { newClaims: [], existing: [], failures: [], deferred: [], relaxed: [] };
    expect(outcome({ ...nothing, deferred: pods })?.why).toBe("it waits until reserved capacity is free");
    expect(outcome(nothing)).toMatchObject({ waiting: 2, why: "its pods want no node of a NodePool" });
    const { failures } = solve(aProblem({ pods, nodePools: [] }));
    expect(outcome({ ...nothing, failures })?.why).toBe(failures[0]?.summary);
  });
});
