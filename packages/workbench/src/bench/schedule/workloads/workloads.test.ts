import { describe, expect, it } from "vitest";
import { Label } from "@karpenter-multicloud/core/api";
import type { Pod } from "@karpenter-multicloud/core/api";
import type { ProblemInput } from "@karpenter-multicloud/core/scheduling";
import { GPU } from "./gpu.ts";
import { WORKLOADS } from "./index.ts";
import { CPU_CHOICES, LABEL_CHOICES, MEMORY_CHOICES, MIXED_LABEL, TOGETHER_LABEL } from "./pods.ts";
import { seededRandom } from "./random.ts";

function problemsOf(name: string, size: number): readonly ProblemInput[] {
  const workload = WORKLOADS.find((each) => each.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  return workload.problems(size);
}

function problemOf(name: string, size: number): ProblemInput {
  const [problem] = problemsOf(name, size);
  if (problem === undefined) throw new Error(`${name} has no problem`);
  return problem;
}

const requestsOf = ({ spec }: Pod) => spec.containers[0]?.resources?.requests ?? {};
const spreadOf = ({ spec }: Pod) => spec.topologySpreadConstraints?.[0];
const countBy = (values: readonly unknown[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(values, String)].map(([value, group]) => [value, group.length]));

/** A fair draw of 5,000 gives each of `choices` values its share, a quarter more or less at most. */
function expectUniform(values: readonly unknown[], choices: readonly string[]): void {
  const counts = countBy(values);
  expect(Object.keys(counts).toSorted()).toEqual([...choices].toSorted());
  const fair = values.length / choices.length;
  for (const count of Object.values(counts)) expect(Math.abs(count - fair) / fair).toBeLessThan(0.25);
}

describe("seededRandom", () => {
  it("repeats itself for a seed and differs for another", () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.below(1000));
    };
    expect(draw(42)).toEqual(draw(42));
    expect(draw(42)).not.toEqual(draw(43));
  });

  it("stays below the limit and refuses to pick from nothing", () => {
    const random = seededRandom(1);
    const drawn = Array.from({ length: 1000 }, () => random.below(3));
    expect([...new Set(drawn)].toSorted()).toEqual([0, 1, 2]);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});

