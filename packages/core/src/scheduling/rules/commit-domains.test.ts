// Engines that settle the zone of a planned claim as soon as another pod waits for it (S-1024).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { anInstanceType, anOffering, aPod, aPoolInput, aProblem, pods } from "../../testing/builders/index.ts";
import { COMMITTING_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { apart, near, scattered } from "../../testing/pod-wishes.ts";
import { companies, typeNames, waiting, zonesOf } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution } from "../index.ts";

const ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"];

describe.runIf(COMMITTING_ENGINES.length > 0)("committing to a zone", () => {
  describe.each(COMMITTING_ENGINES)("$name", (engine) => {
    const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
    const place = (list: readonly Pod[]): Solution => solve(aProblem({ pods: list }));

    it("T-86, S-1024: a pod that avoids one whose zone was open is placed in another zone", () => {
      const avoided = aPod({ name: "avoided", labels: { app: "web" }, requests: { cpu: "2" } });
      const solution = place([aPod({ name: "lonely", ...apart("web", Label.Zone) }), avoided]);
      expect(companies(solution)).toEqual([["avoided"], ["lonely"]]);
      expectDisjointZones(solution);
    });

    it("T-88, S-1024: a pod that a carrier refuses is placed at once in another zone", () => {
      const carrier = aPod({ name: "carrier", requests: { cpu: "2" }, ...apart("web", Label.Zone) });
      const solution = place([aPod({ name: "refused", labels: { app: "web" } }), carrier]);
      expect(companies(solution)).toEqual([["carrier"], ["refused"]]);
      expectDisjointZones(solution);
    });

    it("T-91, S-1024: three pods that keep apart by zone are placed at once, a fourth one is not", () => {
      const solution = place(pods(4, scattered("web", Label.Zone)));
      expect(companies(solution)).toEqual([["web-0"], ["web-1"], ["web-2"]]);
      expect(zonesOf(solution).flat().toSorted()).toEqual(ZONES);
      expect(waiting(solution)).toEqual(["web-3"]);
    });

    it("T-93, S-1024: ten pods that want to be in the zone of an open target are placed with it at once", () => {
      const followers = pods(10, { ...near("db", Label.Zone), requests: { cpu: "10m" } });
      const solution = place([aPod({ name: "db", labels: { app: "db" } }), ...followers]);
      expect(waiting(solution)).toEqual([]);
      expect(companies(solution).flat()).toHaveLength(11);
      expect(new Set(zonesOf(solution).map((zones) => zones.join())).size).toBe(1);
      expect(zonesOf(solution)[0]).toHaveLength(1);
    });

    it("T-147, S-1024: a claim keeps every type that can be had in the zone it committed to", () => {
      const sold = (name: string, cpu: string, ...zones: readonly string[]) =>
        anInstanceType({ name, cpu, offerings: zones.map((zone) => anOffering({ zone, price: Number(cpu) })) });
      const instanceTypes = [
        sold("both", "2", "test-zone-1", "test-zone-2"),
        sold("first", "4", "test-zone-1"),
        sold("second", "8", "test-zone-2"),
        sold("also-both", "16", "test-zone-1", "test-zone-2"),
      ];
      const problem = aProblem({
        pods: pods(2, scattered("web", Label.Zone)),
        nodePools: [aPoolInput({ instanceTypes })],
      });
      const solution = solve(problem);
      expect(waiting(solution)).toEqual([]);
      const listed = new Map(
        solution.newClaims.map((claim, index) => [zonesOf(solution)[index]?.join(), typeNames(claim)]),
      );
      expect(listed.get("test-zone-1")).toEqual(["both", "first", "also-both"]);
      expect(listed.get("test-zone-2")).toEqual(["both", "second", "also-both"]);
    });
  });
});

function expectDisjointZones(solution: Solution): void {
  const [one = [], other = []] = zonesOf(solution);
  expect(one).toHaveLength(1);
  expect(other.length).toBeGreaterThan(0);
  expect(other).not.toContain(one[0]);
}
