import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import { Requirement } from "../requirements/index.ts";
import {
  aDaemonSetInput,
  aDaemonSetPod,
  anInstanceType,
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  fixtureTypes,
  pods,
} from "../testing/builders/index.ts";
import type { PodOptions } from "../testing/builders/index.ts";
import type { DaemonSetInput, ProblemInput } from "./problem.ts";
import { solve } from "./solve.ts";

function planned(daemonSets: readonly DaemonSetInput[], changes: Partial<ProblemInput> = {}) {
  const input = aProblem({ pods: [aPod({ requests: { cpu: "1", memory: "1Gi" } })], daemonSets, ...changes });
  const solution = solve(input);
  return { solution, claim: solution.newClaims[0], type: solution.newClaims[0]?.cheapest.instanceType.name };
}

const HEAVY: PodOptions = { requests: { cpu: "2", memory: "2Gi" } };

describe("DaemonSets on new nodes", () => {
  it("T-107: what they need is room that pods do not have", () => {
    expect(planned([]).type).toBe("small");
    expect(planned([aDaemonSetInput(HEAVY)]).type).toBe("default");
  });

  it("S-225, T-107: startup taints do not keep them away", () => {
    const startupTaints = [{ key: "boot", effect: "NoSchedule" as const }];
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), startupTaints })];
    expect(planned([aDaemonSetInput(HEAVY)], { nodePools }).type).toBe("default");
  });

  it("T-107: one that is too large leaves no room, and the explanation tells pod and DaemonSets apart", () => {
    const { solution } = planned([aDaemonSetInput({ requests: { cpu: "10000" } })]);
    expect(solution.failures[0]?.nodePools[0]?.detail).toBe(
      "cpu: needs 10001 (pod 1 + daemons 10000), largest candidate arm offers 15.9",
    );
  });

  it("S-224, T-108: the newest pod shows what admission made of the template", () => {
    const template = { requests: { cpu: "4", memory: "4Gi" } };
    expect(planned([aDaemonSetInput(template)]).type).toBe("arm");
    expect(planned([aDaemonSetInput(template, aDaemonSetPod(HEAVY))]).type).toBe("default");
  });

  it("S-224: limits stand in for requests that are missing in a template", () => {
    const spec = { containers: [{ name: "main", resources: { limits: { cpu: "2", memory: "2Gi" } } }] };
    expect(planned([aDaemonSetInput({ spec })]).type).toBe("default");
  });

  it("S-224: the node name a DaemonSet pod is pinned to says nothing about other nodes", () => {
    const nodeSelectorTerms = [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] }];
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
    expect(planned([aDaemonSetInput({}, aDaemonSetPod(HEAVY, { affinity }))]).type).toBe("default");
  });

  it("S-229, T-109: the claim asks for its pods and the DaemonSets", () => {
    const daemon = aDaemonSetInput({ requests: { cpu: "1", memory: "1Mi" } });
    const two = pods(2, { requests: { cpu: "1", memory: "1Mi" } });
    expect(planned([daemon], { pods: two.slice(0, 1) }).claim?.requests).toEqual({
      cpu: 2000,
      memory: 2 * 1024 ** 2,
      pods: 2,
    });
    expect(planned([daemon], { pods: two }).claim?.requests).toEqual({ cpu: 3000, memory: 3 * 1024 ** 2, pods: 3 });
  });

  it("S-229: only what all surviving types share is asked for", () => {
    const types = [anInstanceType({ name: "arm", arch: "arm64" }), anInstanceType({ name: "amd" })];
    const daemonSets = [
      aDaemonSetInput({ name: "logs", requests: { cpu: "200m" } }),
      aDaemonSetInput({
        name: "metrics",
        requests: { cpu: "300m", memory: "1Gi" },
        nodeSelector: { [Label.Arch]: "amd64" },
      }),
    ];
    const nodePools = [aPoolInput({ instanceTypes: types })];
    const { claim } = planned(daemonSets, { nodePools, pods: [aPod({ requests: { cpu: "1" } })] });
    expect(claim?.instanceTypes).toHaveLength(2);
    expect(claim?.requests).toEqual({ cpu: 1200, pods: 2 });
  });

  it("S-229: a surviving type without DaemonSets makes the shared part empty", () => {
    const types = [anInstanceType({ name: "arm", arch: "arm64" }), anInstanceType({ name: "amd" })];
    const daemonSets = [aDaemonSetInput({ ...HEAVY, nodeSelector: { [Label.Arch]: "amd64" } })];
    const { claim } = planned(daemonSets, { nodePools: [aPoolInput({ instanceTypes: types })] });
    expect(claim?.requests).toEqual({ cpu: 1000, memory: 1024 ** 3, pods: 1 });
  });

  it.each([
    ["does not tolerate the pool's taint", {}, { taints: [{ key: "t", effect: "NoSchedule" as const }] }, "small"],
    [
      "tolerates it",
      { tolerations: [{ operator: "Exists" as const }] },
      { taints: [{ key: "t", effect: "NoSchedule" as const }] },
      "default",
    ],
    ["selects a label nobody has", { nodeSelector: { absent: "x" } }, {}, "small"],
    ["excludes a value of a key nobody has", { requiredTerms: [[["absent", "NotIn", "x"]]] }, {}, "default"],
    ["meets a PreferNoSchedule taint", {}, { taints: [{ key: "t", effect: "PreferNoSchedule" as const }] }, "default"],
    [
      "matches with its second term",
      { requiredTerms: [[["absent", "In", "x"]], [[Label.Os, "In", "linux"]]] },
      {},
      "default",
    ],
    ["selects on the state every node reaches", { nodeSelector: { [Label.Initialized]: "true" } }, {}, "default"],
  ] as const)("T-110: one that %s", (_, daemon, pool, type) => {
    const pod = aPod({ requests: { cpu: "1", memory: "1Gi" }, tolerations: [{ operator: "Exists" }] });
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), ...pool })];
    expect(planned([aDaemonSetInput({ ...HEAVY, ...daemon })], { pods: [pod], nodePools }).type).toBe(type);
  });

  it("S-226, T-110: its OR-ed terms are judged for each type on its own", () => {
    const sized = (name: string, size: string) =>
      anInstanceType({ name, requirements: [Requirement.of("size", "In", [size])] });
    const requiredTerms = [[["size", "In", "a"]], [["size", "In", "b"]]] as const;
    const { claim } = planned([aDaemonSetInput({ requests: { cpu: "1" }, requiredTerms })], {
      nodePools: [aPoolInput({ instanceTypes: [sized("a", "a"), sized("b", "b"), sized("c", "c")] })],
      pods: [aPod({ requests: { cpu: "3.5" } })],
    });
    expect(claim?.instanceTypes.map(({ name }) => name)).toEqual(["c"]);
  });

  it("S-209: one that claims devices is left out", () => {
    const spec = { containers: [{ name: "main", resources: { requests: { cpu: "2" }, claims: [{ name: "gpu" }] } }] };
    expect(planned([aDaemonSetInput({ spec })]).type).toBe("small");
  });
});

