import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { Requirements } from "../requirements/index.ts";
import {
  aDaemonSetInput,
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  ascendingTypes,
  fixtureTypes,
} from "../testing/builders/index.ts";
import type { PodOptions } from "../testing/builders/index.ts";
import { addResources, fits } from "../units/index.ts";
import { allocatableOf } from "./placement/instance-filter.ts";
import { podRequests } from "./pod-requests.ts";
import { podKey } from "./pod-to-place.ts";
import type { NodeInput, ProblemInput } from "./problem.ts";
import type { PlannedClaim, Solution } from "./solution.ts";
import { solve } from "./solve.ts";

const ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"];
const cpus = fc.constantFrom("100m", "250m", "500m", "1", "1900m", "3", "7", "14");
const memories = fc.constantFrom("64Mi", "500Mi", "1Gi", "3Gi", "12Gi");
const selectors = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  {},
  { [Label.Arch]: "amd64" },
  { [Label.Arch]: "arm64" },
  { [Label.Zone]: "test-zone-3" },
  { [Label.CapacityType]: "spot" },
  { team: "a" },
  { team: "b" },
  { nowhere: "x" },
);
const terms = fc.constantFrom<PodOptions["requiredTerms"]>(
  undefined,
  undefined,
  [[[Label.Zone, "In", "test-zone-2", "test-zone-3"]]],
  [[[Label.Zone, "In", "moon"]], [[Label.Zone, "NotIn", "test-zone-1"]]],
  [[["team", "NotIn", "b"]]],
  [[["integer", "Gt", "3"]]],
);

/** Runs on every amd64 node. */
const DAEMON: PodOptions = {
  requests: { cpu: "200m" },
  nodeSelector: { [Label.Arch]: "amd64" },
  tolerations: [{ operator: "Exists" }],
};

const podOptions = fc.record({
  requests: fc.record({ cpu: cpus, memory: memories }),
  nodeSelector: selectors,
  requiredTerms: terms,
  hostPort: fc.option(fc.constantFrom(80, 443), { nil: undefined, freq: 8 }),
  tolerant: fc.boolean(),
  app: fc.constantFrom("a", "b"),
});

type Options = typeof podOptions extends fc.Arbitrary<infer T> ? T : never;

function podOf({ requests, nodeSelector, requiredTerms, hostPort, tolerant, app }: Options, index: number): Pod {
  return aPod({
    name: `p${index}`,
    labels: { app },
    requests,
    nodeSelector,
    ...(requiredTerms && { requiredTerms }),
    ...(hostPort && { ports: [{ hostPort }] }),
    ...(tolerant && { tolerations: [{ key: "dedicated", operator: "Exists" }] }),
  });
}

const podLists = fc.array(podOptions, { minLength: 1, maxLength: 25 }).map((list) => list.map(podOf));

const nodeOptions = fc.record({
  zone: fc.constantFrom(...ZONES),
  cpu: fc.constantFrom("2", "4", "8"),
  initialized: fc.boolean(),
  tainted: fc.boolean(),
  busy: fc.constantFrom("0", "500m", "1500m"),
});

const nodeLists = fc.array(nodeOptions, { maxLength: 4 }).map((list) =>
  list.map(({ zone, cpu, initialized, tainted, busy }, index) =>
    aNodeInput({
      name: `n${index}`,
      nodePool: "default",
      initialized,
      capacity: { cpu },
      labels: { [Label.Zone]: zone, team: "a" },
      ...(tainted && { taints: [{ key: "dedicated", effect: "NoSchedule" }] }),
      pods: [aPod({ name: `busy-${index}`, nodeName: `n${index}`, requests: { cpu: busy } })],
    }),
  ),
);

const problems = fc.record({
  pods: podLists,
  nodes: nodeLists,
  limit: fc.option(fc.constantFrom("6", "20", "40"), { nil: undefined }),
  team: fc.constantFrom<"Exists" | "In">("Exists", "In"),
  daemon: fc.boolean(),
});

type Drawn = typeof problems extends fc.Arbitrary<infer T> ? T : never;

