import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ClaimResult } from "@karpenter-multicloud/core/testing";
import type { Answer } from "./answer-line.ts";
import { answerLine } from "./answer-line.ts";

interface RecordedNode {
  readonly name: string;
  readonly initialized: boolean;
  readonly nodePool?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly object[];
  readonly capacity: object;
  readonly allocatable: object;
  readonly pods: readonly object[];
}

interface RecordedClaim {
  readonly pods: readonly string[];
  readonly cheapest: { readonly price: number };
}

interface Outcome {
  readonly newNodeClaims: readonly RecordedClaim[];
  readonly existingNodes: readonly object[];
  readonly errors: readonly string[];
  readonly ignored: readonly string[];
}

interface RecordedCase {
  readonly name: string;
  readonly scenario: {
    readonly nodes: readonly RecordedNode[];
    readonly wellKnownLabels: readonly string[];
    readonly minValuesPolicy?: string;
  };
  readonly accepted: readonly Outcome[];
  /** Where this engine decides by a rule of its own. */
  readonly own?: Outcome;
}

/** Karpenter's own decisions, recorded for the engine's tests. */
const FOLDER = new URL("../../../core/src/scheduling/test-data/", import.meta.url);
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .toSorted()
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as RecordedCase);

const POOL = { metadata: { name: "default" }, spec: {} };
const TYPE = {
  name: "m.4",
  capacity: { cpu: "4", memory: "8Gi" },
  offerings: [
    { capacityType: "on-demand", zone: "zone-a", price: 0.3 },
    { capacityType: "spot", zone: "zone-b", price: 0.1 },
  ],
};
const pod = (name: string, spec: object = {}) => ({ metadata: { name }, spec });
const ask = (scenario: object): Answer => read(JSON.stringify(scenario));

function read(line: string): Answer {
  let now = 0;
  return JSON.parse(answerLine(line, { stopwatch: () => (now += 500) }) ?? "{}") as Answer;
}

describe("a recorded cluster", () => {
  it.each(cases)("$name: gets one of the accepted answers", (recorded) => {
    const { schedule } = ask(scenarioOf(recorded));
    const answered = {
      claims: schedule?.newNodeClaims.map(withoutPrice),
      existing: schedule?.existingNodes,
      left: [...Object.keys(schedule?.errors ?? {}), ...Object.keys(schedule?.ignored ?? {})].toSorted(),
    };
    const right = recorded.own ? [recorded.own] : recorded.accepted;
    expect(right.map(expected)).toContainEqual(answered);
  });

  it.each(cases)("$name: a case file around it changes nothing", (recorded) => {
    const scenario = scenarioOf(recorded);
    expect(ask({ scenario, expected: {} })).toEqual(ask(scenario));
  });
});

