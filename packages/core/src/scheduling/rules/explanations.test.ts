// Why a pod found no place, in words that a person can act on (S-620…S-624).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import {
  anInstanceType,
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  fixtureTypes,
  pods,
} from "../../testing/builders/index.ts";
import type { PoolInputOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import type { PodExplanation, ProblemInput, Solution } from "../index.ts";

const TAINT = { key: "dedicated", value: "gpu", effect: "NoSchedule" } as const;

describe.each(PARITY_ENGINES)("S-620: explanations ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  function explain(pod: Pod, pools: readonly PoolInputOptions[]): PodExplanation | undefined {
    const nodePools = pools.map((pool) => aPoolInput({ instanceTypes: fixtureTypes(), ...pool }));
    return solve(aProblem({ pods: [pod], nodePools })).failures[0];
  }

  it("the size a pod needs stands beside the largest type its pool allows", () => {
    const instanceTypes = [
      anInstanceType({ name: "b3-8", memory: "8Gi" }),
      anInstanceType({ name: "b3-16", memory: "16Gi", kubeReserved: { memory: "3174Mi" } }),
    ];
    const failure = explain(aPod({ requests: { memory: "15Gi" } }), [{ instanceTypes }]);
    expect(failure?.summary).toBe(
      "needs memory 15Gi, largest allowed b3-16 offers 12.9Gi (NodePool default); request less, or allow larger instance types in the NodePool",
    );
    expect(failure?.nodePools[0]).toMatchObject({
      reason: "InsufficientResources",
      detail: "memory: needs 15Gi, largest candidate b3-16 offers 12.9Gi",
      closest: { name: "b3-16", gap: [{ resource: "memory", need: "15Gi", have: "12.9Gi" }] },
    });
  });

  it("T-138: a pod that three pools reject for three reasons gets three entries, in the order they were tried", () => {
    const failure = explain(aPod({ requests: { cpu: "20" }, nodeSelector: { [Label.Arch]: "arm64" } }), [
      { name: "small", weight: 5 },
      { name: "tainted", weight: 9, taints: [TAINT] },
      {
        name: "intel",
        weight: 7,
        requirements: [{ key: Label.Arch, operator: "In", values: ["amd64"] }],
        taints: [{ ...TAINT, effect: "PreferNoSchedule" }],
      },
    ]);
    expect(failure?.nodePools.map(({ nodePool, verdict, reason }) => [nodePool, verdict, reason])).toEqual([
      ["tainted", "rejected", "TaintNotTolerated"],
      ["intel", "rejected", "RequirementMismatch"],
      ["small", "rejected", "InsufficientResources"],
    ]);
    for (const { funnel } of failure?.nodePools ?? []) {
      const left = funnel.map((stage) => stage.left);
      expect(left.length).toBeGreaterThan(1);
      expect(left).toEqual(left.toSorted((a, b) => b - a));
      expect(left.at(-1)).toBe(0);
    }
    expect(failure?.summary.length).toBeLessThanOrEqual(250);
    expect(failure?.summary).toContain("(NodePool small)");
  });

  it("T-138: of several checks that fail the first is named, and a skipped pool says why", () => {
    const failure = explain(aPod({ requests: { cpu: "20" } }), [
      { name: "tainted", weight: 9, taints: [TAINT] },
      { name: "small", weight: 5 },
      { name: "other", weight: 7, skipped: { reason: "NodePoolNotReady", detail: "NodeClass default not found" } },
    ]);
    expect(failure?.nodePools.map(({ nodePool, verdict, reason }) => [nodePool, verdict, reason])).toEqual([
      ["tainted", "rejected", "TaintNotTolerated"],
      ["other", "skipped", "NodePoolNotReady"],
      ["small", "rejected", "InsufficientResources"],
    ]);
    expect(failure?.summary).toBe(
      "needs cpu 20, largest allowed arm offers 15.9 (NodePool small); " +
        "taint dedicated=gpu:NoSchedule not tolerated (NodePool tainted); " +
        "not used: NodeClass default not found (NodePool other)",
    );
  });

  it("T-138: the number of types left never grows from one check to the next", () => {
    const failure = explain(aPod({ requests: { cpu: "20" }, nodeSelector: { [Label.Arch]: "amd64" } }), [{}]);
    const funnel = failure?.nodePools[0]?.funnel ?? [];
    expect(funnel).toEqual([
      { stage: "pool", left: 6 },
      { stage: "taints", left: 6 },
      { stage: "requirements", left: 5 },
      { stage: "ports", left: 5 },
      { stage: "limits", left: 5 },
      { stage: "fit", left: 0 },
    ]);
  });

  it("S-622: a reason that several pools share is said once", () => {
    const failure = explain(aPod({ requests: { cpu: "20" } }), [
      { name: "a", taints: [TAINT] },
      { name: "b", taints: [TAINT] },
    ]);
    expect(failure?.summary).toBe(
      "taint dedicated=gpu:NoSchedule not tolerated (NodePools b, a); add the toleration to the pod or take the taint off the NodePool",
    );
  });

  it("a value that no instance type has is shown with those they have", () => {
    const failure = explain(aPod({ nodeSelector: { [Label.Arch]: "riscv64" } }), [{}]);
    expect(failure?.summary).toBe(
      `needs ${Label.Arch} In [riscv64], instance types offer amd64, arm64 (NodePool default); ask for one of these, or allow other instance types in the NodePool`,
    );
    expect(failure?.nodePools[0]).toMatchObject({ key: Label.Arch, offered: "amd64, arm64" });
  });

  it.each([
    ["swapped", "taem", "team"],
    ["missing", "tam", undefined],
    ["missing in a longer name", "node.kubernetes.io/instance-typ", "node.kubernetes.io/instance-type"],
    ["wrong", "kubernetes.io/orch", Label.Arch],
    ["two slips", "tame", undefined],
  ])("a label with letters %s: %s is taken for %s", (_, key, meant) => {
    const summary = explain(aPod({ nodeSelector: { [key]: "data" } }), [{ labels: { team: "data" } }])?.summary;
    expect(summary).toBe(
      meant === undefined
        ? `label "${key}" does not have known values (NodePool default); give it to the NodePool in spec.template.metadata.labels, or take it off the pod`
        : `label "${key}" does not have known values (typo of "${meant}"?) (NodePool default); correct it in the pod, or give the label to the NodePool in spec.template.metadata.labels`,
    );
  });

  it("pods that are to be near are named as kubectl selects them", () => {
    const labelSelector = {
      matchLabels: { app: "db" },
      matchExpressions: [
        { key: "tier", operator: "In" as const, values: ["a", "b"] },
        { key: "old", operator: "DoesNotExist" as const },
      ],
    };
    const term = { topologyKey: Label.Hostname, labelSelector, namespaces: ["data"] };
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    expect(explain(aPod({ spec: { affinity } }), [{}])?.summary).toBe(
      "pod affinity needs pods with app=db,tier in (a,b),!old in namespace data on the same node, and none runs (NodePool default); start one, or correct the term's labelSelector",
    );
  });

  it("a pool whose own requirements nothing meets is told so", () => {
    const requirements = [{ key: Label.Arch, operator: "In" as const, values: ["riscv64"] }];
    const failure = explain(aPod(), [{ requirements }]);
    expect(failure?.nodePools[0]).toMatchObject({ reason: "NoInstanceType", funnel: [{ stage: "pool", left: 0 }] });
    expect(failure?.summary).toContain("the NodePool's own requirements ask for");
  });

  it("where several reasons are in the way, none is picked to be changed", () => {
    const failure = explain(aPod({ requests: { cpu: "20" } }), [{ name: "a", taints: [TAINT] }, { name: "b" }]);
    expect(failure?.summary).toMatch(/ \(NodePool b\); taint dedicated=gpu:NoSchedule not tolerated \(NodePool a\)$/);
  });

  it("a device that no type has is named", () => {
    const failure = explain(aPod({ requests: { "nvidia.com/gpu": "1" } }), [{}]);
    expect(failure?.summary).toBe(
      "needs nvidia.com/gpu 1, no allowed instance type has any (NodePool default); allow instance types that have it in the NodePool",
    );
  });

  it("resources that no type has together are shown on the closest one", () => {
    const instanceTypes = [
      anInstanceType({ name: "cpu", cpu: "16", memory: "8Gi" }),
      anInstanceType({ name: "mem", cpu: "2", memory: "64Gi" }),
    ];
    const failure = explain(aPod({ requests: { cpu: "8", memory: "12Gi" } }), [{ instanceTypes }]);
    expect(failure?.summary).toBe(
      "no instance type has enough of everything, closest cpu: needs memory 12Gi, has 8Gi (NodePool default); request less, or allow larger instance types in the NodePool",
    );
  });

  it("S-524: a million cores are taken for a typing error", () => {
    const failure = explain(aPod({ requests: { cpu: "100M" } }), [{}]);
    expect(failure?.summary).toContain('cpu: "M" instead of "m"?');
  });

  it("T-138: the summary never exceeds 250 characters, however many pools there are", () => {
    const pools = Array.from({ length: 12 }, (_, index) => ({
      name: `pool-with-a-rather-long-name-${index}`,
      taints: [{ ...TAINT, value: `team-${index}` }],
    }));
    const summary = explain(aPod(), pools)?.summary ?? "";
    expect(summary.length).toBeLessThanOrEqual(250);
    expect(summary).toContain("other reasons");
  });

  it("T-139, S-621: pods that look alike share one explanation", () => {
    const { failures } = solve(aProblem({ pods: pods(1000, { requests: { cpu: "99" } }) }));
    expect(failures).toHaveLength(1000);
    for (const part of ["nodePools", "existing", "planned"] as const) {
      expect([part, new Set(failures.map((failure) => failure[part])).size]).toEqual([part, 1]);
    }
    expect(new Set(failures.map(({ pod }) => pod.name)).size).toBe(1000);
  });

  it("S-624: the summary does not change when unrelated nodes come and go", () => {
    const pod = aPod({ requests: { cpu: "99" } });
    const summaries = [1, 3].map((count) => {
      const nodes = Array.from({ length: count }, (_, index) => aNodeInput({ name: `n${index}` }));
      return solve(aProblem({ pods: [pod], nodes })).failures[0]?.summary;
    });
    expect(summaries[0]).toBe(summaries[1]);
  });

  it("planned claims that refused the pod are counted", () => {
    const list = [aPod({ name: "a", requests: { cpu: "15" } }), aPod({ name: "b", requests: { cpu: "14" } })];
    const { failures } = solve(
      aProblem({ pods: list, nodePools: [aPoolInput({ instanceTypes: fixtureTypes(), limits: { nodes: "1" } })] }),
    );
    expect(failures[0]?.planned).toMatchObject({ count: 1, byReason: { InsufficientResources: 1 } });
  });
});
