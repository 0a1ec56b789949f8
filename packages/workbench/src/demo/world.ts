// A whole world in one process: a cluster on a virtual clock, a cloud, and the real controllers between them.

import { CUSTOM_RESOURCES } from "@karpenter-multicloud/core/api";
import type { ControllerDeps } from "@karpenter-multicloud/core/controllers";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { PromMetrics, type Logger } from "@karpenter-multicloud/core/telemetry";
import { createContainer, Token } from "@karpenter-multicloud/controller";
import { seededRandom, SimulatedCluster, VirtualClock } from "@karpenter-multicloud/simulator";
import type { CloudOpener, DemoCloud, ManifestFile } from "./demo-cloud.ts";

export interface WorldOptions {
  readonly speed: number | "fast";
  readonly logger: Logger;
  readonly seed?: number;
  readonly cloud: CloudOpener;
  /** The user's own manifests. */
  readonly files?: readonly ManifestFile[];
}

/** One life of the controller process. */
export interface ControllerLife {
  readonly deps: ControllerDeps;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** How a life reaches the outside; a test puts breaking points in here. */
export interface LifePorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class World {
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
    const cloud = await options.cloud.open({ clock, hooks: cluster.machines, seed }, options.files ?? []);
    const world = new World({ clock, cluster, cloud, logger: options.logger, seed });
    clock.run();
    await cluster.start(world.#off.signal);
    return world;
  }

  /** Starts the real controllers, as the process would. */
  startControllers(ports: Partial<LifePorts> = {}): ControllerLife {
    const logger = ports.logger ?? this.#logger;
    const container = createContainer(
      {
        client: ports.client ?? this.cluster.kube,
        clock: ports.clock ?? this.clock,
        logger,
        metrics: new PromMetrics(),
        settings: defaultSettings({ clusterName: "demo" }),
        env: this.cloud.env,
        random: this.#random,
      },
      this.cloud.module,
    );
    const stop = new AbortController();
    const manager = container.get(Token.Manager);
    container.get(Token.KubeCache).start(stop.signal);
    const running = manager.start(stop.signal);
    running.catch((error: unknown) => logger.error("the controllers stopped", { error }));
    return {
      deps: container.get(Token.ControllerDeps),
      stop: async () => {
        stop.abort(new Error("the demo is over"));
        await running;
      },
    };
  }

  async close(): Promise<void> {
    this.#off.abort(new Error("the demo is over"));
    this.clock.stop();
    await this.cloud.close();
  }
}
