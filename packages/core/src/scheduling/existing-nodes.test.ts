import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { aNodeInput, aPod, aProblem, pods } from "../testing/builders/index.ts";
import type { NodeInputOptions, PodOptions } from "../testing/builders/index.ts";
import { solve } from "./solve.ts";

function place(list: readonly Pod[], nodes: readonly NodeInputOptions[]) {
  const solution = solve(aProblem({ pods: list, nodes: nodes.map((node) => aNodeInput(node)) }));
  return { ...solution, on: solution.existing.map(({ node, pods: placed }) => [node, placed.length]) };
}

function isTaken(pod: PodOptions, node: NodeInputOptions): boolean {
  return place([aPod(pod)], [node]).existing.length === 1;
}

const cpu = (amount: string) => ({ requests: { cpu: amount } });

describe("existing nodes", () => {
  it("T-96: room is used before a new node is thought of", () => {
    const { on, newClaims } = place(pods(2, cpu("2")), [{}]);
    expect(on).toEqual([["n1", 2]]);
    expect(newClaims).toEqual([]);
  });

  it("T-96: what does not fit gets a new node", () => {
    const { on, newClaims } = place(pods(3, cpu("2")), [{}]);
    expect(on).toEqual([["n1", 2]]);
    expect(newClaims).toHaveLength(1);
  });

  it("S-219: pods that run there use room, and a pod is a pod", () => {
    expect(isTaken(cpu("1"), { pods: [aPod({ name: "old", nodeName: "n1", ...cpu("3.5") })] })).toBe(false);
    expect(isTaken({}, { allocatable: { pods: "1" }, pods: [aPod({ name: "old", nodeName: "n1" })] })).toBe(false);
  });

  it("S-232: an overdrawn node takes nothing, not even a pod that asks for nothing", () => {
    expect(isTaken({}, { allocatable: { cpu: "1" }, pods: [aPod({ name: "old", nodeName: "n1", ...cpu("2") })] })).toBe(
      false,
    );
  });

  it("T-97: a node of nobody's pool is used too", () => {
    expect(isTaken(cpu("1"), { nodePool: "" })).toBe(true);
  });

  it("S-305, T-97: nothing undefined is allowed on a real node, not even the zone", () => {
    const pod = { nodeSelector: { [Label.Zone]: "test-zone-1" } };
    expect(isTaken(pod, {})).toBe(false);
    expect(isTaken(pod, { labels: { [Label.Zone]: "test-zone-1" } })).toBe(true);
    expect(place([aPod(pod)], [{}]).newClaims).toHaveLength(1);
  });

  it("S-303, T-98: initialized nodes come first, then by name", () => {
    const full = { allocatable: { pods: "1" } };
    const nodes = [
      { name: "a", initialized: false, ...full },
      { name: "c", ...full },
      { name: "b", ...full },
    ];
    expect(place(pods(2), nodes).on).toEqual([
      ["b", 1],
      ["c", 1],
    ]);
    expect(place(pods(3), nodes).on).toEqual([
      ["b", 1],
      ["c", 1],
      ["a", 1],
    ]);
  });

  it("S-217, T-101: a taint the pod does not tolerate closes the node", () => {
    const taints = [{ key: "foreign", effect: "NoSchedule" as const }];
    expect(isTaken({}, { taints })).toBe(false);
    expect(isTaken({ tolerations: [{ key: "foreign", operator: "Exists" }] }, { taints })).toBe(true);
  });

  it("T-145: a cordoned node with room is not used", () => {
    expect(isTaken({}, { taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] })).toBe(false);
  });

  it("S-114a, T-142: pods never give a node labels it does not have", () => {
    const avoids = aPod({ name: "a", ...cpu("1"), requiredTerms: [[["team", "NotIn", "x"]]] });
    const wants = aPod({ name: "b", nodeSelector: { team: "y" } });
    const { on, failures } = place([avoids, wants], [{}]);
    expect(on).toEqual([["n1", 1]]);
    expect(failures.map(({ pod }) => pod.name)).toEqual(["b"]);
  });

  it("S-620: the explanation counts the nodes by reason and names the closest with its gap", () => {
    const nodes = [
      { name: "tainted", taints: [{ key: "t", effect: "NoSchedule" as const }] },
      { name: "n1", allocatable: { cpu: "1" } },
      { name: "n2", allocatable: { cpu: "1500m" } },
    ];
    const input = aProblem({ pods: [aPod(cpu("2"))], nodes: nodes.map((node) => aNodeInput(node)), nodePools: [] });
    const [failure] = solve(input).failures;
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
      "no dynamic NodePool found that could add a node; closest node n2: needs cpu 2, has 1.5",
    );
  });
});

describe("S-417: pods that refuse company", () => {
  const carrier = (topologyKey: string, more: object = {}) =>
    aPod({
      name: "carrier",
      nodeName: "n1",
      spec: {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey, labelSelector: { matchLabels: { app: "web" } }, ...more },
            ],
          },
        },
      },
    });
  const web = { labels: { app: "web" } };
  const zone = { labels: { [Label.Zone]: "test-zone-1" } };

  it("T-89: on their own node nobody they refuse is placed", () => {
    expect(isTaken(web, { pods: [carrier(Label.Hostname)] })).toBe(false);
    expect(isTaken({}, { pods: [carrier(Label.Hostname)] })).toBe(true);
  });

  it("T-89: their whole zone is closed, for new nodes as well", () => {
    const { on, newClaims } = place(
      [aPod(web)],
      [
        { ...zone, pods: [carrier(Label.Zone)] },
        { name: "n2", ...zone },
      ],
    );
    expect(on).toEqual([]);
    expect(newClaims[0]?.requirements.get(Label.Zone).has("test-zone-1")).toBe(false);
    expect(newClaims[0]?.requirements.get(Label.Zone).has("test-zone-2")).toBe(true);
  });

  it("T-95: a term sees its own namespace unless it names others", () => {
    const elsewhere = { ...web, namespace: "other" };
    expect(isTaken(elsewhere, { pods: [carrier(Label.Hostname)] })).toBe(true);
    expect(isTaken(elsewhere, { pods: [carrier(Label.Hostname, { namespaces: ["other"] })] })).toBe(false);
    expect(isTaken(elsewhere, { pods: [carrier(Label.Hostname, { namespaceSelector: {} })] })).toBe(false);
  });
});
