import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { PodAffinityTerm } from "../../api/index.ts";
import { aNodeInput, aPod, aProblem, pods } from "../../testing/builders/index.ts";
import type { PodOptions } from "../../testing/builders/index.ts";
import type { Solution } from "../solution.ts";
import { solve } from "../solve.ts";

function near(app: string, topologyKey: string, changes: Partial<PodAffinityTerm> = {}): PodOptions {
  const term = { topologyKey, labelSelector: { matchLabels: { app } }, ...changes };
  return { spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } } };
}

const self = (app: string, topologyKey: string): PodOptions => ({ labels: { app }, ...near(app, topologyKey) });

function placed({ newClaims }: Solution): readonly (readonly string[])[] {
  return newClaims.map((claim) => claim.pods.map(({ metadata }) => metadata.name ?? "").toSorted());
}

function zones({ newClaims }: Solution): readonly (string | undefined)[] {
  return newClaims.map(({ requirements }) => requirements.get(Label.Zone).single());
}

describe("pod affinity", () => {
  it("T-79: by host, the pod joins the node of its target", () => {
    const target = aPod({ name: "db", labels: { app: "db" } });
    const follower = aPod({ name: "web", requests: { cpu: "100m" }, ...near("db", Label.Hostname) });
    expect(placed(solve(aProblem({ pods: [target, follower] })))).toEqual([["db", "web"]]);
  });

  it("T-80: pods that want each other fill one host; the rest waits, now and later", () => {
    const input = aProblem({ pods: pods(10, self("web", Label.Hostname)) });
    const first = solve(input);
    expect(first.newClaims.map((claim) => claim.pods.length)).toEqual([5]);
    expect(first.failures.map(({ nodePools }) => nodePools[0]?.reason)).toEqual(Array(5).fill("PodAffinity"));
    const running = first.newClaims.flatMap((claim) => claim.pods);
    const node = aNodeInput({ name: "full", allocatable: { pods: "0" }, pods: running });
    const waiting = input.pods.filter((pod) => !running.includes(pod));
    expect(solve({ ...input, pods: waiting, nodes: [node] }).failures).toHaveLength(5);
  });

  it("T-81: pods that may not enter the zone of the first one wait", () => {
    const options = self("web", Label.Hostname);
    const first = aPod({
      ...options,
      name: "first",
      requests: { cpu: "1" },
      nodeSelector: { [Label.Zone]: "test-zone-1" },
    });
    const others = pods(2, { ...options, name: "other", nodeSelector: { [Label.Zone]: "test-zone-2" } });
    const solution = solve(aProblem({ pods: [...others, first] }));
    expect(placed(solution)).toEqual([["first"]]);
    expect(solution.failures.map(({ pod }) => pod.name)).toEqual(["other-0", "other-1"]);
  });

  it("T-82: pods that want one zone but different hosts share the zone", () => {
    const apart = {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: Label.Hostname,
          whenUnsatisfiable: "DoNotSchedule" as const,
          labelSelector: { matchLabels: { app: "web" } },
        },
      ],
    };
    const options = self("web", Label.Zone);
    const solution = solve(aProblem({ pods: pods(3, { ...options, spec: { ...options.spec, ...apart } }) }));
    expect(new Set(zones(solution)).size).toBe(1);
    expect(solution.newClaims).toHaveLength(3);
  });

  it("T-83: pods pinned to two zones each start their own company", () => {
    const pinned = ["test-zone-2", "test-zone-3"].map((zone) =>
      aPod({ ...self("web", Label.Zone), name: zone, nodeSelector: { [Label.Zone]: zone } }),
    );
    expect(zones(solve(aProblem({ pods: pinned }))).toSorted()).toEqual(["test-zone-2", "test-zone-3"]);
  });

  it("T-92: affinity to a pod that does not exist leaves the pod waiting, and says so", () => {
    const [failure] = solve(aProblem({ pods: [aPod(near("nobody", Label.Zone))] })).failures;
    expect(failure?.nodePools[0]?.reason).toBe("PodAffinity");
    expect(failure?.summary).toBe("pod affinity by topology.kubernetes.io/zone leaves no domain (NodePool default)");
  });

  it("T-93, S-424: a target whose zone is open keeps others waiting; a pinned one is joined at once", () => {
    const followers = pods(10, { ...near("db", Label.Zone), requests: { cpu: "10m" } });
    const open = aPod({ name: "db", labels: { app: "db" } });
    const pinned = aPod({ name: "db", labels: { app: "db" }, nodeSelector: { [Label.Zone]: "test-zone-2" } });
    expect(solve(aProblem({ pods: [open, ...followers] })).failures).toHaveLength(10);
    const solution = solve(aProblem({ pods: [pinned, ...followers] }));
    expect(solution.failures).toEqual([]);
    expect(new Set(zones(solution))).toEqual(new Set(["test-zone-2"]));
  });

  it.each(["db web cache ui", "ui cache web db", "web ui db cache", "cache db ui web"])(
    "T-94: a chain of affinities ends on one node from the order %s",
    (order) => {
      const target: Readonly<Record<string, string>> = { web: "db", cache: "web", ui: "cache" };
      const chain = order.split(" ").map((app, index) => {
        const to = target[app];
        return aPod({
          name: app,
          uid: `${index}-${app}`,
          labels: { app },
          ...(to === undefined ? {} : near(to, Label.Hostname)),
        });
      });
      expect(placed(solve(aProblem({ pods: chain })))).toEqual([["cache", "db", "ui", "web"]]);
    },
  );

  it("T-95: a term speaks of the pod's own namespace unless it says otherwise", () => {
    const elsewhere = aPod({ name: "db", namespace: "data", labels: { app: "db" }, nodeName: "n1" });
    const node = aNodeInput({ labels: { [Label.Zone]: "test-zone-1" }, pods: [elsewhere] });
    const outcome = (changes: Partial<PodAffinityTerm>) =>
      solve(
        aProblem({
          pods: [aPod(near("db", Label.Zone, changes))],
          nodes: [node],
          namespaces: [{ name: "data", labels: { team: "storage" } }],
        }),
      ).failures.length;
    expect(outcome({})).toBe(1);
    expect(outcome({ namespaces: ["data"] })).toBe(0);
    expect(outcome({ namespaceSelector: {} })).toBe(0);
    expect(outcome({ namespaceSelector: { matchLabels: { team: "storage" } } })).toBe(0);
    expect(outcome({ namespaceSelector: { matchLabels: { team: "other" } } })).toBe(1);
  });
});
