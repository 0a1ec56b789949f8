import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { METHODS } from "@karpenter-multicloud/core/disruption";
import type { CommandResult, DisruptResult, MethodResult } from "@karpenter-multicloud/core/testing";
import { answerLine } from "./answer-line.ts";
import type { Answer } from "./answer-line.ts";

interface RecordedCase {
  readonly name: string;
  readonly scenario: { readonly action: string };
  readonly accepted: readonly { readonly disrupt?: DisruptResult }[];
}

/** Karpenter's own decisions, recorded for the engine's tests. */
const FOLDER = new URL("../../../core/src/disruption/test-data/", import.meta.url);
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .toSorted()
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as RecordedCase)
  .filter(({ scenario }) => scenario.action === "disrupt");

const DAY = "2026-01-01";
const NOW = `${DAY}T12:00:00Z`;
const TYPES = [
  { name: "m.2", capacity: { cpu: "2" }, offerings: [{ capacityType: "on-demand", zone: "zone-a", price: 0.1 }] },
  { name: "m.8", capacity: { cpu: "8" }, offerings: [{ capacityType: "on-demand", zone: "zone-a", price: 0.4 }] },
];
const AFTER_5M = poolWith({ consolidateAfter: "5m" });

describe("a recorded cluster whose nodes are judged", () => {
  it("is there for every file", () => {
    expect(cases.length).toBeGreaterThanOrEqual(7);
  });

  it.each(cases)("$name: gets one of the accepted answers", ({ name, scenario, accepted }) => {
    const { disrupt, ...about } = ask({ name, ...scenario });
    expect(accepted.map((outcome) => outcome.disrupt)).toContainEqual(disrupt);
    expect(about).toEqual({ name, action: "disrupt", timings: { solveSeconds: 0.5 } });
  });
});

describe("a question about nodes", () => {
  it("is answered by all methods in their order, also without a cluster", () => {
    const { disrupt } = ask({});
    expect(disrupt).toMatchObject({ selected: "" });
    expect(disrupt?.methods.map(({ method }) => method)).toEqual(METHODS);
  });

  it("is answered by one method when only that is asked", () => {
    const { disrupt } = ask({ ...clusterOf(poolWith({}), empty("n1")), method: "emptiness" });
    expect(disrupt?.methods).toHaveLength(1);
    expect(disrupt?.selected).toBe("emptiness");
  });

  it("says the conditions only when they are computed", () => {
    const cluster = clusterOf(poolWith({}), empty("n1"));
    expect(ask(cluster).disrupt).not.toHaveProperty("conditions");
    const evaluated = ask({ ...cluster, options: { evaluateConditions: true } });
    expect(evaluated.disrupt?.conditions).toEqual({ n1: "Consolidatable" });
  });

  it("tells a pool without a limit as -1", () => {
    expect(method("drift", clusterOf(poolWith({ budgets: [] }), empty("n1")))?.budgets).toEqual({ default: -1 });
  });

  it("has a budget of 10% where none is written", () => {
    const nodes = Array.from({ length: 11 }, (_, index) => empty(`n${index}`));
    expect(method("emptiness", clusterOf(poolWith({}), ...nodes))?.budgets).toEqual({ default: 2 });
  });
});

describe("the conditions of a NodeClaim", () => {
  const evaluated = (pool: object, nodeClaim: object, more: object = {}) =>
    ask({ ...clusterOf(pool, { ...empty("n1"), nodeClaim }), options: { evaluateConditions: true }, ...more }).disrupt
      ?.conditions?.["n1"];
  const annotated = (hash: string, version: string) => ({
    metadata: {
      name: "n1",
      annotations: { "karpenter.sh/nodepool-hash": hash, "karpenter.sh/nodepool-hash-version": version },
    },
  });
  const hashed = { ...poolWith({}), ...named("default", annotated("1", "v3").metadata.annotations) };
  const wants = (requirement: object) => poolWith({}, [requirement]);

  it("D-134: is Consolidatable exactly at the end of consolidateAfter", () => {
    const event = (time: string) => ({ status: { lastPodEventTime: `${DAY}T${time}Z` } });
    expect(evaluated(AFTER_5M, event("11:55:01"))).toBe("");
    expect(evaluated(AFTER_5M, event("11:55:00"))).toBe("Consolidatable");
  });

  it("D-133: is not Consolidatable with Never", () => {
    expect(evaluated(poolWith({ consolidateAfter: "Never" }), {})).toBe("");
  });

  it("D-137: has drifted when fingerprints of one version differ", () => {
    expect(evaluated(hashed, annotated("2", "v3"))).toBe("Drifted(NodePoolDrifted),Consolidatable");
    expect(evaluated(hashed, annotated("2", "v2"))).toBe("Consolidatable");
    expect(evaluated(hashed, annotated("1", "v3"))).toBe("Consolidatable");
  });

  it("D-137: has drifted when a required label is missing or another", () => {
    const drifted = "Drifted(RequirementsDrifted),Consolidatable";
    expect(evaluated(wants({ key: "team", operator: "Exists" }), {})).toBe(drifted);
    expect(evaluated(wants({ key: "kubernetes.io/arch", operator: "In", values: ["arm64"] }), {})).toBe(drifted);
    expect(evaluated(wants({ key: "team", operator: "NotIn", values: ["a"] }), {})).toBe("Consolidatable");
  });

  it("D-138: has drifted when its type is not sold any more, but not in its first hour", () => {
    const claim = (created: string) => ({
      metadata: { creationTimestamp: `${DAY}T${created}Z`, labels: { "node.kubernetes.io/instance-type": "gone" } },
    });
    expect(evaluated(poolWith({}), claim("11:00:00"))).toBe("Drifted(InstanceTypeNotFound),Consolidatable");
    expect(evaluated(poolWith({}), claim("11:00:01"))).toBe("Consolidatable");
  });

  it("D-137: has drifted when the cloud says so", () => {
    const driftedNodeClaims = { n1: "ImageDrifted" };
    expect(evaluated(poolWith({}), {}, { driftedNodeClaims })).toBe("Drifted(ImageDrifted),Consolidatable");
  });

  it("D-130: stays as it is on a claim that is on its way out", () => {
    const claim = { metadata: { deletionTimestamp: `${DAY}T11:59:00Z`, finalizers: ["karpenter.sh/termination"] } };
    expect(evaluated(poolWith({}), claim, { driftedNodeClaims: { n1: "ImageDrifted" } })).toBe("");
  });
});

