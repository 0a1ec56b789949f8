// Which rows a class's selector terms pick: fields of a term must all agree, terms add up (spec part 6).

import type { SelectorTerm, ServiceOfferingTerm, TemplateTerm } from "../api/cloudstack-node-class.ts";
import type { Tags, WireTemplate } from "../client/wire.ts";

interface Named {
  readonly id: string;
  readonly name: string;
}

/** In the order of the first term that picks it, then name, then id; each id once. */
export function select<T extends Named, S extends SelectorTerm>(
  rows: readonly T[],
  terms: readonly S[],
  fits: (row: T, term: S) => boolean,
): readonly T[] {
  const termOf = (row: T): number => terms.findIndex((term) => fits(row, term));
  const picked = rows.map((row) => ({ row, term: termOf(row) })).filter(({ term }) => term >= 0);
  picked.sort((a, b) => a.term - b.term || compare(a.row.name, b.row.name) || compare(a.row.id, b.row.id));
  return [...new Map(picked.map(({ row }) => [row.id, row])).values()];
}

export function fitsTerm(row: Named & { readonly tags: Tags }, { id, name, tags = {} }: SelectorTerm): boolean {
  if (id !== undefined && id.toLowerCase() !== row.id.toLowerCase()) return false;
  if (name !== undefined && name !== row.name) return false;
  // "*" asks for the key, with whatever value.
  return Object.entries(tags).every(([key, value]) => key in row.tags && (value === "*" || row.tags[key] === value));
}

/** The size of a custom offering is not known here; its bounds are not looked at. */
export interface SelectableOffering extends Named {
  /** What stands for tags, which CloudStack's offerings do not have (C-30). */
  readonly tags: Tags;
  readonly cpuNumber?: number;
  readonly memoryMiB?: number;
  readonly hostTags: readonly string[];
  readonly gpu?: unknown;
}

export function fitsOfferingTerm(row: SelectableOffering, term: ServiceOfferingTerm): boolean {
  const { minCPU, maxCPU, minMemoryMiB, maxMemoryMiB, hostTags = [], gpu } = term;
  return (
    fitsTerm(row, term) &&
    within(row.cpuNumber, minCPU, maxCPU) &&
    within(row.memoryMiB, minMemoryMiB, maxMemoryMiB) &&
    hostTags.every((tag) => row.hostTags.includes(tag)) &&
    (gpu === undefined || gpu === (row.gpu !== undefined))
  );
}

/** Templates of CloudStack's own Kubernetes service are taken only when a term names them (C-34). */
export function fitsTemplateTerm(row: WireTemplate, term: TemplateTerm): boolean {
  const { osType, arch, id, name } = term;
  if (row.forCks && id === undefined && name === undefined) return false;
  if (osType !== undefined && osType !== row.osTypeName && osType !== row.osTypeId) return false;
  return (arch === undefined || arch === row.arch) && fitsTerm(row, term);
}

function within(value: number | undefined, min = 0, max = Number.POSITIVE_INFINITY): boolean {
  return value === undefined || (value >= min && value <= max);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