describe("a line", () => {
  it("may leave everything to the defaults", () => {
    const { schedule } = ask({ nodePools: [POOL], instanceTypes: [TYPE], pods: [pod("web-0"), pod("web-1")] });
    expect(schedule?.newNodeClaims).toHaveLength(1);
    expect(schedule?.newNodeClaims[0]).toMatchObject({
      nodePool: "default",
      pods: ["default/web-0", "default/web-1"],
      instanceTypes: ["m.4"],
      requests: { pods: "2" },
      cheapest: { instanceType: "m.4", zone: "zone-b", capacityType: "spot", price: 0.1 },
    });
    expect(schedule?.totalCheapestPrice).toBe(0.1);
  });

  it("is answered with its id, its name and the time the solve took", () => {
    expect(ask({ id: { n: 7 }, name: "seven" })).toMatchObject({
      id: { n: 7 },
      name: "seven",
      action: "schedule",
      timings: { solveSeconds: 0.5 },
    });
  });

  it("without anything on it is passed over", () => {
    expect(answerLine("  ", { stopwatch: () => 0 })).toBeUndefined();
  });

  it.each([
    ["{broken", /^the line is no JSON/],
    ["[]", /the line is no object/],
    ['{"scenario":3}', /scenario is no object/],
    ['{"podz":[]}', /unknown field "podz" in the scenario/],
    ['{"options":{"speed":1}}', /unknown field "speed" in options/],
    ['{"pods":[{}]}', /metadata.name of a Pod is missing/],
    ['{"pods":[{"metadata":{"name":"a"},"spec":{"nodeName":"n"}}]}', /put it under nodes\[\]\.pods/],
    ['{"pods":[{"metadata":{"name":"a"}},{"metadata":{"name":"a"}}]}', /two pods are named "default\/a"/],
    [
      '{"instanceTypes":[{"name":"x","capacity":{"cpu":"much"},"offerings":[]}],"nodePools":[{"metadata":{"name":"d"}}]}',
      /much/,
    ],
    ['{"nodes":[{}]}', /nodes\[0\]: neither node nor nodeClaim/],
    ['{"action":"dance"}', /unknown action "dance"/],
    ['{"action":"disrupt","method":"dance"}', /unknown method "dance"/],
    ['{"action":"disrupt","options":{"featureGates":{"CapacityBuffer":true}}}', /CapacityBuffer is not supported yet/],
    ['{"options":{"minValuesPolicy":"Lenient"}}', /unknown minValuesPolicy "Lenient"/],
  ])("%s is answered, not thrown at", (line, error) => {
    const answer = read(line);
    expect(answer.error).toMatch(error);
    expect(answer.schedule).toBeUndefined();
  });

  it("keeps its id when it cannot be answered", () => {
    const about = { id: 3, name: "later", action: "disrupt" };
    expect(ask({ ...about, method: "dance" })).toMatchObject({ ...about, error: expect.stringContaining("dance") });
  });

  it("is answered when the engine itself fails", () => {
    const fail = (): never => {
      throw new RangeError("out of numbers");
    };
    expect(answerLine("{}", { stopwatch: () => 0, solve: fail })).toContain("RangeError: out of numbers");
  });
});

describe("pods that take no part", () => {
  it("are named with the reason", () => {
    const optedOut = { matchExpressions: [{ key: "karpenter.sh/nodepool", operator: "DoesNotExist" }] };
    const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [optedOut] } };
    const { schedule } = ask({
      nodePools: [POOL],
      instanceTypes: [TYPE],
      pods: [
        { ...pod("gated"), status: { conditions: [{ type: "PodScheduled", reason: "SchedulingGated" }] } },
        pod("elsewhere", { affinity: { nodeAffinity: required } }),
        pod("invalid", { nodeSelector: { "kubernetes.io/hostname": "n1", "karpenter.sh/odd": "x" } }),
      ],
    });
    expect(Object.keys(schedule?.ignored ?? {}).toSorted()).toEqual([
      "default/elsewhere",
      "default/gated",
      "default/invalid",
    ]);
    expect(schedule?.newNodeClaims).toEqual([]);
  });
});

