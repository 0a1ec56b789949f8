// Reserved machines: no claim may become one that it does not hold, and no reservation is held more often than it has machines.

import type { Offering } from "../../../provider/index.ts";
import type { PlannedClaim, ProblemInput } from "../../../scheduling/index.ts";
import { isReserved } from "../offer.ts";
import type { Place } from "../place.ts";
import type { Violation } from "../violation.ts";

export function checkReservations(input: ProblemInput, places: readonly Place[]): readonly Violation[] {
  const label = input.reservationIdLabel;
  const held = places.flatMap(({ claim, offers }) => (claim ? [{ claim, offers, ids: heldBy(claim, label) }] : []));
  const say = (place: string, detail: string): Violation => ({ rule: "Reservations", place, detail });
  const taken = held.flatMap(({ claim, offers, ids }) =>
    offers
      .flatMap(({ reserved }) => reserved)
      .filter((offering) => !mayTake(idOf(offering, label), ids, input))
      .map((offering) => say(claim.nodePool, `it may take ${idOf(offering, label)} and does not hold it`)),
  );
  const uses = new Map<string, number>();
  for (const id of held.flatMap(({ ids }) => ids)) uses.set(id, (uses.get(id) ?? 0) + 1);
  const overdrawn = [...uses].flatMap(([id, count]) => {
    const machines = capacityOf(id, input);
    return count > machines ? [say("", `${id} has ${machines} machines and is held ${count} times`)] : [];
  });
  return [...taken, ...overdrawn];
}

function heldBy({ requirements }: PlannedClaim, label: string | undefined): readonly string[] {
  if (label === undefined || !requirements.has(label)) return [];
  const { complement, values } = requirements.get(label);
  return complement ? [] : [...values];
}

/** Nobody counts machines of a reservation without a name, unless reserved capacity is switched off altogether. */
function mayTake(id: string, held: readonly string[], { reservedCapacity }: ProblemInput): boolean {
  return reservedCapacity !== "Off" && (id === "" || held.includes(id));
}

function capacityOf(id: string, { nodePools, reservationIdLabel }: ProblemInput): number {
  const counts = nodePools
    .flatMap(({ instanceTypes }) => instanceTypes)
    .flatMap(({ offerings }) => offerings)
    .filter((offering) => isReserved(offering) && idOf(offering, reservationIdLabel) === id)
    .map(({ reservationCapacity = 0 }) => reservationCapacity);
  return counts.length === 0 ? 0 : Math.min(...counts);
}

function idOf({ requirements }: Offering, label: string | undefined): string {
  return label === undefined ? "" : (requirements.get(label).single() ?? "");
}
