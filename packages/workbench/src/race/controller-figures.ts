// What the controller tells about itself over its port of metrics: which methods took nodes away, and how long its event loop stood still.

import type { CommandRecord } from "@karpenter-multicloud/core/decisions";

export interface LoopGaps {
  /** Longer than 10 ms. */
  readonly count: number;
  readonly over50ms: number;
  /** The longest one was not longer than this; undefined when there was none. */
  readonly atMostMs: number | undefined;
}

type Told = Pick<CommandRecord, "method" | "nodes" | "outcome">;

/** Each node by the newest command that took it; `commands` are told newest first. */
export function nodesByMethod(
  commands: readonly Told[],
  removed: ReadonlySet<string>,
): Readonly<Record<string, number>> {
  const methods = new Map<string, string>();
  for (const { method, nodes, outcome } of commands) {
    if (outcome === "GivenUp") continue;
    for (const node of nodes) if (removed.has(node) && !methods.has(node)) methods.set(node, method);
  }
  const counts = new Map<string, number>();
  for (const method of methods.values()) counts.set(method, (counts.get(method) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted());
}

/** Between two scrapes, in the text format of Prometheus. */
export function gapsBetween(before: string, after: string): LoopGaps {
  const [old, now] = [bucketsOf(before), bucketsOf(after)];
  const counted = [...now].map(([bound, count]) => ({ bound, count: count - (old.get(bound) ?? 0) }));
  const count = counted.at(-1)?.count ?? 0;
  const longest = count === 0 ? undefined : counted.find((bucket) => bucket.count === count)?.bound;
  const short = counted.find(({ bound }) => bound === 0.05)?.count ?? 0;
  return { count, over50ms: count - short, atMostMs: longest === undefined ? undefined : longest * 1000 };
}

export class ControllerPages {
  readonly #port: () => number;

  /** The port may be another one after a restart. */
  constructor(port: () => number) {
    this.#port = port;
  }

  async metrics(signal: AbortSignal): Promise<string> {
    return await (await this.#get("/metrics", signal)).text();
  }

  async commands(signal: AbortSignal): Promise<readonly Told[]> {
    return (await (await this.#get("/debug/commands?format=json", signal)).json()) as readonly Told[];
  }

  async #get(path: string, signal: AbortSignal): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.#port()}${path}`, { signal });
  }
}

/** By bound, in order. */
function bucketsOf(text: string): ReadonlyMap<number, number> {
  const pattern = /^kmc_event_loop_gap_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm;
  return new Map([...text.matchAll(pattern)].map(([, bound, count]) => [boundOf(bound), Number(count)]));
}

function boundOf(text = ""): number {
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
}
