import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { aNodeInput, aPod, aPoolInput, aProblem } from "../../testing/builders/index.ts";
import type { NodeInputOptions, PodOptions } from "../../testing/builders/index.ts";
import type { CandidateTally, PodExplanation } from "../solution.ts";
import { solve } from "../solve.ts";

const TAINT = { key: "dedicated", value: "gpu", effect: "NoSchedule" } as const;

function failures(pods: readonly Pod[], nodes: readonly NodeInputOptions[] = []): readonly PodExplanation[] {
  const problem = aProblem({
    pods,
    nodes: nodes.map((node) => aNodeInput(node)),
    nodePools: [aPoolInput({ taints: [TAINT] })],
  });
  return solve(problem).failures;
}

function existing(pod: PodOptions, nodes: readonly NodeInputOptions[]): CandidateTally | undefined {
  return failures([aPod(pod)], nodes)[0]?.existing;
}

function full(name: string, cpu: string, more: NodeInputOptions = {}): NodeInputOptions {
  return { name, pods: [aPod({ name: `on-${name}`, nodeName: name, requests: { cpu } })], ...more };
}

describe("S-620: nodes that refuse a pod", () => {
  it("are counted by the first check they fail", () => {
    const pod = { requests: { cpu: "3" }, nodeSelector: { team: "a" } };
    const nodes = [
      { name: "n1", taints: [TAINT], labels: { team: "a" } },
      full("n2", "2", { labels: { team: "b" } }),
      { name: "n3", labels: { team: "b" } },
      { name: "n4" },
    ];
    expect(existing(pod, nodes)).toMatchObject({
      count: 4,
      byReason: { TaintNotTolerated: 1, InsufficientResources: 1, RequirementMismatch: 1, UnknownLabel: 1 },
    });
  });

  it("have a closest: the fewest failing checks, however late the others fail first", () => {
    const nodes = [full("n1", "3", { labels: { team: "b" } }), { name: "n2", taints: [TAINT], labels: { team: "a" } }];
    const closest = existing({ requests: { cpu: "2" }, nodeSelector: { team: "a" } }, nodes)?.closest;
    expect(closest).toEqual({ name: "n2", failed: "TaintNotTolerated" });
  });

  it("of those the one whose check is easier to pass, then the one that lacks least, then the first", () => {
    const taint = { name: "n0", taints: [TAINT] };
    const closest = existing({ requests: { cpu: "3" } }, [taint, full("n1", "3"), full("n2", "2"), full("n3", "2")]);
    expect(closest?.closest).toEqual({
      name: "n2",
      failed: "InsufficientResources",
      gap: [{ resource: "cpu", need: "3", have: "2" }],
    });
  });

  it("tell of a port that is taken and of a host that has such a pod already", () => {
    const ports = [{ containerPort: 80, hostPort: 8080, protocol: "TCP" as const }];
    const busy = { name: "n1", pods: [aPod({ name: "other", nodeName: "n1", ports })] };
    expect(existing({ ports }, [busy])).toEqual({
      count: 1,
      byReason: { HostPort: 1 },
      closest: { name: "n1", failed: "HostPort" },
    });
    const term = { topologyKey: Label.Hostname, labelSelector: { matchLabels: { app: "a" } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const company = { name: "n1", pods: [aPod({ name: "other", nodeName: "n1", labels: { app: "a" } })] };
    expect(existing({ labels: { app: "a" }, spec: { affinity } }, [company])).toMatchObject({
      byReason: { PodAntiAffinity: 1 },
    });
  });
});

describe("S-621: what pods have in common is told once", () => {
  it("pods of different sizes that a taint keeps away share the pools' answers", () => {
    const sizes = Array.from({ length: 5 }, (_, index) =>
      aPod({ name: `p${index}`, requests: { cpu: String(index + 1) } }),
    );
    const list = failures(sizes, [{ name: "n1", taints: [TAINT] }]);
    expect(list.map(({ pod }) => pod.name)).toEqual(["p0", "p1", "p2", "p3", "p4"]);
    expect(new Set(list.map(({ nodePools }) => nodePools)).size).toBe(1);
    expect(list.map(({ existing: nodes }) => nodes.count)).toEqual([1, 1, 1, 1, 1]);
  });

  it("T-139: pods that are alike share all but their name", () => {
    const [one, other] = failures([aPod({ name: "a" }), aPod({ name: "b" })], [{ name: "n1", taints: [TAINT] }]);
    expect(one).toMatchObject({ pod: { name: "a" }, existing: { count: 1, byReason: { TaintNotTolerated: 1 } } });
    expect(other?.existing).toBe(one?.existing);
    expect(other?.planned).toBe(one?.planned);
    expect(other?.nodePools).toBe(one?.nodePools);
  });
});
