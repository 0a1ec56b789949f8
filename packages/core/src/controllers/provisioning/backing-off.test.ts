// A pool whose machines cannot be had is left out for a while; others are used at once.

import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, NodePools, UNREGISTERED_TAINT, type NodeClaim, type NodePool } from "../../api/index.ts";
import {
  CreateFailed,
  InsufficientCapacity,
  LaunchPending,
  NodeClassNotReady,
  type InstanceType,
  type ProviderError,
} from "../../provider/index.ts";
import { anInstanceType, aNodePool, anOffering, aPod, pods, type PodOptions } from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS } from "../../testing/controller-harness.ts";
import { seconds } from "../../units/index.ts";
import { allControllers } from "../all.ts";
import { nodeClaimLifecycleController } from "../nodeclaim-lifecycle/controller.ts";
import { RegistrationHealth } from "../nodepool-registration-health/registration-health.ts";
import { provisioningController } from "./controller.ts";
import { PoolBackOff } from "./pool-back-off.ts";

const SECOND = 1000;
const MINUTE = 60_000;
let harness: ControllerHarness;
afterEach(() => harness.stop());

interface World {
  readonly pools?: readonly string[];
  readonly types?: readonly InstanceType[];
}

/** One pod that needs a machine; the first pool is preferred. */
async function world({ pools = ["first"], types = [anInstanceType()] }: World = {}): Promise<void> {
  harness = new ControllerHarness({ types });
  for (const [index, name] of pools.entries()) await harness.put(NodePools, aNodePool({ name, weight: 100 - index }));
}

async function start(pod: PodOptions = {}): Promise<PoolBackOff> {
  const { deps } = harness;
  const backOff = new PoolBackOff(deps);
  const lifecycle = nodeClaimLifecycleController(deps, new RegistrationHealth(), backOff);
  await harness.start(provisioningController(deps, backOff), lifecycle);
  await harness.putPod(aPod({ name: "web", requests: { cpu: "1" }, ...pod }));
  return backOff;
}

/** Claims made for a pool refuse to launch with this, as often as they ask. */
function refuses(pool: string, error: () => ProviderError): void {
  const create = harness.provider.create.bind(harness.provider);
  harness.provider.create = async (claim: NodeClaim) => {
    if (claim.metadata.labels?.[Label.NodePool] !== pool) return await create(claim);
    harness.provider.calls.push(`create ${pool}`);
    throw error();
  };
}

async function firstPool(): Promise<NodePool> {
  return await harness.kube.get(NodePools, { name: "first" });
}

const asked = (what = "create first"): number => harness.provider.calls.filter((call) => call === what).length;
/** Each once. */
const explanations = (): readonly string[] => [
  ...new Set(harness.events.texts().filter((text) => text.startsWith("Warning FailedScheduling"))),
];

const noCapacity = () => new InsufficientCapacity("no m.4 left");

