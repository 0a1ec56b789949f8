import { afterEach, describe, expect, it } from "vitest";
import {
  CapacityBufferResource,
  CapacityBuffers,
  Deployments,
  getCondition,
  PodTemplates,
  ReplicaSets,
  StatefulSets,
  type CapacityBuffer,
  type CapacityBufferSpec,
  type Deployment,
  type Resource,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aBuffer, aPodTemplate, aWorkload, BUFFER_KEY } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { BufferStore } from "../buffer-store.ts";
import { capacityBufferController } from "./controller.ts";

const podTemplateRef = { name: "web" };
const scalableRef = { kind: "Deployment", name: "web" };

let harness: ControllerHarness;
let store: BufferStore;
/** When a plan was asked for, in seconds since the start. */
let asked: number[];
afterEach(() => harness.stop());

async function started(spec: CapacityBufferSpec, prepare: () => Promise<unknown> = async () => {}): Promise<void> {
  harness = new ControllerHarness();
  store = new BufferStore();
  asked = [];
  const begun = harness.clock.now();
  await prepare();
  await harness.put(CapacityBuffers, aBuffer(spec));
  store.onAsked(() => asked.push(Math.round((harness.clock.now() - begun) / 1000)));
  await harness.start(capacityBufferController(harness.deps, store));
  await harness.pass(100);
}

const withTemplate = (cpu?: string) => () => harness.put(PodTemplates, aPodTemplate(cpu));
const withWorkload = (replicas: number) => () => harness.put(Deployments, aWorkload(replicas));

async function buffer(): Promise<CapacityBuffer | undefined> {
  return await harness.stored(CapacityBuffers, BUFFER_KEY);
}

async function reasons(): Promise<readonly (string | undefined)[]> {
  const stored = await buffer();
  return ["ReadyForProvisioning", "Provisioning"].map((type) => {
    const found = stored && getCondition(stored, type);
    return found && `${found.status} ${found.reason}`;
  });
}

async function replicas(): Promise<number | undefined> {
  return (await buffer())?.status?.replicas;
}

async function edit(spec: object): Promise<void> {
  await harness.kube.patch(CapacityBuffers, BUFFER_KEY, { type: "merge", body: { spec } });
  await harness.pass(100);
}

const spare = () => store.spare().pods.map(({ metadata }) => metadata.name);
const NOT_READY = "False NotReadyForProvisioning";