describe("nodes", () => {
  const labels = { "karpenter.sh/nodepool": "default", "node.kubernetes.io/instance-type": "m.4" };
  const claim = (name: string, extra: object = {}) => ({ metadata: { name, labels, ...extra } });
  const bound = { metadata: { name: "b" }, spec: { containers: [{ resources: { requests: { cpu: "3" } } }] } };
  const cluster = { nodePools: [POOL], instanceTypes: [TYPE] };

  it("get capacity from their instance type, and claims without a node count", () => {
    const { schedule } = ask({ ...cluster, nodes: [{ nodeClaim: claim("c1") }], pods: [pod("web-0")] });
    expect(schedule?.existingNodes).toEqual([{ name: "c1", pods: ["default/web-0"] }]);
  });

  it("on their way out are left alone and their pods scheduled anew", () => {
    const leaving = claim("n1", {
      deletionTimestamp: "2026-01-01T12:00:00Z",
      finalizers: ["karpenter.sh/termination"],
    });
    const { schedule } = ask({
      ...cluster,
      nodes: [{ node: { metadata: { name: "n1", labels } }, nodeClaim: leaving, pods: [bound] }],
    });
    expect(schedule?.existingNodes).toEqual([]);
    expect(schedule?.newNodeClaims[0]?.pods).toEqual(["default/b"]);
  });

  it("take no more volumes than their CSINode allows, and none from another zone", () => {
    const driver = "csi.example.com";
    const node = (name: string) => ({
      node: { metadata: { name, labels: { ...labels, "topology.kubernetes.io/zone": "zone-b" } } },
    });
    const zone = (value: string) => ({
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In", values: [value] }] },
      ],
    });
    const volumes = (claimName: string) => ({ volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] });
    const { schedule } = ask({
      ...cluster,
      nodes: [node("n1")],
      pods: [
        pod("a", volumes("here")),
        pod("b", volumes("also-here")),
        pod("c", volumes("there")),
        pod("d", volumes("no")),
      ],
      csiNodes: [
        { metadata: { name: "n1" }, spec: { drivers: [{ name: driver, nodeID: "n1", allocatable: { count: 1 } }] } },
      ],
      pvs: ["here", "also-here", "there"].map((name) => ({
        metadata: { name: `pv-${name}` },
        spec: { csi: { driver }, nodeAffinity: { required: zone(name === "there" ? "zone-a" : "zone-b") } },
      })),
      pvcs: ["here", "also-here", "there"].map((name) => ({ metadata: { name }, spec: { volumeName: `pv-${name}` } })),
    });
    expect(schedule?.existingNodes).toEqual([{ name: "n1", pods: ["default/a"] }]);
    expect(schedule?.newNodeClaims.map(({ pods, cheapest }) => [pods, cheapest?.zone])).toEqual([
      [["default/b"], "zone-b"],
      [["default/c"], "zone-a"],
    ]);
    expect(Object.keys(schedule?.ignored ?? {})).toEqual(["default/d"]);
  });

  it("that a budget blocks keep their pods", () => {
    const leaving = claim("n1", {
      deletionTimestamp: "2026-01-01T12:00:00Z",
      finalizers: ["karpenter.sh/termination"],
    });
    const { schedule } = ask({
      ...cluster,
      pdbs: [{ metadata: { name: "all" }, spec: { selector: {}, minAvailable: "100%" } }],
      nodes: [{ node: { metadata: { name: "n1", labels } }, nodeClaim: leaving, pods: [bound] }],
    });
    expect(schedule?.newNodeClaims).toEqual([]);
  });

  it("in the state registered are filled after initialized ones", () => {
    const { schedule } = ask({
      ...cluster,
      nodes: [
        { state: "registered", nodeClaim: claim("a"), node: { metadata: { name: "a", labels } } },
        { nodeClaim: claim("b"), node: { metadata: { name: "b", labels } } },
      ],
      pods: [pod("web-0")],
    });
    expect(schedule?.existingNodes).toEqual([{ name: "b", pods: ["default/web-0"] }]);
  });
});

function scenarioOf({ name, scenario }: RecordedCase): object {
  const { wellKnownLabels, minValuesPolicy, nodes, ...rest } = scenario;
  return { name, ...rest, options: { wellKnownLabels, minValuesPolicy }, nodes: nodes.map(entryOf) };
}

function entryOf({ name, initialized, labels, taints, capacity, allocatable, pods }: RecordedNode): object {
  const registered = labels["karpenter.sh/registered"] === "true" ? "registered" : "launched";
  return {
    state: initialized ? "initialized" : registered,
    node: { metadata: { name, labels }, spec: { taints }, status: { capacity, allocatable } },
    pods,
  };
}

function expected({ newNodeClaims, existingNodes, errors, ignored }: Outcome): object {
  return { claims: newNodeClaims, existing: existingNodes, left: [...errors, ...ignored].toSorted() };
}

function withoutPrice(claim: ClaimResult): object {
  return Object.fromEntries(Object.entries(claim).filter(([field]) => field !== "cheapestPrice"));
}
