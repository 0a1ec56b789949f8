// Scenarios of docs/reference/upstream-parity.md: E-153.

import { Annotation, Label } from "@karpenter-multicloud/core/api";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it } from "vitest";

import { OvhAnnotation, OwnerLabel } from "../api/labels.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

const ZONE_A = "eu-west-par-a";
const POOL_A = "karpenter-b3-8-eu-west-par-a";

let bench: Bench;
const started = async (options: BenchOptions = {}): Promise<Bench> => (bench = await Bench.start(options));
const nodeIds = async (): Promise<readonly string[]> =>
  (await bench.claims()).map((claim) => claim.metadata.annotations?.[OvhAnnotation.NodeId] ?? "");

afterEach(() => bench.close());

describe("launching", () => {
  it("T-01, O-40: the first claim makes the pool with every field said, and gets its machine's provider id", async () => {
    await started();
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    expect(bench.bodies("POST")).toEqual([
      {
        name: POOL_A,
        flavorName: "b3-8",
        desiredNodes: 1,
        minNodes: 0,
        maxNodes: 100,
        autoscale: false,
        monthlyBilled: false,
        antiAffinity: false,
        availabilityZones: [ZONE_A],
        template: {
          metadata: {
            labels: {
              [OwnerLabel.ManagedBy]: "karpenter",
              [OwnerLabel.Cluster]: bench.fake.credentials.kubeId,
              [OwnerLabel.PoolKey]: expect.stringMatching(/^[0-9a-f]{10}$/),
            },
            annotations: {},
            finalizers: [],
          },
          spec: { taints: [], unschedulable: false },
        },
      },
    ]);
    expect(claim?.status?.providerID).toBe(bench.fake.state().machines[0]?.providerID);
    expect(claim?.status?.providerID).toMatch(/^openstack:\/\/\/[0-9a-f-]{36}$/);
    expect(claim?.metadata.labels).toMatchObject({
      [Label.InstanceType]: "b3-8",
      [Label.Zone]: ZONE_A,
      [Label.Region]: "EU-WEST-PAR",
      [Label.CapacityType]: "on-demand",
    });
    expect(claim?.status?.allocatable).toMatchObject({ cpu: "1840m", pods: "110" });
  });

  it("T-02: five claims at once make one pool of five, and no machine is given twice", async () => {
    await started();
    await bench.machines(5, { zones: [ZONE_A] });
    expect(bench.bodies("POST")).toMatchObject([{ desiredNodes: 5 }]);
    expect(bench.writes("PUT")).toEqual([]);
    expect(new Set(await nodeIds()).size).toBe(5);
  });

  it("O-21.4: a hundred claims at once share their calls", async () => {
    await started({ env: { OVH_QPS: "5", OVH_BURST: "10", OVH_MAX_IN_FLIGHT: "4" } });
    const zones = ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"];
    const names = await bench.putClaims(100, { zones });
    const before = bench.fake.requestLog().length;
    const since = bench.clock.now();
    await bench.launchAll(names);
    const calls = bench.fake.requestLog().length - before;
    expect(calls).toBeLessThan(100);
    expect(bench.clock.now() - since).toBeLessThan(120_000);
    expect(new Set(bench.fake.state().machines.map(({ id }) => id)).size).toBe(100);
  });

  it("T-03: three more claims later raise the pool in one request", async () => {
    await started();
    await bench.machines(5, { zones: [ZONE_A] });
    await bench.machines(3, { zones: [ZONE_A] }, "later");
    expect(bench.writes("POST")).toHaveLength(1);
    expect(bench.bodies("PUT")).toEqual([{ desiredNodes: 8 }]);
    expect(new Set(await nodeIds()).size).toBe(8);
  });

  it("T-04: claims for three zones make three pools of one zone each", async () => {
    await started();
    const zones = ["a", "b", "c"].map((letter) => `eu-west-par-${letter}`);
    for (const zone of zones) await bench.putClaim(zone, { zones: [zone] });
    await bench.launchAll(zones);
    const posted = bench.bodies("POST") as readonly { name: string; availabilityZones: readonly string[] }[];
    expect(posted.map(({ name, availabilityZones }) => [name, availabilityZones]).sort()).toEqual(
      zones.map((zone) => [`karpenter-b3-8-${zone}`, [zone]]),
    );
  });

  it("T-05: in a one-AZ region the field is left out, the name ends in -a and the zone is nova", async () => {
    await started({ fake: { region: "GRA11" } });
    const [claim] = await bench.machines(1, { zones: ["nova"] });
    expect(bench.bodies("POST")[0]).toMatchObject({ name: "karpenter-b3-8-gra11-a" });
    expect(bench.bodies("POST")[0]).not.toHaveProperty("availabilityZones");
    expect(claim?.metadata.labels?.[Label.Zone]).toBe("nova");
  });

  it("T-06, O-31: gra7-a on a claim means the zone of GRA7; T-07: gra7-b says which zone there is", async () => {
    await started({ fake: { region: "GRA7" } });
    const [claim] = await bench.machines(1, { zones: ["gra7-a", "gra7-b"] });
    expect(claim?.metadata.labels?.[Label.Zone]).toBe("nova");
    await expect(bench.machines(1, { zones: ["gra7-b"] }, "b")).rejects.toThrow(
      /no zone of GRA7 \(nova\) is allowed by .*gra7-b/,
    );
  });

  it("O-32: a one-AZ region that insists on the field gets an empty one", async () => {
    await started({ fake: { region: "GRA11", switches: { oneAzZones: "required" } } });
    await bench.machines(1);
    expect(bench.bodies("POST").at(-1)).toMatchObject({ availabilityZones: [] });
  });

  it("O-30: a region that opened yesterday shows that it has zones by refusing a pool without one", async () => {
    const path = "/cloud/project/*/kube/*";
    const accessRules = ["GET", "POST", "PUT", "DELETE"].map((method) => ({ method, path }));
    const poor = { applicationKey: "ak", applicationSecret: "as", consumerKey: "ck", accessRules };
    await started({ fake: { region: "EU-FAR-NEW", credentials: [poor] } });
    expect((await bench.nodeClass()).status?.zones).toEqual(["nova"]);
    const [claim] = await bench.machines(1);
    expect((await bench.nodeClass()).status?.zones).toEqual(["eu-far-new-a", "eu-far-new-b", "eu-far-new-c"]);
    expect(claim?.metadata.labels?.[Label.Zone]).toBe("eu-far-new-a");
    expect(bench.bodies("POST")).toHaveLength(2);
    expect(bench.bodies("POST").at(-1)).toMatchObject({ availabilityZones: ["eu-far-new-a"] });
  });

  it("OV-7: where overlays changed prices, the claim's own order counts more than the price list", async () => {
    await started();
    const annotations = { [Annotation.PriceOverlayApplied]: "true" };
    const [claim] = await bench.machines(1, { flavors: ["b3-32", "b3-8"], annotations });
    expect(claim?.metadata.labels?.[Label.InstanceType]).toBe("b3-32");
  });

  it("T-08, O-21: of b3-32 and b3-8 a small pod gets the cheaper one, not the first one", async () => {
    await started();
    const [claim] = await bench.machines(1, { flavors: ["b3-32", "b3-8"] });
    expect(claim?.metadata.labels?.[Label.InstanceType]).toBe("b3-8");
  });

  it("T-09: 6 CPU and 20Gi need b3-32", async () => {
    await started();
    const flavors = ["b3-8", "b3-16", "b3-32", "b3-64"];
    const [claim] = await bench.machines(1, { flavors, cpu: "6", memory: "20Gi" });
    expect(claim?.metadata.labels?.[Label.InstanceType]).toBe("b3-32");
  });

  it("T-10: 1900m do not fit what MKS leaves of b3-8", async () => {
    await started();
    const [claim] = await bench.machines(1, { cpu: "1900m" });
    expect(claim?.metadata.labels?.[Label.InstanceType]).toBe("b3-16");
  });

  it("T-12, O-7: claims with different taints get different pools; T-13: the order of taints does not count", async () => {
    await started();
    const gpu = { key: "nvidia.com/gpu", value: "true", effect: "NoSchedule" } as const;
    const team = { key: "team", value: "a", effect: "NoSchedule" } as const;
    await bench.machines(1, { zones: [ZONE_A] }, "plain");
    await bench.machines(1, { zones: [ZONE_A], taints: [gpu, team] }, "one");
    await bench.machines(1, { zones: [ZONE_A], taints: [team, gpu] }, "two");
    const posted = bench.bodies("POST") as readonly { name: string }[];
    expect(posted.map(({ name }) => name)).toEqual([POOL_A, expect.stringMatching(`^${POOL_A}-[0-9a-f]{6}$`)]);
    expect(bench.bodies("PUT")).toEqual([{ desiredNodes: 2 }]);
    expect(bench.pool(POOL_A)).toMatchObject({ template: { spec: { taints: [] } } });
  });

  it("T-14: another NodePool label makes no other pool", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A], labels: { team: "a" } }, "one");
    await bench.machines(1, { zones: [ZONE_A], labels: { team: "b" } }, "two");
    expect(bench.writes("POST")).toHaveLength(1);
  });

  it("T-15: tags make another pool with another name, and the class says NodeClassDrift", async () => {
    await started();
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    const body = { spec: { tags: { "cost-center": "42" } } };
    const { OVHNodeClasses } = await import("../api/ovh-node-class.ts");
    await bench.kube.patch(OVHNodeClasses, { name: "default" }, { type: "merge", body });
    await bench.pass(3_000);
    await bench.machines(1, { zones: [ZONE_A] }, "later");
    expect(bench.bodies("POST")).toMatchObject([
      { name: POOL_A },
      { template: { metadata: { labels: { "cost-center": "42" } } } },
    ]);
    if (claim === undefined) throw new Error("nothing was launched");
    expect(await bench.during(bench.provider.isDrifted(claim, { signal: bench.signal }))).toBe("NodeClassDrift");
  });

  it("T-16, O-12: seven claims with anti-affinity make shards of five and two", async () => {
    await started({ spec: { antiAffinity: true } });
    await bench.machines(7, { zones: [ZONE_A] });
    const posted = bench.bodies("POST") as readonly { name: string; desiredNodes: number; maxNodes: number }[];
    const sizes = posted.map(({ desiredNodes }) => desiredNodes);
    expect(sizes.toSorted()).toEqual([2, 5]);
    expect(posted.map(({ maxNodes }) => maxNodes)).toEqual([5, 5]);
    expect(posted.find(({ desiredNodes }) => desiredNodes === 2)?.name).toMatch(/-[0-9a-f]{6}-2$/);
  });

  it("T-17, O-11: monthly billing is said in the pool and spread over 730 hours", async () => {
    await started({ spec: { monthlyBilled: true } });
    await bench.machines(1, { flavors: ["b2-7"], zones: [ZONE_A] });
    expect(bench.bodies("POST")).toMatchObject([{ monthlyBilled: true, flavorName: "b2-7" }]);
  });

  it("O-34: what is paid for by the month is not consolidated before the time the class sets", async () => {
    await started({ spec: { monthlyBilled: true, monthlyMinLifetime: "720h" } });
    const [claim] = await bench.machines(1, { flavors: ["b2-7"], zones: [ZONE_A] });
    const until = Date.parse(claim?.metadata.annotations?.[Annotation.NotConsolidatableBefore] ?? "");
    expect(until - bench.clock.now() - 30 * 86_400_000).toBeGreaterThan(-60_000);
    expect(until - bench.clock.now() - 30 * 86_400_000).toBeLessThanOrEqual(0);
  });

  it("T-18: monthly billing with generation 3 only says which families can be billed by the month", async () => {
    await started({ spec: { monthlyBilled: true } });
    await expect(bench.machines(1, { flavors: ["b3-8"] })).rejects.toThrow(
      /monthly billing exists for b2, c2, r2, d2 only/,
    );
    expect(bench.writes()).toEqual([]);
  });

  it("T-69: spot says that there is none", async () => {
    await started();
    const spot = { key: Label.CapacityType, operator: "In", values: ["spot"] } as const;
    await expect(bench.machines(1, { requirements: [spot] })).rejects.toThrow(/no spot machines/);
  });

  it("T-67: a taint without value is sent with an empty one", async () => {
    await started();
    await bench.machines(1, { taints: [{ key: "dedicated", effect: "NoSchedule" }] });
    expect(bench.bodies("POST")).toMatchObject([
      { template: { spec: { taints: [{ key: "dedicated", value: "", effect: "NoSchedule" }] } } },
    ]);
  });

  it("T-39, O-21.7: a machine without instance never blocks a call for more than a minute", async () => {
    await started({ fake: { faults: [{ match: { operation: "launch" }, fault: "boot", noInstance: true }] } });
    await bench.putClaim("slow", {});
    const before = bench.clock.now();
    const call = bench.provider.create(await bench.claim("slow"), { signal: bench.signal });
    const error = await bench.during(call.catch((thrown: unknown) => thrown));
    expect(bench.clock.now() - before).toBeLessThanOrEqual(61_000);
    expect(findProviderError(error)).toMatchObject({
      code: "PROVIDER_LAUNCH_PENDING",
      conditionReason: "MachinePending",
    });
    expect(bench.bodies("POST")).toMatchObject([{ desiredNodes: 1 }]);
  });

  it("in observe mode nothing is written, neither to the cloud nor to the claim", async () => {
    await started({ mode: "observe" });
    await bench.putClaim("watched", {});
    const before = await bench.claim("watched");
    const call = bench.provider.create(before, { signal: bench.signal });
    await expect(bench.during(call)).rejects.toThrow(/observe mode: patch NodeClaim watched/);
    expect(bench.writes()).toEqual([]);
    expect(await bench.claim("watched")).toEqual(before);
  });
});
