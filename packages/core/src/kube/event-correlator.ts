// Which notes become Kubernetes Events: repeated ones are held back, similar ones are combined, floods are cut (UX-4).

import { TokenBucket } from "../runtime/index.ts";
import type { BucketSize, Clock, EpochMs } from "../runtime/index.ts";
import { minutes } from "../units/index.ts";
import type { Duration } from "../units/index.ts";
import type { EventNote } from "./event-recorder.ts";

const DEFAULT_DEDUPE: Duration = minutes(2);
/** More than so many different texts of one reason about one object within the window are combined into one. */
const MOST_SIMILAR = 10;
const SIMILAR_WINDOW_MS = 10 * 60_000;
/** Per object: a burst, then one in five minutes. */
const OBJECT_LIMIT: BucketSize = { perSecond: 1 / 300, burst: 25 };
/** Reasons that come with every pending pod have a limit of their own for all objects together (S-606). */
const REASON_LIMITS: Readonly<Record<string, BucketSize>> = {
  Nominated: { perSecond: 5, burst: 10 },
};
/** Entries remembered per table; the oldest go first. */
const MOST_REMEMBERED = 4096;

export type Verdict =
  /** `key` is equal for events that only raise the count of an earlier one. */
  | { readonly kind: "write"; readonly key: string; readonly message: string }
  | { readonly kind: "repeated" }
  | { readonly kind: "flood" };

interface Similar {
  readonly messages: Set<string>;
  readonly since: EpochMs;
}

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #silentUntil = new Map<string, EpochMs>();
  readonly #similar = new Map<string, Similar>();
  readonly #objectBuckets = new Map<string, TokenBucket>();
  readonly #reasonBuckets = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  judge(note: EventNote): Verdict {
    const now = this.#clock.now();
    const object = objectKey(note);
    const dedupeKey = dedupeKeyOf(note);
    if ((this.#silentUntil.get(dedupeKey) ?? -Infinity) > now) return { kind: "repeated" };
    if (!this.#passes(note.reason, object)) return { kind: "flood" };
    remember(this.#silentUntil, dedupeKey, now + (note.dedupeFor ?? DEFAULT_DEDUPE));
    const group = `${object} ${note.type} ${note.reason}`;
    if (this.#isOneOfMany(group, note.message, now)) {
      return { kind: "write", key: group, message: `(combined from similar events): ${note.message}` };
    }
    return { kind: "write", key: `${group} ${note.message}`, message: note.message };
  }

  /** The note was not written after all: it may come again at once. */
  forget(note: EventNote): void {
    this.#silentUntil.delete(dedupeKeyOf(note));
  }

  #passes(reason: string, object: string): boolean {
    const limit = REASON_LIMITS[reason];
    if (limit !== undefined && !this.#bucket(this.#reasonBuckets, reason, limit).tryTake()) return false;
    return this.#bucket(this.#objectBuckets, object, OBJECT_LIMIT).tryTake();
  }

  #bucket(buckets: Map<string, TokenBucket>, key: string, size: BucketSize): TokenBucket {
    const bucket = buckets.get(key) ?? new TokenBucket(size, this.#clock);
    remember(buckets, key, bucket);
    return bucket;
  }

  #isOneOfMany(group: string, message: string, now: EpochMs): boolean {
    const known = this.#similar.get(group);
    const fresh = known !== undefined && now - known.since < SIMILAR_WINDOW_MS;
    const similar = fresh ? known : { messages: new Set<string>(), since: now };
    if (similar.messages.size <= MOST_SIMILAR) similar.messages.add(message);
    remember(this.#similar, group, similar);
    return similar.messages.size > MOST_SIMILAR;
  }
}

/** UX-4: the reason belongs to the key also when the caller says what counts as the same. */
function dedupeKeyOf(note: EventNote): string {
  return note.dedupeKey === undefined
    ? `${objectKey(note)} ${note.reason} ${note.message}`
    : `${note.reason} ${note.dedupeKey}`;
}

function objectKey({ resource, object }: EventNote): string {
  const { namespace = "", name = "", uid = "" } = object.metadata;
  return `${resource.kind} ${namespace}/${name} ${uid}`;
}

/** Sets as the newest entry and lets the oldest go. */
export function remember<K, V>(table: Map<K, V>, key: K, value: V, most: number = MOST_REMEMBERED): void {
  table.delete(key);
  table.set(key, value);
  if (table.size <= most) return;
  const oldest = table.keys().next();
  if (!oldest.done) table.delete(oldest.value);
}