function problemOf({ pods, nodes, limit, team, daemon }: Drawn): ProblemInput {
  return aProblem({
    pods,
    nodes,
    nodePools: [
      aPoolInput({
        instanceTypes: fixtureTypes(),
        ...(limit && { limits: { cpu: limit } }),
        requirements: [{ key: "team", operator: team, ...(team === "In" && { values: ["a", "b"] }) }],
      }),
      aPoolInput({
        name: "dedicated",
        weight: 5,
        instanceTypes: ascendingTypes(5),
        taints: [{ key: "dedicated", effect: "NoSchedule" }],
      }),
    ],
    daemonSets: daemon ? [aDaemonSetInput(DAEMON)] : [],
  });
}

const settings: fc.Parameters<unknown> = { numRuns: 120, seed: 20_260_101 };

describe("any problem", () => {
  it("every pod is planned once or explained once", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const input = problemOf(drawn);
        const solution = solve(input);
        const answered = [
          ...placedPods(solution),
          ...solution.failures.map(({ pod }) => `${pod.namespace}/${pod.name}`),
        ];
        expect(answered.toSorted()).toEqual(input.pods.map(podKey).toSorted());
      }),
      settings,
    );
  });

  it("capacity is never exceeded: every listed type holds its pods and DaemonSets, every node what is put there", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const input = problemOf(drawn);
        const { newClaims, existing } = solve(input);
        for (const { pods, instanceTypes } of newClaims) {
          const needed = addResources(...pods.map(podRequests));
          for (const type of instanceTypes)
            expect(fits(withDaemon(needed, drawn, type.name), allocatableOf(type))).toBe(true);
        }
        for (const { node, pods } of existing) {
          const found = input.nodes.find(({ name }) => name === node);
          const used = addResources(...[...(found?.pods ?? []), ...pods].map(podRequests));
          expect(fits(withDaemon(used, drawn, ""), found?.allocatable ?? {})).toBe(true);
        }
      }),
      settings,
    );
  });

  it("what a pod asks for holds where it is put, and taints are tolerated", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const input = problemOf(drawn);
        const { newClaims, existing } = solve(input);
        for (const claim of newClaims)
          for (const pod of claim.pods) expect(selectorHolds(pod, claimLabels(claim))).toBe(true);
        for (const { node, pods } of existing) {
          const labels = input.nodes.find(({ name }) => name === node)?.labels ?? {};
          for (const pod of pods)
            expect(Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)).toBe(
              true,
            );
        }
        const dedicated = newClaims.filter(({ nodePool }) => nodePool === "dedicated").flatMap(({ pods }) => pods);
        expect(dedicated.every(({ spec }) => spec.tolerations !== undefined)).toBe(true);
      }),
      settings,
    );
  });

  it("no two pods of one place use the same host port", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const { newClaims, existing } = solve(problemOf(drawn));
        for (const { pods } of [...newClaims, ...existing]) {
          const ports = pods.flatMap(({ spec }) => spec.containers[0]?.ports ?? []).map(({ hostPort }) => hostPort);
          expect(new Set(ports).size).toBe(ports.length);
        }
      }),
      settings,
    );
  });

  it("limits are never exceeded, not even by the largest types", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const input = problemOf(drawn);
        const own = solve(input).newClaims.filter(({ nodePool }) => nodePool === "default");
        if (drawn.limit === undefined || own.length === 0) return;
        const exists = input.nodes.reduce((sum, { capacity }) => sum + (capacity["cpu"] ?? 0), 0);
        const planned = own.reduce((sum, claim) => sum + largestCpu(claim), 0);
        expect(exists + planned).toBeLessThanOrEqual(Number(drawn.limit) * 1000);
      }),
      settings,
    );
  });

  it("S-306: the order of pods, nodes, pools and types does not matter", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const input = problemOf(drawn);
        const turned: ProblemInput = {
          ...input,
          pods: input.pods.toReversed(),
          nodes: input.nodes.toReversed(),
          nodePools: input.nodePools
            .toReversed()
            .map((pool) => ({ ...pool, instanceTypes: pool.instanceTypes.toReversed() })),
        };
        expect(shape(solve(turned))).toEqual(shape(solve(input)));
      }),
      settings,
    );
  });

  it("a second run on what became of the plan decides nothing new", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        const input = problemOf({ ...drawn, limit: undefined });
        const solution = solve(input);
        const failed = new Set(solution.failures.map(({ pod }) => `${pod.namespace}/${pod.name}`));
        const next = solve({
          ...input,
          pods: input.pods.filter((pod) => failed.has(podKey(pod))),
          nodes: [...input.nodes.map((node) => withPods(node, solution)), ...solution.newClaims.map(launched)],
        });
        expect([next.newClaims, next.existing]).toEqual([[], []]);
        expect(next.failures).toHaveLength(failed.size);
      }),
      settings,
    );
  });

  it("S-620: every explanation is short, covers every pool and has a narrowing funnel", () => {
    fc.assert(
      fc.property(problems, (drawn) => {
        for (const { summary, nodePools } of solve(problemOf(drawn)).failures) {
          expect(summary.length).toBeLessThanOrEqual(250);
          expect(nodePools.map(({ nodePool }) => nodePool)).toEqual(["dedicated", "default"]);
          for (const { funnel, reason } of nodePools) {
            if (reason === "InvalidPod") continue;
            const left = funnel.map((stage) => stage.left);
            expect(left).toEqual(left.toSorted((a, b) => b - a));
            expect(left.at(-1)).toBe(0);
            expect(reason).not.toBe("NotEvaluated");
          }
        }
      }),
      settings,
    );
  });
});

