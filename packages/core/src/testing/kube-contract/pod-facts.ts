// What is special about pods: defaults, what may change, binding and graceful deletion.

import { expect, it } from "vitest";
import { Pods, type Pod } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { expectRefusal, type World } from "./world.ts";

export function podFacts(world: World): void {
  const read = (pod: Pod): Promise<Pod> => world.client.get(Pods, keyOf(pod));
  const expectGone = (pod: Pod) => expectRefusal(read(pod), { code: 404 });

  it("fills in what every pod has", async () => {
    const pod = await world.pod(
      {},
      { containers: [{ name: "main", image: "x:1", resources: { limits: { cpu: "0.5" } } }] },
    );
    expect(pod.spec).toMatchObject({
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
      terminationGracePeriodSeconds: 30,
      priority: 0,
    });
    expect(pod.spec.containers[0]?.resources).toEqual({ limits: { cpu: "500m" }, requests: { cpu: "500m" } });
    expect(pod.status).toMatchObject({ phase: "Pending", qosClass: "Burstable" });
    expect(pod.metadata.generation).toBe(1);
  });

  it("lets every pod tolerate a node that is not ready or not reachable for five minutes", async () => {
    const { spec } = await world.pod();
    const forAWhile = { operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 };
    expect(spec.tolerations).toEqual([
      { key: "node.kubernetes.io/not-ready", ...forAWhile },
      { key: "node.kubernetes.io/unreachable", ...forAWhile },
    ]);
  });

  it("takes the priority from the class and refuses another", async () => {
    const pod = await world.pod({}, { priorityClassName: "system-node-critical" });
    expect(pod.spec.priority).toBe(2_000_001_000);
    await expectRefusal(world.pod({}, { priority: 7 }), { code: 403, reason: "Forbidden" });
    await expectRefusal(world.pod({}, { priorityClassName: world.name("missing") }), { code: 403 });
  });

  it("ignores the status of a new pod", async () => {
    const metadata = { name: world.name("pod"), namespace: world.namespace };
    const spec = { containers: [{ name: "main", image: "x:1" }] };
    const pod = await world.create(Pods, { metadata, spec, status: { phase: "Running" } });
    expect(pod.status?.phase).toBe("Pending");
  });

  it("refuses a pod without containers or a container without an image", async () => {
    await expectRefusal(world.pod({}, { containers: [] }), { code: 422, message: /spec\.containers/ });
    await expectRefusal(world.pod({}, { containers: [{ name: "main" }] }), { code: 422, message: /image/ });
  });

  it("refuses changes to the spec but for images and further tolerations", async () => {
    const pod = await world.pod();
    const patch = (body: Record<string, unknown>) => world.client.patch(Pods, keyOf(pod), { type: "strategic", body });
    await expectRefusal(patch({ spec: { nodeSelector: { a: "1" } } }), {
      code: 422,
      message: /pod updates may not change fields/,
    });
    await expectRefusal(patch({ spec: { nodeName: "n1" } }), { code: 422 });
    const image = await patch({ spec: { containers: [{ name: "main", image: "example.com/main:2" }] } });
    expect(image.spec.containers[0]?.image).toBe("example.com/main:2");
    expect(image.metadata.generation).toBe(2);
    const tolerations = [...(pod.spec.tolerations ?? []), { key: "a", operator: "Exists" }];
    expect((await patch({ spec: { tolerations } })).spec.tolerations).toHaveLength(3);
    await expectRefusal(patch({ spec: { tolerations: pod.spec.tolerations } }), {
      code: 422,
      message: /spec\.tolerations/,
    });
    const labels = await patch({ metadata: { labels: { a: "1" } } });
    expect(labels.metadata).toMatchObject({ labels: { a: "1" }, generation: 3 });
  });

  it("marks a gated pod as not schedulable yet and binds it only without gates", async () => {
    const pod = await world.pod({}, { schedulingGates: [{ name: "example.com/wait" }] });
    expect(pod.status?.conditions?.[0]).toMatchObject({
      type: "PodScheduled",
      status: "False",
      reason: "SchedulingGated",
    });
    await expectRefusal(world.client.bind(keyOf(pod), "n1"), { code: 409, message: /schedulingGates/ });
    const ungated = await world.client.patch(Pods, keyOf(pod), {
      type: "merge",
      body: { spec: { schedulingGates: null } },
    });
    expect(ungated.spec.schedulingGates).toBeUndefined();
    await world.client.bind(keyOf(pod), "n1");
  });

  it("binds a pod to a node once", async () => {
    const pod = await world.pod();
    await world.client.bind(keyOf(pod), "n1");
    const bound = await read(pod);
    expect(bound.spec.nodeName).toBe("n1");
    expect(bound.status?.conditions).toEqual([expect.objectContaining({ type: "PodScheduled", status: "True" })]);
    await expectRefusal(world.client.bind(keyOf(pod), "n2"), {
      code: 409,
      reason: "Conflict",
      message: /pod pod-.* is already assigned to node "n1"/,
    });
    await expectRefusal(world.client.bind({ name: world.name("missing"), namespace: world.namespace }, "n1"), {
      code: 404,
    });
  });

  it("removes a pod that is on no node at once", async () => {
    const pod = await world.pod();
    await world.client.delete(Pods, keyOf(pod));
    await expectGone(pod);
  });

  it("gives a pod on a node its time to end", async () => {
    const pod = await world.pod({}, { terminationGracePeriodSeconds: 45 });
    await world.client.bind(keyOf(pod), "n1");
    await world.client.delete(Pods, keyOf(pod));
    const { metadata } = await read(pod);
    const created = Date.parse(metadata.creationTimestamp ?? "");
    const until = Date.parse(metadata.deletionTimestamp ?? "") - created;
    expect(until).toBeGreaterThanOrEqual(45_000);
    expect(until).toBeLessThan(60_000);
    expect(metadata).toMatchObject({ deletionGracePeriodSeconds: 45, generation: 2 });
    await expectRefusal(world.client.bind(keyOf(pod), "n2"), { code: 409, message: /is being deleted/ });
  });

  it("shortens the time a pod has and never lengthens it", async () => {
    const pod = await world.runningPod();
    await world.client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 20 });
    await world.client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 40 });
    await world.client.delete(Pods, keyOf(pod));
    expect((await read(pod)).metadata.deletionGracePeriodSeconds).toBe(20);
    await world.client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 10 });
    expect((await read(pod)).metadata.deletionGracePeriodSeconds).toBe(10);
    await world.client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 0 });
    await expectGone(pod);
  });

  it("removes a pod that has ended at once", async () => {
    const pod = await world.runningPod();
    await world.client.patchStatus(Pods, keyOf(pod), { type: "merge", body: { status: { phase: "Succeeded" } } });
    await world.client.delete(Pods, keyOf(pod));
    await expectGone(pod);
  });

  it("keeps a pod with finalizers also at grace 0", async () => {
    const pod = await world.pod({ finalizers: ["example.com/f"] });
    await world.client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 0 });
    expect((await read(pod)).metadata.deletionTimestamp).toBeDefined();
    await world.client.patch(Pods, keyOf(pod), { type: "merge", body: { metadata: { finalizers: null } } });
    await expectGone(pod);
  });
}