describe("DaemonSets on existing nodes", () => {
  const daemon = aDaemonSetInput({ requests: { cpu: "1" } });
  const node = (changes = {}) => aNodeInput({ capacity: { cpu: "16" }, allocatable: { cpu: "15900m" }, ...changes });
  const bound = (cpu: string, name = "agent-x") => aDaemonSetPod({ name, nodeName: "n1", requests: { cpu } });

  function fits(
    cpu: string,
    changes: Parameters<typeof aNodeInput>[0],
    daemonSets: readonly DaemonSetInput[] = [daemon],
  ) {
    const solution = solve(
      aProblem({ pods: [aPod({ requests: { cpu } })], nodes: [node(changes)], daemonSets, nodePools: [] }),
    );
    return solution.existing.length === 1;
  }

  it("S-220: room is kept for those that have not started", () => {
    expect(fits("14.9", {})).toBe(true);
    expect(fits("14.901", {})).toBe(false);
  });

  it("T-103: those that run already are not counted twice", () => {
    expect(fits("14.9", { pods: [bound("1")] })).toBe(true);
    expect(fits("14.901", { pods: [bound("1")] })).toBe(false);
  });

  it("T-103: an unexpected one never makes room", () => {
    expect(fits("12.9", { pods: [bound("1"), bound("2", "other-x")] })).toBe(true);
    expect(fits("12.901", { pods: [bound("1"), bound("2", "other-x")] })).toBe(false);
  });

  it("S-228, T-104: one that needs a label the node lacks will not come", () => {
    const zonal = aDaemonSetInput({ requests: { cpu: "1" }, nodeSelector: { [Label.Zone]: "z1" } });
    expect(fits("15.9", {}, [zonal])).toBe(true);
    expect(fits("15.9", { labels: { [Label.Zone]: "z1" } }, [zonal])).toBe(false);
  });
});
