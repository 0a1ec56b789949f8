// Required affinity between pods, after everything is in its place.

import type { Pod } from "../../../api/index.ts";
import { carried, hasKey } from "../carrier.ts";
import type { Carrier } from "../carrier.ts";
import { keyOfPod } from "../label-rules.ts";
import { possibleValues } from "../place.ts";
import type { Place } from "../place.ts";
import type { PlanReading } from "../plan-reading.ts";
import type { Seat } from "../pod-kinds.ts";
import { namespaceOf, termSelects } from "../pod-selection.ts";
import type { Violation } from "../violation.ts";

/**
 * Each new carrier finds a pod it wants in its domain. The first of a set that wants each other may start a domain of its own, once,
 * and only while nothing it wants runs anywhere.
 */
export function checkAffinity(reading: PlanReading): readonly Violation[] {
  const carriers = reading.kinds.seats.filter(({ isNew }) => isNew).flatMap((seat) => carried(seat, "podAffinity"));
  const groups = Map.groupBy(carriers, ({ pod, term }) =>
    JSON.stringify([namespaceOf(pod), term, pod.metadata.labels]),
  );
  return [...groups.values()].flatMap((group) => groupTogether(group, reading));
}

function groupTogether(group: readonly Carrier[], { kinds, input }: PlanReading): readonly Violation[] {
  const [first] = group;
  if (first === undefined) return [];
  const { term } = first;
  const key = term.topologyKey;
  const wanted = kinds.all
    .filter(({ sample }) => termSelects(first.pod, term, sample, input) === true)
    .flatMap(({ seats }) => seats);
  const members = new Set(group.map(({ pod }) => pod));
  const wantsItself = wanted.some(({ pod }) => pod === first.pod);
  const maySeed = wantsItself && wanted.every(({ isNew, place }) => isNew || !hasKey(place, key));
  const others = wanted.filter(({ pod }) => !members.has(pod));
  const lonely = (started: readonly Seat[]): readonly Carrier[] => {
    return withoutCompany(group, new Company(key, [...others, ...started]), wantsItself);
  };
  let left = lonely([]);
  const seeds = maySeed ? left.filter(({ place }) => hasKey(place, key)) : [];
  for (const started of Map.groupBy(seeds, ({ place }) => domainOf(place, key)).values()) {
    if (left.length === 0) break;
    const still = lonely(started);
    if (still.length < left.length) left = still;
  }
  return left.map(({ pod, place }): Violation => ({
    rule: "PodAffinity",
    place: place.name,
    detail: `${keyOfPod(pod)} finds nobody it wants on ${key}`,
  }));
}

/** Who is left when everybody who has found company is company for those who want their like. */
function withoutCompany(group: readonly Carrier[], company: Company, wantsItself: boolean): readonly Carrier[] {
  let left = group.filter(({ pod }) => !company.has(pod));
  for (;;) {
    const settled = new Set(left.filter(({ place }) => company.isMetAt(place)));
    if (settled.size === 0) return left;
    if (wantsItself) company.add([...settled]);
    left = left.filter((carrier) => !(wantsItself ? company.has(carrier.pod) : settled.has(carrier)));
    if (!wantsItself) return left;
  }
}

/** Pods that somebody wants to be with, and where they are for certain. */
class Company {
  readonly #key: string;
  readonly #pods = new Set<Pod>();
  readonly #domains = new Set<string>();
  readonly #places = new Set<Place>();

  constructor(key: string, seats: readonly Seat[]) {
    this.#key = key;
    this.add(seats);
  }

  has(pod: Pod): boolean {
    return this.#pods.has(pod);
  }

  add(seats: readonly Seat[]): void {
    for (const { pod, place } of seats) {
      this.#pods.add(pod);
      this.#domains.add(domainOf(place, this.#key));
      this.#places.add(place);
    }
  }

  /** On the same machine, or wherever the machine turns out to be somebody is there for certain. */
  isMetAt(place: Place): boolean {
    if (!hasKey(place, this.#key)) return false;
    const values = possibleValues(place, this.#key) ?? [];
    const isMetEverywhere = values.length > 0 && values.every((value) => this.#domains.has(`value ${value}`));
    return isMetEverywhere || this.#places.has(place);
  }
}

/** Settled, or the machine itself while it is open. */
function domainOf(place: Place, key: string): string {
  const [only, ...more] = possibleValues(place, key) ?? [];
  return only !== undefined && more.length === 0 ? `value ${only}` : `open ${place.name}`;
}
