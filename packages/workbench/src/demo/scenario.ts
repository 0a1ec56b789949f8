// What happens in the demo: workloads come, grow, and go; after each step the world must come to rest as it should.

import { Deployments, Pods, type Deployment, type KubeObject, type Pod } from "@karpenter-multicloud/core/api";
import { hours, minutes, type Duration } from "@karpenter-multicloud/core/units";
import type { ControllerLife } from "./controller-life.ts";
import type { DemoWorld } from "./demo-world.ts";

export interface Step {
  readonly title: string;
  /** False when the world did not get there in time. */
  run(): Promise<boolean>;
}

const SCALE_UP_LIMIT: Duration = hours(1);
const SCALE_DOWN_LIMIT: Duration = hours(2);
/** Empty pools are kept for a while in case they are needed again. */
const POOLS_LIMIT: Duration = hours(1);
/** Pods that nothing fits are given this long before the demo goes on without them. */
const HOPELESS_AFTER: Duration = minutes(5);

/** The quick start: 5 pods, 30 pods, none. */
export function quickStartSteps(world: DemoWorld, objects: readonly KubeObject[]): readonly Step[] {
  const inflate = { name: "inflate", namespace: "default" };
  return [
    {
      title: "5 pods of Deployment inflate wait for their first machines",
      run: async () => {
        await world.cluster.apply(objects);
        return await allBound(world, 5);
      },
    },
    {
      title: "inflate grows to 30 pods",
      run: async () => {
        await world.cluster.scale(inflate, 30);
        return await allBound(world, 30);
      },
    },
    {
      title: "inflate shrinks to 0 pods, empty nodes are given back",
      run: async () => {
        await world.cluster.scale(inflate, 0);
        return await nothingLeft(world);
      },
    },
  ];
}

/** What the cloud has to show besides; empty without it. */
export function showcaseSteps(world: DemoWorld, life: ControllerLife, objects: readonly KubeObject[]): readonly Step[] {
  const { showcase } = world.cloud;
  if (showcase === undefined) return [];
  return [
    {
      title: showcase.title,
      run: async () => {
        await world.cluster.apply(objects);
        return await boundOrHopeless(world, life);
      },
    },
    {
      title: "it goes again, and so does its machine",
      run: async () => {
        await removeWorkloads(world);
        return await nothingLeft(world);
      },
    },
  ];
}

/** The user's own objects: up as far as it goes, then every Deployment to 0. */
export function ownSteps(world: DemoWorld, life: ControllerLife, objects: readonly KubeObject[]): readonly Step[] {
  return [
    {
      title: "your workloads wait for their machines",
      run: async () => {
        await world.cluster.apply(objects);
        return await boundOrHopeless(world, life);
      },
    },
    {
      title: "your workloads go, empty nodes are given back",
      run: async () => {
        await removeWorkloads(world);
        return await nothingLeft(world);
      },
    },
  ];
}

async function allBound(world: DemoWorld, count: number): Promise<boolean> {
  return await world.clock.until(
    async () => {
      const pods = await workloadPods(world);
      return pods.length === count && pods.every((pod) => pod.status?.phase === "Running");
    },
    { timeout: SCALE_UP_LIMIT },
  );
}

/** False when a pod still waits; the decisions then say why. */
async function boundOrHopeless(world: DemoWorld, life: ControllerLife): Promise<boolean> {
  let quietSince = world.clock.now();
  let known = -1;
  const settled = await world.clock.until(
    async () => {
      const pods = await workloadPods(world);
      const running = pods.filter((pod) => pod.status?.phase === "Running").length;
      if (pods.length > 0 && running === pods.length) return true;
      const growing = life.deps.state.nodes().some((node) => node.managed && !node.initialized);
      if (running !== known || growing) {
        known = running;
        quietSince = world.clock.now();
      }
      return world.clock.now() - quietSince > HOPELESS_AFTER;
    },
    { timeout: SCALE_UP_LIMIT },
  );
  const pods = await workloadPods(world);
  return settled && pods.every((pod) => pod.status?.phase === "Running");
}

async function nothingLeft(world: DemoWorld): Promise<boolean> {
  const machinesGone = await world.clock.until(
    async () => world.cloud.liveMachines() === 0 && (await world.cluster.nodes()).length === 0,
    { timeout: SCALE_DOWN_LIMIT },
  );
  return machinesGone && (await world.clock.until(() => world.cloud.pools() === 0, { timeout: POOLS_LIMIT }));
}

async function removeWorkloads(world: DemoWorld): Promise<void> {
  const { items: deployments } = await world.cluster.kube.list<Deployment>(Deployments);
  for (const { metadata } of deployments) {
    await world.cluster.scale({ name: metadata.name ?? "", namespace: metadata.namespace ?? "default" }, 0);
  }
  for (const pod of await workloadPods(world)) {
    if (pod.metadata.ownerReferences?.length) continue;
    await world.cluster.kube.delete(Pods, {
      name: pod.metadata.name ?? "",
      namespace: pod.metadata.namespace ?? "default",
    });
  }
}

async function workloadPods(world: DemoWorld): Promise<readonly Pod[]> {
  return (await world.cluster.pods()).filter(
    (pod) => !pod.metadata.ownerReferences?.some((owner) => owner.kind === "DaemonSet"),
  );
}
