import { driftWithKarpentersTies, readScenario, snapshotOf } from "@karpenter-multicloud/core/testing";
import type { CommandResult, DisruptResult, MethodResult } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { DISRUPT, ourAnswer } from "./judge.ts";
import { randomDisruptScenario } from "./random-scenario.ts";

const NOW = "2026-01-01T12:00:00Z";
const ASK_NOBODY = (): Promise<never> => Promise.reject(new Error("asked again"));
/** However often it is asked. */
const alwaysSays = (disrupt: DisruptResult) => (): Promise<unknown> => Promise.resolve({ disrupt });
const type = (name: string, cpu: string, offerings: readonly object[]) => ({ name, capacity: { cpu }, offerings });
const sold = (capacityType: string, price: number, available = true) => ({
  capacityType,
  zone: "zone-a",
  price,
  available,
});

interface Wishes {
  readonly pool?: object;
  readonly claim?: object;
  readonly pod?: object;
  /** One more type that the pod fits on. */
  readonly cheaper?: boolean;
  readonly soldSpot?: boolean;
}

/** One large node with one small pod. */
function scenario({ pool = {}, claim = {}, pod = {}, cheaper = false, soldSpot = false }: Wishes = {}) {
  const labels = {
    "karpenter.sh/nodepool": "default",
    "node.kubernetes.io/instance-type": "m.8",
    "topology.kubernetes.io/zone": "zone-a",
    "karpenter.sh/capacity-type": "on-demand",
  };
  const containers = [{ name: "main", resources: { requests: { cpu: "1" } } }];
  return {
    action: "disrupt",
    now: NOW,
    nodePools: poolsOf("on-demand", pool),
    instanceTypes: [
      type("m.2", "2", [sold("on-demand", 0.1), sold("spot", 0.03, soldSpot)]),
      ...(cheaper ? [type("m.4", "4", [sold("on-demand", 0.2)])] : []),
      type("m.8", "8", [sold("on-demand", 0.4)]),
    ],
    nodes: [
      {
        node: { metadata: { name: "n1", labels } },
        ...(Object.keys(claim).length > 0 && { nodeClaim: { metadata: { name: "n1", labels }, ...claim } }),
        pods: [{ metadata: { name: "web" }, spec: { containers, ...pod } }],
      },
    ],
  };
}

function changed(answer: DisruptResult, change: (method: MethodResult) => MethodResult): DisruptResult {
  return { ...answer, methods: answer.methods.map(change) };
}

const inSingle =
  (change: (method: MethodResult) => MethodResult) =>
  (method: MethodResult): MethodResult =>
    method.method === "single" ? change(method) : method;

/** Karpenter would keep the node, and agrees with this engine about any other question. */
async function judgedOnceRestated(asked: object) {
  const theirs = changed(
    ourAnswer(asked),
    inSingle((method) => ({ ...method, commands: [] })),
  );
  const same = JSON.stringify(asked);
  return await DISRUPT.judge(asked, { disrupt: theirs }, (restated) =>
    Promise.resolve({ disrupt: JSON.stringify(restated) === same ? theirs : ourAnswer(asked) }),
  );
}

