// The lives of one controller, one after the other: each ends without a word where it was told to, and the next begins a little later.

import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { MemoryLogger, type LogLine } from "@karpenter-multicloud/core/testing";
import { seconds, type Duration } from "@karpenter-multicloud/core/units";
import { Mortal, type CrashPoint } from "@karpenter-multicloud/testkit";
import type { World } from "../demo/world.ts";

export interface Crash {
  /** Counted from the beginning of the life that ends there. */
  readonly point: number;
  /** Until the next life begins. */
  readonly downFor: Duration;
}

export interface LivesReport {
  /** Where each life ended; fewer than asked for when a life came to rest before its point. */
  readonly deaths: readonly CrashPoint[];
  /** All points of the last life. */
  readonly lastLife: readonly CrashPoint[];
  /** Of all lives, each until its death. */
  readonly log: readonly LogLine[];
}

const RESTART_DELAY: Duration = seconds(10);

export class Lives {
  readonly #world: World;
  readonly #crashes: readonly Crash[];
  readonly #client: KubeClient;
  readonly #log: LogLine[] = [];
  readonly #deaths: CrashPoint[] = [];
  /** Why lives ended that were not told to. */
  readonly #exits: string[] = [];
  #current: { readonly mortal: Mortal; readonly logger: MemoryLogger } | undefined;

  /** `client` is the way of every life to the cluster; without it there is nothing between them. */
  constructor(world: World, crashes: readonly Crash[], client: KubeClient = world.cluster.kube) {
    this.#world = world;
    this.#crashes = crashes;
    this.#client = client;
  }

  begin(): void {
    const crash = this.#crashes[this.#deaths.length + this.#exits.length];
    const logger = new MemoryLogger();
    const mortal = new Mortal({
      client: this.#client,
      clock: this.#world.clock.fork(),
      ...(crash === undefined ? {} : { dieAt: crash.point, onDeath: () => this.#died(crash) }),
    });
    this.#current = { mortal, logger };
    const life = this.#world.startControllers({ client: mortal.client, clock: mortal.clock, logger });
    void life.ended.then((why) => why !== undefined && this.#endedOnItsOwn(mortal, why));
  }

  report(): LivesReport {
    const { mortal, logger } = this.#current ?? {};
    return { deaths: this.#deaths, lastLife: mortal?.points() ?? [], log: [...this.#log, ...(logger?.lines ?? [])] };
  }

  end(): void {
    this.#current?.mortal.kill();
  }

  /** Kubernetes starts a container again that has ended, as one does whose caches do not fill (RT-10). */
  #endedOnItsOwn(mortal: Mortal, why: unknown): void {
    if (mortal.dead || this.#current?.mortal !== mortal) return;
    this.#log.push(...this.#current.logger.lines);
    this.#current = undefined;
    mortal.kill();
    this.#exits.push(String(why));
    this.#world.clock.schedule(this.#world.clock.now() + RESTART_DELAY, () => this.begin());
  }

  #died({ downFor }: Crash): void {
    const { mortal, logger } = this.#current ?? {};
    const point = mortal?.deathPoint;
    if (this.#current === undefined || point === undefined) return;
    this.#deaths.push(point);
    this.#log.push(...(logger?.lines ?? []));
    this.#world.clock.schedule(this.#world.clock.now() + downFor, () => this.begin());
  }
}