describe("capacitybuffer", () => {
  it("CB-1, A-19: a PodTemplate is resolved, and the status says to what", async () => {
    await started({ podTemplateRef, replicas: 3 }, withTemplate());
    expect(await buffer()).toMatchObject({
      status: {
        podTemplateRef,
        podTemplateGeneration: 1,
        replicas: 3,
        provisioningStrategy: "buffer.x-k8s.io/active-capacity",
        conditions: [
          { type: "ReadyForProvisioning", status: "True", reason: "Resolved", observedGeneration: 1 },
          { type: "Provisioning", status: "False", reason: "RequiresNewCapacity", observedGeneration: 1 },
        ],
      },
    });
    expect(spare()).toEqual(["headroom-0", "headroom-1", "headroom-2"]);
  });

  it("CB-1: neither reference is no resolution", async () => {
    await started({ replicas: 3 });
    expect(await reasons()).toEqual(["False ResolutionFailed", NOT_READY]);
    expect([spare(), asked, await replicas()]).toEqual([[], [], undefined]);
  });

  it("CB-1: a PodTemplate that is not there is no error, and is used as soon as it is", async () => {
    await started({ podTemplateRef, replicas: 2 });
    expect(await reasons()).toEqual(["False PodTemplateNotFound", NOT_READY]);
    await harness.put(PodTemplates, aPodTemplate());
    await harness.pass(100);
    expect(await reasons()).toEqual(["True Resolved", "False RequiresNewCapacity"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("CB-1: a PodTemplate that goes leaves nothing behind", async () => {
    await started({ podTemplateRef, replicas: 2 }, withTemplate());
    await harness.kube.delete(PodTemplates, { namespace: "default", name: "web" });
    await harness.pass(100);
    expect(await reasons()).toEqual(["False PodTemplateNotFound", NOT_READY]);
    expect([spare(), (await buffer())?.status]).toEqual([[], expect.not.objectContaining({ replicas: 2 })]);
  });

  it.each([
    ["Deployment", Deployments],
    ["StatefulSet", StatefulSets],
    ["ReplicaSet", ReplicaSets],
  ] as const)("CB-1, E-78: a %s of apps is a scalable, with and without its group", async (kind, resource) => {
    const named = resource as Resource<Deployment>;
    await started({ scalableRef: { kind, name: "web" }, replicas: 2 }, () => harness.put(named, aWorkload(9, kind)));
    expect([await reasons(), await replicas()]).toEqual([["True Resolved", "False RequiresNewCapacity"], 2]);
    await edit({ scalableRef: { apiGroup: "apps" }, replicas: 4 });
    expect([(await reasons())[0], await replicas()]).toEqual(["True Resolved", 4]);
    expect((await buffer())?.status).not.toHaveProperty("podTemplateRef");
  });

  it.each([
    { kind: "DaemonSet", name: "web" },
    { kind: "Deployment", name: "web", apiGroup: "example.com" },
  ])("CB-1: $kind of $apiGroup cannot be used", async (other) => {
    await started({ scalableRef: other, replicas: 2 }, withWorkload(3));
    expect(await reasons()).toEqual(["False ResolutionFailed", NOT_READY]);
  });

  it("E-79: recovers when the scalable appears after the buffer, without an error meanwhile", async () => {
    await started({ scalableRef, replicas: 2 });
    expect(await reasons()).toEqual(["False ScalableRefNotFound", NOT_READY]);
    await harness.put(Deployments, aWorkload(1));
    await harness.pass(30_000);
    expect(await reasons()).toEqual(["True Resolved", "False RequiresNewCapacity"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("what the API server answers otherwise is an error that is tried again", async () => {
    let failures = 2;
    await started({ scalableRef, replicas: 2 }, async () => {
      await harness.put(Deployments, aWorkload(1));
      harness.kube.faults = ({ phase, verb }) => {
        if (phase === "before" && verb === "get" && failures-- > 0) throw new KubeError(500, "InternalError", "later");
      };
    });
    expect(await reasons()).toEqual([undefined, undefined]);
    await harness.pass(1000);
    expect((await reasons())[0]).toBe("True Resolved");
    expect(harness.logger.messages("error")).toHaveLength(2);
  });

  it("E-77, E-86, TC-58: a percentage follows the scalable's size", async () => {
    await started({ scalableRef, percentage: 25 }, withWorkload(7));
    expect(await replicas()).toBe(2);
    const body = { spec: { replicas: 9 } };
    await harness.kube.patch(Deployments, { namespace: "default", name: "web" }, { type: "merge", body });
    await harness.pass(30_000);
    expect([await replicas(), spare()]).toEqual([3, ["headroom-0", "headroom-1", "headroom-2"]]);
  });

  it("E-76: the status follows a PodTemplate that changes, and a plan is asked for", async () => {
    await started({ podTemplateRef, limits: { cpu: "4" } }, withTemplate("1"));
    expect([await replicas(), asked]).toEqual([4, [0]]);
    await harness.pass(5000);
    const body = { template: aPodTemplate("2").template };
    await harness.kube.patch(PodTemplates, { namespace: "default", name: "web" }, { type: "merge", body });
    await harness.pass(100);
    expect([await replicas(), (await buffer())?.status?.podTemplateGeneration, asked]).toEqual([2, 2, [0, 5]]);
  });

  it("E-85, E-93: fewer replicas shrink it, higher limits raise it", async () => {
    await started({ podTemplateRef, replicas: 5, limits: { cpu: "3" } }, withTemplate());
    expect(spare()).toHaveLength(3);
    await edit({ limits: { cpu: "4" } });
    expect(spare()).toHaveLength(4);
    await edit({ replicas: 1 });
    expect(spare()).toHaveLength(1);
    await edit({ replicas: 0 });
    expect([spare(), await reasons()]).toEqual([[], ["True Resolved", "False BufferEmpty"]]);
  });

  it("CB-3: every half minute another plan is asked for, and none for a buffer that wants nothing", async () => {
    await started({ podTemplateRef, replicas: 1 }, withTemplate());
    await harness.pass(89_000);
    expect(asked).toEqual([0, 30, 60]);
    await edit({ replicas: 0 });
    await harness.pass(90_000);
    expect(asked).toEqual([0, 30, 60]);
  });

  it("CB-4: what a plan comes to is told, and does not ask for another one", async () => {
    await started({ podTemplateRef, replicas: 3 }, withTemplate());
    const planned = store.spare();
    const places = new Set(["n1"]);
    const outcome = { ready: 1, starting: 1, waiting: 1, why: "too large", places };
    store.planned(planned, new Map([["default/headroom", outcome]]));
    await harness.pass(100);
    const stored = await buffer();
    expect(stored && getCondition(stored, "Provisioning")).toMatchObject({
      status: "False",
      reason: "RequiresNewCapacity",
      message: "room for 1 of 3 pods is there; for 1 a machine starts; for 1 there is no place: too large",
    });
    store.planned(planned, new Map([["default/headroom", { ready: 3, starting: 0, waiting: 0, places }]]));
    await harness.pass(100);
    expect((await reasons())[1]).toBe("True FitsExistingCapacity");
    expect(asked).toEqual([0]);
  });

  it("CB-4: a restart keeps what was true until the first plan says otherwise", async () => {
    const now = { lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 };
    await started({ podTemplateRef, replicas: 1 }, async () => {
      await harness.put(PodTemplates, aPodTemplate());
      const fits = {
        type: "Provisioning",
        status: "True",
        reason: "FitsExistingCapacity",
        message: "as before",
        ...now,
      };
      await harness.put(CapacityBuffers, {
        ...aBuffer({ podTemplateRef, replicas: 1 }, "old"),
        status: { conditions: [fits] },
      } as CapacityBuffer);
    });
    const old = await harness.stored(CapacityBuffers, { namespace: "default", name: "old" });
    expect(old && getCondition(old, "Provisioning")).toMatchObject({ status: "True", message: "as before", ...now });
    await harness.kube.patch(
      CapacityBuffers,
      { namespace: "default", name: "old" },
      { type: "merge", body: { spec: { replicas: 2 } } },
    );
    await harness.pass(100);
    const edited = await harness.stored(CapacityBuffers, { namespace: "default", name: "old" });
    expect(edited && getCondition(edited, "Provisioning")?.reason).toBe("RequiresNewCapacity");
  });

  it("LC-3: the time of a condition moves only with its status", async () => {
    await started({ podTemplateRef, replicas: 1 }, withTemplate());
    const first = (await buffer())?.status?.conditions?.[0]?.lastTransitionTime;
    await harness.pass(60_000);
    await edit({ replicas: 2 });
    expect((await buffer())?.status?.conditions?.[0]).toMatchObject({
      lastTransitionTime: first,
      observedGeneration: 2,
    });
  });

  it("a buffer of another strategy is left to others", async () => {
    await started({ podTemplateRef, replicas: 2, provisioningStrategy: "example.com/standby" }, withTemplate());
    expect([(await buffer())?.status, spare(), asked]).toEqual([undefined, [], []]);
    expect(store.awaitsPlan(["default/headroom"])).toBe(false);
  });

  it("a slip of the pen does not fill the process with pods, and is told", async () => {
    await started({ podTemplateRef, replicas: 2_000_000_000 }, withTemplate());
    expect([spare().length, await replicas()]).toEqual([5000, 5000]);
    const stored = await buffer();
    expect(stored && getCondition(stored, "ReadyForProvisioning")?.message).toBe(
      "it asks for 2000000000 pods; one buffer keeps room for 5000 at most",
    );
  });

  it("a deleted buffer wants nothing any more", async () => {
    await started({ podTemplateRef, replicas: 2 }, withTemplate());
    await harness.kube.delete(CapacityBuffers, BUFFER_KEY);
    await harness.pass(40_000);
    expect([spare(), asked]).toEqual([[], [0]]);
  });

  it("RT-15: a conflict while the status is written is tried again, without an error", async () => {
    let conflicts = 2;
    await started({ podTemplateRef, replicas: 2 }, async () => {
      await harness.put(PodTemplates, aPodTemplate());
      harness.kube.faults = ({ phase, verb }) => {
        if (phase === "before" && verb === "patchStatus" && conflicts-- > 0)
          throw new KubeError(409, "Conflict", "later");
      };
    });
    await harness.pass(1000);
    expect([await replicas(), harness.logger.messages("error")]).toEqual([2, []]);
  });

  it("RT-13: without the definition there are no buffers, and they count from when it is installed", async () => {
    harness = new ControllerHarness();
    store = new BufferStore();
    harness.kube.undefine(CapacityBuffers);
    await harness.start(capacityBufferController(harness.deps, store));
    await harness.pass(1000);
    expect(store.awaitsPlan([])).toBe(false);
    harness.kube.define(CapacityBufferResource);
    await harness.put(PodTemplates, aPodTemplate());
    await harness.put(CapacityBuffers, aBuffer({ podTemplateRef, replicas: 1 }));
    await harness.pass(61_000);
    expect([await replicas(), spare()]).toEqual([1, ["headroom-0"]]);
    expect([...harness.logger.messages("error"), ...harness.logger.messages("warn")]).toEqual([]);
  });
});
