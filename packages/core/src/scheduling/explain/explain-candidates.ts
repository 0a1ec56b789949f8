// The machines of one set of instance types in columns, so that many pods can be compared with all of them cheaply: who is short of what, and how much.

import type { InstanceType } from "../../provider/index.ts";
import { addResources, compareText, sortedKeys } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { largeEnough } from "../placement/instance-filter.ts";
import type { TypeGroup, TypeOption } from "../placement/instance-filter.ts";

export interface Candidate {
  readonly option: TypeOption;
  readonly type: InstanceType;
  readonly allocatable: Resources;
  /** Of DaemonSets. */
  readonly overhead: Resources;
}

const known = new WeakMap<readonly TypeGroup[], Candidates>();

/** `sold`: all the types of the pool, of which `groups` are some. */
export function candidatesOf(groups: readonly TypeGroup[], sold: readonly TypeGroup[] = groups): Candidates {
  const before = known.get(groups);
  if (before !== undefined) return before;
  const candidates = new Candidates(groups, groups === sold ? undefined : candidatesOf(sold));
  known.set(groups, candidates);
  return candidates;
}

function sorted(groups: readonly TypeGroup[]): readonly Candidate[] {
  return groups
    .flatMap(({ overhead, options }) =>
      options.flatMap((option) =>
        option.builds.map(({ allocatable }) => ({ option, type: option.type, allocatable, overhead })),
      ),
    )
    .toSorted((a, b) => compareText(a.type.name, b.type.name));
}

export class Candidates {
  /** In name order. */
  readonly list: readonly Candidate[];
  readonly #positions = new Map<Resources, number[]>();
  readonly #overheads: readonly string[];
  readonly #columns = new Map<string, Float64Array>();
  readonly #largest = new Map<string, Candidate | undefined>();
  readonly #absent = new Map<string, boolean>();
  readonly #shortages: Float64Array;
  readonly #fitting = new Map<string, readonly TypeGroup[]>();
  readonly #groups: readonly TypeGroup[];
  readonly #whole: Candidates | undefined;
  /** By position: the position among all candidates of the pool. */
  readonly #inWhole: Int32Array;
  #last: Resources | undefined;

  constructor(groups: readonly TypeGroup[], whole: Candidates | undefined) {
    this.#groups = groups;
    this.#whole = whole;
    if (whole === undefined) {
      this.list = sorted(groups);
      this.#inWhole = Int32Array.from(this.list.keys());
    } else {
      const own = new Set(groups.flatMap(({ options }) => options));
      const inWhole: number[] = [];
      this.list = whole.list.filter((each, index) => own.has(each.option) && inWhole.push(index) > 0);
      this.#inWhole = Int32Array.from(inWhole);
    }
    for (const [position, { overhead }] of this.list.entries()) {
      const positions = this.#positions.get(overhead);
      if (positions === undefined) this.#positions.set(overhead, [position]);
      else positions.push(position);
    }
    this.#overheads = [...this.#positions.keys()].flatMap((overhead) => Object.keys(overhead));
    this.#shortages = new Float64Array(this.list.length);
  }

  /** Resources of which no candidate has enough, in name order. */
  blocking(requests: Resources): readonly string[] {
    const named = Object.fromEntries([...Object.keys(requests), ...this.#overheads].map((resource) => [resource, 0]));
    return sortedKeys(named).filter((resource) => {
      const largest = this.largest(resource);
      return largest === undefined || (requests[resource] ?? 0) > roomOf(largest, resource);
    });
  }

  /** Types that are large enough; the same object for pods that the same types are large enough for. */
  fitting(requests: Resources): readonly TypeGroup[] {
    const shortages = this.#shortagesOf(requests);
    if (!shortages.includes(0)) return [];
    let text = "";
    for (const shortage of shortages) text += shortage === 0 ? "1" : "0";
    const before = this.#fitting.get(text);
    if (before !== undefined) return before;
    const fitting = largeEnough(this.#groups, requests);
    this.#fitting.set(text, fitting);
    return fitting;
  }

  /** The first in name order with the smallest shortage. */
  nearest(requests: Resources): Candidate | undefined {
    const shortages = this.#shortagesOf(requests);
    let best = 0;
    for (let index = 1; index < shortages.length; index++) {
      if ((shortages[index] ?? 0) < (shortages[best] ?? 0)) best = index;
    }
    return this.list[best];
  }

  /** The first in name order with the most room after the DaemonSets. */
  largest(resource: string): Candidate | undefined {
    if (this.#largest.has(resource)) return this.#largest.get(resource);
    const column = this.#column(resource);
    let first = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (const [overhead, positions] of this.#positions) {
      const taken = overhead[resource] ?? 0;
      for (const position of positions) {
        const room = (column[position] ?? 0) - taken;
        if (room < most || (room === most && position > first)) continue;
        most = room;
        first = position;
      }
    }
    const best = this.list[first];
    this.#largest.set(resource, best);
    return best;
  }

  isAbsent(resource: string): boolean {
    const before = this.#absent.get(resource);
    if (before !== undefined) return before;
    const answer = this.#column(resource).every((amount) => amount === 0);
    this.#absent.set(resource, answer);
    return answer;
  }

  /** As `shortage` of nearest-miss.ts has it, for pod and DaemonSets together. */
  #shortagesOf(requests: Resources): Float64Array {
    const sums = this.#shortages;
    if (this.#last === requests) return sums;
    this.#last = requests;
    sums.fill(0);
    for (const [overhead, positions] of this.#positions) {
      const need = addResources(requests, overhead);
      for (const [resource, needed] of Object.entries(need)) {
        const column = this.#column(resource);
        for (const position of positions) {
          const missing = needed - (column[position] ?? 0);
          if (missing > 0) sums[position] = (sums[position] ?? 0) + missing / needed;
        }
      }
    }
    return sums;
  }

  #column(resource: string): Float64Array {
    const before = this.#columns.get(resource);
    if (before !== undefined) return before;
    const whole = this.#whole === undefined ? undefined : this.#whole.#column(resource);
    const column = new Float64Array(this.list.length);
    for (let position = 0; position < column.length; position++) {
      const amount = whole ? whole[this.#inWhole[position] ?? 0] : this.list[position]?.allocatable[resource];
      column[position] = amount ?? 0;
    }
    this.#columns.set(resource, column);
    return column;
  }
}

/** What is left of it after the DaemonSets. */
function roomOf({ allocatable, overhead }: Candidate, resource: string): number {
  return (allocatable[resource] ?? 0) - (overhead[resource] ?? 0);
}