function placedPods({ newClaims, existing }: Solution): readonly string[] {
  return [...newClaims, ...existing].flatMap(({ pods }) => pods.map(podKey));
}

function withDaemon(used: ReturnType<typeof podRequests>, { daemon }: Drawn, type: string) {
  return daemon && type !== "arm" ? addResources(used, { cpu: 200, pods: 1 }) : used;
}

function claimLabels({ requirements, labels }: PlannedClaim): Requirements {
  return Requirements.fromLabels(labels).merge(requirements);
}

function selectorHolds(pod: Pod, offered: Requirements): boolean {
  return Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => offered.get(key).single() === value);
}

function largestCpu({ instanceTypes }: PlannedClaim): number {
  return Math.max(...instanceTypes.map(({ capacity }) => capacity["cpu"] ?? 0));
}

function withPods(node: NodeInput, { existing }: Solution): NodeInput {
  const placed = existing.find((placement) => placement.node === node.name)?.pods ?? [];
  return { ...node, pods: [...node.pods, ...placed] };
}

/** The machine a plan counts on, with its pods running. */
function launched(claim: PlannedClaim, index: number): NodeInput {
  const { instanceType, offering } = claim.cheapest;
  const labels: Record<string, string> = { ...claim.labels, [Label.Hostname]: `new-${index}` };
  for (const { key, ...requirement } of [...instanceType.requirements, ...offering.requirements]) {
    const [value] = requirement.complement ? [] : requirement.values;
    if (value !== undefined) labels[key] = value;
  }
  const taints = claim.nodePool === "dedicated" ? [{ key: "dedicated", effect: "NoSchedule" as const }] : [];
  return {
    name: `new-${index}`,
    nodePool: claim.nodePool,
    initialized: true,
    labels,
    taints,
    capacity: instanceType.capacity,
    allocatable: allocatableOf(instanceType),
    pods: claim.pods,
  };
}

function shape({ newClaims, existing, failures }: Solution) {
  return {
    claims: newClaims.map((claim) => ({
      pool: claim.nodePool,
      pods: claim.pods.map(podKey),
      types: claim.instanceTypes.map(({ name }) => name),
      requirements: claim.requirements.toString(),
      requests: claim.requests,
      labels: claim.labels,
    })),
    existing: existing.map(({ node, pods }) => [node, ...pods.map(podKey)]),
    failures,
  };
}
