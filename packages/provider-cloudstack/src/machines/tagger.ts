// Puts our tags on machines and volumes, and repairs them: one key that exists already fails a whole call (C-62).

import { seconds } from "@karpenter-multicloud/core/units";
import type { Clock } from "@karpenter-multicloud/core/runtime";

import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { isNotFound } from "../client/core-words.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { Tags } from "../client/wire.ts";

const ATTEMPTS = 5;
const WAIT = seconds(60);
const PAUSE = seconds(2);

export interface TagTarget {
  readonly client: CloudStackClient;
  readonly type: "UserVm" | "Volume";
  readonly id: string;
}

export class Tagger {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `read` tells what is there after a failure. @throws the last failure after five attempts */
  async tag(
    target: TagTarget,
    wanted: Tags,
    read: () => Promise<Tags | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    let missing = wanted;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#create(target, missing, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        const kind = kindOf(error);
        if (kind === "other" || isNotFound(error) || attempt >= ATTEMPTS) throw error;
        if (kind !== "exists") await this.#clock.sleep(PAUSE, { signal });
        missing = await this.#stillMissing(target, wanted, read, signal);
        if (Object.keys(missing).length === 0) return;
      }
    }
  }

  async #create({ client, type, id }: TagTarget, tags: Tags, signal: AbortSignal): Promise<void> {
    const job = await client.createTags(type, id, tags, signal);
    const outcome = await client.waitForJob("createTags", job, WAIT, signal);
    if (outcome.state === "failed") throw outcome.error;
  }

  /** What has another value goes first, so that it can be put there anew. */
  async #stillMissing(
    { client, type, id }: TagTarget,
    wanted: Tags,
    read: () => Promise<Tags | undefined>,
    signal: AbortSignal,
  ): Promise<Tags> {
    const known = (await read()) ?? {};
    const entries = Object.entries(wanted).filter(([key, value]) => known[key] !== value);
    const wrong = Object.fromEntries(entries.flatMap(([key]) => (known[key] === undefined ? [] : [[key, known[key]]])));
    if (Object.keys(wrong).length > 0) {
      const job = await client.deleteTags(type, id, wrong, signal);
      await client.waitForJob("deleteTags", job, WAIT, signal);
    }
    return Object.fromEntries(entries);
  }
}
