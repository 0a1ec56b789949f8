// Remembers what machines turned out to be, once they were there: what pods can use of them, and how long they took to come.

import { compareText, hours, minCommonResources, seconds, type Duration, type Resources } from "../../units/index.ts";
import { LEARNED_RESOURCES, type Boot, type LearnedRecord, type MachineKind, type Sighting } from "./learned-record.ts";

/** O-19: what no machine has shown for so long is forgotten. */
export const LEARNED_TTL: Duration = hours(60 * 24);
const BOOTS_KEPT = 20;
/** Seeing the same again is worth writing down once a day. */
const FRESH: Duration = hours(24);
/** A machine that took longer was not waited for: its timestamps tell of something else, an adoption for instance. */
const LONGEST_BOOT: Duration = hours(2);

export interface MachineSize {
  readonly capacity: Resources;
  readonly allocatable: Resources;
}

export interface Spread {
  readonly p50: Duration;
  readonly p95: Duration;
}

/** From the creation of the NodeClaim, except for the last. */
export interface BootTimes {
  readonly machines: number;
  readonly toRegistered: Spread;
  readonly toInitialized: Spread;
  readonly registeredToInitialized: Spread;
}

/** Times are epoch milliseconds of the clock handed in. */
export class LearnedMachines {
  readonly #now: () => number;
  readonly #records = new Map<string, LearnedRecord>();
  #sizes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Changes whenever a size does, or is no longer that of a single machine: part of the version of instance type lists. */
  get version(): number {
    this.#sweep();
    return this.#sizes;
  }

  /** `kubelet` is the version as the Node tells it, such as v1.34.1. The least that was seen of its minor version counts. */
  observe(kind: MachineKind, kubelet: string, size: MachineSize): void {
    const minor = minorOf(kubelet);
    const seen = { capacity: sizeOf(size.capacity), allocatable: sizeOf(size.allocatable) };
    if (minor === undefined || LEARNED_RESOURCES.some((name) => !seen.allocatable[name])) return;
    this.#add(kind, { sightings: [{ kubelet: minor, ...seen, at: this.#now() }], boots: [] });
  }

  /** Of one machine, told at any time after it was initialized and as often as one likes. */
  booted(kind: MachineKind, boot: Boot): void {
    const isBoot = 0 <= boot.toRegistered && boot.toRegistered <= boot.toInitialized;
    if (isBoot && boot.toRegistered <= LONGEST_BOOT) this.#add(kind, { sightings: [], boots: [boot] });
  }

  /** As machines with the newest kubelet show it; undefined when none was seen. */
  size(kind: MachineKind): MachineSize | undefined {
    this.#sweep();
    return this.#records.get(idOf(kind))?.sightings.toSorted(byMinor).at(-1);
  }

  bootTimes(kind: MachineKind): BootTimes | undefined {
    this.#sweep();
    const boots = this.#records.get(idOf(kind))?.boots ?? [];
    if (boots.length === 0) return undefined;
    const spread = (of: (boot: Boot) => number): Spread => {
      const sorted = boots.map(of).toSorted((a, b) => a - b);
      return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) };
    };
    return {
      machines: boots.length,
      toRegistered: spread((boot) => boot.toRegistered),
      toInitialized: spread((boot) => boot.toInitialized),
      registeredToInitialized: spread((boot) => boot.toInitialized - boot.toRegistered),
    };
  }

  /** Sorted by kind. */
  records(): readonly LearnedRecord[] {
    this.#sweep();
    return [...this.#records].toSorted(([a], [b]) => compareText(a, b)).map(([, record]) => record);
  }

  /** What was written down before, by this process or another one. */
  recall(records: readonly LearnedRecord[]): void {
    for (const { kind, ...rest } of records) this.#add(kind, rest);
    this.#sweep();
  }

  #add(kind: MachineKind, news: Pick<LearnedRecord, "sightings" | "boots">): void {
    const id = idOf(kind);
    const known = this.#records.get(id) ?? { kind, sightings: [], boots: [] };
    const sightings = news.sightings.reduce(withSighting, known.sightings);
    const boots = news.boots.reduce(withBoot, known.boots);
    if (sightings === known.sightings && boots === known.boots) return;
    this.#records.set(id, { kind, sightings, boots });
    const hasCompany = known.boots.length < 2 && boots.length >= 2;
    if (hasCompany || sizesOf(sightings) !== sizesOf(known.sightings)) this.#sizes++;
  }

  #sweep(): void {
    const since = this.#now() - LEARNED_TTL;
    for (const [id, record] of this.#records) {
      const sightings = record.sightings.filter(({ at }) => at > since);
      const boots = record.boots.filter(({ at }) => at > since);
      const gone = record.sightings.length - sightings.length;
      if (gone === 0 && boots.length === record.boots.length) continue;
      if (sightings.length + boots.length === 0) this.#records.delete(id);
      else this.#records.set(id, { ...record, sightings, boots });
      if (gone > 0) this.#sizes++;
    }
  }
}

function withSighting(known: readonly Sighting[], seen: Sighting): readonly Sighting[] {
  const before = known.find(({ kubelet }) => kubelet === seen.kubelet);
  if (before === undefined) return [...known, seen].toSorted(byMinor);
  const least = (side: "capacity" | "allocatable"): Resources => minCommonResources([before[side], seen[side]]);
  const next = { ...before, capacity: least("capacity"), allocatable: least("allocatable") };
  const isNew = sizesOf([next]) !== sizesOf([before]) || seen.at - before.at >= FRESH;
  if (!isNew) return known;
  return known.map((one) => (one === before ? { ...next, at: Math.max(before.at, seen.at) } : one));
}

/** The newest ones are kept; one machine is told of once. */
function withBoot(known: readonly Boot[], boot: Boot): readonly Boot[] {
  const told = known.some((one) => one.at === boot.at && one.toInitialized === boot.toInitialized);
  if (told) return known;
  const all = [...known, boot].toSorted((a, b) => a.at - b.at);
  const kept = all.slice(-BOOTS_KEPT);
  return kept.includes(boot) ? kept : known;
}

function sizeOf(resources: Resources): Resources {
  return Object.fromEntries(LEARNED_RESOURCES.map((name) => [name, resources[name] ?? 0]));
}

function sizesOf(sightings: readonly Sighting[]): string {
  return JSON.stringify(sightings.map(({ kubelet, capacity, allocatable }) => [kubelet, capacity, allocatable]));
}

function percentile(sorted: readonly number[], share: number): Duration {
  return seconds(Math.round((sorted[Math.ceil(sorted.length * share) - 1] ?? 0) / 1000));
}

/** 1.34 of v1.34.1+rke2. */
function minorOf(kubelet: string): string | undefined {
  return /^v?(\d+\.\d+)(?:\.|$)/.exec(kubelet)?.[1];
}

function byMinor(a: Sighting, b: Sighting): number {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [a, b].map(({ kubelet }) =>
    kubelet.split(".").map(Number),
  ) as [number[], number[]];
  return majorA - majorB || minorA - minorB;
}

function idOf({ nodeClass, instanceType }: MachineKind): string {
  return `${nodeClass} ${instanceType}`;
}
