// What is learned of one kind of machine, and how it is written down: one text of bounded length that any process can read again.

import type { Resources } from "../../units/index.ts";

/** All machines of one type under one NodeClass: they share image and kubelet settings. */
export interface MachineKind {
  /** group/Kind/name */
  readonly nodeClass: string;
  readonly instanceType: string;
}

export interface Sighting {
  /** Minor version, such as 1.34. */
  readonly kubelet: string;
  /** Of the resources below only. */
  readonly capacity: Resources;
  readonly allocatable: Resources;
  /** When it was last seen. */
  readonly at: number;
}

/** Milliseconds from the creation of the NodeClaim. */
export interface Boot {
  /** When it was initialized; epoch milliseconds. */
  readonly at: number;
  readonly toRegistered: number;
  readonly toInitialized: number;
}

export interface LearnedRecord {
  readonly kind: MachineKind;
  /** One for each minor version of the kubelet, the oldest version first. */
  readonly sightings: readonly Sighting[];
  /** The oldest first. */
  readonly boots: readonly Boot[];
}

/** Others are promised by device plugins and overlays and not by the machine. */
export const LEARNED_RESOURCES = ["cpu", "ephemeral-storage", "memory", "pods"] as const;

/** A ConfigMap takes 1 MiB; one record is below 2 KiB. */
const MOST_RECORDS = 400;
const FORMAT = 1;

type SizeText = readonly number[];

/** Lists instead of names, whole seconds: [kubelet, when, capacity, allocatable] and [when, to registered, to initialized]. */
interface RecordText {
  readonly nodeClass: string;
  readonly instanceType: string;
  readonly sizes: readonly (readonly [string, number, SizeText, SizeText])[];
  readonly boots: readonly (readonly [number, number, number])[];
}

/** One line for each record; what was not seen for the longest time is left out when there are too many. */
export function writeRecords(records: readonly LearnedRecord[]): string {
  const newest = records.toSorted((a, b) => lastSeen(b) - lastSeen(a)).slice(0, MOST_RECORDS);
  const lines = records.filter((record) => newest.includes(record)).map((record) => JSON.stringify(toText(record)));
  return `{"format":${FORMAT},"records":[\n${lines.join(",\n")}\n]}\n`;
}

/** @throws Error when the text is not what `writeRecords` writes */
export function readRecords(text: string): readonly LearnedRecord[] {
  const { format, records } = JSON.parse(text) as { readonly format?: unknown; readonly records?: unknown };
  if (format !== FORMAT || !Array.isArray(records)) throw new Error(`format ${String(format)} is not ${FORMAT}`);
  return records.map((record) => fromText(record as RecordText));
}

function toText({ kind, sightings, boots }: LearnedRecord): RecordText {
  return {
    ...kind,
    sizes: sightings.map(({ kubelet, at, capacity, allocatable }) => [
      kubelet,
      inSeconds(at),
      LEARNED_RESOURCES.map((name) => capacity[name] ?? 0),
      LEARNED_RESOURCES.map((name) => allocatable[name] ?? 0),
    ]),
    boots: boots.map((boot) => [inSeconds(boot.at), inSeconds(boot.toRegistered), inSeconds(boot.toInitialized)]),
  };
}

function fromText({ nodeClass, instanceType, sizes, boots }: RecordText): LearnedRecord {
  if (typeof nodeClass !== "string" || typeof instanceType !== "string") throw new Error("a record names no machine");
  return {
    kind: { nodeClass, instanceType },
    sightings: sizes.map(([kubelet, at, capacity, allocatable]) => ({
      kubelet,
      at: milliseconds(at),
      capacity: named(capacity),
      allocatable: named(allocatable),
    })),
    boots: boots.map(([at, toRegistered, toInitialized]) => ({
      at: milliseconds(at),
      toRegistered: milliseconds(toRegistered),
      toInitialized: milliseconds(toInitialized),
    })),
  };
}

function named(amounts: SizeText): Resources {
  return Object.fromEntries(LEARNED_RESOURCES.map((name, index) => [name, whole(amounts[index])]));
}

function milliseconds(value: unknown): number {
  return whole(value) * 1000;
}

function whole(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new Error(`${JSON.stringify(value)} is no amount`);
  }
  return value;
}

function inSeconds(ms: number): number {
  return Math.round(ms / 1000);
}

function lastSeen({ sightings, boots }: LearnedRecord): number {
  return Math.max(0, ...sightings.map(({ at }) => at), ...boots.map(({ at }) => at));
}
