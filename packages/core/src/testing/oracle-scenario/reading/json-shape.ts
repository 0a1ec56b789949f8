// Reading JSON of unknown shape: a wrong shape or a misspelt field is said with the place where it stands.

import { ScenarioError } from "../scenario.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Null counts as absent. */
export function objectAt(value: unknown, place: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new ScenarioError(`bad scenario: ${place} is no object`);
  return value;
}

/** A list of objects; null counts as empty. */
export function listAt(value: unknown, place: string): readonly JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new ScenarioError(`bad scenario: ${place} is no list`);
  return value.map((entry, index) => {
    if (!isObject(entry)) throw new ScenarioError(`bad scenario: ${place}[${index}] is no object`);
    return entry;
  });
}

export function textAt(value: unknown, place: string): string {
  if (typeof value !== "string" || value === "") throw new ScenarioError(`bad scenario: ${place} is missing`);
  return value;
}

export function oneOf<T extends string>(value: unknown, known: readonly T[], place: string): T {
  const found = known.find((each) => each === value);
  if (found === undefined) {
    throw new ScenarioError(`unknown ${place} ${JSON.stringify(value)} (one of ${known.join(", ")})`);
  }
  return found;
}

export function refuseUnknown(object: JsonObject, known: readonly string[], place: string): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new ScenarioError(`bad scenario: unknown field "${unknown}" in ${place}`);
}
