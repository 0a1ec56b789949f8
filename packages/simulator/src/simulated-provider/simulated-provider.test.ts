import { Annotation, Label } from "@karpenter-multicloud/core/api";
import type { NodeClaim, NodePool, RequirementSpec } from "@karpenter-multicloud/core/api";
import { KubeError } from "@karpenter-multicloud/core/kube";
import type { Ports } from "@karpenter-multicloud/core/controllers";
import { hasCode, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { minutes, seconds } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import { SimulatedLabel } from "./catalog.ts";
import { placeOf } from "./choose-offering.ts";
import type { KwokNodeClass } from "./node-class.ts";
import { orphanOrder } from "./orphan.ts";
import { SimulatedCloud } from "./simulated-cloud.ts";
import { createSimulatedProvider } from "./simulated-provider.ts";

const signal = new AbortController().signal;
const context = { signal };
const pool = { metadata: { name: "default" }, spec: {} } as unknown as NodePool;
const READY: KwokNodeClass = { metadata: { name: "default" }, spec: { nodeRegistrationDelay: "30s" } };

/** The ports this provider reads; the rest is absent and would fail loudly. */
function portsWith(clock: VirtualClock, nodeClass: KwokNodeClass | undefined): Ports {
  const get = async (): Promise<KwokNodeClass> => {
    if (nodeClass === undefined) throw new KubeError(404, "NotFound", "no such class");
    return nodeClass;
  };
  return {
    kube: { get },
    clock,
    logger: silentLogger,
    gate: { observeOnly: false, run: (_: unknown, write: () => Promise<unknown>) => write() },
    settings: { clusterName: "test" },
    unavailable: new UnavailableOfferings(() => clock.now()),
  } as unknown as Ports;
}

function setUp(nodeClass: KwokNodeClass | undefined = READY) {
  const clock = new VirtualClock();
  const cloud = new SimulatedCloud({ clock });
  const ports = portsWith(clock, nodeClass);
  return { clock, cloud, ports, ...createSimulatedProvider(ports, cloud) };
}

function claim(uid: string, requirements: readonly RequirementSpec[] = [], cpu = "1500m"): NodeClaim {
  return {
    metadata: { name: `default-${uid}`, uid, labels: { team: "blue" } },
    spec: {
      nodeClassRef: { group: "karpenter.kwok.sh", kind: "KWOKNodeClass", name: "default" },
      requirements: [
        { key: Label.Os, operator: "In", values: ["linux"] },
        { key: Label.Arch, operator: "In", values: ["amd64"] },
        ...requirements,
      ],
      resources: { requests: { cpu, memory: "1Gi" } },
    },
  };
}

const ON_DEMAND: RequirementSpec = { key: Label.CapacityType, operator: "In", values: ["on-demand"] };

describe("simulated provider, create", () => {
  it("SIM-8: takes the cheapest offering that fits, by name among equals", async () => {
    const { provider } = setUp();
    const spot = await provider.create(claim("a"), context);
    expect(spot.metadata.labels).toMatchObject({
      team: "blue",
      [Label.InstanceType]: "c-2x-amd64-linux",
      [Label.Zone]: "test-zone-a",
      [Label.CapacityType]: "spot",
      [SimulatedLabel.Memory]: "4Gi",
    });
    expect(spot.status?.allocatable).toMatchObject({ cpu: "1900m" });
    const dear = await provider.create(claim("b", [ON_DEMAND]), context);
    expect(dear.metadata.labels?.[Label.CapacityType]).toBe("on-demand");
  });

  it("answers the same machine for the same UID, also when both calls run at once", async () => {
    const { provider, cloud } = setUp();
    const [first, second] = await Promise.all([
      provider.create(claim("a"), context),
      provider.create(claim("a"), context),
    ]);
    const third = await provider.create(claim("a"), context);
    expect(new Set([first, second, third].map((each) => each.status?.providerID)).size).toBe(1);
    expect(cloud.machines()).toHaveLength(1);
  });

  it("finds its machine again after a restart between order and answer", async () => {
    const { clock, cloud, ports } = setUp();
    cloud.inject({ createLatency: seconds(30) });
    const process = clock.fork();
    const crashed = createSimulatedProvider({ ...ports, clock: process }, cloud).provider;
    let answered = false;
    void crashed.create(claim("a"), context).then(() => (answered = true));
    await clock.advance(seconds(5));
    process.drop();
    await clock.advance(minutes(2));
    expect(answered).toBe(false);
    const restarted = createSimulatedProvider(ports, cloud).provider;
    const found = await restarted.create(claim("a"), context);
    expect(cloud.machines().map((machine) => machine.providerID)).toEqual([found.status?.providerID]);
  });

  it("starts with the offering the plan counted on", async () => {
    const { provider } = setUp();
    const plain = claim("a");
    const hint = "s-4x-amd64-linux/test-zone-c/on-demand";
    const hinted = { ...plain, metadata: { ...plain.metadata, annotations: { [Annotation.LaunchHint]: hint } } };
    const { labels } = (await provider.create(hinted, context)).metadata;
    expect([labels?.[Label.InstanceType], labels?.[Label.Zone], labels?.[Label.CapacityType]].join("/")).toBe(hint);
  });

  it("K-19, A-14: understands the older spellings that its settings name in a claim made by hand, and never rewrites it", async () => {
    const { ports, cloud } = setUp();
    const spellings = {
      normalizedLabels: { "cloud.example.com/flavor": Label.InstanceType },
      normalizedValues: { [Label.InstanceType]: { Small: "s-4x-amd64-linux" } },
    };
    const { provider } = createSimulatedProvider(ports, cloud, { spellings });
    expect(provider.settings()).toMatchObject(spellings);
    const asked = claim("a", [{ key: "cloud.example.com/flavor", operator: "In", values: ["Small"] }]);
    const answer = await provider.create(asked, context);
    expect(answer.metadata.labels?.[Label.InstanceType]).toBe("s-4x-amd64-linux");
    expect(answer.metadata.labels).not.toHaveProperty("cloud.example.com/flavor");
    expect(answer.spec).toEqual(asked.spec);
  });

  it("OV-7: where overlays changed prices, the claim's own order of types comes before the list", async () => {
    const { provider } = setUp();
    const values = ["m-2x-amd64-linux", "c-2x-amd64-linux"];
    const plain = claim("a", [ON_DEMAND, { key: Label.InstanceType, operator: "In", values }]);
    const annotations = { [Annotation.PriceOverlayApplied]: "true" };
    const bought = async (asked: NodeClaim) =>
      (await provider.create(asked, context)).metadata.labels?.[Label.InstanceType];
    expect(await bought({ ...plain, metadata: { ...plain.metadata, annotations } })).toBe("m-2x-amd64-linux");
    expect(await bought({ ...plain, metadata: { ...plain.metadata, uid: "b" } })).toBe("c-2x-amd64-linux");
  });

  it("S-709: walks on when an offering is out of stock, and lists it as unavailable for three minutes", async () => {
    const { clock, cloud, provider } = setUp();
    cloud.inject({ outOfStock: [{ instanceType: "c-2x-amd64-linux", zone: "test-zone-a", capacityType: "spot" }] });
    const before = await provider.getInstanceTypes(pool, context);
    const launched = await provider.create(claim("a"), context);
    expect(launched.metadata.labels?.[Label.Zone]).toBe("test-zone-b");
    const after = await provider.getInstanceTypes(pool, context);
    expect(after.version).not.toBe(before.version);
    const closed = after.items.flatMap(({ name, offerings }) =>
      offerings.filter((each) => !each.availability.available).map((each) => [name, ...Object.values(placeOf(each))]),
    );
    expect(closed).toEqual([["c-2x-amd64-linux", "test-zone-a", "spot"]]);
    await clock.advance(minutes(4));
    const later = await provider.getInstanceTypes(pool, context);
    expect(later.items).toEqual(before.items);
  });

  it("narrows a type's zones to where it can still be had", async () => {
    const { cloud, provider } = setUp();
    cloud.inject({ outOfStock: [{ instanceType: "c-2x-amd64-linux", zone: "test-zone-a" }] });
    await provider.create(claim("a"), context);
    await provider.create(claim("b", [ON_DEMAND]), context);
    const { items } = await provider.getInstanceTypes(pool, context);
    const zones = items.find((type) => type.name === "c-2x-amd64-linux")?.requirements.get(Label.Zone);
    expect([...(zones?.values ?? [])]).toEqual(["test-zone-b", "test-zone-c", "test-zone-d"]);
  });

  it.each([
    ["nothing fits", READY, claim("a", [], "300"), "PROVIDER_INSUFFICIENT_CAPACITY"],
    ["the class is missing", undefined, claim("a"), "PROVIDER_INSUFFICIENT_CAPACITY"],
    [
      "the class is not ready",
      {
        ...READY,
        status: {
          conditions: [
            {
              type: "Ready",
              status: "False",
              reason: "Broken",
              message: "",
              lastTransitionTime: "2026-01-01T00:00:00Z",
            },
          ],
        },
      } satisfies KwokNodeClass,
      claim("a"),
      "PROVIDER_NODE_CLASS_NOT_READY",
    ],
  ] as const)("SIM-8: refuses when %s", async (_, nodeClass, wanted, code) => {
    const clock = new VirtualClock();
    const cloud = new SimulatedCloud({ clock });
    const { provider } = createSimulatedProvider(portsWith(clock, nodeClass), cloud);
    const error = await provider.create(wanted, context).catch((thrown: unknown) => thrown);
    expect(hasCode(error, code)).toBe(true);
    expect(cloud.machines()).toEqual([]);
  });

  it("gives up when every offering is out of stock", async () => {
    const { cloud, provider } = setUp();
    cloud.inject({ outOfStock: [{}] });
    const error = await provider.create(claim("a"), context).catch((thrown: unknown) => thrown);
    expect(hasCode(error, "PROVIDER_INSUFFICIENT_CAPACITY")).toBe(true);
  });
});

describe("simulated provider, the rest", () => {
  it("round trip: create, get, list, delete, gone", async () => {
    const { provider } = setUp();
    const made = await provider.create(claim("a"), context);
    const providerID = made.status?.providerID ?? "";
    expect((await provider.get(providerID, context)).metadata).toMatchObject({ name: "default-a", uid: "a" });
    expect((await provider.list(context)).map((each) => each.status?.providerID)).toEqual([providerID]);
    await provider.delete(made, context);
    expect(await provider.list(context)).toEqual([]);
    for (const call of [provider.delete(made, context), provider.get(providerID, context)]) {
      const error = await call.catch((thrown: unknown) => thrown);
      expect(hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")).toBe(true);
    }
  });

  it("does not list machines of other clusters or ones being deleted", async () => {
    const { clock, cloud, ports, provider } = setUp();
    cloud.inject({ deleteLatency: seconds(10) });
    const other = { ...ports, settings: { ...ports.settings, clusterName: "other" } };
    await createSimulatedProvider(other, cloud).provider.create(claim("x"), context);
    const made = await provider.create(claim("a"), context);
    await provider.delete(made, context);
    await provider.delete(made, context);
    expect(await provider.list(context)).toEqual([]);
    expect(cloud.machines()).toHaveLength(2);
    await clock.advance(seconds(11));
    expect(cloud.machines()).toHaveLength(1);
  });

  it("lists a machine that no claim stands for, and deletes it like any other", async () => {
    const { cloud, provider } = setUp();
    cloud.order(orphanOrder("test"));
    const [orphan] = await provider.list(context);
    expect(orphan?.metadata).toMatchObject({ name: "orphan", uid: "uid-of-orphan" });
    if (orphan !== undefined) await provider.delete(orphan, context);
    expect(cloud.machines()).toEqual([]);
  });

  it("throws instead of listing nothing while it is throttled", async () => {
    const { cloud, provider } = setUp();
    cloud.inject({ throttled: true });
    const error = await provider.list(context).catch((thrown: unknown) => thrown);
    expect(hasCode(error, "PROVIDER_RATE_LIMITED")).toBe(true);
  });

  it("SIM-9: repairs after ten minutes of Ready False or Unknown, and never drifts", async () => {
    const { provider } = setUp();
    expect(provider.repairPolicies().map((each) => [each.conditionStatus, each.tolerationDuration])).toEqual([
      ["False", minutes(10)],
      ["Unknown", minutes(10)],
    ]);
    expect(await provider.isDrifted(claim("a"), context)).toBe("");
  });
});
