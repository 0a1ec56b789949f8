// No node gets more volumes than it can have attached (S-235, S-236).
// Scenarios of docs/reference/upstream-parity.md: E-227.

import { describe, expect, it } from "vitest";
import {
  anInstanceType,
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  aStorage,
  aStorageClass,
  aVolumeClaim,
  boundClaim,
  CSI_DRIVER,
  mounting,
  nextRound,
  pods,
  storageOf,
} from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { joined, refusals, typeNames } from "../../testing/read-solution.ts";
import type { NodeInput, ProblemInput, Solution, StorageInput } from "../index.ts";

const attaching = (count: number) => ({ volumeLimits: { [CSI_DRIVER]: count } });
const LARGE = anInstanceType({ name: "large", cpu: "64", memory: "256Gi" });
const nodePools = [aPoolInput({ instanceTypes: [LARGE] })];

/** Claims that wait for their pods. */
const late = (...names: readonly string[]): StorageInput =>
  aStorage({
    persistentVolumeClaims: names.map((name) => aVolumeClaim({ name, storageClassName: "late" })),
    storageClasses: [aStorageClass()],
  });

/** Pods with as many claims of their own each. */
function owners(count: number, claims: number): Pick<ProblemInput, "pods" | "storage"> {
  const names = (pod: number): readonly string[] => Array.from({ length: claims }, (_, index) => `c${pod}-${index}`);
  return {
    pods: pods(count).map((pod, index) => ({ ...pod, spec: { ...pod.spec, ...mounting(...names(index)) } })),
    storage: late(...Array.from({ length: count }, (_, index) => names(index)).flat()),
  };
}

function node(limit: number, more: Parameters<typeof aNodeInput>[0] = {}): NodeInput {
  return { ...aNodeInput(more), ...attaching(limit) };
}

