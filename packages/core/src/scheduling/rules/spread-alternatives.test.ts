// Spread constraints of pods that may go to one kind of node or to another (S-411).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { PodSpec } from "../../api/index.ts";
import { aNodeInput, aPod, aPoolInput, aProblem, fixtureTypes, pods } from "../../testing/builders/index.ts";
import type { PodOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { zonesOf } from "../../testing/read-solution.ts";
import type { NodeInput, ProblemInput, Solution } from "../index.ts";

const spread: PodSpec["topologySpreadConstraints"] = [
  {
    maxSkew: 1,
    topologyKey: Label.Zone,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: { app: "web" } },
  },
];
const web = (requiredTerms: NonNullable<PodOptions["requiredTerms"]>): PodOptions => {
  const { affinity } = aPod({ requiredTerms }).spec;
  return { labels: { app: "web" }, spec: { ...(affinity && { affinity }), topologySpreadConstraints: spread } };
};
/** Full, and one of the pods is there. */
const fullNode = (team: string): NodeInput =>
  aNodeInput({
    name: "full",
    labels: { [Label.Zone]: "test-zone-1", team },
    capacity: { cpu: "1", pods: "1" },
    pods: [aPod({ name: "running", nodeName: "full", labels: { app: "web" } })],
  });

describe.each(PARITY_ENGINES)("spread of pods with alternatives ($name)", (engine) => {
  function solved(changes: Partial<ProblemInput>): Solution {
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), labels: { team: "b" } })];
    const problem = aProblem({ nodePools, ...changes });
    return expectValid(problem, engine.solve(problem));
  }
  function zones(changes: Partial<ProblemInput>): readonly (readonly string[])[] {
    return zonesOf(solved(changes));
  }

  it("S-411: nodes of a term that was given up count as before", () => {
    const either = web([[["team", "In", "a"]], [["team", "In", "b"]]]);
    expect(zones({ pods: [aPod(either)], nodes: [fullNode("a")] })).toEqual([["test-zone-2"]]);
  });

  it("S-411: nodes that none of the terms admits do not count", () => {
    const either = web([[["team", "In", "a"]], [["team", "In", "b"]]]);
    expect(zones({ pods: [aPod(either)], nodes: [fullNode("c")] })).toEqual([["test-zone-1"]]);
  });

  it("S-411: pods that went by one term and pods that went by another count together", () => {
    const bOnly = pods(2, { ...web([[["team", "In", "b"]]]), name: "b-only" });
    const either = pods(2, { ...web([[["team", "In", "gone"]], [["team", "In", "b"]]]), name: "either" });
    const { newClaims } = solved({ pods: [...bOnly, ...either] });
    const counts = new Map<string, number>();
    for (const { requirements, pods: placed } of newClaims) {
      const zone = requirements.get(Label.Zone).single() ?? "open";
      counts.set(zone, (counts.get(zone) ?? 0) + placed.length);
    }
    expect([...counts.values()].toSorted()).toEqual([1, 1, 2]);
  });
});
