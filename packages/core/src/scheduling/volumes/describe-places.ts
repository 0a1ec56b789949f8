// In words for people: where a volume is.

import { Label } from "../../api/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { compareText } from "../../units/index.ts";

const SHOWN = 5;

/** "in zone z1", "in zones z1, z2", or "only where disk In [ssd]". */
export function describePlaces(alternatives: readonly Requirements[]): string {
  const zones = alternatives.map(onlyZones);
  if (zones.every((each) => each !== undefined)) {
    const names = [...new Set(zones.flat())].toSorted(compareText);
    return `in zone${names.length > 1 ? "s" : ""} ${listed(names, ", ")}`;
  }
  // With the hostname, which Requirements leaves out of its own text.
  return `only where ${listed(
    alternatives.map((each) => [...each].map(String).join(", ")),
    " or ",
  )}`;
}

function onlyZones(requirements: Requirements): readonly string[] | undefined {
  const zone = requirements.get(Label.Zone);
  return requirements.size === 1 && zone.operator === "In" ? [...zone.values] : undefined;
}

function listed(texts: readonly string[], separator: string): string {
  const shown = texts.slice(0, SHOWN).join(separator);
  return texts.length > SHOWN ? `${shown} and ${texts.length - SHOWN} others` : shown;
}
