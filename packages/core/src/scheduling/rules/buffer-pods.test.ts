// How virtual pods of CapacityBuffers are planned among real ones (S-208, E-80, E-87, E-90, E-91, E-94).
// Scenarios of docs/reference/upstream-parity.md: E-95.

import { describe, expect, it } from "vitest";
import { Annotation, Label } from "../../api/index.ts";
import type { Pod, PodSpec } from "../../api/index.ts";
import { anInstanceType, aNodeInput, aPod, aProblem, fixturePool } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { companies, refusals } from "../../testing/read-solution.ts";
import { bufferPods } from "../buffer-pods.ts";
import type { ProblemInput, Solution } from "../index.ts";

function spare(count: number, cpu: string, spec: Partial<PodSpec> = {}, labels = {}): readonly Pod[] {
  const template = { metadata: { labels }, spec: { ...aPod({ requests: { cpu } }).spec, ...spec } };
  return bufferPods({ name: "headroom", namespace: "default", uid: "b" }, template, count);
}

/** Names of the pods on each node that is there. */
function onNodes({ existing }: Solution): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(existing.map(({ node, pods }) => [node, pods.map(({ metadata }) => metadata.name ?? "")]));
}

describe.each(PARITY_ENGINES)("virtual pods, engine $name", (engine) => {
  const solve = (problem: ProblemInput): Solution => {
    const solution = engine.solve(problem);
    expectValid(problem, solution);
    return solution;
  };
  const types = [anInstanceType()];

  it("S-208, E-80: what is real gets the room that is there, however small it is; the buffer's is bought anew", () => {
    const solution = solve(
      aProblem({
        pods: [...spare(1, "3"), aPod({ name: "small", requests: { cpu: "1" } })],
        nodePools: [fixturePool({ instanceTypes: types })],
        nodes: [aNodeInput({ name: "n1", capacity: { cpu: "3" } })],
      }),
    );
    expect(onNodes(solution)).toEqual({ n1: ["small"] });
    expect(companies(solution)).toEqual([["headroom-0"]]);
  });

  it("S-208, E-87: a limit that one machine is left of goes to what is real", () => {
    const pool = fixturePool({ instanceTypes: types, limits: { nodes: 1 } });
    const pods = [...spare(1, "3"), aPod({ name: "small", requests: { cpu: "1500m" } })];
    const solution = solve(aProblem({ pods, nodePools: [pool] }));
    expect([companies(solution), refusals(solution)]).toEqual([[["small"]], ["NodeLimitReached"]]);
  });

  it("E-90: virtual and real pods share a machine", () => {
    const pods = [...spare(2, "1"), aPod({ name: "real", requests: { cpu: "1" } })];
    const solution = solve(aProblem({ pods, nodePools: [fixturePool({ instanceTypes: types })] }));
    expect(companies(solution)).toEqual([["headroom-0", "headroom-1", "real"]]);
  });

  it("E-91: the template's nodeSelector is obeyed", () => {
    const nodes = [aNodeInput({ name: "n1" }), aNodeInput({ name: "n2", labels: { disk: "fast" } })];
    const pods = spare(1, "1", { nodeSelector: { disk: "fast" } });
    expect(onNodes(solve(aProblem({ pods, nodes })))).toEqual({ n2: ["headroom-0"] });
  });

  it("E-94: anti-affinity among the virtual pods keeps them on machines of their own", () => {
    const term = { topologyKey: Label.Hostname, labelSelector: { matchLabels: { app: "web" } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const pods = spare(3, "1", { affinity }, { app: "web" });
    expect(pods[0]?.metadata.annotations?.[Annotation.CapacityBufferFakePod]).toBe("true");
    const solution = solve(aProblem({ pods, nodePools: [fixturePool({ instanceTypes: types })] }));
    expect(companies(solution)).toEqual([["headroom-0"], ["headroom-1"], ["headroom-2"]]);
  });
});
