// Capacity that is there or on its way is used before any is bought (S-303, S-305, S-308, S-217…S-220).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { aDaemonSetInput, aDaemonSetPod, aNodeInput, aPod, aProblem, pods } from "../../testing/builders/index.ts";
import type { NodeInputOptions, PodOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { companies, joined } from "../../testing/read-solution.ts";
import type { DaemonSetInput, Solution } from "../index.ts";

const cpu = (amount: string) => ({ requests: { cpu: amount } });
const inZone1 = { [Label.Zone]: "test-zone-1" };

describe.each(PARITY_ENGINES)("existing nodes ($name)", (engine) => {
  it("S-313: the larger pod gets the room that is there, whatever the order of the list", () => {
    const list = [aPod({ name: "small", ...cpu("1") }), aPod({ name: "large", ...cpu("3.5") })];
    for (const order of [list, list.toReversed()]) {
      const solution = place(order, [{ name: "n1", capacity: { cpu: "4" } }]);
      expect(solution.existing.map(({ pods: there }) => there.map(({ metadata }) => metadata.name))).toEqual([
        ["large"],
      ]);
    }
  });

  it("S-222: a node that is settling takes pods that wait, but none that only moves", () => {
    const [waiting, moving] = [aPod({ name: "waiting", ...cpu("1") }), aPod({ name: "moving", ...cpu("1") })];
    const nodes = [{ ...aNodeInput({ name: "n1" }), settling: true }];
    const movingPods = new Set([moving.metadata.uid ?? ""]);
    const solution = engine.solve(aProblem({ pods: [waiting, moving], nodes, movingPods }));
    expect(solution.existing.map(({ pods: there }) => there.map(({ metadata }) => metadata.name))).toEqual([
      ["waiting"],
    ]);
    expect(solution.newClaims.flatMap(({ pods: there }) => there.map(({ metadata }) => metadata.name))).toEqual([
      "moving",
    ]);
    const alone = engine.solve(aProblem({ pods: [moving], nodes, movingPods, nodePools: [] }));
    expect(alone.failures[0]?.existing.byReason).toEqual({ NodeSettling: 1 });
  });

  function place(list: readonly Pod[], nodes: readonly NodeInputOptions[]): Solution {
    const problem = aProblem({ pods: list, nodes: nodes.map((node) => aNodeInput(node)) });
    return expectValid(problem, engine.solve(problem));
  }
  /** Otherwise the pod must have got a new node. */
  function isTaken(pod: PodOptions, node: NodeInputOptions): boolean {
    const solution = place([aPod(pod)], [node]);
    expect(joined(solution).length + solution.newClaims.length).toBe(1);
    return joined(solution).length === 1;
  }

  describe.each([
    ["in flight", false],
    ["initialized", true],
  ] as const)("a node that is %s", (_, initialized) => {
    it("T-96: with room is used before a new one is thought of", () => {
      const solution = place(pods(2, cpu("2")), [{ initialized }]);
      expect(joined(solution)).toEqual([["n1", 2]]);
      expect(solution.newClaims).toEqual([]);
    });

    it("T-96: is used by a pod whose selector it satisfies, and only by that", () => {
      expect(isTaken({ nodeSelector: inZone1 }, { initialized, labels: inZone1 })).toBe(true);
      expect(isTaken({ nodeSelector: { [Label.Zone]: "test-zone-2" } }, { initialized, labels: inZone1 })).toBe(false);
    });

    it("T-96: sends what does not fit to a second one", () => {
      const solution = place(pods(3, cpu("2")), [{ initialized }]);
      expect(joined(solution)).toEqual([["n1", 2]]);
      expect(companies(solution)).toEqual([["web-2"]]);
      expect(isTaken(cpu("4.1"), { initialized })).toBe(false);
    });
  });

  it("T-97: a node of nobody's pool is used too", () => {
    expect(isTaken(cpu("1"), { nodePool: "" })).toBe(true);
  });

  it("T-97, S-305: nothing undefined is allowed on a real node, not even the zone", () => {
    expect(isTaken({ nodeSelector: inZone1 }, { nodePool: "" })).toBe(false);
    expect(isTaken({ nodeSelector: inZone1 }, { nodePool: "", labels: inZone1 })).toBe(true);
  });

  it("T-98, S-303: initialized nodes come first, then by name", () => {
    const full = { allocatable: { pods: "1" } };
    const nodes = [
      { name: "a", initialized: false, ...full },
      { name: "c", ...full },
      { name: "b", ...full },
    ];
    expect(joined(place(pods(1), nodes))).toEqual([["b", 1]]);
    expect(joined(place(pods(2), nodes)).toSorted()).toEqual([
      ["b", 1],
      ["c", 1],
    ]);
    expect(joined(place(pods(3), nodes)).toSorted()).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 1],
    ]);
  });

  it("T-101, S-217: a taint the pod does not tolerate closes the node", () => {
    const taints = [{ key: "foreign", effect: "NoSchedule" as const }];
    expect(isTaken({}, { taints })).toBe(false);
    expect(isTaken({}, { taints, initialized: false })).toBe(false);
    expect(isTaken({ tolerations: [{ key: "foreign", operator: "Exists" }] }, { taints })).toBe(true);
  });

  it("T-145: a cordoned node with room is not used", () => {
    expect(isTaken({}, { taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] })).toBe(false);
    expect(isTaken({}, {})).toBe(true);
  });

  it("S-219: pods that run there use room, and a pod is a pod", () => {
    expect(isTaken(cpu("1"), { pods: [aPod({ name: "old", nodeName: "n1", ...cpu("3.5") })] })).toBe(false);
    expect(isTaken(cpu("500m"), { pods: [aPod({ name: "old", nodeName: "n1", ...cpu("3.5") })] })).toBe(true);
    expect(isTaken({}, { allocatable: { pods: "1" }, pods: [aPod({ name: "old", nodeName: "n1" })] })).toBe(false);
  });

  it("S-232: an overdrawn node takes nothing, not even a pod that asks for nothing", () => {
    const old = aPod({ name: "old", nodeName: "n1", ...cpu("2") });
    expect(isTaken({}, { allocatable: { cpu: "1" }, pods: [old] })).toBe(false);
  });

  it("S-620: the explanation counts the nodes by reason and names the closest with its gap", () => {
    const nodes = [
      { name: "tainted", taints: [{ key: "t", effect: "NoSchedule" as const }] },
      { name: "n1", allocatable: { cpu: "1" } },
      { name: "n2", allocatable: { cpu: "1500m" } },
    ];
    const problem = aProblem({ pods: [aPod(cpu("2"))], nodes: nodes.map((node) => aNodeInput(node)), nodePools: [] });
    const [failure] = expectValid(problem, engine.solve(problem)).failures;
    expect(failure?.existing).toEqual({
      count: 3,
      byReason: { TaintNotTolerated: 1, InsufficientResources: 2 },
      closest: {
        name: "n2",
        failed: "InsufficientResources",
        gap: [{ resource: "cpu", need: "2", have: "1.5" }],
      },
    });
    expect(failure?.summary).toBe(
      "no dynamic nodepools found that could add a node; closest node n2: needs cpu 2, has 1.5",
    );
  });
});

