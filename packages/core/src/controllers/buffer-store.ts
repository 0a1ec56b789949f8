// What CapacityBuffers want and what the latest plan made of it: between their controller, the planner and whoever removes nodes (CB-3, D-61).

import { jsonEqual, type ObjectMeta, type Pod, type PodTemplate } from "../api/index.ts";
import { bufferPods } from "../scheduling/index.ts";
import type { StateNode } from "../state/index.ts";

/** Room for so many pods of this shape. */
export interface BufferWish {
  readonly buffer: ObjectMeta;
  readonly template: PodTemplate;
  readonly count: number;
}

/** What became of one buffer's pods in a plan. */
export interface BufferOutcome {
  /** Fit on nodes that are in service. */
  readonly ready: number;
  /** Fit on machines that start. */
  readonly starting: number;
  /** Fit nowhere. */
  readonly waiting: number;
  /** Of one that fits nowhere. */
  readonly why?: string;
  /** Names of the nodes and NodeClaims that they fit on. */
  readonly places: ReadonlySet<string>;
}

/** The pods of all buffers at one moment. */
export interface SparePods {
  readonly pods: readonly Pod[];
  readonly byBuffer: ReadonlyMap<string, readonly Pod[]>;
  readonly asked: number;
}

interface Entry {
  /** Absent while it is not known what the buffer is for. */
  readonly wish?: BufferWish;
  readonly pods: readonly Pod[];
  readonly outcome?: BufferOutcome;
  /** Stays until another plan says otherwise, so that nothing is given back on the way. */
  readonly places: ReadonlySet<string>;
}

const NOTHING: Entry = { pods: [], places: new Set() };

/** Buffers go by "namespace/name". */
export class BufferStore {
  readonly #entries = new Map<string, Entry>();
  #asked = 0;
  #answered = 0;
  #wakePlanner: () => void = () => {};
  #wakeTeller: (key: string) => void = () => {};

  /** True when another plan is needed for it. Without a wish the buffer has been looked at and wants nothing. */
  wish(key: string, wish: BufferWish | undefined): boolean {
    const known = this.#entries.get(key);
    if (known && isSame(known.wish, wish)) return false;
    const pods = wish ? bufferPods(wish.buffer, wish.template, wish.count) : [];
    const places = pods.length > 0 ? (known?.places ?? NOTHING.places) : NOTHING.places;
    this.#entries.set(key, { ...(wish && { wish }), pods, places });
    return pods.length > 0;
  }

  /** The buffer is gone. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** A plan is to be made, because something is different or may be. */
  ask(): void {
    this.#asked++;
    this.#wakePlanner();
  }

  get isAsked(): boolean {
    return this.#asked > this.#answered;
  }

  spare(): SparePods {
    const byBuffer = new Map([...this.#entries].map(([key, { pods }]) => [key, pods]));
    return { pods: [...byBuffer.values()].flat(), byBuffer, asked: this.#asked };
  }

  /** What a plan with these pods came to; what was wished anew meanwhile waits for the next one. */
  planned({ byBuffer }: SparePods, outcomes: ReadonlyMap<string, BufferOutcome>): void {
    for (const [key, entry] of this.#entries) {
      const outcome = outcomes.get(key);
      if (outcome === undefined || byBuffer.get(key) !== entry.pods) continue;
      this.#entries.set(key, { ...entry, outcome, places: outcome.places });
      if (!isSameOutcome(entry.outcome, outcome)) this.#wakeTeller(key);
    }
  }

  /** Everything that came of the plan has been done. */
  answered({ asked }: SparePods): void {
    this.#answered = Math.max(this.#answered, asked);
  }

  outcomeOf(key: string): BufferOutcome | undefined {
    return this.#entries.get(key)?.outcome;
  }

  /** Whether one of these has not been looked at, or not been part of a plan: until then nobody knows which nodes it needs. */
  awaitsPlan(keys: readonly string[]): boolean {
    return keys.some((key) => {
      const entry = this.#entries.get(key);
      return entry === undefined || (entry.pods.length > 0 && entry.outcome === undefined);
    });
  }

  /** By a node's or NodeClaim's name. */
  keepsRoomOn(name: string): boolean {
    return [...this.#entries.values()].some(({ places }) => places.has(name));
  }

  /** By node name: the buffers whose room was planned on it. */
  keepers(nodes: readonly StateNode[]): ReadonlyMap<string, readonly string[]> {
    const keepers = new Map<string, readonly string[]>();
    for (const { name, nodeClaim } of nodes) {
      const isOn = ({ places }: Entry): boolean => places.has(name) || places.has(nodeClaim?.metadata.name ?? name);
      const buffers = [...this.#entries].flatMap(([key, entry]) => (isOn(entry) ? [key] : []));
      if (buffers.length > 0) keepers.set(name, buffers.toSorted());
    }
    return keepers;
  }

  /** For a controller's feed: called when a plan is asked for. */
  onAsked(wake: () => void): () => void {
    this.#wakePlanner = wake;
    if (this.isAsked) wake();
    return () => {
      this.#wakePlanner = () => {};
    };
  }

  /** For a controller's feed: called with the buffer that another plan came out differently for. */
  onOutcome(wake: (key: string) => void): () => void {
    this.#wakeTeller = wake;
    return () => {
      this.#wakeTeller = () => {};
    };
  }
}

/** For people: how much of the room is there, and what becomes of the rest. */
export function outcomeText({ ready, starting, waiting, why = "" }: BufferOutcome): string {
  const all = ready + starting + waiting;
  const pods = all === 1 ? "1 pod" : `${all} pods`;
  if (ready === all) return `room for ${pods} is there`;
  return [
    `room for ${ready} of ${pods} is there`,
    ...(starting > 0 ? [`for ${starting} a machine starts`] : []),
    ...(waiting > 0 ? [`for ${waiting} there is no place: ${why}`] : []),
  ].join("; ");
}

function isSame(a: BufferWish | undefined, b: BufferWish | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.buffer.uid === b.buffer.uid && a.count === b.count && jsonEqual(a.template, b.template);
}

function isSameOutcome(a: BufferOutcome | undefined, b: BufferOutcome): boolean {
  return a?.ready === b.ready && a.starting === b.starting && a.waiting === b.waiting && a.why === b.why;
}
