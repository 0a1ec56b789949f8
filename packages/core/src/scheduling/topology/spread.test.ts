import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../../api/index.ts";
import type { Pod, TopologySpreadConstraint } from "../../api/index.ts";
import { aNodeInput, aPod, aPoolInput, aProblem, fixtureTypes, pods } from "../../testing/builders/index.ts";
import type { PodOptions } from "../../testing/builders/index.ts";
import type { ProblemInput } from "../problem.ts";
import type { Solution } from "../solution.ts";
import { solve } from "../solve.ts";

const LABELS = { app: "web" };
const SELECTOR = { matchLabels: LABELS };
const ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;

function spread(changes: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey: Label.Zone,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: SELECTOR,
    ...changes,
  };
}

function spreading(
  count: number,
  constraints: readonly TopologySpreadConstraint[] = [spread()],
  options: PodOptions = {},
): readonly Pod[] {
  return pods(count, { labels: LABELS, ...options, spec: { ...options.spec, topologySpreadConstraints: constraints } });
}

function inPool(zones: readonly string[], input: Partial<ProblemInput>): ProblemInput {
  const requirements = [{ key: Label.Zone, operator: "In" as const, values: zones }];
  return aProblem({ nodePools: [aPoolInput({ instanceTypes: fixtureTypes(), requirements })], ...input });
}

/** Pods that carry the label, per value of the key, smallest first. */
function counts({ newClaims }: Solution, key: string = Label.Zone): readonly number[] {
  const byValue = new Map<string, number>();
  for (const claim of newClaims) {
    const value = claim.requirements.get(key).single() ?? "open";
    const selected = claim.pods.filter(({ metadata }) => metadata.labels?.["app"] === "web").length;
    byValue.set(value, (byValue.get(value) ?? 0) + selected);
  }
  return [...byValue.values()].toSorted((a, b) => a - b);
}

function perClaim({ newClaims }: Solution): readonly number[] {
  return newClaims.map((claim) => claim.pods.length).toSorted((a, b) => a - b);
}

function reasons({ failures }: Solution): readonly unknown[] {
  return failures.map(({ nodePools }) => nodePools[0]?.reason);
}

/** A full node whose pods count. */
function aFullNode(name: string, zone: string, running: readonly PodOptions[] = []) {
  return aNodeInput({
    name,
    labels: { [Label.Zone]: zone, [Label.CapacityType]: "on-demand" },
    allocatable: { pods: "0" },
    pods: running.map((options, index) => aPod({ name: `${name}-${index}`, nodeName: name, ...options })),
  });
}

const counted = (count: number): readonly PodOptions[] => Array.from({ length: count }, () => ({ labels: LABELS }));

