// What an eviction asks of PodDisruptionBudgets.

import { expect, it } from "vitest";
import { PodDisruptionBudgets, Pods, type Pod } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { expectRefusal, OTHER_UID, type World } from "./world.ts";

const TOO_MANY = {
  code: 429,
  reason: "TooManyRequests",
  message: /^Cannot evict pod as it would violate the pod's disruption budget\.$/,
};

export function evictionFacts(world: World): void {
  const labels = (): Record<string, string> => ({ app: world.name("app") });
  const isLeaving = async (pod: Pod): Promise<boolean> =>
    (await world.client.get(Pods, keyOf(pod))).metadata.deletionTimestamp !== undefined;

  it("answers 404 for a pod that is not there", async () => {
    const key = { name: world.name("missing"), namespace: world.namespace };
    await expectRefusal(world.client.evict(key), { code: 404 });
  });

  it("deletes a pod that no budget covers and says why", async () => {
    const pod = await world.runningPod();
    await world.client.evict(keyOf(pod));
    const left = await world.client.get(Pods, keyOf(pod));
    expect(left.metadata.deletionGracePeriodSeconds).toBe(30);
    const why = left.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    expect(why).toMatchObject({ status: "True", reason: "EvictionByEvictionAPI" });
  });

  it("refuses an eviction meant for another pod of the same name", async () => {
    const pod = await world.runningPod();
    await expectRefusal(world.client.evict(keyOf(pod), { preconditions: { uid: OTHER_UID } }), { code: 409 });
    expect(await isLeaving(pod)).toBe(false);
    await world.client.evict(keyOf(pod), { preconditions: { uid: pod.metadata.uid ?? "" } });
    expect(await isLeaving(pod)).toBe(true);
  });

  it("answers 429 when the budget allows no disruption", async () => {
    const app = labels();
    const pod = await world.runningPod(app);
    await world.budget(app, { disruptionsAllowed: 0 });
    await expectRefusal(world.client.evict(keyOf(pod)), TOO_MANY);
    expect(await isLeaving(pod)).toBe(false);
  });

  it("answers 429 with a time while the budget has not been looked at", async () => {
    const app = labels();
    const pod = await world.runningPod(app);
    await world.budget(app, { disruptionsAllowed: 5, observedGeneration: 0 });
    const error = await expectRefusal(world.client.evict(keyOf(pod)), TOO_MANY);
    expect(error.retryAfterSeconds).toBe(10);
  });

  it("takes what it uses from the budget", async () => {
    const app = labels();
    const [one, other] = [await world.runningPod(app), await world.runningPod(app)];
    const budget = await world.budget(app, { disruptionsAllowed: 1, currentHealthy: 2 });
    await world.client.evict(keyOf(one));
    const { status } = await world.client.get(PodDisruptionBudgets, keyOf(budget));
    expect(status?.disruptionsAllowed).toBe(0);
    expect(status).toHaveProperty("disruptedPods", { [one.metadata.name ?? ""]: expect.any(String) });
    await expectRefusal(world.client.evict(keyOf(other)), TOO_MANY);
  });

  it("answers 500 when several budgets cover the pod", async () => {
    const app = labels();
    const pod = await world.runningPod(app);
    await world.budget(app, { disruptionsAllowed: 1 });
    await world.budget(app, { disruptionsAllowed: 1 });
    await expectRefusal(world.client.evict(keyOf(pod)), {
      code: 500,
      message: /^This pod has more than one PodDisruptionBudget, which the eviction subresource does not support\.$/,
    });
  });

  it("asks no budget for a pod that is pending, has ended or is leaving", async () => {
    const app = labels();
    await world.budget(app, { disruptionsAllowed: 0 });
    const pending = await world.pod({ labels: app });
    await world.client.evict(keyOf(pending));
    await expectRefusal(world.client.get(Pods, keyOf(pending)), { code: 404 });
    const leaving = await world.runningPod(app);
    await world.client.delete(Pods, keyOf(leaving));
    await world.client.evict(keyOf(leaving));
    expect(await isLeaving(leaving)).toBe(true);
    const ended = await world.runningPod(app);
    await world.client.patchStatus(Pods, keyOf(ended), { type: "merge", body: { status: { phase: "Failed" } } });
    await world.client.evict(keyOf(ended));
    await expectRefusal(world.client.get(Pods, keyOf(ended)), { code: 404 });
  });

  it("lets an unready pod go when the rest is healthy", async () => {
    const app = labels();
    const pod = await world.runningPod(app, false);
    const budget = await world.budget(app, { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 });
    await world.client.evict(keyOf(pod));
    expect(await isLeaving(pod)).toBe(true);
    const { status } = await world.client.get(PodDisruptionBudgets, keyOf(budget));
    expect(status?.disruptionsAllowed).toBe(0);
  });

  it("keeps an unready pod when the rest is not healthy, unless the budget always allows it", async () => {
    const unhealthy = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 1 };
    const [strict, lax] = [labels(), labels()];
    const [kept, leaving] = [await world.runningPod(strict, false), await world.runningPod(lax, false)];
    await world.budget(strict, unhealthy);
    await world.budget(lax, unhealthy, { selector: { matchLabels: lax }, unhealthyPodEvictionPolicy: "AlwaysAllow" });
    await expectRefusal(world.client.evict(keyOf(kept)), TOO_MANY);
    await world.client.evict(keyOf(leaving));
    expect(await isLeaving(leaving)).toBe(true);
  });

  it("refuses a budget with both a minimum and a maximum", async () => {
    await expectRefusal(world.budget(labels(), {}, { minAvailable: 1, maxUnavailable: 1 }), { code: 422 });
  });
}
