// Reads one field of a request body, refusing a wrong type by name; null counts as absent.

import { badRequest } from "../api-error.ts";

export type Body = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textField(body: Body, name: string): string | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw badRequest(`${name} must be a string`);
}

export function integerField(body: Body, name: string): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || (typeof value === "number" && Number.isInteger(value))) return value;
  throw badRequest(`${name} must be an integer`);
}

export function booleanField(body: Body, name: string): boolean | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  throw badRequest(`${name} must be a boolean`);
}

export function recordField(body: Body, name: string): Body | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || isRecord(value)) return value;
  throw badRequest(`${name} must be an object`);
}
