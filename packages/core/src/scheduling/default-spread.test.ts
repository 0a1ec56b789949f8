import { describe, expect, it } from "vitest";
import { Label, type Pod } from "../api/index.ts";
import {
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  fixtureTypes,
  pods,
  type PodOptions,
} from "../testing/builders/index.ts";
import { PARITY_ENGINES } from "../testing/engines.ts";
import { expectValid } from "../testing/plan-checker/expect-valid.ts";
import { spreadReader } from "./default-spread.ts";
import type { DefaultSpreadConstraint, PodGrouping, ProblemInput, Solution } from "./index.ts";

const byZone: DefaultSpreadConstraint = { maxSkew: 1, topologyKey: Label.Zone, whenUnsatisfiable: "DoNotSchedule" };

function grouping(kind: PodGrouping["kind"], name: string, selector?: PodGrouping["selector"]): PodGrouping {
  return { kind, namespace: "default", name, uid: name, ...(selector && { selector }) };
}

const ofReplicaSet = (name: string): PodOptions => ({
  name,
  labels: { app: "web", hash: name },
  owner: { apiVersion: "apps/v1", kind: "ReplicaSet", name, controller: true },
});

const replicaSet = (name: string) => grouping("ReplicaSet", name, { matchLabels: { app: "web", hash: name } });

describe("selector of the default spread, S-427", () => {
  const selectorFor = (pod: Pod, ...owners: readonly PodGrouping[]) =>
    spreadReader({ constraints: [byZone], owners })(pod)[0]?.labelSelector;
  const labelled = (owner?: PodOptions["owner"]) =>
    aPod({ labels: { app: "web", tier: "front" }, ...(owner && { owner }) });

  it("is what all Services say that select the pod, the later name winning", () => {
    const services = [
      grouping("Service", "b", { matchLabels: { tier: "front" } }),
      grouping("Service", "a", { matchLabels: { app: "web" } }),
      grouping("Service", "other", { matchLabels: { app: "db" } }),
      grouping("Service", "headless"),
    ];
    expect(selectorFor(labelled(), ...services)).toEqual({ matchLabels: { app: "web", tier: "front" } });
  });

  it("a Service of another namespace says nothing", () => {
    const elsewhere = { ...grouping("Service", "a", { matchLabels: { app: "web" } }), namespace: "elsewhere" };
    expect(selectorFor(labelled(), elsewhere)).toBeUndefined();
  });

  it("a ReplicationController overwrites, a StatefulSet narrows", () => {
    const service = grouping("Service", "s", { matchLabels: { app: "web" } });
    const selector = { matchLabels: { app: "web2", tier: "front" } };
    const rc = labelled({ apiVersion: "v1", kind: "ReplicationController", name: "o", controller: true });
    expect(selectorFor(rc, service, grouping("ReplicationController", "o", selector))).toEqual({
      matchLabels: { app: "web2", tier: "front" },
    });
    const sts = labelled({ apiVersion: "apps/v1", kind: "StatefulSet", name: "o", controller: true });
    expect(selectorFor(sts, service, grouping("StatefulSet", "o", selector))).toEqual({
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "app", operator: "In", values: ["web2"] },
        { key: "tier", operator: "In", values: ["front"] },
      ],
    });
  });

  it.each([
    ["is no controller", { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web" }],
    ["is of another kind", { apiVersion: "batch/v1", kind: "Job", name: "web", controller: true }],
    ["is of another group", { apiVersion: "example.com/v1", kind: "ReplicaSet", name: "web", controller: true }],
    ["is not there", { apiVersion: "apps/v1", kind: "ReplicaSet", name: "gone", controller: true }],
  ])("an owner that %s says nothing", (_, owner) => {
    expect(
      selectorFor(labelled(owner), grouping("ReplicaSet", "web", { matchLabels: { app: "web" } })),
    ).toBeUndefined();
  });
});

