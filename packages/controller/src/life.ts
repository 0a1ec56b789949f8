// Start, run and stop in order (OP-7, OP-9): servers first, then the API server's definitions, the lease, the caches, the controllers.

import type { Resource } from "@karpenter-multicloud/core/api";
import type { Leadership } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { startServers, type Logger, type Page, type RunningServers } from "@karpenter-multicloud/core/telemetry";
import { milliseconds, minutes, seconds, type Duration } from "@karpenter-multicloud/core/units";
import { ApiProbe } from "./api-probe.ts";
import type { Composition } from "./compose.ts";
import { debugPages } from "./pages/debug-pages.ts";
import { decisionPage } from "./pages/decision-page.ts";
import { commandPage } from "./pages/command-page.ts";
import { verdictPage } from "./pages/verdict-page.ts";
import { EventLoopGaps } from "./vitals/event-loop-gaps.ts";
import { EventLoopWatch } from "./vitals/event-loop-watch.ts";
import { HeapWatch } from "./vitals/heap-limit.ts";
import { Profiler } from "./pages/profiler.ts";

/** How often the lease is looked at: RT-36 allows a second. */
const FENCE_LOOK: Duration = milliseconds(250);
/** Twice as long as a silent watch is kept open: whoever does nothing for so long will not do anything any more. */
const WATCH_LIMIT: Duration = minutes(5);
/** Events are worth a moment, the stop is worth more. */
const FLUSH_FOR: Duration = seconds(5);

export type LifeParts = Pick<
  Composition,
  | "settings"
  | "version"
  | "clock"
  | "client"
  | "mirror"
  | "events"
  | "manager"
  | "metrics"
  | "resources"
  | "definitions"
  | "lead"
  | "dump"
  | "commands"
  | "decisions"
  | "verdicts"
> & {
  readonly logger: Logger;
  /** Runs at the machine's own rate and is never corrected. @defaultValue clock */
  readonly steady?: Clock;
};

/** Answers the exit code; throws what made it impossible to go on. */
export async function live(parts: LifeParts, stop: AbortSignal): Promise<0 | 1> {
  const { logger, settings, version } = parts;
  logger.debug("discovered karpenter version", { version });
  const { provider, clusterName, mode } = settings;
  logger.info("starting controller", { version, provider, ...(clusterName === "" ? {} : { clusterName }), mode });
  const { defaultConstraints } = settings.schedulerConfig;
  if (defaultConstraints.length > 0)
    logger.info("pods without spread constraints of their own get the cluster's defaults", { defaultConstraints });
  const life = new Life(parts);
  try {
    await life.serve();
    return await life.run(stop);
  } finally {
    await life.close();
  }
}

class Life {
  readonly #parts: LifeParts;
  readonly #probe: ApiProbe;
  readonly #loop: EventLoopWatch;
  readonly #gaps: EventLoopGaps;
  readonly #heap: HeapWatch;
  /** Aborted when nothing of this life may go on. */
  readonly #over = new AbortController();
  #phase: "starting" | "leading" | "stopping" = "starting";
  #servers: RunningServers | undefined;
  #profiler: Profiler | undefined;

  constructor(parts: LifeParts) {
    const { client, clock, logger, metrics, resources, steady = clock } = parts;
    this.#parts = parts;
    this.#probe = new ApiProbe({ client, clock, logger, resources });
    this.#loop = new EventLoopWatch(steady);
    this.#gaps = new EventLoopGaps({ clock: steady, metrics });
    this.#heap = new HeapWatch({ clock: steady, logger });
  }

  async serve(): Promise<void> {
    const { settings, metrics, logger } = this.#parts;
    this.#loop.start();
    this.#gaps.start();
    this.#heap.start();
    const pages = await this.#debugPages();
    this.#servers = await startServers({
      metricsPort: settings.metricsPort,
      healthPort: settings.healthProbePort,
      metrics,
      pages,
      checks: {
        healthz: { "event-loop": this.#loop.check, watches: () => this.#watches() },
        readyz: { manager: () => this.#manager(), crd: () => this.#crd() },
      },
    });
    const { metricsPort, healthPort } = this.#servers;
    logger.info("serving metrics and probes", { metricsPort, healthProbePort: healthPort });
  }

