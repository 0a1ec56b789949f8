// Required affinity and anti-affinity between pods, in both directions, after everything is in its place.

import type { Pod, PodAffinityTerm } from "../../api/index.ts";
import type { ProblemInput } from "../../scheduling/index.ts";
import { keyOfPod } from "./label-rules.ts";
import { possibleValues } from "./place.ts";
import type { Place } from "./place.ts";
import { namespaceOf, termSelects } from "./pod-selection.ts";
import type { Violation } from "./violation.ts";

interface Seat {
  readonly pod: Pod;
  readonly place: Place;
  readonly isNew: boolean;
}

interface Carrier extends Seat {
  readonly term: PodAffinityTerm;
}

export function checkAffinity(places: readonly Place[], input: ProblemInput): readonly Violation[] {
  const seats = places.flatMap((place) => [
    ...place.placed.map((pod): Seat => ({ pod, place, isNew: true })),
    ...place.bound.map((pod): Seat => ({ pod, place, isNew: false })),
  ]);
  return [...apart(seats, input), ...together(seats, input)];
}

/** Of two pods that must not meet at least one is new: what runs already is not the plan's doing. */
function apart(seats: readonly Seat[], input: ProblemInput): readonly Violation[] {
  const carriers = seats.flatMap((seat) => carried(seat, "podAntiAffinity"));
  return carriers.flatMap((carrier) =>
    seats
      .filter((other) => other.pod !== carrier.pod && (other.isNew || carrier.isNew))
      .filter((other) => mayMeet(carrier, other, carrier.term.topologyKey))
      .flatMap((other) => {
        const selects = termSelects(carrier.pod, carrier.term, other.pod, input);
        if (selects === false) return [];
        const detail = `${keyOfPod(carrier.pod)} keeps ${keyOfPod(other.pod)} away on ${carrier.term.topologyKey}`;
        const rule = selects === undefined ? "NotCheckable" : "PodAntiAffinity";
        return [{ rule, place: other.place.name, detail } as const];
      }),
  );
}

/**
 * Each new carrier finds a pod it wants in its domain. The first of a set that wants each other may start a domain of its own, once,
 * and only while nothing it wants runs anywhere.
 */
function together(seats: readonly Seat[], input: ProblemInput): readonly Violation[] {
  const groups = new Map<string, Carrier[]>();
  for (const carrier of seats.filter(({ isNew }) => isNew).flatMap((seat) => carried(seat, "podAffinity"))) {
    const alike = JSON.stringify([namespaceOf(carrier.pod), carrier.term, carrier.pod.metadata.labels]);
    groups.set(alike, [...(groups.get(alike) ?? []), carrier]);
  }
  return [...groups.values()].flatMap((group) => groupTogether(group, seats, input));
}

function groupTogether(group: readonly Carrier[], seats: readonly Seat[], input: ProblemInput): readonly Violation[] {
  const [first] = group;
  if (first === undefined) return [];
  const { term } = first;
  const wanted = seats.filter(({ pod }) => termSelects(first.pod, term, pod, input) === true);
  const members = new Set(group.map(({ pod }) => pod));
  const wantsItself = wanted.some(({ pod }) => pod === first.pod);
  const maySeed = wantsItself && wanted.every(({ isNew, place }) => isNew || !hasKey(place, term.topologyKey));
  const seeded = new Set<string>();
  return group.flatMap((carrier) => {
    const others = wanted.filter(({ pod }) => !members.has(pod));
    if (surelyMeets(carrier, others, term.topologyKey)) return [];
    if (hasKey(carrier.place, term.topologyKey)) seeded.add(domainOf(carrier.place, term.topologyKey));
    if (maySeed && seeded.size === 1 && hasKey(carrier.place, term.topologyKey)) return [];
    const detail = `${keyOfPod(carrier.pod)} finds nobody it wants on ${term.topologyKey}`;
    return [{ rule: "PodAffinity", place: carrier.place.name, detail } as const];
  });
}

function carried(seat: Seat, kind: "podAffinity" | "podAntiAffinity"): readonly Carrier[] {
  const terms = seat.pod.spec.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.map((term) => ({ ...seat, term }));
}

function hasKey(place: Place, key: string): boolean {
  const values = possibleValues(place, key);
  return values === undefined || values.length > 0;
}

/** Settled, or the machine itself while it is open. */
function domainOf(place: Place, key: string): string {
  const [only, ...more] = possibleValues(place, key) ?? [];
  return only !== undefined && more.length === 0 ? `value ${only}` : `open ${place.name}`;
}

/** On the same machine, or wherever the machine turns out to be somebody is there for certain. */
function surelyMeets({ place }: Seat, others: readonly Seat[], key: string): boolean {
  if (!hasKey(place, key)) return false;
  const domains = new Set(others.map((other) => domainOf(other.place, key)));
  const values = possibleValues(place, key) ?? [];
  const isMetEverywhere = values.length > 0 && values.every((value) => domains.has(`value ${value}`));
  return isMetEverywhere || others.some((other) => other.place === place);
}

function mayMeet(a: Seat, b: Seat, key: string): boolean {
  if (!hasKey(a.place, key) || !hasKey(b.place, key)) return false;
  if (a.place === b.place) return true;
  const [left, right] = [possibleValues(a.place, key), possibleValues(b.place, key)];
  if (left === undefined || right === undefined) return true;
  return left.some((value) => right.includes(value));
}