describe("spread over zones", () => {
  it("T-53: four pods with skew 1 come to 1, 1 and 2", () => {
    expect(counts(solve(aProblem({ pods: spreading(4) })))).toEqual([1, 1, 2]);
  });

  it("T-54: only the zones that the pool allows count", () => {
    expect(counts(solve(inPool(ZONES.slice(0, 2), { pods: spreading(4) })))).toEqual([2, 2]);
  });

  it("T-55: zones may come from the labels of several pools", () => {
    const nodePools = ZONES.slice(0, 2).map((zone) =>
      aPoolInput({ name: zone, instanceTypes: fixtureTypes(), labels: { [Label.Zone]: zone } }),
    );
    expect(counts(solve(aProblem({ pods: spreading(4), nodePools })))).toEqual([2, 2]);
  });

  it("T-56: a key that nothing has makes the pod wait; others are not touched", () => {
    const input = aProblem({ pods: [...spreading(1, [spread({ topologyKey: "unknown" })]), aPod({ name: "free" })] });
    const solution = solve(input);
    expect(solution.newClaims.map((claim) => claim.pods.length)).toEqual([1]);
    expect(reasons(solution)).toEqual(["TopologySpread"]);
    expect(solution.failures[0]?.nodePools[0]?.detail).toBe(
      "topology spread over unknown with maxSkew 1 leaves no domain; no domain is known",
    );
  });

  it("T-57: a constraint without a selector counts nobody", () => {
    const { labelSelector: _, ...unselective } = spread();
    expect(counts(solve(aProblem({ pods: spreading(2, [unselective]) })))).toEqual([2]);
  });

  it("T-58: with only one zone open, it fills up to the skew above the emptiest", () => {
    const nodes = [aFullNode("n1", ZONES[0], counted(1)), aFullNode("n2", ZONES[1], counted(1))];
    const solution = solve(inPool([ZONES[2]], { pods: spreading(10, [spread({ maxSkew: 5 })]), nodes }));
    expect(counts(solution)).toEqual([6]);
    expect(reasons(solution)).toEqual(Array(4).fill("TopologySpread"));
  });

  it("T-59: new pods go where pods have gone", () => {
    const nodes = [aFullNode("n1", ZONES[0], counted(3))];
    expect(counts(solve(aProblem({ pods: spreading(3), nodes })))).toEqual([1, 2]);
  });

  it("T-60: pods without the labels, elsewhere or on their way out do not count", () => {
    const ignored: readonly PodOptions[] = [
      {},
      { labels: LABELS, namespace: "other" },
      { labels: LABELS, deletionTimestamp: "2026-01-01T00:00:00Z" },
    ];
    const nodes = [
      aFullNode("n1", ZONES[0], counted(2)),
      aFullNode("n2", ZONES[1], counted(1)),
      aFullNode("n3", ZONES[2], ignored),
    ];
    const { newClaims } = solve(aProblem({ pods: spreading(2), nodes }));
    expect(newClaims.map(({ requirements }) => requirements.get(Label.Zone).single())).toEqual([ZONES[2]]);
  });

  it("S-410: a bound pod that is planned anew is not counted where it runs", () => {
    const [moving, ...others] = spreading(3);
    const running = { ...aFullNode("n1", ZONES[0]), pods: moving ? [moving] : [] };
    expect(counts(solve(aProblem({ pods: moving ? [moving, ...others] : [], nodes: [running] })))).toEqual([1, 1, 1]);
  });

  it("T-64: fewer zones than minDomains count as an empty zone", () => {
    const solution = solve(inPool(ZONES.slice(0, 2), { pods: spreading(3, [spread({ minDomains: 3 })]) }));
    expect(counts(solution)).toEqual([1, 1]);
    expect(solution.failures[0]?.summary).toMatch(/^topology spread over .* with maxSkew 1 and minDomains 3/);
  });

  it.each([2, 3])("T-65: minDomains %i is met by three zones", (minDomains) => {
    expect(counts(solve(aProblem({ pods: spreading(11, [spread({ minDomains })]) })))).toEqual([3, 4, 4]);
  });

  it("T-66: a workload without minDomains is not held to that of another", () => {
    const strict = spreading(3, [spread({ minDomains: 3 })], { name: "strict" });
    const free = spreading(3, [spread()], { name: "free" });
    const { failures } = solve(inPool(ZONES.slice(0, 2), { pods: [...strict, ...free] }));
    expect(failures.filter(({ pod }) => pod.name.startsWith("free"))).toEqual([]);
    expect(failures.length).toBeGreaterThan(0);
  });

  it("T-75: each pod sees only the zones it may use", () => {
    const one = spreading(5, [spread()], { name: "one", nodeSelector: { [Label.Zone]: ZONES[0] } });
    const two = spreading(10, [spread()], { name: "two", nodeSelector: { [Label.Zone]: ZONES[1] } });
    expect(counts(solve(aProblem({ pods: [...one, ...two] })))).toEqual([5, 10]);
  });

  it("T-76: a preferred zone does not limit the spread", () => {
    const preference = { matchExpressions: [{ key: Label.Zone, operator: "In", values: [ZONES[0]] }] };
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] };
    const solution = solve(aProblem({ pods: spreading(6, [spread()], { spec: { affinity: { nodeAffinity } } }) }));
    expect(counts(solution)).toEqual([2, 2, 2]);
  });
});

describe("spread over other keys", () => {
  it.each([
    [1, [1, 1, 1, 1]],
    [4, [4]],
  ])("T-62: four pods over hosts with skew %i come to %j", (maxSkew, expected) => {
    const constraint = spread({ topologyKey: Label.Hostname, maxSkew });
    expect(perClaim(solve(aProblem({ pods: spreading(4, [constraint]) })))).toEqual(expected);
  });

  it("T-61: pods that the selector does not select may all share a host", () => {
    const constraint = spread({ topologyKey: Label.Hostname, labelSelector: { matchLabels: { app: "other" } } });
    expect(perClaim(solve(aProblem({ pods: spreading(5, [constraint]) })))).toEqual([5]);
  });

  it("T-63: two workloads share hosts, each with one pod on each", () => {
    const workloads = ["a", "b"].map((app) =>
      pods(2, {
        name: app,
        labels: { app },
        spec: {
          topologySpreadConstraints: [spread({ topologyKey: Label.Hostname, labelSelector: { matchLabels: { app } } })],
        },
      }),
    );
    expect(perClaim(solve(aProblem({ pods: workloads.flat() })))).toEqual([2, 2]);
  });

  it("T-67: capacity types are domains too", () => {
    const constraint = spread({ topologyKey: Label.CapacityType });
    expect(counts(solve(aProblem({ pods: spreading(4, [constraint]) })), Label.CapacityType)).toEqual([2, 2]);
  });

  it("T-68: ScheduleAnyway over capacity types holds nobody back", () => {
    const soft = spread({ topologyKey: Label.CapacityType, whenUnsatisfiable: "ScheduleAnyway" });
    const requirements = [{ key: Label.CapacityType, operator: "In" as const, values: [CapacityType.Spot] }];
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), requirements })];
    expect(solve(aProblem({ pods: spreading(5, [soft]), nodePools })).failures).toEqual([]);
  });

  it.each([2, 5, 10, 21])("T-69: %i pods keep the skew of zones and of hosts at once", (count) => {
    const constraints = [spread(), spread({ topologyKey: Label.Hostname, maxSkew: 3 })];
    const solution = solve(aProblem({ pods: spreading(count, constraints) }));
    const zones = counts(solution);
    expect(zones.reduce((sum, each) => sum + each, 0)).toBe(count);
    expect((zones.at(-1) ?? 0) - (zones.length < 3 ? 0 : (zones[0] ?? 0))).toBeLessThanOrEqual(1);
    expect(Math.max(...perClaim(solution))).toBeLessThanOrEqual(3);
  });

  it("T-70: a custom label spreads over the capacity types of its pools", () => {
    const pool = (capacityType: string, values: readonly string[]) =>
      aPoolInput({
        name: capacityType,
        instanceTypes: fixtureTypes(),
        requirements: [
          { key: Label.CapacityType, operator: "In", values: [capacityType] },
          { key: "share", operator: "In", values },
        ],
      });
    const nodePools = [pool(CapacityType.OnDemand, ["1"]), pool(CapacityType.Spot, ["2", "3", "4", "5"])];
    const solution = solve(aProblem({ pods: spreading(20, [spread({ topologyKey: "share" })]), nodePools }));
    expect(counts(solution, "share")).toEqual([4, 4, 4, 4, 4]);
    expect(counts(solution, Label.CapacityType)).toEqual([4, 16]);
  });

  it("T-71: matchLabelKeys keep revisions apart, and a key the pods lack changes nothing", () => {
    const constraint = spread({ topologyKey: Label.Hostname, matchLabelKeys: ["rev"] });
    const revision = (rev: string) => spreading(2, [constraint], { name: rev, labels: { ...LABELS, rev } });
    expect(perClaim(solve(aProblem({ pods: [...revision("1"), ...revision("2")] })))).toEqual([2, 2]);
    expect(perClaim(solve(aProblem({ pods: spreading(4, [constraint]) })))).toEqual([1, 1, 1, 1]);
  });
});