  async run(stop: AbortSignal): Promise<0 | 1> {
    const { logger, settings } = this.#parts;
    const waiting = new AbortController();
    const probing = this.#probe.run(AbortSignal.any([waiting.signal, this.#over.signal]));
    let leadership: Leadership | undefined;
    try {
      await this.#probe.wellOnce(stop);
      this.#warmUp();
      leadership = this.#parts.lead();
      if (settings.disableLeaderElection) logger.warn("leader election is disabled: run one replica only");
      else logger.info("waiting for the lease", { lease: settings.leaderElectionName });
      await leadership.won(stop);
    } catch (error) {
      if (!stop.aborted) throw error;
      logger.info("stopping before this process led", { reason: stop.reason });
      await leadership?.release();
      return 0;
    } finally {
      waiting.abort(new Error("the caches take over"));
      await probing;
    }
    return await this.#lead(leadership, stop);
  }

  async close(): Promise<void> {
    this.#over.abort(new Error("the process ends"));
    this.#loop.stop();
    this.#gaps.stop();
    this.#heap.stop();
    await this.#servers?.close();
    this.#profiler?.stop();
  }

  /** Until the stop or the loss of the lease. Throws when the caches do not fill. */
  async #lead(leadership: Leadership, stop: AbortSignal): Promise<0 | 1> {
    const { logger, manager, events, clock } = this.#parts;
    const stopControllers = new AbortController();
    const running = manager.start(stopControllers.signal);
    if (!this.#warm) this.#parts.mirror.start(this.#over.signal);
    this.#phase = "leading";
    const why = await Promise.race([
      running.then(() => "the controllers ended"),
      lossOf(leadership, clock, this.#over.signal),
      aborted(stop).then(() => undefined),
    ]);
    this.#phase = "stopping";
    if (why !== undefined) {
      // Nothing may be written any more, so there is nothing to wait for (RT-36).
      logger.error("lost the lease, the process ends", { reason: why });
      return 1;
    }
    logger.info("stopping, running reconciles may end", { reason: stop.reason });
    stopControllers.abort(stop.reason);
    await running;
    await Promise.race([events.flush(), clock.sleep(FLUSH_FOR, { signal: this.#over.signal })]);
    await leadership.release();
    logger.info("stopped");
    return 0;
  }

  /** RT-39: a standby replica whose caches are full already takes over without a list. */
  #warmUp(): void {
    if (!this.#warm) return;
    this.#parts.logger.info("filling the caches before the lease is won");
    this.#parts.mirror.start(this.#over.signal);
  }

  get #warm(): boolean {
    return !this.#parts.settings.disableControllerWarmup;
  }

  /** OP-5. */
  async #debugPages(): Promise<Readonly<Record<string, Page>>> {
    const { settings, logger, dump, verdicts, commands, decisions, clock, steady = clock } = this.#parts;
    const always = {
      "/debug/verdicts": verdictPage(verdicts),
      "/debug/commands": commandPage(commands),
      "/debug/decisions": decisionPage(decisions),
    };
    if (!settings.enableProfiling) return always;
    this.#profiler = new Profiler(steady);
    await this.#profiler.start();
    logger.warn("profiles and the cluster's state are served to everybody who reaches the port of the metrics");
    const state = (): unknown => dump(() => this.#phase === "leading");
    // oxlint-disable-next-line no-restricted-properties -- the command line is the process's own
    return { ...always, ...debugPages({ profiler: this.#profiler, argv: process.argv, state }) };
  }

  /** A health check: every reflector does its work (OP-6). While the API server is away each of them keeps trying. */
  #watches(): string | undefined {
    const stalled = this.#parts.mirror.stalled(WATCH_LIMIT);
    return stalled.length === 0 ? undefined : `no watch for ${stalled.map(({ plural }) => plural).join(", ")}`;
  }

  /** A health check: as leader the caches are filled, before that they could be. */
  #manager(): string | undefined {
    if (this.#phase === "stopping") return "stopping";
    if (this.#phase === "starting") return this.#probe.access();
    return notSynced(this.#parts.mirror.unsynced());
  }

  /** A health check: the custom resources are served. */
  #crd(): string | undefined {
    if (this.#phase === "starting") return this.#probe.crds();
    const { mirror, definitions } = this.#parts;
    const isOurs = ({ group, plural }: Resource): boolean =>
      definitions.some((definition) => definition.group === group && definition.plural === plural);
    return notSynced(mirror.unsynced().filter(isOurs));
  }
}

function notSynced(resources: readonly Resource[]): string | undefined {
  return resources.length === 0 ? undefined : `not synced: ${resources.map(({ plural }) => plural).join(", ")}`;
}

/** Resolves with the reason: told by whoever renews, or seen by the lease having run out. */
async function lossOf(leadership: Leadership, clock: Clock, signal: AbortSignal): Promise<string> {
  const ranOut = async (): Promise<string> => {
    while (leadership.permitted()) await clock.sleep(FENCE_LOOK, { signal });
    return "it was not renewed in time";
  };
  return await Promise.race([leadership.lost, ranOut()]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
