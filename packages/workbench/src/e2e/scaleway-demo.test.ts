// The older GPU controller's own pod on a whole world: it gets the machine it asks for, and nothing stays behind.

import { NodeClaims, NodePools, Nodes, Pods, type KubeObject, type NodePool } from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { hours, minutes } from "@karpenter-multicloud/core/units";
import type { FakeScaleway } from "@karpenter-multicloud/provider-scaleway/testing";
import { describe, expect, it } from "vitest";
import { scalewayCloud } from "../demo/clouds/scaleway.ts";
import { showcaseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";
import { runDemoCommand } from "./demo-run.ts";

interface Play {
  readonly world: World;
  readonly fake: FakeScaleway;
  readonly logger: MemoryLogger;
}

async function withGpuPod(
  change: (object: KubeObject) => KubeObject,
  play: (parts: Play) => Promise<void>,
): Promise<void> {
  const fakes: FakeScaleway[] = [];
  const cloud = scalewayCloud({}, (started) => void fakes.push(started));
  const logger = new MemoryLogger();
  const world = await World.open({ speed: "fast", logger, cloud });
  try {
    const [fake] = fakes;
    if (fake === undefined) throw new Error("the fake did not start");
    const objects = showcaseObjects(world.cloud, cloud.customResources).map(change);
    await world.cluster.apply([...world.cloud.preparation, ...objects]);
    const life = world.startControllers();
    await play({ world, fake, logger });
    await life.stop();
  } finally {
    await world.close();
  }
}

const isRunning = async (world: World): Promise<boolean> =>
  (await world.cluster.pods()).some(({ status }) => status?.phase === "Running");

describe("demo --provider scaleway", () => {
  it("converges: the quick start, then the pod of the older documents, and all is given back", async () => {
    const { converged, totals, lines } = await runDemoCommand(["--provider", "scaleway"]);
    expect(lines.join("\n")).toContain("1 pod needs a new machine: L4-1-24G at 0.7875 EUR/h");
    // Its own pool alone sells it as scaleway-gpu, and the node still shows its rate.
    expect(lines.join("\n")).toContain("1 pod on 1 node at 0.7875 EUR/h");
    expect(totals).toMatchObject({ podsBound: 30, nodesEnd: 0 });
    expect(converged).toBe(true);
  });

  it("T-01, T-11: gpu-test gets one L4 in fr-par-1 with the labels and the taint it knows, and leaves nothing", async () => {
    await withGpuPod(
      (object) => object,
      async ({ world, fake, logger }) => {
        expect(await world.clock.until(() => isRunning(world), { timeout: hours(1) })).toBe(true);
        expect(fake.state().machines).toMatchObject([
          { commercialType: "L4-1-24G", zone: "fr-par-1", state: "running" },
        ]);
        const [node] = await world.cluster.nodes();
        expect(node?.metadata.labels).toMatchObject({
          "karpenter.sh/instance-type": "l4",
          "karpenter.sh/capacity-type": "scaleway-gpu",
          "node.kubernetes.io/instance-type": "L4-1-24G",
        });
        const taint = { key: "karpenter.sh/capacity-type", value: "scaleway-gpu", effect: "NoSchedule" };
        expect(node?.spec?.taints).toContainEqual(taint);
        expect(node?.status?.allocatable?.["nvidia.com/gpu"]).toBe("1");
        const line = logger.find("creating scaleway instance with cloud-init");
        expect(line).toMatchObject({ level: "info", fields: { commercialType: "L4-1-24G" } });
        await world.cluster.kube.delete(Pods, { namespace: "default", name: "gpu-test" });
        const isEmpty = (): boolean => fake.state().machines.length === 0 && fake.leakedVolumes().length === 0;
        expect(await world.clock.until(isEmpty, { timeout: minutes(10) })).toBe(true);
        expect(fake.state().ips).toEqual([]);
        expect(await fake.invariants()).toEqual([]);
      },
    );
  });

  it("T-02: without the toleration no machine is bought", async () => {
    const intolerant = (object: KubeObject): KubeObject => {
      if (object.kind !== Pods.kind) return object;
      const { spec } = object as KubeObject & { readonly spec: { readonly tolerations?: unknown } };
      const { tolerations: _, ...rest } = spec;
      const without: KubeObject & { readonly spec: unknown } = { ...object, spec: rest };
      return without;
    };
    await withGpuPod(intolerant, async ({ world }) => {
      await world.clock.advance(minutes(10));
      expect((await world.cluster.kube.list(NodeClaims)).items).toEqual([]);
    });
  });

  it("T-05: a full commercial name under the older key stays spelled as the pod spells it", async () => {
    const named = (object: KubeObject): KubeObject =>
      object.kind === Pods.kind
        ? (JSON.parse(JSON.stringify(object).replace('"l4"', '"L4-1-24G"')) as KubeObject)
        : object;
    await withGpuPod(named, async ({ world }) => {
      expect(await world.clock.until(() => isRunning(world), { timeout: hours(1) })).toBe(true);
      const [node] = (await world.cluster.kube.list(Nodes)).items;
      expect(node?.metadata.labels?.["karpenter.sh/instance-type"]).toBe("L4-1-24G");
      const [pool] = (await world.cluster.kube.list<NodePool>(NodePools)).items;
      expect(pool?.spec.limits).toEqual({ cpu: "1000", memory: "1000Gi" });
    });
  });

  it("T-70: a GPU node without nvidia.com/gpu in its allocatable is not initialised", async () => {
    await withGpuPod(
      (object) => object,
      async ({ world, fake }) => {
        fake.switches.gpuPlugin = false;
        await world.clock.advance(minutes(8));
        const [node] = await world.cluster.nodes();
        expect(node?.metadata.labels?.["karpenter.sh/registered"]).toBe("true");
        expect(node?.metadata.labels?.["karpenter.sh/initialized"]).toBeUndefined();
        expect(await isRunning(world)).toBe(false);
      },
    );
  });
});
