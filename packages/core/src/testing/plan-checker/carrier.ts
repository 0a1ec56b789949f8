// A pod with one of the terms by which it wants others near or away, where it sits.

import type { PodAffinityTerm } from "../../api/index.ts";
import { possibleValues } from "./place.ts";
import type { Place } from "./place.ts";
import type { Seat } from "./pod-kinds.ts";

export interface Carrier extends Seat {
  readonly term: PodAffinityTerm;
}

export function carried(seat: Seat, kind: "podAffinity" | "podAntiAffinity"): readonly Carrier[] {
  const terms = seat.pod.spec.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.map((term) => ({ ...seat, term }));
}

export function hasKey(place: Place, key: string): boolean {
  const values = possibleValues(place, key);
  return values === undefined || values.length > 0;
}
