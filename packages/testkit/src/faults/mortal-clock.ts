// A Clock that dies with its life. Work it is told of (`during`) passes two crash points; its timers just stop.

import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import type { Clock, EpochMs } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";
import type { CrashPoints, OutsideCall } from "./crash-points.ts";

/** The clock of one process: after drop() no sleep ends and no timer fires. */
export interface DroppableClock extends Clock {
  drop(): void;
}

const REQUEST_CREATED = "http.client.request.created";
const running = new AsyncLocalStorage<OutsideCall>();

export class MortalClock implements Clock {
  readonly #clock: DroppableClock;
  readonly #points: CrashPoints;

  constructor(clock: DroppableClock, points: CrashPoints) {
    this.#clock = clock;
    this.#points = points;
  }

  now(): EpochMs {
    return this.#clock.now();
  }

  sleep(duration: Duration, options?: { readonly signal?: AbortSignal }): Promise<void> {
    return this.#clock.sleep(duration, options);
  }

  schedule(at: EpochMs, callback: () => void): () => void {
    return this.#clock.schedule(at, callback);
  }

  during<T>(work: () => Promise<T>): Promise<T> {
    const here = new Error("where");
    const call: OutsideCall = { name: () => `during ${callerIn(here)}` };
    return this.#points.around(call, () => this.#clock.during(() => running.run(call, work)));
  }
}

/** Until the returned function is called, work that sends an HTTP request is named after it. */
export function nameCallsByRequest(): () => void {
  const onCreated = (message: unknown): void => {
    const call = running.getStore();
    const { request } = message as { readonly request: ClientRequest };
    if (call !== undefined) call.name = `${request.method} ${request.path}`;
  };
  subscribe(REQUEST_CREATED, onCreated);
  return () => void unsubscribe(REQUEST_CREATED, onCreated);
}

/** The function that called during(), for people. */
function callerIn({ stack = "" }: Error): string {
  const [, , caller = ""] = stack.split("\n");
  return /at (?:async )?([^ ]+) /.exec(caller)?.[1] ?? "work";
}
