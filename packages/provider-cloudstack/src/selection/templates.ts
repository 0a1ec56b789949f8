// Which of the templates that fit is used: one per zone and architecture (C-34, C-35).

import type { TemplateTerm } from "../api/cloudstack-node-class.ts";
import type { WireTemplate } from "../client/wire.ts";
import { fitsTemplateTerm } from "./terms.ts";

export function isUsable({ isReady, status, type }: WireTemplate): boolean {
  return isReady && status === "Download Complete" && type !== "SYSTEM";
}

export interface ChosenTemplates {
  /** Key: `<zone id>/<arch>`. */
  readonly byPlace: ReadonlyMap<string, WireTemplate>;
  /** A template that a term names and that cannot be used yet. */
  readonly notReady?: WireTemplate;
}

export function placeOf(zoneId: string, arch: string): string {
  return `${zoneId}/${arch}`;
}

export function chooseTemplates(
  rows: readonly WireTemplate[],
  terms: readonly TemplateTerm[],
  policy: "Newest" | "FirstTerm",
): ChosenTemplates {
  const termOf = (row: WireTemplate): number => terms.findIndex((term) => fitsTemplateTerm(row, term));
  const matching = rows.map((row) => ({ row, term: termOf(row) })).filter(({ term }) => term >= 0);
  const ranked = matching
    .filter(({ row }) => isUsable(row))
    .toSorted((a, b) => (policy === "FirstTerm" ? a.term - b.term : 0) || newerFirst(a.row, b.row));
  const byPlace = new Map<string, WireTemplate>();
  for (const { row } of ranked) {
    const place = placeOf(row.zoneId, row.arch);
    if (!byPlace.has(place)) byPlace.set(place, row);
  }
  const notReady = matching.find(({ row, term }) => !isUsable(row) && terms[term]?.id !== undefined)?.row;
  return { byPlace, ...(notReady === undefined ? {} : { notReady }) };
}

/** The tie goes to the later name: versions are written at a name's end. */
function newerFirst(a: WireTemplate, b: WireTemplate): number {
  if (a.created !== b.created) return b.created - a.created;
  if (a.name !== b.name) return a.name < b.name ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}
