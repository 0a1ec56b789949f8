// A whole world in one process: a cluster on a virtual clock, a cloud, and the real controllers between them.

import { CUSTOM_RESOURCES } from "@karpenter-multicloud/core/api";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { defaultSettings, type Settings } from "@karpenter-multicloud/core/options";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { PromMetrics, type Logger } from "@karpenter-multicloud/core/telemetry";
import { seededRandom, SimulatedCluster, VirtualClock } from "@karpenter-multicloud/simulator";
import { beginLife, type ControllerLife } from "./controller-life.ts";
import type { CloudOpener, DemoCloud, ManifestFile } from "./demo-cloud.ts";
import type { DemoWorld } from "./demo-world.ts";

export interface WorldOptions {
  readonly speed: number | "fast";
  readonly logger: Logger;
  readonly seed?: number;
  readonly cloud: CloudOpener;
  /** The user's own manifests. */
  readonly files?: readonly ManifestFile[];
}

/** How a life reaches the outside; a test puts breaking points in here. */
export interface LifePorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Besides the defaults. */
  readonly settings: Partial<Settings>;
}

export class World implements DemoWorld {
  readonly clock: VirtualClock;
  readonly cluster: SimulatedCluster;
  readonly cloud: DemoCloud;
  readonly #logger: Logger;
  readonly #random: () => number;
  readonly #off = new AbortController();

  private constructor(parts: {
    clock: VirtualClock;
    cluster: SimulatedCluster;
    cloud: DemoCloud;
    logger: Logger;
    seed: number;
  }) {
    this.clock = parts.clock;
    this.cluster = parts.cluster;
    this.cloud = parts.cloud;
    this.#logger = parts.logger;
    this.#random = seededRandom(parts.seed);
  }

  static async open(options: WorldOptions): Promise<World> {
    const seed = options.seed ?? 1;
    const clock = new VirtualClock({ speed: options.speed, start: Date.UTC(2026, 0, 1, 8) });
    const customResources = [...CUSTOM_RESOURCES, ...options.cloud.customResources];
    const cluster = new SimulatedCluster({ clock, customResources, seed, logger: options.logger });
    const cloud = await options.cloud.open(
      { clock, hooks: cluster.machines, kube: cluster.kube, seed },
      options.files ?? [],
    );
    const world = new World({ clock, cluster, cloud, logger: options.logger, seed });
    clock.run();
    await cluster.start(world.#off.signal);
    return world;
  }

  /** Starts the real controllers, as the process would. */
  startControllers(ports: Partial<LifePorts> = {}): ControllerLife {
    return beginLife(
      {
        client: ports.client ?? this.cluster.kube,
        clock: ports.clock ?? this.clock,
        logger: ports.logger ?? this.#logger,
        metrics: new PromMetrics(),
        settings: { ...defaultSettings({ clusterName: "demo" }), ...ports.settings },
        env: this.cloud.env,
        random: this.#random,
      },
      this.cloud.module,
    );
  }

  async close(): Promise<void> {
    this.#off.abort(new Error("the demo is over"));
    this.clock.stop();
    await this.cloud.close();
  }
}
