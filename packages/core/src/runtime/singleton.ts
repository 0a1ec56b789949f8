// How a controller that looks at everything at once is made: one constant key, so that it never overlaps with itself (RT-29).

import type { Duration } from "../units/index.ts";
import type { Controller, ReconcileContext, ReconcileResult, Trigger } from "./controller.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface SingletonOptions {
  /** Also its only key. */
  readonly name: string;
  run(context: ReconcileContext): Promise<ReconcileResult | undefined>;
  /** Any key they name wakes it. */
  readonly triggers?: readonly Trigger[];
  readonly rateLimit?: RateLimit;
  readonly timeout?: Duration;
  /** False waits for a trigger before the first run. @defaultValue true */
  readonly runAtStart?: boolean;
}

export function singletonController(options: SingletonOptions): Controller {
  const { name, triggers = [], rateLimit, timeout, runAtStart = true } = options;
  return {
    name,
    triggers: triggers.map((trigger) => ({
      resource: trigger.resource,
      keys: (change) => (trigger.keys(change).length > 0 ? [name] : []),
    })),
    initialKeys: runAtStart ? [name] : [],
    concurrency: 1,
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(timeout === undefined ? {} : { timeout }),
    reconcile: (_key, context) => options.run(context),
  };
}