describe("two answers about the same nodes", () => {
  it("are equal when one of Karpenter's outcomes is ours, whatever order its fields have", async () => {
    const ours = ourAnswer(scenario());
    expect(ours.selected).toBe("single");
    const other = changed(ours, (method) => ({ ...method, commands: [] }));
    const judged = await DISRUPT.judge(scenario(), { disrupt: other, alternatives: [{ disrupt: ours }] }, ASK_NOBODY);
    expect(judged).toMatchObject({ result: "equal", acts: true });
  });

  it("are unexplained when no rule covers what differs, and the method is named", async () => {
    const theirs = changed(
      ourAnswer(scenario()),
      inSingle((method) => ({ ...method, commands: [] })),
    );
    const judged = await DISRUPT.judge(scenario(), { disrupt: theirs }, alwaysSays(theirs));
    expect(judged).toMatchObject({ result: "unexplained", detail: "single" });
  });

  it("are equal when Karpenter says ours only if it is asked more often", async () => {
    const ours = ourAnswer(scenario());
    const theirs = changed(
      ours,
      inSingle((method) => ({ ...method, commands: [] })),
    );
    const judged = await DISRUPT.judge(scenario(), { disrupt: theirs }, (_, times) =>
      Promise.resolve({ disrupt: theirs, alternatives: times === 10 ? [{ disrupt: ours }] : [] }),
    );
    expect(judged).toMatchObject({ result: "equal", isRare: true });
  });

  it("are equal whatever the last digits of a calculated price are", async () => {
    const ours = ourAnswer(scenario());
    const noisy = inSingle((method) => ({
      ...method,
      commands: method.commands.map((command) => ({ ...command, sourcePrice: command.sourcePrice + 1e-16 })),
    }));
    expect((await DISRUPT.judge(scenario(), { disrupt: changed(ours, noisy) }, ASK_NOBODY)).result).toBe("equal");
  });

  it("tell what each method decided", async () => {
    const judged = await DISRUPT.judge(scenario(), { disrupt: ourAnswer(scenario()) }, ASK_NOBODY);
    const others = ["emptiness nothing", "staticDrift nothing", "drift nothing", "multi nothing"];
    expect(judged.kinds).toEqual([...others, "single replace"]);
  });

  it("DX-12: are explained when equal empty nodes are told apart by their names only", async () => {
    const empty = (name: string) => {
      const [entry] = scenario().nodes;
      return { node: { ...entry?.node, metadata: { ...entry?.node.metadata, name } }, pods: [] };
    };
    const two = { ...scenario({ pool: { budgets: [{ nodes: "1" }] } }), nodes: [empty("a"), empty("b")] };
    const ours = ourAnswer(two);
    expect(ours.methods[0]?.commands[0]?.candidates.map(({ name }) => name)).toEqual(["a"]);
    const other = (change: object) =>
      changed(ours, (method) => ({
        ...method,
        commands: method.commands.map((command) => ({
          ...command,
          candidates: command.candidates.map((candidate) => ({ ...candidate, name: "b", ...change })),
        })),
      }));
    const same = await DISRUPT.judge(two, { disrupt: other({}) }, alwaysSays(other({})));
    expect(same).toMatchObject({ result: "explained", rules: ["DX-12"] });
    const dearer = other({ price: 0.5 });
    expect((await DISRUPT.judge(two, { disrupt: dearer }, alwaysSays(dearer))).result).toBe("unexplained");
  });

  it("are unexplained when only the eligible nodes differ", async () => {
    const theirs = changed(
      ourAnswer(scenario()),
      inSingle((method) => ({ ...method, candidates: [] })),
    );
    expect((await DISRUPT.judge(scenario(), { disrupt: theirs }, alwaysSays(theirs))).result).toBe("unexplained");
  });

  it("D-98: are explained when only the savings differ, and Karpenter's are the lower ones of a replacement with a choice", async () => {
    const open = scenario({ cheaper: true });
    const saving = (estimatedSavings: number) =>
      changed(
        ourAnswer(open),
        inSingle((method) => ({
          ...method,
          commands: method.commands.map((command) => ({ ...command, estimatedSavings })),
        })),
      );
    const judged = async (asked: object, theirs: DisruptResult) =>
      await DISRUPT.judge(asked, { disrupt: theirs }, alwaysSays(theirs));
    expect(await judged(open, saving(0.01))).toMatchObject({ result: "explained", rules: ["D-98"] });
    expect((await judged(open, saving(9))).result).toBe("unexplained");
    expect((await judged(open, saving(0.4))).result).toBe("unexplained");
    const only = changed(
      ourAnswer(scenario()),
      inSingle((method) => ({
        ...method,
        commands: method.commands.map((command) => ({ ...command, estimatedSavings: 0.01 })),
      })),
    );
    expect((await judged(scenario(), only)).result).toBe("unexplained");
  });

  it("D-98: are explained when Karpenter takes a replacement for free because the first of its types is sold out", async () => {
    const open = {
      ...scenario({ soldSpot: true }),
      nodePools: poolsOf(""),
    };
    const types = [type("m.1", "1500m", [sold("on-demand", 0.05), sold("spot", 0.01, false)]), ...open.instanceTypes];
    const short = { ...open, instanceTypes: types };
    const free = changed(
      ourAnswer(short),
      inSingle((method) => ({
        ...method,
        commands: method.commands.map((command) => ({ ...command, estimatedSavings: command.sourcePrice })),
      })),
    );
    expect(free.methods.at(-1)?.commands[0]?.replacements[0]?.instanceTypes).toEqual(["m.2", "m.1"]);
    expect(await DISRUPT.judge(short, { disrupt: free }, alwaysSays(free))).toMatchObject({ rules: ["D-98"] });
  });

  it("D-81: are explained when Karpenter decides the same once nobody could ask for spot, which nobody sells", async () => {
    const open = { ...scenario(), nodePools: poolsOf("") };
    const ours = ourAnswer(open);
    const theirs = changed(
      ours,
      inSingle((method) => ({ ...method, commands: [] })),
    );
    const asked: object[] = [];
    const saysThen =
      (then: DisruptResult) =>
      (restated: object): Promise<unknown> => {
        if (JSON.stringify(restated) === JSON.stringify(open)) return Promise.resolve({ disrupt: theirs });
        asked.push(restated);
        return Promise.resolve({ disrupt: then });
      };
    expect(await DISRUPT.judge(open, { disrupt: theirs }, saysThen(ours))).toMatchObject({ rules: ["D-81"] });
    expect(JSON.stringify(asked)).toContain(
      '{"key":"karpenter.sh/capacity-type","operator":"In","values":["on-demand"]}',
    );
    expect((await DISRUPT.judge(open, { disrupt: theirs }, saysThen(theirs))).result).toBe("unexplained");
  });

  it("D-81: explains nothing where spot was never wanted, or is sold", async () => {
    const wanted = { ...scenario({ soldSpot: true }), nodePools: poolsOf("") };
    for (const asked of [scenario(), wanted]) {
      const theirs = changed(
        ourAnswer(asked),
        inSingle((method) => ({ ...method, commands: [] })),
      );
      expect((await DISRUPT.judge(asked, { disrupt: theirs }, alwaysSays(theirs))).result).toBe("unexplained");
    }
  });

  it("S-105: are explained when Karpenter agrees once a pod that contradicts itself has no place for it either", async () => {
    const zone = "topology.kubernetes.io/zone";
    const wanting = (selected: string, ...terms: readonly object[]): object => {
      const nodeSelectorTerms = terms.map((term) => ({ matchExpressions: [{ key: zone, ...term }] }));
      const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
      const containers = [{ name: "main", resources: { requests: { cpu: "1" } } }];
      const spec = { nodeSelector: { [zone]: selected }, affinity: { nodeAffinity }, containers };
      return { ...scenario(), pods: [{ metadata: { name: "torn" }, spec }] };
    };
    const inB = { operator: "In", values: ["zone-b"] };
    const notInA = { operator: "NotIn", values: ["zone-a"] };
    expect(await judgedOnceRestated(wanting("zone-a", inB, notInA))).toMatchObject({ rules: ["S-105"] });
    expect(await judgedOnceRestated(wanting("zone-a", { operator: "DoesNotExist" }))).toMatchObject({
      rules: ["S-105"],
    });
    expect((await judgedOnceRestated(wanting("zone-b", inB, notInA))).result).toBe("unexplained");
    expect((await judgedOnceRestated(wanting("zone-a", inB, { operator: "Exists" }))).result).toBe("unexplained");
  });

  it("S-318: are explained when the same rules with Karpenter's order of equally full machines give its command, and no other", async () => {
    const drifting = randomDisruptScenario(80877);
    const ours = ourAnswer(drifting);
    const tied = driftWithKarpentersTies(snapshotOf(readScenario(drifting)).snapshot);
    const judged = async (commands: readonly CommandResult[]) => {
      const theirs = changed(ours, (method) => (method.method === "drift" ? { ...method, commands } : method));
      return await DISRUPT.judge(drifting, { disrupt: theirs }, alwaysSays(theirs));
    };
    expect(await judged(tied)).toMatchObject({ result: "explained", rules: ["S-318"] });
    const [command] = tied;
    const [first, second] = command?.replacements ?? [];
    if (command === undefined || first === undefined || second === undefined)
      throw new Error("two machines are needed");
    const exchanged = [
      { ...first, pods: second.pods },
      { ...second, pods: first.pods },
    ];
    expect(await judged([{ ...command, replacements: exchanged }])).toMatchObject({ result: "unexplained" });
  });

  it("S-407: are explained when Karpenter agrees once pods with company tolerate what pools merely prefer", async () => {
    const company = {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: {}, topologyKey: "topology.kubernetes.io/zone" },
        ],
      },
    };
    const soft = [{ key: "avoided", value: "x", effect: "PreferNoSchedule" }];
    const withTaint = (taints: readonly object[], pod: object) => {
      const base = scenario({ pod });
      const [pool] = base.nodePools as readonly { spec: { template: { spec: object } } }[];
      const template = { spec: { ...pool?.spec.template.spec, taints } };
      return { ...base, nodePools: [{ ...pool, spec: { ...pool?.spec, template } }] };
    };
    expect(await judgedOnceRestated(withTaint(soft, { affinity: company }))).toMatchObject({ rules: ["S-407"] });
    expect((await judgedOnceRestated(withTaint([], { affinity: company }))).result).toBe("unexplained");
    expect((await judgedOnceRestated(withTaint(soft, {}))).result).toBe("unexplained");
  });

  it("S-410: are explained when Karpenter agrees once what ends with the node has no labels that spread could count", async () => {
    const withOther = (kind: string, labels: object) => {
      const base = scenario();
      const owner = { apiVersion: "v1", kind, name: "n1", uid: "n1", controller: true };
      const other = { metadata: { name: "other", labels, ownerReferences: [owner] }, spec: { containers: [] } };
      return { ...base, nodes: base.nodes.map((entry) => ({ ...entry, pods: [...entry.pods, other] })) };
    };
    expect(await judgedOnceRestated(withOther("Node", { app: "web" }))).toMatchObject({ rules: ["S-410"] });
    expect((await judgedOnceRestated(withOther("ReplicaSet", { app: "web" }))).result).toBe("unexplained");
  });

  it("D-135: are explained when Karpenter agrees once the condition is no longer behind the times", async () => {
    const waiting = scenario({
      pool: { consolidateAfter: "10m" },
      claim: { status: { lastPodEventTime: "2026-01-01T11:55:00Z" } },
    });
    const ours = ourAnswer(waiting);
    const believing = ourAnswer(scenario());
    const asked: object[] = [];
    const again = (restated: object, times?: number): Promise<unknown> => {
      const isRestated = JSON.stringify(restated) !== JSON.stringify(waiting);
      if (isRestated) asked.push(restated);
      expect(times).toBe(10);
      return Promise.resolve({ disrupt: isRestated ? ours : believing });
    };
    const judged = await DISRUPT.judge(waiting, { disrupt: believing }, again);
    expect(judged).toMatchObject({ result: "explained", rules: ["D-135"] });
    expect(JSON.stringify(asked)).toContain('"status":"False"');
  });

  it("are refused when Karpenter has none, or this engine cannot read the scenario", async () => {
    const silent = await DISRUPT.judge(scenario(), { error: "panic" }, ASK_NOBODY);
    expect(silent).toMatchObject({ result: "refused", detail: "Karpenter: panic" });
    const odd = { ...scenario(), podz: [] };
    const judged = await DISRUPT.judge(odd, { disrupt: ourAnswer(scenario()) }, ASK_NOBODY);
    expect(judged).toMatchObject({ result: "refused", detail: expect.stringContaining("podz") });
  });
});

function poolsOf(capacityType: string, more: object = {}): readonly object[] {
  const disruption = { budgets: [{ nodes: "100%" }], ...more };
  const any = { key: "karpenter.sh/capacity-type", operator: "Exists" };
  const requirements = [capacityType === "" ? any : { ...any, operator: "In", values: [capacityType] }];
  return [{ metadata: { name: "default" }, spec: { disruption, template: { spec: { requirements } } } }];
}
