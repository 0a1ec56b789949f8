// Strategic merge patch: like a merge patch, but some lists of built-in kinds merge by key and have directives of their own.
// A directive that nobody here sends ($setElementOrder, $retainKeys) is refused instead of guessed at.

import { isJsonObject, jsonEqual, type JsonObject, type Resource } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { badRequest } from "./answers.ts";
import { patchShapeOf, type PatchShape } from "./patch-shapes.ts";

const FROM_LIST = "$deleteFromPrimitiveList/";

export function applyStrategicPatch(target: unknown, patch: JsonObject, resource: Resource): unknown {
  return mergeObject(target, patch, patchShapeOf(resource));
}

function mergeObject(target: unknown, patch: JsonObject, shape: PatchShape): JsonObject {
  const { $patch: directive, ...rest } = patch;
  if (directive === "replace") return dropNulls(rest);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") throw unknownDirective(`$patch: ${JSON.stringify(directive)}`);
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith(FROM_LIST)) removeFromList(merged, key.slice(FROM_LIST.length), value);
    else if (key.startsWith("$")) throw unknownDirective(key);
    else if (value === null) delete merged[key];
    else merged[key] = mergeValue(merged[key], value, shape.fields?.[key] ?? {});
  }
  return merged;
}

function mergeValue(target: unknown, patch: unknown, shape: PatchShape): unknown {
  if (isJsonObject(patch)) return shape.replace ? patch : mergeObject(target, patch, shape);
  if (!Array.isArray(patch)) return patch;
  const current: readonly unknown[] = Array.isArray(target) ? target : [];
  if (shape.set) return mergeOrder(current, patch, (a, b) => a === b, current);
  if (shape.mergeKey !== undefined) return mergeKeyed(current, patch, shape, shape.mergeKey);
  return patch;
}

function mergeKeyed(current: readonly unknown[], patch: readonly unknown[], shape: PatchShape, key: string): unknown {
  const items = patch.filter(isJsonObject);
  if (items.length !== patch.length) throw badRequest("invalid patch format for a list of objects");
  const wanted = items.filter((item) => item["$patch"] === undefined || item["$patch"] === "merge");
  if (items.some((item) => item["$patch"] === "replace")) return wanted;
  const same = (a: unknown, b: unknown): boolean => isJsonObject(a) && isJsonObject(b) && jsonEqual(a[key], b[key]);
  for (const item of items) if (item[key] === undefined) throw withoutKey(key);
  const doomed = items.filter((item) => item["$patch"] === "delete");
  const kept = current.filter((old) => !doomed.some((item) => same(old, item)));
  const merged = wanted.map((item) =>
    mergeObject(
      kept.find((old) => same(old, item)),
      item,
      { ...shape, replace: false },
    ),
  );
  return mergeOrder(kept, merged, same, current);
}

/** Old elements and those of the patch in the server's order: an element that is new comes before the old ones that are left. */
function mergeOrder(
  current: readonly unknown[],
  patch: readonly unknown[],
  same: (a: unknown, b: unknown) => boolean,
  serverOrder: readonly unknown[],
): unknown[] {
  const rest = current.filter((old) => !patch.some((item) => same(old, item)));
  const fresh = patch.filter((item, index) => patch.findIndex((other) => same(other, item)) === index);
  const position = (item: unknown): number => serverOrder.findIndex((old) => same(old, item));
  const merged: unknown[] = [];
  while (rest.length > 0 && fresh.length > 0) {
    const [left, right] = [position(rest[0]), position(fresh[0])];
    merged.push(left >= 0 && right >= 0 && left < right ? rest.shift() : fresh.shift());
  }
  return [...merged, ...fresh, ...rest];
}

function removeFromList(merged: Record<string, unknown>, key: string, values: unknown): void {
  const list = merged[key];
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  merged[key] = list.filter((item) => !values.includes(item));
}

function dropNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, child]) => child !== null));
}

function unknownDirective(directive: string): Error {
  return new Error(`the in-memory API server does not know the strategic merge directive ${directive}`);
}

function withoutKey(key: string): KubeError {
  return new KubeError(422, "Invalid", `the server rejected our request: an element has no merge key ${key}`);
}