describe("a pool in back-off", () => {
  it.each<[string, () => ProviderError]>([
    ["LC-18: that has nothing left", noCapacity],
    ["LC-19: whose NodeClass is not ready", () => new NodeClassNotReady("credentials are missing")],
  ])("%s is asked after 30 s, 1, 2, 4 and 8 minutes, not in every round", async (_, error) => {
    await world();
    refuses("first", error);
    await start();
    await harness.pass(25 * SECOND);
    expect(asked()).toBe(1);
    await harness.pass(25 * SECOND);
    expect(asked()).toBe(2);
    await harness.pass(16 * MINUTE);
    expect(asked()).toBe(6);
  });

  it("LC-18: says so in the pod's explanation, with the cause and the time of the next try", async () => {
    await world();
    refuses("first", noCapacity);
    await start();
    await harness.pass(25 * SECOND);
    expect(explanations()).toEqual([
      expect.stringMatching(
        /not used: after insufficient_capacity \(no m\.4 left\) it is tried again at 2026-01-01T00:00:\d\dZ/,
      ),
    ]);
  });

  it("TC-26, LC-18: another pool is used at once", async () => {
    await world({ pools: ["first", "second"] });
    refuses("first", noCapacity);
    await start();
    await harness.pass(15 * SECOND);
    expect(asked()).toBe(1);
    const [claim] = (await harness.kube.list(NodeClaims)).items;
    expect(claim?.metadata.labels?.[Label.NodePool]).toBe("second");
    expect(claim?.status?.providerID).toBeDefined();
  });

  it("LC-18, LC-21: a pool with another offering to try does not wait", async () => {
    const offered = (stock: string | true) => [
      anInstanceType({ name: "cheap", offerings: [anOffering({ price: 0.1, available: stock })] }),
      anInstanceType({ name: "dear", offerings: [anOffering({ price: 0.2 })] }),
    ];
    await world({ types: offered(true) });
    let types = offered(true);
    harness.provider.getInstanceTypes = async () => ({ version: String(types.length), items: types });
    const create = harness.provider.create.bind(harness.provider);
    harness.provider.create = async (claim) => {
      if (types[0]?.offerings[0]?.availability.available === false) return await create(claim);
      types = offered("OutOfStock");
      throw noCapacity();
    };
    await start();
    await harness.pass(15 * SECOND);
    const [claim] = (await harness.kube.list(NodeClaims)).items;
    expect(claim?.status?.providerID).toBeDefined();
    expect(explanations()).toEqual([]);
  });

  it("LC-18, LC-21: a pool waits when the last offering is marked", async () => {
    await world();
    let types = [anInstanceType()];
    harness.provider.getInstanceTypes = async () => ({ version: "1", items: types });
    harness.provider.create = async () => {
      harness.provider.calls.push("create first");
      types = [anInstanceType({ offerings: [anOffering({ available: "OutOfStock" })] })];
      throw noCapacity();
    };
    await start();
    await harness.pass(5 * SECOND);
    types = [anInstanceType()];
    await harness.pass(20 * SECOND);
    expect(asked()).toBe(1);
    await harness.pass(20 * SECOND);
    expect(asked()).toBe(2);
  });

  it("LC-20: a request that the cloud refuses as such holds up no more than its own claim, and no second one is made", async () => {
    await world();
    refuses("first", () => new CreateFailed("the image is unknown", { conditionReason: "InvalidRequest" }));
    await start();
    await harness.pass(40 * SECOND);
    await harness.putPod(aPod({ name: "big", requests: { cpu: "3.5" } }));
    await harness.pass(20 * SECOND);
    expect((await harness.kube.list(NodeClaims)).items).toHaveLength(1);
    expect(explanations()).toEqual([expect.stringContaining("create_failed (the image is unknown)")]);
  });

  it("LC-32: two machines that never join hold the pool up, one does not", async () => {
    await world();
    harness.provider.limits = { registration: seconds(60) };
    await start();
    await harness.pass(75 * SECOND);
    expect(harness.provider.calls.filter((call) => call.startsWith("create"))).toHaveLength(2);
    await harness.pass(65 * SECOND);
    expect(explanations()).toEqual([expect.stringContaining("after registration_timeout")]);
  });

  it("LC-18: a machine that could be had makes the next pause a first one again", async () => {
    await world();
    harness.provider.failures.create.push(noCapacity(), noCapacity());
    await start();
    await harness.pass(3 * MINUTE);
    expect(harness.provider.machines.size).toBe(1);
    harness.provider.failures.create.push(noCapacity());
    await harness.putPod(aPod({ name: "big", requests: { cpu: "3.5" } }));
    await harness.pass(45 * SECOND);
    expect(harness.provider.machines.size).toBe(2);
  });

  it("LC-32: a machine that joined is forgiven the one that did not", async () => {
    await world();
    harness.provider.limits = { registration: seconds(60) };
    await start();
    await harness.pass(75 * SECOND);
    await harness.putNode({ name: "n", nodePool: "", providerID: "fake:///2", taints: [UNREGISTERED_TAINT] });
    await harness.pass(10 * SECOND);
    // Both pods want most of a machine: one of them gets the second one, the other a third one, which never joins.
    await harness.putPod(aPod({ name: "big", requests: { cpu: "3.5" } }));
    await harness.pass(90 * SECOND);
    expect(harness.provider.calls.filter((call) => call.startsWith("create"))).toHaveLength(4);
    expect(explanations()).toEqual([]);
  });

  it("a machine of the pool that is ordered, and may become one or the other, still takes its pods", async () => {
    await world({ types: [anInstanceType({ name: "arm", arch: "arm64" }), anInstanceType({ name: "amd" })] });
    harness.provider.create = async () => {
      throw new LaunchPending("ordered", { retryAfter: seconds(20) });
    };
    const backOff = await start({ requiredTerms: [[[Label.Arch, "In", "amd64", "arm64"]]] });
    await harness.pass(5 * SECOND);
    const pool = await firstPool();
    for (let i = 0; i < 4; i++) {
      backOff.failed(pool, "create_failed", "the image is unknown");
      await harness.pass(32 * SECOND);
    }
    expect((await harness.kube.list(NodeClaims)).items).toHaveLength(1);
    expect(explanations()).toEqual([]);
  });

  it("LC-18: that holds for all controllers together", async () => {
    await world();
    await harness.putReadyClass();
    refuses("first", noCapacity);
    await harness.start(...allControllers(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(5 * SECOND);
    await harness.putPod(aPod({ name: "web", requests: { cpu: "1" } }));
    await harness.pass(25 * SECOND);
    expect(asked()).toBe(1);
    await harness.pass(25 * SECOND);
    expect(asked()).toBe(2);
  });

  it("a machine of the pool that is on its way still takes pods", async () => {
    await world();
    const backOff = await start();
    await harness.pass(5 * SECOND);
    backOff.failed(await firstPool(), "insufficient_capacity", "no m.4 left");
    // Three of them fit beside the first one on its 4 cores.
    for (const pod of pods(4, { name: "late", requests: { cpu: "1" } })) await harness.putPod(pod);
    await harness.pass(15 * SECOND);
    expect((await harness.kube.list(NodeClaims)).items).toHaveLength(1);
    expect(explanations()).toHaveLength(1);
  });
});
