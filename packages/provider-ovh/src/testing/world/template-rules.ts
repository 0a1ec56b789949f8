// Which templates the API accepts: all five parts present, label syntax, taints with key, value and effect (F-4).

import { badRequest } from "../api-error.ts";
import type { Body } from "./body-fields.ts";
import { isRecord, recordField } from "./body-fields.ts";
import type { PoolTaint, PoolTemplate } from "./pool.ts";

const LABEL_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_PREFIX = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const EFFECTS: readonly unknown[] = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

/** Undefined when the body has no template. */
export function templateFrom(body: Body): PoolTemplate | undefined {
  const template = recordField(body, "template");
  if (template === undefined) return undefined;
  const metadata = part(template, "metadata", isRecord);
  const spec = part(template, "spec", isRecord);
  const labels = part(metadata, "labels", isTextRecord, "metadata.");
  const annotations = part(metadata, "annotations", isTextRecord, "metadata.");
  const finalizers = part(metadata, "finalizers", isTextArray, "metadata.");
  const taints = part(spec, "taints", Array.isArray, "spec.").map(taintFrom);
  const unschedulable = part(spec, "unschedulable", isBoolean, "spec.");
  for (const [key, value] of Object.entries(labels)) checkLabel(key, value);
  return { metadata: { labels, annotations, finalizers }, spec: { taints, unschedulable } };
}

function part<T>(of: Body, name: string, is: (value: unknown) => value is T, prefix = ""): T {
  const value = of[name];
  if (is(value)) return value;
  const problem = value === undefined || value === null ? "is mandatory" : "has a wrong type";
  throw badRequest(`template.${prefix}${name} ${problem}`);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isTextArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && isTextArray(Object.values(value));
}

function taintFrom(taint: unknown): PoolTaint {
  if (!isRecord(taint)) throw badRequest("template.spec.taints must be a list of objects");
  const { key, value, effect } = taint;
  if (typeof key !== "string" || !isQualifiedName(key)) throw badRequest("template.spec.taints: key is invalid");
  if (typeof value !== "string") throw badRequest(`template.spec.taints: value of ${key} is mandatory`);
  if (!EFFECTS.includes(effect)) throw badRequest(`template.spec.taints: effect of ${key} is invalid`);
  return { key, value, effect: effect as PoolTaint["effect"] };
}

function checkLabel(key: string, value: string): void {
  if (!isQualifiedName(key)) throw badRequest(`template.metadata.labels: ${key} is not a valid key`);
  if (value !== "" && !LABEL_NAME.test(value)) {
    throw badRequest(`template.metadata.labels: value of ${key} is invalid`);
  }
}

function isQualifiedName(key: string): boolean {
  const [name = "", prefix, ...more] = key.split("/").reverse();
  return more.length === 0 && LABEL_NAME.test(name) && (prefix === undefined || LABEL_PREFIX.test(prefix));
}