describe("what a pod gives up", () => {
  it("S-402: pods that gave something up still count those placed before them", () => {
    const terms: PodOptions["requiredTerms"] = [[[Label.Zone, "In", "moon"]], [[Label.Zone, "In", ZONES[0], ZONES[1]]]];
    const picky = spreading(2, [spread()], { name: "picky", requiredTerms: terms, requests: { cpu: "100m" } });
    const first = spreading(2, [spread()], { name: "first", requests: { cpu: "1" } });
    const pinned = first.map((pod) => ({ ...pod, spec: { ...pod.spec, nodeSelector: { [Label.Zone]: ZONES[0] } } }));
    expect(counts(solve(aProblem({ pods: [...pinned, ...picky] })))).toEqual([2, 2]);
  });
});

describe("which nodes count", () => {
  const nodes = ["foo", "bar"].map((rack) =>
    aNodeInput({
      name: rack,
      labels: { rack },
      taints: [{ key: "taint", effect: "NoSchedule" }],
      allocatable: { pods: "0" },
    }),
  );
  const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), labels: { rack: "baz" } })];

  it.each([
    ["Ignore", 1],
    ["Honor", 5],
  ] as const)("T-72: with nodeTaintsPolicy %s, %i of five pods go to the one rack they can use", (policy, placed) => {
    const constraint = spread({ topologyKey: "rack", nodeTaintsPolicy: policy });
    expect(counts(solve(aProblem({ pods: spreading(5, [constraint]), nodes, nodePools })), "rack")).toEqual([placed]);
  });

  it.each([
    ["Ignore", 1],
    ["Honor", 5],
  ] as const)("T-73: with nodeAffinityPolicy %s, %i of five pods go to the one rack they select", (policy, placed) => {
    const pool = aPoolInput({ instanceTypes: fixtureTypes(), labels: { rack: "baz", selected: "yes" } });
    const constraint = spread({ topologyKey: "rack", nodeAffinityPolicy: policy });
    const five = spreading(5, [constraint], { nodeSelector: { selected: "yes" } });
    expect(counts(solve(aProblem({ pods: five, nodes, nodePools: [pool] })), "rack")).toEqual([placed]);
  });

  it("T-74: with Honor, only racks of pools whose taints the pod tolerates are domains", () => {
    const pool = (taint: string, values: readonly string[]) =>
      aPoolInput({
        name: taint,
        instanceTypes: fixtureTypes(),
        taints: [{ key: taint, effect: "NoSchedule" }],
        requirements: [{ key: "rack", operator: "In", values }],
      });
    const constraint = spread({ topologyKey: "rack", nodeTaintsPolicy: "Honor" });
    const tolerant = (count: number, key: string) =>
      spreading(count, [constraint], { name: key, tolerations: [{ key, operator: "Exists" }] });
    const input = aProblem({
      pods: [...tolerant(2, "t0"), ...tolerant(4, "t1")],
      nodePools: [pool("t0", ["foo", "bar"]), pool("t1", ["foo", "baz"])],
    });
    expect(counts(solve(input), "rack").reduce((sum, each) => sum + each, 0)).toBe(6);
    expect(solve(input).failures).toEqual([]);
  });
});
