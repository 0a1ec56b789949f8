// How many nodes of each NodePool went within the last hour, for those that limit it (DX-33). A restart forgets them.

import { Annotation, type DisruptionReason } from "../../api/index.ts";
import { hourlyLimitOf, type HourlyLimit, type HourlyLimits } from "../../disruption/index.ts";
import { errorText } from "../../telemetry/index.ts";
import { hours } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { managedPools } from "./snapshot-of.ts";

interface Start {
  readonly pool: string;
  readonly reason: DisruptionReason;
  readonly at: number;
}

const WINDOW = hours(1);
const REASONS = ["Empty", "Drifted", "Underutilized"] as const satisfies readonly DisruptionReason[];

export class StartedNodes {
  readonly #deps: Pick<ControllerDeps, "cache" | "clock" | "logger" | "state">;
  readonly #told = new Map<string, string>();
  #starts: readonly Start[] = [];

  constructor(deps: Pick<ControllerDeps, "cache" | "clock" | "logger" | "state">) {
    this.#deps = deps;
  }

  started(pool: string, reason: DisruptionReason): void {
    this.#starts = [...this.#recent(), { pool, reason, at: this.#deps.clock.now() }];
  }

  /** `waiting`: those that have been chosen and have not begun to leave. */
  limits(waiting: readonly Omit<Start, "at">[]): HourlyLimits {
    const recent = this.#recent();
    const limits = new Map<string, Partial<Record<DisruptionReason, HourlyLimit>>>();
    for (const pool of managedPools(this.#deps)) {
      const { name = "", annotations } = pool.metadata;
      if (annotations?.[Annotation.DisruptionsPerHour] === undefined) continue;
      const nodes = this.#deps.state.nodes().filter((node) => node.nodePool === name && node.initialized).length;
      for (const reason of REASONS) {
        const own = recent.filter((start) => start.pool === name && start.reason === reason);
        const chosen = waiting.filter((each) => each.pool === name && each.reason === reason).length;
        const limit = this.#limit(pool, { reason, nodes, own, chosen });
        if (limit) limits.set(name, { ...limits.get(name), [reason]: limit });
      }
    }
    return limits;
  }

  #limit(
    pool: Parameters<typeof hourlyLimitOf>[0],
    { reason, nodes, own, chosen }: { reason: DisruptionReason; nodes: number; own: readonly Start[]; chosen: number },
  ): HourlyLimit | undefined {
    const { name = "" } = pool.metadata;
    try {
      const limit = hourlyLimitOf(pool, reason, nodes);
      if (limit === undefined) return undefined;
      const oldest = own[Math.max(0, own.length - limit.most)];
      const until = oldest && oldest.at + WINDOW;
      const left = Math.max(0, limit.most - own.length - chosen);
      return { text: limit.text, left, ...(until !== undefined && { until }) };
    } catch (error) {
      const text = errorText(error);
      if (this.#told.get(name) !== text)
        this.#deps.logger.error("an hourly limit cannot be read, nothing of the nodepool is disrupted", {
          NodePool: name,
          error,
        });
      this.#told.set(name, text);
      return { text: `(${text})`, left: 0 };
    }
  }

  #recent(): readonly Start[] {
    const since = this.#deps.clock.now() - WINDOW;
    return this.#starts.filter(({ at }) => at > since);
  }
}
