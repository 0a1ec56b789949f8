import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../../api/index.ts";
import { solve } from "../../scheduling/index.ts";
import { expectValid } from "../plan-checker/expect-valid.ts";
import { aPod, aProblem, aNodeInput, fixturePool, fixtureType, nextRound, pods } from "./index.ts";

const TAINT = { key: "dedicated", effect: "NoSchedule" } as const;
const tolerations = [{ key: "dedicated", operator: "Exists" }] as const;

describe("the round after a solve", () => {
  const pool = fixturePool({
    labels: { team: "a" },
    taints: [TAINT],
    startupTaints: [{ key: "starting", effect: "NoSchedule" }],
    requirements: [{ key: Label.CapacityType, operator: "In", values: [CapacityType.Spot] }],
  });

  it("has a node for each claim: the cheapest type and offering, the pool's labels and taints, the pods bound", () => {
    const problem = aProblem({ nodePools: [pool], pods: pods(6, { requests: { cpu: "100m" }, tolerations }) });
    const { nodes, pods: left } = nextRound(problem, expectValid(problem, solve(problem)));
    expect(left).toEqual([]);
    expect(nodes.map(({ name, initialized, nodePool }) => [name, initialized, nodePool])).toEqual([
      ["default-1", true, "default"],
      ["default-2", true, "default"],
    ]);
    const [first] = nodes;
    expect(first?.labels).toMatchObject({
      team: "a",
      size: "small",
      [Label.InstanceType]: "small",
      [Label.Zone]: "test-zone-1",
      [Label.CapacityType]: "spot",
      [Label.Arch]: "amd64",
      [Label.Os]: "linux",
      [Label.Hostname]: "default-1",
      [Label.NodePool]: "default",
      [Label.Initialized]: "true",
    });
    expect(first?.taints).toEqual([TAINT]);
    expect([first?.capacity["cpu"], first?.allocatable["cpu"], first?.capacity["nodes"]]).toEqual([2000, 1900, 1]);
    expect(nodes.flatMap((node) => node.pods.map(({ spec }) => spec.nodeName === node.name))).toEqual(
      Array(6).fill(true),
    );
  });

  it("keeps existing nodes with what was placed on them, and the pods that wait", () => {
    const huge = aPod({ name: "huge", requests: { cpu: "99" } });
    const problem = aProblem({ nodes: [aNodeInput({ name: "n1" })], pods: [huge, aPod({ name: "little" })] });
    const next = nextRound(problem, expectValid(problem, solve(problem)), [aPod({ name: "new" })]);
    expect(next.nodes.map((node) => node.pods.map(({ metadata }) => metadata.name))).toEqual([["little"]]);
    expect(next.pods.map(({ metadata }) => metadata.name)).toEqual(["huge", "new"]);
  });

  it("never gives a node the name of another", () => {
    const type = fixtureType({ name: "one", cpu: 2, memoryGi: 2, pods: 1 });
    const problem = aProblem({
      nodes: [aNodeInput({ name: "default-2", allocatable: { pods: "0" } })],
      nodePools: [fixturePool({ instanceTypes: [type] })],
      pods: pods(2),
    });
    const { nodes } = nextRound(problem, expectValid(problem, solve(problem)));
    expect(nodes.map(({ name }) => name)).toEqual(["default-2", "default-3", "default-4"]);
  });
});