describe.each(PARITY_ENGINES)("attach limits ($name)", (engine) => {
  const solve = (changes: Partial<ProblemInput>): Solution => {
    const problem = aProblem({ nodePools, ...changes });
    return expectValid(problem, engine.solve(problem));
  };
  const sizes = ({ newClaims }: Solution) => newClaims.map((claim) => claim.pods.length);

  it("T-127: of six pods with two claims each, five fill a node that attaches ten volumes", () => {
    const plan = solve({ ...owners(6, 2), nodes: [node(10)] });
    expect(joined(plan)).toEqual([["n1", 5]]);
    expect(sizes(plan)).toEqual([1]);
  });

  it("T-127: a hundred pods that share one claim take one volume of a node", () => {
    const plan = solve({ pods: pods(100, { spec: mounting("shared") }), storage: late("shared"), nodes: [node(10)] });
    expect(joined(plan)).toEqual([["n1", 100]]);
    expect(sizes(plan)).toEqual([]);
  });

  it("S-235: volumes of pods that run there count, shared ones once, vanished ones not at all", () => {
    const running = ["one", "one", "vanished"].map((claim, index) =>
      aPod({ name: `running-${index}`, nodeName: "n1", spec: mounting(claim) }),
    );
    const storage = late("one", "two", "three");
    const ask = (claim: string, limit: number) =>
      joined(solve({ pods: [aPod({ spec: mounting(claim) })], storage, nodes: [node(limit, { pods: running })] }));
    expect(ask("two", 2)).toEqual([["n1", 1]]);
    expect(ask("two", 1)).toEqual([]);
    expect(ask("one", 1)).toEqual([["n1", 1]]);
  });

  it("S-235: a node beyond its limit still takes pods that bring nothing new to attach", () => {
    const running = ["one", "two"].map((claim) => aPod({ name: claim, nodeName: "n1", spec: mounting(claim) }));
    const list = [aPod({ name: "plain" }), aPod({ name: "again", spec: mounting("one") })];
    const plan = solve({ pods: list, storage: late("one", "two"), nodes: [node(1, { pods: running })] });
    expect(joined(plan)).toEqual([["n1", 2]]);
  });

  it("S-235: drivers are counted apart, and one without a limit never fills a node", () => {
    const other = aVolumeClaim({ name: "other", storageClassName: "other" });
    const storage = storageOf(
      late("one", "two"),
      aStorage({
        persistentVolumeClaims: [other],
        storageClasses: [aStorageClass({ name: "other", provisioner: "other" })],
      }),
    );
    const list = ["one", "other", "two"].map((claim) => aPod({ name: claim, spec: mounting(claim) }));
    const plan = solve({ pods: list, storage, nodes: [node(1)] });
    expect(joined(plan)).toEqual([["n1", 2]]);
    expect(sizes(plan)).toEqual([1]);
  });

  it("S-234: volumes of no driver are not counted", () => {
    const storage = storageOf(
      boundClaim("one", { spec: { hostPath: { path: "/a" } } }),
      boundClaim("two", { spec: { local: { path: "/b" } } }),
    );
    expect(joined(solve({ pods: [aPod({ spec: mounting("one", "two") })], storage, nodes: [node(0)] }))).toEqual([
      ["n1", 1],
    ]);
  });

  it("T-146: twenty pods with a claim each become two machines of a type that attaches sixteen", () => {
    const limited = [aPoolInput({ instanceTypes: [{ ...LARGE, ...attaching(16) }] })];
    const plan = solve({ ...owners(20, 1), nodePools: limited });
    expect(sizes(plan)).toEqual([16, 4]);
    expect(sizes(solve(owners(20, 1)))).toEqual([20]);
  });

  it("T-146: on machines to come, too, a shared claim is attached once", () => {
    const limited = [aPoolInput({ instanceTypes: [{ ...LARGE, ...attaching(1) }] })];
    const plan = solve({ pods: pods(30, { spec: mounting("shared") }), storage: late("shared"), nodePools: limited });
    expect(sizes(plan)).toEqual([30]);
  });

  it("S-236: types that attach too few drop out of a claim that others can still carry", () => {
    const types = [
      { ...anInstanceType({ name: "a" }), ...attaching(1) },
      { ...anInstanceType({ name: "b" }), ...attaching(2) },
      anInstanceType({ name: "c" }),
    ];
    const ask = (count: number) => solve({ ...owners(count, 1), nodePools: [aPoolInput({ instanceTypes: types })] });
    expect(ask(1).newClaims.map(typeNames)).toEqual([["a", "b", "c"]]);
    expect(ask(2).newClaims.map(typeNames)).toEqual([["b", "c"]]);
    expect(ask(3).newClaims.map(typeNames)).toEqual([["c"]]);
  });

  it("S-236: in the next round a launched machine attaches no more than its type does", () => {
    const limited = [aPoolInput({ instanceTypes: [{ ...LARGE, ...attaching(2) }] })];
    const { pods: all, storage } = owners(5, 1);
    const problem = aProblem({ pods: all.slice(0, 3), ...(storage && { storage }), nodePools: limited });
    const first = expectValid(problem, engine.solve(problem));
    expect(sizes(first)).toEqual([2, 1]);
    const next = nextRound(problem, first, all.slice(3));
    const second = expectValid(next, engine.solve(next));
    expect(second.existing.map((each) => each.pods.length)).toEqual([1]);
    expect(sizes(second)).toEqual([1]);
  });

  it("S-620: a pod with more volumes than any machine attaches learns how many that is", () => {
    const types = [8, 16].map((count) => ({ ...anInstanceType({ name: `t-${count}` }), ...attaching(count) }));
    const plan = solve({ ...owners(1, 17), nodePools: [aPoolInput({ instanceTypes: types })] });
    expect(refusals(plan)).toEqual(["VolumeLimit"]);
    expect(plan.failures[0]?.nodePools[0]).toMatchObject({
      detail: `pod has 17 volumes of ${CSI_DRIVER}, t-16 attaches most with 16`,
      closest: {
        name: "t-16",
        failed: "VolumeLimit",
        gap: [{ resource: `volumes of ${CSI_DRIVER}`, need: "17", have: "16" }],
      },
    });
  });

  it("S-308: a full node says so before its ports are looked at, and by how much", () => {
    const ports = [{ hostPort: 80 }];
    const there = aPod({ name: "there", nodeName: "n1", ports, spec: mounting("one") });
    const [main] = there.spec.containers;
    const wanted = aPod({ spec: { ...mounting("two"), containers: [{ name: "main", ...main, ports }] } });
    const plan = solve({
      pods: [wanted],
      storage: late("one", "two"),
      nodePools: [],
      nodes: [node(1, { pods: [{ ...there, spec: { ...there.spec, containers: [{ name: "main", ports }] } }] })],
    });
    expect(plan.failures[0]?.existing).toEqual({
      count: 1,
      byReason: { VolumeLimit: 1 },
      closest: {
        name: "n1",
        failed: "VolumeLimit",
        gap: [{ resource: `volumes of ${CSI_DRIVER}`, need: "2", have: "1" }],
      },
    });
  });
});
