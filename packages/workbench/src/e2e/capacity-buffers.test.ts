// The examples of CapacityBuffers in a simulated cluster: room is kept, a burst of pods takes it at once, and it is bought again.

import "reflect-metadata";
import { readFile } from "node:fs/promises";
import {
  Annotation,
  CapacityBuffers,
  CUSTOM_RESOURCES,
  Deployments,
  getCondition,
  NodeClaims,
  Pods,
  type Deployment,
  type KubeObject,
  type Pod,
} from "@karpenter-multicloud/core/api";
import { loadManifests } from "@karpenter-multicloud/core/kube";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes, seconds } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

const EXAMPLES = "examples/simulated/capacity-buffers";

let world: World;
let logger: MemoryLogger;
let stop: () => Promise<void>;
afterEach(async () => {
  await stop();
  await world.close();
});

async function example(name: string): Promise<readonly KubeObject[]> {
  const text = await readFile(new URL(`../../../../${EXAMPLES}/${name}`, import.meta.url), "utf8");
  const { objects, problems } = loadManifests([{ name, text }], CUSTOM_RESOURCES);
  expect(problems).toEqual([]);
  return objects.map(({ object }) => object);
}

interface Start {
  readonly objects: readonly KubeObject[];
  /** Kinds of the quick start that are left out. */
  readonly without?: readonly string[];
  /** False for a cluster that does not know the kind. @defaultValue true */
  readonly defined?: boolean;
}

async function started({ objects, without = [], defined = true }: Start): Promise<void> {
  logger = new MemoryLogger();
  const cloud = simulatedCloud();
  world = await World.open({ speed: "fast", logger, cloud });
  if (!defined) world.cluster.kube.undefine(CapacityBuffers);
  const quickStart = chooseObjects(world.cloud, cloud.customResources, []);
  await world.cluster.apply([...quickStart.filter(({ kind = "" }) => !without.includes(kind)), ...objects]);
  const { featureGates } = defaultSettings({ clusterName: "demo" });
  const life = world.startControllers({ settings: { featureGates: { ...featureGates, CapacityBuffer: true } } });
  stop = () => life.stop();
}

async function provisioning(name: string): Promise<string | undefined> {
  const buffer = (await world.cluster.kube.list(CapacityBuffers)).items.find(({ metadata }) => metadata.name === name);
  const found = buffer && getCondition(buffer, "Provisioning");
  return found && `${found.status} ${found.reason}: ${found.message}`;
}

async function machines(): Promise<number> {
  return (await world.cluster.kube.list(NodeClaims)).items.length;
}

async function running(): Promise<number> {
  return (await world.cluster.pods()).filter(({ status }) => status?.phase === "Running").length;
}

/** Pods of the example's template. */
function burst(replicas: number, template: KubeObject | undefined): Deployment {
  const { template: shape } = template as KubeObject & { readonly template: Deployment["spec"]["template"] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "burst", namespace: "default" },
    spec: { replicas, selector: { matchLabels: { app: "burst" } }, template: shape },
  };
}

const boundAt = (pod: Pod): string | undefined => getCondition(pod, "PodScheduled")?.lastTransitionTime;
const complaints = (): readonly string[] => [...logger.messages("error"), ...logger.messages("warn")];

describe("CapacityBuffers in a simulated cluster", () => {
  it("TC-58, E-75, E-80 to E-83: room for three is kept, three pods bind at once, the room is bought again, and given back in the end", async () => {
    const objects = await example("room-for-three.yaml");
    await started({ objects, without: ["Deployment"] });
    await world.clock.advance(minutes(5));
    expect([await machines(), await running()]).toEqual([1, 0]);
    expect(await provisioning("headroom")).toBe("True FitsExistingCapacity: room for 3 pods is there");

    const at = world.clock.now();
    await world.cluster.apply([burst(3, objects[0])]);
    await world.clock.advance(seconds(5));
    const pods = await world.cluster.pods();
    expect(pods.filter(({ spec }) => spec.nodeName)).toHaveLength(3);
    expect(pods.every((pod) => Date.parse(boundAt(pod) ?? "") - at <= 1000)).toBe(true);
    expect(await provisioning("headroom")).toMatch(
      /^False RequiresNewCapacity: room for \d of 3 pods is there; for \d a machine starts$/,
    );
    expect(await machines()).toBe(2);

    await world.clock.advance(minutes(2));
    expect(await provisioning("headroom")).toBe("True FitsExistingCapacity: room for 3 pods is there");
    await world.clock.advance(minutes(10));
    expect([await machines(), await running()]).toEqual([2, 3]);
    const virtual = (await world.cluster.kube.list(Pods)).items.filter(
      ({ metadata }) => metadata.annotations?.[Annotation.CapacityBufferFakePod],
    );
    expect(virtual).toEqual([]);

    await world.cluster.kube.delete(CapacityBuffers, { namespace: "default", name: "headroom" });
    await world.cluster.kube.delete(Deployments, { namespace: "default", name: "burst" });
    await world.clock.advance(minutes(5));
    expect([await machines(), await running(), complaints()]).toEqual([0, 0, []]);
  });

  it("E-77, E-86: a share of a Deployment follows its size", async () => {
    await started({ objects: await example("share-of-a-deployment.yaml") });
    await world.clock.advance(minutes(5));
    expect(await running()).toBe(5);
    expect(await provisioning("inflate-headroom")).toBe("True FitsExistingCapacity: room for 2 pods is there");
    const body = { spec: { replicas: 20 } };
    await world.cluster.kube.patch(Deployments, { namespace: "default", name: "inflate" }, { type: "merge", body });
    await world.clock.advance(minutes(5));
    expect(await running()).toBe(20);
    // 8 of 20 pods would be two fifths; the limit of 4 cores holds 4.
    expect(await provisioning("inflate-headroom")).toBe("True FitsExistingCapacity: room for 4 pods is there");
    expect(complaints()).toEqual([]);
  });

  it("TC-64, RT-13: works in a cluster that does not know the kind", async () => {
    await started({ objects: [], defined: false });
    await world.clock.advance(minutes(5));
    expect([await running(), complaints()]).toEqual([5, []]);
  });
});
