// How many nodes of each NodePool went within the last hour, for those that limit it (DX-33). It is written on the NodePool, so that a restart does not forget.

import { Annotation, NodePools, toRfc3339, type DisruptionReason, type NodePool } from "../../api/index.ts";
import { hourlyLimitOf, type HourlyLimit, type HourlyLimits } from "../../disruption/index.ts";
import { errorText } from "../../telemetry/index.ts";
import { hours } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { managedPools } from "../managed-pools.ts";

type Deps = Pick<ControllerDeps, "cache" | "clock" | "kube" | "logger" | "state">;

interface Start {
  readonly node: string;
  readonly pool: string;
  readonly reason: DisruptionReason;
  readonly at: number;
}

const WINDOW = hours(1);
const REASONS = ["Empty", "Drifted", "Underutilized"] as const satisfies readonly DisruptionReason[];

export class StartedNodes {
  readonly #deps: Deps;
  readonly #told = new Map<string, string>();
  #starts: readonly Start[] = [];
  #hasRead = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Before the node begins to leave: what could not be written down might be forgotten, and then too many would go.
   * @throws KubeError
   */
  async started(
    nodes: readonly { readonly name: string; readonly nodePool?: string }[],
    reason: DisruptionReason,
    signal: AbortSignal,
  ): Promise<void> {
    const at = this.#deps.clock.now();
    const names = new Set(nodes.map(({ name }) => name));
    const starts = nodes.map(({ name: node, nodePool: pool = "" }) => ({ node, pool, reason, at }));
    // What is tried again counts once.
    const all = [...this.#recent().filter(({ node }) => !names.has(node)), ...starts];
    for (const name of new Set(starts.map(({ pool }) => pool))) {
      const pool = this.#deps.cache.informer(NodePools).get({ name });
      if (pool && isLimited(pool)) await this.#write(pool, all, signal);
    }
    this.#starts = all;
  }

  /** They stay after all; on the NodePool that is written with the next one that goes. */
  kept(nodes: readonly string[]): void {
    this.#starts = this.#recent().filter(({ node }) => !nodes.includes(node));
  }

  async #write(
    { metadata: { name = "", uid } }: NodePool,
    starts: readonly Start[],
    signal: AbortSignal,
  ): Promise<void> {
    const own = starts.filter(({ pool }) => pool === name);
    const times = Object.fromEntries(
      REASONS.flatMap((reason) => {
        const of = own.filter((start) => start.reason === reason);
        return of.length > 0 ? [[reason, Object.fromEntries(of.map(({ node, at }) => [node, toRfc3339(at)]))]] : [];
      }),
    );
    // The uid keeps it off a namesake, of which nothing has gone (RT-15).
    const body = { metadata: { uid, annotations: { [Annotation.DisruptionsStarted]: JSON.stringify(times) } } };
    await this.#deps.kube.patch(NodePools, { name }, { type: "merge", body }, { signal }).catch(ignoreNotFound);
  }

  /** What a former process has written. */
  #read(): readonly Start[] {
    return managedPools(this.#deps).flatMap(({ metadata: { name: pool = "", annotations } }) =>
      startsIn(annotations?.[Annotation.DisruptionsStarted]).map((start) => ({ ...start, pool })),
    );
  }

  /** `waiting`: those that have been chosen and have not begun to leave. */
  limits(waiting: readonly Pick<Start, "pool" | "reason">[]): HourlyLimits {
    const recent = this.#recent();
    const limits = new Map<string, Partial<Record<DisruptionReason, HourlyLimit>>>();
    for (const pool of managedPools(this.#deps)) {
      const { name = "" } = pool.metadata;
      if (!isLimited(pool)) continue;
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
    if (!this.#hasRead) this.#starts = [...this.#read(), ...this.#starts];
    this.#hasRead = true;
    const since = this.#deps.clock.now() - WINDOW;
    return this.#starts.filter(({ at }) => at > since);
  }
}

function isLimited({ metadata }: NodePool): boolean {
  return metadata.annotations?.[Annotation.DisruptionsPerHour] !== undefined;
}

/** What this version would not have written counts for nothing: it bounds, it does not protect. */
function startsIn(text: string | undefined): readonly Omit<Start, "pool">[] {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "{}");
  } catch {
    return [];
  }
  if (typeof found !== "object" || found === null) return [];
  const byReason = found as Readonly<Record<string, unknown>>;
  return REASONS.flatMap((reason) => {
    const times: unknown = byReason[reason];
    if (typeof times !== "object" || times === null) return [];
    return Object.entries(times).flatMap(([node, time]) => {
      const at = Date.parse(String(time));
      return Number.isNaN(at) ? [] : [{ node, reason, at }];
    });
  });
}
