import { PodDisruptionBudgets, Pods } from "@karpenter-multicloud/core/api";
import type { PodDisruptionBudget } from "@karpenter-multicloud/core/api";
import { KubeError } from "@karpenter-multicloud/core/kube";
import { seconds } from "@karpenter-multicloud/core/units";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { barePod, budget, deployment, machine, TestCluster } from "../test-cluster.ts";

let test: TestCluster;

beforeEach(async () => {
  test = await TestCluster.started();
  await test.join(machine("n1", { cpu: "16", memory: "64Gi" }));
});

afterEach(() => {
  test.stop();
});

async function status(): Promise<PodDisruptionBudget["status"]> {
  await test.clock.idle();
  return (await test.cluster.kube.get(PodDisruptionBudgets, { namespace: "default", name: "web" })).status;
}

describe("pod disruption budgets", () => {
  it.each([
    [{ minAvailable: 3 }, { expectedPods: 5, desiredHealthy: 3, disruptionsAllowed: 2 }],
    [{ minAvailable: "50%" }, { expectedPods: 5, desiredHealthy: 3, disruptionsAllowed: 2 }],
    [{ maxUnavailable: 1 }, { expectedPods: 5, desiredHealthy: 4, disruptionsAllowed: 1 }],
    [{ maxUnavailable: "30%" }, { expectedPods: 5, desiredHealthy: 3, disruptionsAllowed: 2 }],
    [{ maxUnavailable: 0 }, { expectedPods: 5, desiredHealthy: 5, disruptionsAllowed: 0 }],
    [{ minAvailable: "100%" }, { expectedPods: 5, desiredHealthy: 5, disruptionsAllowed: 0 }],
  ])("of %j with five ready pods", async (spec, wanted) => {
    await test.apply(deployment("web", 5), budget("web", spec));
    await test.readyPods(5);
    expect(await status()).toMatchObject({ ...wanted, currentHealthy: 5 });
  });

  it("allow nothing while pods are missing, and count what the Deployment wants", async () => {
    await test.apply(deployment("web", 20), budget("web", { maxUnavailable: 2 }));
    await test.clock.advance(seconds(30));
    expect(await status()).toMatchObject({
      expectedPods: 20,
      currentHealthy: 16,
      desiredHealthy: 18,
      disruptionsAllowed: 0,
    });
    await test.cluster.scale({ namespace: "default", name: "web" }, 10);
    await test.clock.advance(seconds(30));
    expect(await status()).toMatchObject({ expectedPods: 10, currentHealthy: 10, disruptionsAllowed: 2 });
  });

  it("allow nothing when they select nothing", async () => {
    await test.apply(budget("web", { minAvailable: 0 }));
    expect(await status()).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
  });

  it("count bare pods only for whole numbers of minAvailable", async () => {
    await test.apply(barePod("web", { cpu: "1" }), budget("web", { minAvailable: 0 }));
    await test.readyPods(1);
    expect(await status()).toMatchObject({ expectedPods: 1, disruptionsAllowed: 1 });
    await test.apply(budget("web", { maxUnavailable: 1 }));
    expect(await status()).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
  });

  it("let evictions through one by one as replacements get ready", async () => {
    await test.apply(deployment("web", 3), budget("web", { maxUnavailable: 1 }));
    await test.readyPods(3);
    await test.clock.idle();
    const evict = async (name: string | undefined): Promise<number> => {
      try {
        await test.cluster.kube.evict({ namespace: "default", name: name ?? "" });
        return 201;
      } catch (error) {
        if (KubeError.is(error)) return error.code;
        throw error;
      }
    };
    const [first, second] = (await test.pods()).map((pod) => pod.metadata.name);
    expect(await evict(first)).toBe(201);
    expect(await evict(second)).toBe(429);
    await test.clock.idle();
    expect(await status()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 });
    await test.clock.advance(seconds(10));
    expect(await status()).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 1 });
    expect(await evict(second)).toBe(201);
    const gone = await test.cluster.kube.list(Pods, { namespace: "default" });
    expect(gone.items.find((pod) => pod.metadata.name === second)?.metadata.deletionTimestamp).toBeDefined();
  });
});