describe("a command", () => {
  it("tells what goes, what comes and what that saves", () => {
    const [command] = commandsOf("single", clusterOf(poolWith({}), { ...node("n1", "m.8"), pods: [pod("web", "1")] }));
    expect(command).toMatchObject({
      decision: "replace",
      sourcePrice: 0.4,
      replacementPrice: 0.1,
      estimatedSavings: 0.3,
    });
    expect(command?.candidates).toEqual([
      {
        name: "n1",
        nodePool: "default",
        instanceType: "m.8",
        capacityType: "on-demand",
        zone: "zone-a",
        price: 0.4,
        disruptionCost: 2,
      },
    ]);
    expect(command?.replacements).toMatchObject([{ instanceTypes: ["m.2"], pods: ["default/web"] }]);
    expect(command).not.toHaveProperty("existingNodes");
  });

  it("D-64: of a static pool brings a machine that nothing has been planned on", () => {
    const requirements = [{ key: "node.kubernetes.io/instance-type", operator: "In", values: ["m.8", "m.2"] }];
    const pool = poolWith({ budgets: [{ nodes: "1" }] }, requirements, { replicas: 1 });
    const cluster = {
      ...clusterOf(pool, node("n1", "m.8")),
      options: { evaluateConditions: true },
      driftedNodeClaims: { n1: "ImageDrifted" },
    };
    const [command] = commandsOf("staticDrift", cluster);
    expect(command).toMatchObject({ decision: "replace", replacementPrice: 0, sourcePrice: 0.4 });
    expect(command?.replacements).toMatchObject([{ pods: [], instanceTypes: ["m.2", "m.8"], cheapestPrice: 0 }]);
  });

  it("D-20: never takes a node that is not ours", () => {
    const foreign = { node: { metadata: { name: "f1" }, status: { capacity: { cpu: "4" } } } };
    const commands = METHODS.flatMap((name) => commandsOf(name, clusterOf(poolWith({}), foreign, empty("n1"))));
    expect(commands.flatMap(({ candidates }) => candidates.map((candidate) => candidate.name))).toEqual(["n1"]);
  });
});

function ask(scenario: object): Answer {
  let now = 0;
  const line = JSON.stringify({ action: "disrupt", ...scenario });
  return JSON.parse(answerLine(line, { stopwatch: () => (now += 500) }) ?? "{}") as Answer;
}

function method(name: string, cluster: object): MethodResult | undefined {
  return ask(cluster).disrupt?.methods.find((each) => each.method === name);
}

function commandsOf(name: string, cluster: object): readonly CommandResult[] {
  return method(name, cluster)?.commands ?? [];
}

function clusterOf(pool: object, ...nodes: readonly object[]): object {
  return { now: NOW, nodePools: [pool], instanceTypes: TYPES, nodes };
}

function poolWith(disruption: object, requirements: readonly object[] = [], spec: object = {}): object {
  return { ...named("default"), spec: { template: { spec: { requirements } }, disruption, ...spec } };
}

function named(name: string, annotations?: object): { readonly metadata: object } {
  return { metadata: { name, ...(annotations && { annotations }) } };
}

function empty(name: string): object {
  return node(name, "m.2");
}

function node(name: string, type: string): object {
  const labels = { "karpenter.sh/nodepool": "default", "node.kubernetes.io/instance-type": type };
  return { node: { metadata: { name, labels } } };
}

function pod(name: string, cpu: string): object {
  return { metadata: { name }, spec: { containers: [{ name: "main", resources: { requests: { cpu } } }] } };
}
