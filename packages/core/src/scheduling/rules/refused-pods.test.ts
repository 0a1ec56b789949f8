// Pods that no node is looked for, and what they are told.

import { describe, expect, it } from "vitest";
import type { PodSpec } from "../../api/index.ts";
import { aDaemonSetInput, aNodeInput, aPod, aProblem, pods } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { joined, podNames, refusals, waiting } from "../../testing/read-solution.ts";
import type { ProblemInput } from "../index.ts";

type WithClaims = Partial<PodSpec> & { readonly resourceClaims?: readonly object[] };

const ofPod: WithClaims = { resourceClaims: [{ name: "gpu" }] };
const ofContainer = { containers: [{ name: "main", resources: { claims: [{ name: "gpu" }] } }] };
const ofInitContainer = { initContainers: [{ name: "setup", resources: { claims: [{ name: "gpu" }] } }] };

describe.each(PARITY_ENGINES)("pods that are refused ($name)", (engine) => {
  const solved = (changes: Partial<ProblemInput>) => {
    const problem = aProblem(changes);
    return expectValid(problem, engine.solve(problem));
  };

  it("T-117, S-301: without any NodePool every pod learns just that", () => {
    const { failures, newClaims } = solved({ pods: pods(2), nodePools: [] });
    expect(newClaims).toEqual([]);
    expect(failures.map(({ summary }) => summary.startsWith("no dynamic nodepools found"))).toEqual([true, true]);
    expect(failures.map(({ nodePools }) => nodePools)).toEqual([[], []]);
  });

  it("T-117: pods that fit an existing node do without NodePools", () => {
    const solution = solved({ pods: pods(2), nodePools: [], nodes: [aNodeInput({ nodePool: "" })] });
    expect([joined(solution), solution.failures]).toEqual([[["n1", 2]], []]);
  });

  it.each([
    ["the pod", ofPod],
    ["a container", ofContainer],
    ["an init container", ofInitContainer],
  ])(
    "T-135, S-209: a device claimed by %s is refused without giving anything up, and the others are placed",
    (_, spec) => {
      const preferred = [
        { weight: 1, preference: { matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] } },
      ];
      const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
      const device = aPod({ name: "device", spec: { ...spec, affinity } as Partial<PodSpec> });
      const solution = solved({
        pods: [device, aPod({ name: "plain" })],
        nodes: [aNodeInput({ capacity: { pods: "0" } })],
      });
      expect([waiting(solution), refusals(solution)]).toEqual([["device"], ["DraUnsupported"]]);
      expect(solution.failures[0]?.relaxed).toEqual([]);
      expect(solution.newClaims.map(podNames)).toEqual([["plain"]]);
    },
  );

  it("T-135, S-209: a DaemonSet that claims devices takes no room on new nodes", () => {
    const spec = { containers: [{ name: "main", resources: { requests: { cpu: "15" }, claims: [{ name: "gpu" }] } }] };
    const daemonSets = [aDaemonSetInput({ spec })];
    const solution = solved({ pods: [aPod({ requests: { cpu: "1" } })], daemonSets });
    expect(solution.newClaims[0]?.requests["cpu"]).toBe(1000);
  });
});