describe.each(WORKLOADS)("$name", (workload) => {
  it("is the same whenever it is made", () => {
    expect(JSON.stringify(workload.problems(40))).toBe(JSON.stringify(workload.problems(40)));
  });

  it("has the size it was asked for, and no pod twice", () => {
    for (const { pods, nodes } of workload.problems(40)) {
      expect(workload.unit === "existing nodes" ? nodes.length : pods.length).toBe(40);
      const bound = nodes.flatMap((node) => node.pods);
      const names = [...pods, ...bound].map(({ metadata }) => metadata.name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("S-901: limits that no plan reaches, on every pool", () => {
    for (const { nodePool } of problemOf(workload.name, 5).nodePools) {
      expect(nodePool.spec.limits).toEqual({ cpu: "10000000", memory: "10000000Gi" });
    }
  });
});

describe("diverse", () => {
  it("S-901: 400 types with five offerings each, one pool, nothing running", () => {
    const { nodePools, nodes, daemonSets, preferencePolicy } = problemOf("diverse", 5);
    const types = nodePools.flatMap(({ instanceTypes }) => instanceTypes);
    expect([nodePools.length, types.length, nodes.length, daemonSets.length]).toEqual([1, 400, 0, 0]);
    expect(types.flatMap(({ offerings }) => offerings)).toHaveLength(2000);
    expect(preferencePolicy).toBe("Respect");
  });

  it("S-902: sizes and labels are drawn evenly from their lists", () => {
    const { pods } = problemOf("diverse", 5000);
    expectUniform(
      pods.map((pod) => requestsOf(pod)["cpu"]),
      CPU_CHOICES,
    );
    expectUniform(
      pods.map((pod) => requestsOf(pod)["memory"]),
      MEMORY_CHOICES,
    );
    expectUniform(
      pods.flatMap(({ metadata }) => metadata.labels?.[MIXED_LABEL] ?? []),
      LABEL_CHOICES,
    );
  });

  it("S-903: a fifth of each kind, and plain pods for the rest", () => {
    const kinds = problemOf("diverse", 503).pods.map((pod) => {
      const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
      if (podAffinity) return "together";
      if (podAntiAffinity) return "apart";
      return spreadOf(pod)?.topologyKey ?? "plain";
    });
    expect(countBy(kinds)).toEqual({
      plain: 103,
      [Label.Zone]: 100,
      [Label.Hostname]: 100,
      together: 100,
      apart: 100,
    });
  });

  it("S-903: fewer than five pods are all plain", () => {
    expect(problemOf("diverse", 4).pods.every(({ spec }) => !spec.affinity && !spec.topologySpreadConstraints)).toBe(
      true,
    );
  });

  it("S-903: spread is strict and counts another label than the pod's own, six times of seven", () => {
    const spread = problemOf("diverse", 2500).pods.filter(spreadOf);
    expect(spread).toHaveLength(1000);
    expect(spread.map(spreadOf)).toEqual(
      spread.map(() => expect.objectContaining({ maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" })),
    );
    const own = spread.filter((pod) => {
      return spreadOf(pod)?.labelSelector?.matchLabels?.[MIXED_LABEL] === pod.metadata.labels?.[MIXED_LABEL];
    });
    expect(own.length / spread.length).toBeGreaterThan(0.1);
    expect(own.length / spread.length).toBeLessThan(0.2);
  });

  it("S-903: seven groups want to be in one zone each, and one group keeps its hosts to itself", () => {
    const { pods } = problemOf("diverse", 1000);
    const together = pods.filter(({ spec }) => spec.affinity?.podAffinity);
    expect(Object.keys(countBy(together.map(({ metadata }) => metadata.labels?.[TOGETHER_LABEL])))).toHaveLength(7);
    for (const { metadata, spec } of together) {
      expect(spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
        { topologyKey: Label.Zone, labelSelector: { matchLabels: metadata.labels } },
      ]);
    }
    for (const { metadata, spec } of pods.filter((pod) => pod.spec.affinity?.podAntiAffinity)) {
      expect(metadata.labels).toEqual({ app: "nginx" });
      expect(spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
        { topologyKey: Label.Hostname, labelSelector: { matchLabels: { app: "nginx" } } },
      ]);
    }
  });
});

describe("preference", () => {
  it("S-904: pods that differ in name only, with three preferences", () => {
    const { pods } = problemOf("preference", 50);
    const [first] = pods;
    expect(new Set(pods.map(({ spec }) => JSON.stringify(spec))).size).toBe(1);
    const { nodeAffinity, podAntiAffinity } = first?.spec.affinity ?? {};
    expect(nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.map(({ weight }) => weight)).toEqual([1]);
    const apart = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    expect(apart.map(({ weight, podAffinityTerm }) => [weight, podAffinityTerm.topologyKey])).toEqual([
      [10, Label.Zone],
      [1, Label.Hostname],
    ]);
  });

  it("S-904: is solved with both policies", () => {
    const [respected, ignored] = [problemOf("preference", 50), problemOf("preference-ignore", 50)];
    expect([respected.preferencePolicy, ignored.preferencePolicy]).toEqual(["Respect", "Ignore"]);
    expect(ignored.pods).toEqual(respected.pods);
  });
});

describe("S-907", () => {
  it("existing: every node is 60 % full", () => {
    const { nodes, pods } = problemOf("existing", 500);
    expect(pods).toHaveLength(1000);
    for (const node of nodes) {
      const used = node.pods.reduce((sum, pod) => sum + Number.parseInt(String(requestsOf(pod)["cpu"]), 10), 0);
      expect(used / (node.allocatable["cpu"] ?? 0)).toBeCloseTo(0.6, 3);
    }
  });

  it("unschedulable: no pool sells the zone, and each pod has four preferences", () => {
    const { pods, nodePools } = problemOf("unschedulable", 30);
    const zones = nodePools.flatMap(({ instanceTypes }) => instanceTypes.map((type) => type.requirements));
    for (const { spec } of pods) {
      const zone = spec.nodeSelector?.[Label.Zone] ?? "";
      expect(zones.some((requirements) => requirements.get(Label.Zone).has(zone))).toBe(false);
      expect(spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution).toHaveLength(4);
    }
  });

  it("hostspread: 20 workloads, each counts its own pods", () => {
    const { pods } = problemOf("hostspread", 200);
    expect(Object.values(countBy(pods.map(({ metadata }) => metadata.labels?.["app"])))).toEqual(
      Array.from({ length: 20 }, () => 10),
    );
    for (const pod of pods) expect(spreadOf(pod)?.labelSelector?.matchLabels).toEqual(pod.metadata.labels);
  });

  it("manypools: 50 pools sell 200 types in three zones, and every pod tolerates one taint or all", () => {
    const { nodePools, pods } = problemOf("manypools", 100);
    expect(nodePools.map(({ instanceTypes }) => instanceTypes.length)).toEqual(nodePools.map(() => 200));
    expect(nodePools).toHaveLength(50);
    const values = new Set(nodePools.map(({ nodePool }) => nodePool.spec.template.spec.taints?.[0]?.value));
    expect(values.size).toBe(50);
    const [single, all] = [pods.filter(({ spec }) => spec.tolerations?.[0]?.value), pods.filter(toleratesAll)];
    expect([single.length, all.length]).toEqual([90, 10]);
    expect(single.every(({ spec }) => values.has(spec.tolerations?.[0]?.value))).toBe(true);
  });

  it("gpu: five pods of a hundred ask for GPUs", () => {
    const { pods } = problemOf("gpu", 400);
    expect(pods.filter((pod) => requestsOf(pod)[GPU] !== undefined)).toHaveLength(20);
  });

  it("deploy: 200 workloads of 50 identical replicas", () => {
    const { pods } = problemOf("deploy", 10_000);
    const byApp = Map.groupBy(pods, ({ metadata }) => metadata.labels?.["app"]);
    expect(byApp.size).toBe(200);
    for (const replicas of byApp.values()) {
      expect(replicas).toHaveLength(50);
      expect(new Set(replicas.map(({ spec }) => JSON.stringify(spec))).size).toBe(1);
    }
  });

  it("daemon: 20 DaemonSets, five of them on large machines only", () => {
    const { daemonSets } = problemOf("daemon", 10);
    expect(daemonSets).toHaveLength(20);
    expect(daemonSets.filter(({ daemonSet }) => daemonSet.spec.template.spec.affinity)).toHaveLength(5);
  });

  it("churn: 100 solves, one pod of a hundred is new each time and the others are the same objects", () => {
    const problems = problemsOf("churn", 300);
    expect(problems).toHaveLength(100);
    for (const [index, { pods, nodePools }] of problems.entries()) {
      const before = problems[index - 1];
      if (before === undefined) continue;
      expect(nodePools).toBe(before.nodePools);
      expect(pods.filter((pod, place) => pod !== before.pods[place])).toHaveLength(3);
    }
  });
});

function toleratesAll({ spec }: Pod): boolean {
  return spec.tolerations?.some(({ operator }) => operator === "Exists") ?? false;
}