describe.each(PARITY_ENGINES)("default spread constraints in $name", (engine) => {
  function solved(
    pending: readonly Pod[],
    changes: Partial<ProblemInput> & { readonly soft?: boolean } = {},
  ): Solution {
    const { soft = false, ...rest } = changes;
    const constraint: DefaultSpreadConstraint = soft ? { ...byZone, whenUnsatisfiable: "ScheduleAnyway" } : byZone;
    const owners = ["web-1", "web-2"].map(replicaSet);
    const problem = aProblem({ pods: pending, defaultSpread: { constraints: [constraint], owners }, ...rest });
    return expectValid(problem, engine.solve(problem));
  }

  const zoneCounts = ({ newClaims }: Solution) => {
    const counts = new Map<string, number>();
    for (const { requirements, pods: placed } of newClaims) {
      const zone = requirements.get(Label.Zone).single() ?? "any";
      counts.set(zone, (counts.get(zone) ?? 0) + placed.length);
    }
    return [...counts.values()].toSorted((a, b) => a - b);
  };

  const replicas = (count: number, set: string) => pods(count, { ...ofReplicaSet(set), name: set });

  it("T-78: pods of a ReplicaSet without constraints of their own are spread", () => {
    expect(zoneCounts(solved(replicas(4, "web-1")))).toEqual([1, 1, 2]);
  });

  it("T-78: a pod with a constraint of its own keeps to that one", () => {
    const own = { maxSkew: 1, topologyKey: Label.Hostname, whenUnsatisfiable: "DoNotSchedule" as const };
    const spec = { topologySpreadConstraints: [{ ...own, labelSelector: { matchLabels: { app: "web" } } }] };
    const { newClaims } = solved(pods(4, { ...ofReplicaSet("web-1"), spec }));
    expect(newClaims.map((claim) => claim.pods.length)).toEqual([1, 1, 1, 1]);
  });

  it("T-78: without owner and Service there is nothing to be spread among", () => {
    expect(zoneCounts(solved(pods(4, { labels: { app: "web", hash: "web-1" } })))).toEqual([4]);
  });

  it("T-78: two ReplicaSets of one Deployment are spread apart from each other", () => {
    const running = pods(3, { ...ofReplicaSet("web-1"), name: "old", nodeName: "n1" });
    const full = aNodeInput({
      name: "n1",
      labels: { [Label.Zone]: "test-zone-1" },
      pods: running,
      allocatable: { pods: "3" },
    });
    expect(zoneCounts(solved(replicas(3, "web-2"), { nodes: [full] }))).toEqual([1, 1, 1]);
    expect(zoneCounts(solved(replicas(3, "web-1"), { nodes: [full] }))).toEqual([1, 2]);
  });

  it("T-78: a default that may be given up is given up for a pod that cannot keep it", () => {
    const inZone = (zone: string) =>
      ({ name: zone, requirements: [{ key: Label.Zone, operator: "In", values: [zone] }] }) as const;
    const closed = [{ key: "closed", effect: "NoSchedule" }] as const;
    const nodePools = [
      aPoolInput({ ...inZone("test-zone-1"), instanceTypes: fixtureTypes() }),
      aPoolInput({ ...inZone("test-zone-2"), instanceTypes: fixtureTypes(), taints: closed }),
    ];
    expect(solved(replicas(3, "web-1"), { nodePools }).failures).toHaveLength(2);
    expect(solved(replicas(3, "web-1"), { nodePools, soft: true }).failures).toEqual([]);
  });

  it("T-78: the pods of the plan are the ones that came in, unchanged", () => {
    const pending = replicas(3, "web-1");
    const before = structuredClone(pending);
    const solution = solved(pending);
    expect(pending).toEqual(before);
    const placed = solution.newClaims.flatMap((claim) => claim.pods);
    expect(placed.every((pod) => pending.includes(pod))).toBe(true);
    expect(placed.every(({ spec }) => spec.topologySpreadConstraints === undefined)).toBe(true);
  });
});
