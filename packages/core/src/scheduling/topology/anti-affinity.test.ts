import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { PodAffinityTerm } from "../../api/index.ts";
import { aNodeInput, aPod, aProblem, pods } from "../../testing/builders/index.ts";
import type { PodOptions } from "../../testing/builders/index.ts";
import type { Solution } from "../solution.ts";
import { solve } from "../solve.ts";

const ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"];

function apart(app: string, topologyKey: string, changes: Partial<PodAffinityTerm> = {}): PodOptions {
  const term = { topologyKey, labelSelector: { matchLabels: { app } }, ...changes };
  return { spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } } };
}

function reasons({ failures }: Solution): readonly unknown[] {
  return failures.map(({ nodePools }) => nodePools[0]?.reason);
}

/** One per zone, larger than what follows, so that they are placed first. */
function pinned(options: PodOptions) {
  return ZONES.map((zone) =>
    aPod({ ...options, name: zone, requests: { cpu: "2" }, nodeSelector: { [Label.Zone]: zone } }),
  );
}

describe("pod anti-affinity", () => {
  it("T-84: by host, each pod gets its own node", () => {
    const both = pods(2, { labels: { app: "web" }, ...apart("web", Label.Hostname) });
    expect(solve(aProblem({ pods: both })).newClaims.map((claim) => claim.pods.length)).toEqual([1, 1]);
  });

  it("T-85: where every zone has such a pod, none is left", () => {
    const lonely = aPod({ name: "lonely", ...apart("web", Label.Zone) });
    const solution = solve(aProblem({ pods: [...pinned({ labels: { app: "web" } }), lonely] }));
    expect(reasons(solution)).toEqual(["PodAntiAffinity"]);
    expect(solution.failures[0]?.nodePools[0]?.detail).toBe(
      "pod anti-affinity by topology.kubernetes.io/zone leaves no domain; " +
        "pods per domain: test-zone-1 1, test-zone-2 1, test-zone-3 1",
    );
  });

  it("T-86, S-423: a pod whose zone is open already keeps the one that avoids it out of every zone", () => {
    const avoided = aPod({ name: "avoided", labels: { app: "web" }, requests: { cpu: "2" } });
    const lonely = aPod({ name: "lonely", ...apart("web", Label.Zone) });
    const solution = solve(aProblem({ pods: [lonely, avoided] }));
    expect(solution.newClaims.map((claim) => claim.pods.map(({ metadata }) => metadata.name))).toEqual([["avoided"]]);
    expect(reasons(solution)).toEqual(["PodAntiAffinity"]);
  });

  it("T-87: pods pinned to every zone refuse a pod that asks for nothing", () => {
    const refused = aPod({ name: "refused", labels: { app: "web" } });
    const solution = solve(aProblem({ pods: [...pinned(apart("web", Label.Zone)), refused] }));
    expect(reasons(solution)).toEqual(["InversePodAntiAffinity"]);
    expect(solution.failures[0]?.summary).toBe(
      "anti-affinity by topology.kubernetes.io/zone of pods that refuse this pod leaves no domain (NodePool default)",
    );
  });

  it("T-88, S-423: a carrier whose zone is open closes all of them for this round", () => {
    const carrier = aPod({ name: "carrier", requests: { cpu: "2" }, ...apart("web", Label.Zone) });
    const refused = aPod({ name: "refused", labels: { app: "web" } });
    expect(reasons(solve(aProblem({ pods: [carrier, refused] })))).toEqual(["InversePodAntiAffinity"]);
    const bound = { ...carrier, spec: { ...carrier.spec, nodeName: "n1" } };
    const node = aNodeInput({ labels: { [Label.Zone]: "test-zone-1" }, pods: [bound] });
    const [claim] = solve(aProblem({ pods: [refused], nodes: [node] })).newClaims;
    expect([...(claim?.requirements.get(Label.Zone).values ?? [])]).toEqual(["test-zone-2", "test-zone-3"]);
  });

  it("T-89: zones of pods that run already stay closed", () => {
    const nodes = ZONES.map((zone) =>
      aNodeInput({
        name: zone,
        labels: { [Label.Zone]: zone },
        pods: [aPod({ name: zone, ...apart("web", Label.Zone) })],
      }),
    );
    const solution = solve(aProblem({ pods: [aPod({ labels: { app: "web" } })], nodes }));
    expect(reasons(solution)).toEqual(["InversePodAntiAffinity"]);
    expect(solution.failures[0]?.existing.byReason).toEqual({ InversePodAntiAffinity: 3 });
  });

  it("T-90: what other pods only prefer closes nothing", () => {
    const term = { topologyKey: Label.Zone, labelSelector: { matchLabels: { app: "web" } } };
    const wish = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] };
    const carriers = pinned({ spec: { affinity: { podAntiAffinity: wish } } });
    expect(solve(aProblem({ pods: [...carriers, aPod({ name: "free", labels: { app: "web" } })] })).failures).toEqual(
      [],
    );
  });

  it("T-91: by zone, pods that keep apart are placed one per round", () => {
    const three = pods(3, { labels: { app: "web" }, ...apart("web", Label.Zone) });
    const solution = solve(aProblem({ pods: three }));
    expect(solution.newClaims.map((claim) => claim.pods.length)).toEqual([1]);
    expect(solution.failures).toHaveLength(2);
  });

  it("S-404: a namespace selector that cannot be judged closes the domain to be on the safe side", () => {
    const selective = { namespaceSelector: { matchLabels: { team: "a" } } };
    const nodes = ZONES.map((zone) =>
      aNodeInput({
        name: zone,
        labels: { [Label.Zone]: zone },
        pods: [aPod({ name: zone, namespace: "other", ...apart("web", Label.Zone, selective) })],
      }),
    );
    const input = aProblem({ pods: [aPod({ labels: { app: "web" } })], nodes });
    expect(solve(input).failures).toHaveLength(1);
    expect(solve({ ...input, namespaces: [{ name: "default", labels: {} }] }).failures).toEqual([]);
  });
});
