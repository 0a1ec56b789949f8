// What DaemonSets will run on a new node, and what that takes from its pods (S-224…S-229).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import { Requirement } from "../../requirements/index.ts";
import {
  aDaemonSetInput,
  aDaemonSetPod,
  anInstanceType,
  aPod,
  aPoolInput,
  aProblem,
  fixtureTypes,
  pods,
} from "../../testing/builders/index.ts";
import type { PodOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { refusals, typeNames } from "../../testing/read-solution.ts";
import type { DaemonSetInput, PlannedClaim, ProblemInput, Solution } from "../index.ts";

const HEAVY: PodOptions = { requests: { cpu: "2", memory: "2Gi" } };
const MEBIBYTE = 1024 ** 2;

describe.each(PARITY_ENGINES)("DaemonSets on new nodes ($name)", (engine) => {
  function plan(daemonSets: readonly DaemonSetInput[], changes: Partial<ProblemInput> = {}): Solution {
    const pod = aPod({ requests: { cpu: "1", memory: "1Gi" } });
    const problem = aProblem({ pods: [pod], daemonSets, ...changes });
    return expectValid(problem, engine.solve(problem));
  }
  function onlyClaim(daemonSets: readonly DaemonSetInput[], changes: Partial<ProblemInput> = {}): PlannedClaim {
    const [claim, ...more] = plan(daemonSets, changes).newClaims;
    if (claim === undefined || more.length > 0) throw new Error(`${more.length} claims more than one`);
    return claim;
  }
  function cheapest(daemonSets: readonly DaemonSetInput[], changes: Partial<ProblemInput> = {}): string {
    return onlyClaim(daemonSets, changes).cheapest.instanceType.name;
  }

  it("T-107: what they need is room that pods do not have", () => {
    expect(cheapest([])).toBe("small");
    expect(cheapest([aDaemonSetInput(HEAVY)])).toBe("default");
  });

  it("T-107, S-225: startup taints do not keep them away", () => {
    const startupTaints = [{ key: "boot", effect: "NoSchedule" as const }];
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), startupTaints })];
    expect(cheapest([aDaemonSetInput(HEAVY)], { nodePools })).toBe("default");
  });

  it("T-107: one that is too large for every type leaves no room, and the explanation tells pod and DaemonSets apart", () => {
    const solution = plan([aDaemonSetInput({ requests: { cpu: "10000" } })]);
    expect(refusals(solution)).toEqual(["InsufficientResources"]);
    expect(solution.failures[0]?.nodePools[0]?.detail).toBe(
      "cpu: needs 10001 (pod 1 + daemons 10000), largest candidate arm offers 15.9",
    );
  });

  it("T-108, S-224: the newest pod shows what became of the template", () => {
    const template = { requests: { cpu: "4", memory: "4Gi" } };
    expect(cheapest([aDaemonSetInput(template)])).toBe("arm");
    expect(cheapest([aDaemonSetInput(template, aDaemonSetPod(HEAVY))])).toBe("default");
  });

  it("T-109, S-229: the claim asks for its pods and the DaemonSets", () => {
    const daemon = aDaemonSetInput({ requests: { cpu: "1", memory: "1Mi" } });
    const list = pods(2, { requests: { cpu: "1", memory: "1Mi" } });
    expect(onlyClaim([daemon], { pods: list.slice(0, 1) }).requests).toEqual({
      cpu: 2000,
      memory: 2 * MEBIBYTE,
      pods: 2,
    });
    expect(onlyClaim([daemon], { pods: list }).requests).toEqual({ cpu: 3000, memory: 3 * MEBIBYTE, pods: 3 });
  });

  const taints = [{ key: "t", effect: "NoSchedule" as const }];
  const soft = [{ key: "t", effect: "PreferNoSchedule" as const }];
  const wish = {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 1, preference: { matchExpressions: [{ key: "absent", operator: "In", values: ["x"] }] } },
    ],
  };

  it.each([
    ["does not tolerate the pool's taint is ignored", {}, { taints }, "small"],
    ["tolerates it is counted", { tolerations: [{ operator: "Exists" as const }] }, { taints }, "default"],
    ["selects a label nobody has is ignored", { nodeSelector: { absent: "x" } }, {}, "small"],
    ["excludes a value of a key nobody has is counted", { requiredTerms: [[["absent", "NotIn", "x"]]] }, {}, "default"],
    [
      "matches with its second term is counted",
      { requiredTerms: [[["absent", "In", "x"]], [[Label.Os, "In", "linux"]]] },
      {},
      "default",
    ],
    ["prefers a label nobody has is counted", { spec: { affinity: { nodeAffinity: wish } } }, {}, "default"],
    ["meets a PreferNoSchedule taint is counted", {}, { taints: soft }, "default"],
    [
      "selects on the state every node reaches is counted",
      { nodeSelector: { [Label.Initialized]: "true" } },
      {},
      "default",
    ],
  ] as const)("T-110, S-225: one that %s", (_, daemon, pool, type) => {
    const pod = aPod({ requests: { cpu: "1", memory: "1Gi" }, tolerations: [{ operator: "Exists" }] });
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), ...pool })];
    expect(cheapest([aDaemonSetInput({ ...HEAVY, ...daemon })], { pods: [pod], nodePools })).toBe(type);
  });

  it("T-110, S-226: its OR-ed terms are judged for each type on its own", () => {
    const sized = (name: string, size: string) =>
      anInstanceType({ name, requirements: [Requirement.of("size", "In", [size])] });
    const requiredTerms = [[["size", "In", "a"]], [["size", "In", "b"]]] as const;
    const instanceTypes = [sized("a", "a"), sized("b", "b"), sized("c", "c")];
    const claim = onlyClaim([aDaemonSetInput({ requests: { cpu: "1" }, requiredTerms })], {
      nodePools: [aPoolInput({ instanceTypes })],
      pods: [aPod({ requests: { cpu: "3.5" } })],
    });
    expect(typeNames(claim)).toEqual(["c"]);
  });

  it("S-224: limits stand in for requests that are missing in a template", () => {
    const spec = { containers: [{ name: "main", resources: { limits: { cpu: "2", memory: "2Gi" } } }] };
    expect(cheapest([aDaemonSetInput({ spec })])).toBe("default");
  });

  it("S-224: the node name a DaemonSet pod is pinned to says nothing about other nodes", () => {
    const nodeSelectorTerms = [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] }];
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
    expect(cheapest([aDaemonSetInput({}, aDaemonSetPod(HEAVY, { affinity }))])).toBe("default");
  });

  const twoArchitectures = [
    aPoolInput({ instanceTypes: [anInstanceType({ name: "arm", arch: "arm64" }), anInstanceType({ name: "amd" })] }),
  ];

  it("S-229: only what all surviving types share is asked for", () => {
    const onAmd = { nodeSelector: { [Label.Arch]: "amd64" } };
    const claim = onlyClaim(
      [
        aDaemonSetInput({ name: "logs", requests: { cpu: "200m" } }),
        aDaemonSetInput({ name: "metrics", requests: { cpu: "300m", memory: "1Gi" }, ...onAmd }),
      ],
      { nodePools: twoArchitectures, pods: [aPod({ requests: { cpu: "1" } })] },
    );
    expect(claim.instanceTypes).toHaveLength(2);
    expect(claim.requests).toEqual({ cpu: 1200, pods: 2 });
  });

  it("S-229: a surviving type without DaemonSets makes the shared part empty", () => {
    const daemonSets = [aDaemonSetInput({ ...HEAVY, nodeSelector: { [Label.Arch]: "amd64" } })];
    const claim = onlyClaim(daemonSets, { nodePools: twoArchitectures });
    expect(claim.requests).toEqual({ cpu: 1000, memory: 1024 ** 3, pods: 1 });
  });

  it("S-209: one that claims devices is left out", () => {
    const spec = { containers: [{ name: "main", resources: { requests: { cpu: "2" }, claims: [{ name: "gpu" }] } }] };
    const problem = aProblem({
      pods: [aPod({ requests: { cpu: "1", memory: "1Gi" } })],
      daemonSets: [aDaemonSetInput({ spec })],
    });
    expect(engine.solve(problem).newClaims.map((claim) => claim.cheapest.instanceType.name)).toEqual(["small"]);
  });
});
