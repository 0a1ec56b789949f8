// A NodePool with replicas in the whole process: machines come and go with the number, and nothing else.

import "reflect-metadata";
import { readFile } from "node:fs/promises";
import {
  CUSTOM_RESOURCES,
  isConditionTrue,
  Label,
  NodeClaims,
  NodePools,
  Pods,
  type KubeObject,
  type NodeClaim,
} from "@karpenter-multicloud/core/api";
import { loadManifests } from "@karpenter-multicloud/core/kube";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

const EXAMPLE = "examples/simulated/static-capacity/nodepool.yaml";
const POOL = { name: "always-there" };

interface Sight {
  readonly claims: readonly NodeClaim[];
  readonly nodes: number;
  readonly statusNodes: number | undefined;
}

class Stage {
  readonly logger = new MemoryLogger();
  readonly #world: World;

  private constructor(world: World, logger: MemoryLogger) {
    this.#world = world;
    this.logger = logger;
  }

  /** Without the quick start's own NodePool and pods. */
  static async open({ gate }: { readonly gate: boolean }): Promise<Stage> {
    const logger = new MemoryLogger();
    const cloud = simulatedCloud();
    const world = await World.open({ speed: "fast", logger, cloud });
    const classes = chooseObjects(world.cloud, cloud.customResources, []).filter(
      ({ kind }) => kind === "KWOKNodeClass",
    );
    await world.cluster.apply([...classes, ...(await example())]);
    const { featureGates } = defaultSettings({ clusterName: "demo" });
    world.startControllers({ settings: { featureGates: { ...featureGates, StaticCapacity: gate } } });
    return new Stage(world, logger);
  }

  async scale(replicas: number): Promise<Sight> {
    await this.#world.cluster.kube.patch(NodePools, POOL, { type: "merge", body: { spec: { replicas } } });
    return await this.look();
  }

  async apply(...objects: readonly KubeObject[]): Promise<void> {
    await this.#world.cluster.apply(objects);
    await this.#world.clock.advance(minutes(3));
  }

  async look(): Promise<Sight> {
    await this.#world.clock.advance(minutes(5));
    const { kube } = this.#world.cluster;
    return {
      claims: (await kube.list(NodeClaims)).items,
      nodes: (await this.#world.cluster.nodes()).length,
      statusNodes: (await kube.get(NodePools, POOL)).status?.nodes,
    };
  }

  async phaseOf(pod: string): Promise<readonly (string | undefined)[]> {
    const { status, spec } = await this.#world.cluster.kube.get(Pods, { namespace: "default", name: pod });
    return [status?.phase, spec.nodeName];
  }

  async deletePool(): Promise<Sight> {
    await this.#world.cluster.kube.delete(NodePools, POOL);
    await this.#world.clock.advance(minutes(5));
    const { kube } = this.#world.cluster;
    const nodes = (await this.#world.cluster.nodes()).length;
    return { claims: (await kube.list(NodeClaims)).items, nodes, statusNodes: undefined };
  }

  async close(): Promise<void> {
    await this.#world.close();
  }
}

async function example(): Promise<readonly KubeObject[]> {
  const text = await readFile(new URL(`../../../../${EXAMPLE}`, import.meta.url), "utf8");
  const { objects, problems } = loadManifests([{ name: EXAMPLE, text }], CUSTOM_RESOURCES);
  expect(problems).toEqual([]);
  return objects.map(({ object }) => object);
}

async function on<T>(gate: boolean, play: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await Stage.open({ gate });
  try {
    return await play(stage);
  } finally {
    await stage.close();
  }
}

const names = ({ claims }: Sight): readonly string[] => claims.map(({ metadata }) => metadata.name ?? "");
const counts = ({ claims, nodes, statusNodes }: Sight): readonly unknown[] => [claims.length, nodes, statusNodes];

function aPodFor(name: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      nodeSelector: { "example.com/capacity": "static" },
      containers: [{ name: "main", image: "example.com/app:1", resources: { requests: { cpu: "3" } } }],
    },
  } as KubeObject;
}

describe("static capacity in a whole process", () => {
  it("E-63, E-67, TC-22: 2, 4, 1 replicas: the machines follow, the one in use stays, no error is logged", async () => {
    await on(true, async (stage) => {
      const two = await stage.look();
      expect(counts(two)).toEqual([2, 2, 2]);
      expect(two.claims.every((claim) => isConditionTrue(claim, "Ready"))).toBe(true);
      // The cheapest type with four cores, without any list to choose from.
      expect(two.claims.map(({ metadata }) => metadata.labels?.[Label.InstanceType])).toEqual([
        "c-4x-amd64-linux",
        "c-4x-amd64-linux",
      ]);
      const four = await stage.scale(4);
      expect(counts(four)).toEqual([4, 4, 4]);
      expect(names(four)).toEqual(expect.arrayContaining([...names(two)]));
      await stage.apply(aPodFor("web"));
      const [phase, nodeName] = await stage.phaseOf("web");
      expect(phase).toBe("Running");
      const one = await stage.scale(1);
      expect(counts(one)).toEqual([1, 1, 1]);
      expect(one.claims[0]?.status?.nodeName).toBe(nodeName);
      expect(await stage.phaseOf("web")).toEqual(["Running", nodeName]);
      expect([...stage.logger.messages("error"), ...stage.logger.messages("warn")]).toEqual([]);
    });
  });

  it("E-65: no more than limits.nodes, which the NodePool tells", async () => {
    await on(true, async (stage) => {
      expect(counts(await stage.scale(7))).toEqual([4, 4, 4]);
      expect(stage.logger.find("nodepool node limit reached")?.level).toBe("info");
    });
  });

  it("E-66, E-74: 0 replicas leave nothing, and neither does a deleted NodePool", async () => {
    await on(true, async (stage) => {
      expect(counts(await stage.scale(0))).toEqual([0, 0, 0]);
      expect(counts(await stage.scale(2))).toEqual([2, 2, 2]);
      expect(counts(await stage.deletePool())).toEqual([0, 0, undefined]);
    });
  });

  it("without the feature gate replicas bring nothing", async () => {
    await on(false, async (stage) => {
      expect(counts(await stage.look())).toEqual([0, 0, 0]);
    });
  });
});
