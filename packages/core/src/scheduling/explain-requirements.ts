// Which requirement no instance type meets, and what they offer instead.

import { Label } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import type { Requirement, Requirements } from "../requirements/index.ts";
import { compareText } from "../units/index.ts";
import type { Finding } from "./pool-finding.ts";

/** An instance type's own zones and capacity types are those of available offerings only (S-126); what is sold out still exists. */
const PLACE_KEYS: readonly string[] = [Label.Zone, Label.CapacityType];
const SHOWN = 5;

/** Whether some offering, available or not, would satisfy the requirements. */
export function sellsAnywhere(type: InstanceType, requirements: Requirements, wellKnown: ReadonlySet<string>): boolean {
  return (
    type.requirements.without(...PLACE_KEYS).overlaps(requirements) &&
    type.offerings.some((offering) => requirements.isCompatible(offering.requirements, wellKnown))
  );
}

/** `asks` opens the sentence: "needs" kubernetes.io/arch In [arm64], instance types offer amd64. */
export function noTypeFinding(types: readonly InstanceType[], requirements: Requirements, asks: string): Finding {
  const blocking = [...requirements].find((requirement) => types.every((type) => !admits(type, requirement)));
  if (blocking === undefined) {
    const all = [...requirements].filter((requirement) => types.some((type) => !admits(type, requirement)));
    const text = `${asks} ${all.map(String).join(", ")}, and no instance type has all of that`;
    return { reason: "NoInstanceType", short: text, detail: text };
  }
  const { key } = blocking;
  const offered = listed([...new Set(types.flatMap((type) => offeredValues(type, key)))].toSorted(compareText));
  const text = `${asks} ${blocking.toString()}, instance types offer ${offered}`;
  const fix = "ask for one of these, or allow other instance types in the NodePool";
  return { reason: "RequirementMismatch", short: text, detail: text, fix, key, wanted: blocking.toString(), offered };
}

function admits(type: InstanceType, requirement: Requirement): boolean {
  const { key } = requirement;
  if (!PLACE_KEYS.includes(key)) return !type.requirements.has(key) || overlaps(type.requirements, requirement);
  return type.offerings.some((offering) => overlaps(offering.requirements, requirement));
}

function overlaps(requirements: Requirements, requirement: Requirement): boolean {
  const own = requirements.get(requirement.key);
  return own.hasIntersection(requirement) || (own.operator === "DoesNotExist" && allowsAbsence(requirement));
}

function allowsAbsence({ operator }: Requirement): boolean {
  return operator === "NotIn" || operator === "DoesNotExist";
}

function offeredValues(type: InstanceType, key: string): readonly string[] {
  const sources = PLACE_KEYS.includes(key)
    ? type.offerings.map(({ requirements }) => requirements)
    : [type.requirements];
  return sources.flatMap((requirements) => {
    const { complement, values } = requirements.get(key);
    return complement ? [] : [...values];
  });
}

function listed(values: readonly string[]): string {
  if (values.length === 0) return "none";
  const shown = values.slice(0, SHOWN).join(", ");
  return values.length > SHOWN ? `${shown} and ${values.length - SHOWN} others` : shown;
}
