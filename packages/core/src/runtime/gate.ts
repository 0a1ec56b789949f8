// The gate of the process: holds writes back in observe mode or after a lost lease, paces them, and remembers what was done.

import type { Logger } from "../telemetry/index.ts";
import { ObserveOnly } from "./action-gate.ts";
import type { Action, ActionGate } from "./action-gate.ts";
import type { Clock, EpochMs } from "./clock.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface ActionRecord extends Action {
  readonly at: EpochMs;
  readonly outcome: "done" | "failed" | "observed" | "refused";
  readonly durationMs: number;
  /** The failure's message. */
  readonly error?: string;
}

export interface GateOptions {
  readonly mode: "act" | "observe";
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Sees every record, also those the ring has forgotten. */
  readonly audit?: (record: ActionRecord) => void;
  /** Most writes per second, cluster and cloud together. @defaultValue no limit */
  readonly ratePerSecond?: number;
  /** Records kept. @defaultValue 1000 */
  readonly keep?: number;
  /** False refuses every write: the lease is lost (RT-36). @defaultValue always true */
  readonly permitted?: () => boolean;
}

/** Thrown instead of a write that this process may no longer make. */
export class ActionRefused extends Error {
  override readonly name = "ActionRefused";
}

/** Events and status of our own objects tell what would be done; they are written in observe mode too. */
function onlyInforms(action: Action): boolean {
  if (action.target !== "cluster") return false;
  return /^Event\b/.test(action.subject) || action.verb.endsWith("Status");
}

export class Gate implements ActionGate {
  readonly observeOnly: boolean;
  readonly #options: GateOptions;
  readonly #bucket: TokenBucket | undefined;
  readonly #keep: number;
  #records: ActionRecord[] = [];

  constructor(options: GateOptions) {
    const { ratePerSecond, clock } = options;
    this.#options = options;
    this.observeOnly = options.mode === "observe";
    this.#keep = options.keep ?? 1000;
    this.#bucket =
      ratePerSecond === undefined
        ? undefined
        : new TokenBucket({ perSecond: ratePerSecond, burst: Math.max(1, Math.ceil(ratePerSecond)) }, clock);
  }

  /** What passed or was held back, oldest first; the last `keep` of them. */
  get records(): readonly ActionRecord[] {
    return this.#records.slice(-this.#keep);
  }

  async run<T>(action: Action, write: () => Promise<T>): Promise<T> {
    const startedAt = this.#options.clock.now();
    if (this.observeOnly && !onlyInforms(action)) {
      this.#record(action, startedAt, "observed");
      throw new ObserveOnly(action);
    }
    const wait = this.#bucket?.reserve();
    if (wait !== undefined && wait > 0) await this.#options.clock.sleep(wait);
    if (this.#options.permitted?.() === false) {
      this.#record(action, startedAt, "refused");
      throw new ActionRefused(`${action.verb} ${action.subject} was refused, this process is no longer the leader`);
    }
    let result: T;
    try {
      result = await write();
    } catch (error) {
      this.#record(action, startedAt, "failed", error);
      throw error;
    }
    this.#record(action, startedAt, "done");
    return result;
  }

  #record(action: Action, startedAt: EpochMs, outcome: ActionRecord["outcome"], error?: unknown): void {
    const { clock, logger, audit } = this.#options;
    const record: ActionRecord = {
      ...action,
      at: startedAt,
      outcome,
      durationMs: clock.now() - startedAt,
      ...(error === undefined ? {} : { error: messageOf(error) }),
    };
    this.#records.push(record);
    // Cutting only now and then keeps a write O(1).
    if (this.#records.length >= 2 * this.#keep) this.#records = this.#records.slice(-this.#keep);
    const { target, verb, subject } = action;
    if (outcome === "observed") logger?.info("held back in observe mode", { target, verb, subject });
    else logger?.debug("wrote", { target, verb, subject, outcome });
    try {
      audit?.(record);
    } catch (failure) {
      logger?.error("writing the audit record failed", { error: failure });
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
