// Required anti-affinity between pods, whichever of the two asks for it.

import type { PodAffinityTerm } from "../../../api/index.ts";
import { carried, hasKey } from "../carrier.ts";
import type { Carrier } from "../carrier.ts";
import { keyOfPod } from "../label-rules.ts";
import { possibleValues } from "../place.ts";
import type { PlanReading } from "../plan-reading.ts";
import type { PodKind, Seat } from "../pod-kinds.ts";
import { termSelects } from "../pod-selection.ts";
import type { Violation } from "../violation.ts";

/** Whom one term of one kind of pods speaks about, by where they sit. */
interface Unwanted {
  readonly term: PodAffinityTerm;
  /** False: namespaces would have to be known. */
  readonly isCertain: ReadonlyMap<PodKind, boolean>;
  /** Whose machine has the key. */
  readonly keyed: Seat[];
  readonly byValue: Map<string, Seat[]>;
  /** On machines of which nobody can say the value. */
  readonly open: Seat[];
}

/** Of two pods that must not meet at least one is new: what runs already is not the plan's doing. */
export function checkAntiAffinity(reading: PlanReading): readonly Violation[] {
  const { kinds } = reading;
  const known = new Map<string, Unwanted>();
  const ids = new Map<PodKind, number>();
  return kinds.seats
    .flatMap((seat) => carried(seat, "podAntiAffinity"))
    .flatMap((carrier) => {
      const kind = kinds.of(carrier.pod);
      const owner = ids.get(kind) ?? ids.size;
      ids.set(kind, owner);
      const id = JSON.stringify([owner, carrier.isNew, carrier.term]);
      const unwanted = known.get(id) ?? unwantedBy(carrier, reading);
      known.set(id, unwanted);
      return met(carrier, unwanted).map((other) =>
        meeting(carrier, other, unwanted.isCertain.get(kinds.of(other.pod))),
      );
    });
}

function meeting(carrier: Carrier, other: Seat, isCertain: boolean | undefined): Violation {
  const detail = `${keyOfPod(carrier.pod)} keeps ${keyOfPod(other.pod)} away on ${carrier.term.topologyKey}`;
  return { rule: isCertain ? "PodAntiAffinity" : "NotCheckable", place: other.place.name, detail };
}

function unwantedBy({ pod, term, isNew }: Carrier, { kinds, input }: PlanReading): Unwanted {
  const isCertain = new Map<PodKind, boolean>();
  const unwanted: Unwanted = { term, isCertain, keyed: [], byValue: new Map(), open: [] };
  for (const kind of kinds.all) {
    const selects = termSelects(pod, term, kind.sample, input);
    if (selects === false) continue;
    isCertain.set(kind, selects === true);
    for (const seat of kind.seats) if (isNew || seat.isNew) sit(seat, unwanted);
  }
  return unwanted;
}

function sit(seat: Seat, { term, keyed, byValue, open }: Unwanted): void {
  const values = possibleValues(seat.place, term.topologyKey);
  if (values === undefined) open.push(seat);
  else if (values.length === 0) return;
  keyed.push(seat);
  for (const value of values ?? []) {
    const seats = byValue.get(value);
    if (seats) seats.push(seat);
    else byValue.set(value, [seat]);
  }
}

/** Those who may turn out to be in the carrier's domain. */
function met({ pod, place }: Carrier, { term, keyed, byValue, open }: Unwanted): readonly Seat[] {
  if (!hasKey(place, term.topologyKey)) return [];
  const values = possibleValues(place, term.topologyKey);
  const near = values === undefined ? keyed : [...values.flatMap((value) => byValue.get(value) ?? []), ...open];
  const others = new Set(near.filter((other) => other.pod !== pod));
  return [...others].sort((a, b) => a.index - b.index);
}