describe.each(PARITY_ENGINES)("DaemonSets on existing nodes ($name)", (engine) => {
  const daemon = aDaemonSetInput(cpu("1"));
  const bound = (amount: string, name = "agent-x") => aDaemonSetPod({ name, nodeName: "n1", ...cpu(amount) });

  /** On a node of 16 cores, 0.1 of which it keeps for itself. */
  function fits(amount: string, changes: NodeInputOptions, daemonSets: readonly DaemonSetInput[] = [daemon]): boolean {
    const node = aNodeInput({ capacity: { cpu: "16" }, allocatable: { cpu: "15900m" }, ...changes });
    const problem = aProblem({ pods: [aPod(cpu(amount))], nodes: [node], daemonSets, nodePools: [] });
    return joined(expectValid(problem, engine.solve(problem))).length === 1;
  }

  it("T-103, S-220: room is kept for those that have not started", () => {
    expect(fits("14.9", {})).toBe(true);
    expect(fits("14.901", {})).toBe(false);
  });

  it("T-103: those that run already are not counted twice", () => {
    expect(fits("14.9", { pods: [bound("1")] })).toBe(true);
    expect(fits("14.901", { pods: [bound("1")] })).toBe(false);
  });

  it("T-103: an unexpected one never makes room", () => {
    expect(fits("12.9", { pods: [bound("1"), bound("2", "other-x")] })).toBe(true);
    expect(fits("12.901", { pods: [bound("1"), bound("2", "other-x")] })).toBe(false);
    expect(fits("13.9", { pods: [bound("2", "other-x")] })).toBe(true);
    expect(fits("13.901", { pods: [bound("2", "other-x")] })).toBe(false);
  });

  it("T-104, S-228: one that needs a zone will not come to a node without the label", () => {
    const zonal = aDaemonSetInput({ ...cpu("1"), nodeSelector: inZone1 });
    expect(fits("15.9", {}, [zonal])).toBe(true);
    expect(fits("15.9", { labels: inZone1 }, [zonal])).toBe(false);
    expect(fits("14.9", { labels: inZone1 }, [zonal])).toBe(true);
  });
});
