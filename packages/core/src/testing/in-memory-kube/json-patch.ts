// JSON patch (RFC 6902) as the server applies it.

import { isJsonObject, jsonEqual, type JsonObject } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { badRequest } from "./answers.ts";
import { copyJson } from "./json.ts";

/** @throws KubeError 400 for what is no patch, 422 when an operation does not apply */
export function applyJsonPatch(target: unknown, operations: readonly JsonObject[]): unknown {
  if (!Array.isArray(operations)) throw badRequest("json: cannot unmarshal the patch into a list of operations");
  const root = { document: copyJson(target) };
  for (const operation of operations) applyOperation(root, operation);
  return root.document;
}

interface Root {
  document: unknown;
}

function applyOperation(root: Root, operation: JsonObject): void {
  const path = pointer(operation["path"]);
  switch (operation["op"]) {
    case "add":
      return add(root, path, given(operation));
    case "remove":
      return remove(root, path);
    case "replace":
      return replace(root, path, given(operation));
    case "test":
      if (!jsonEqual(readOrNull(root, path), operation["value"] ?? null)) throw inapplicable();
      return;
    case "copy":
      return add(root, path, copyJson(read(root, pointer(operation["from"]))));
    case "move": {
      const from = pointer(operation["from"]);
      const value = read(root, from);
      remove(root, from);
      return add(root, path, value);
    }
    default:
      throw inapplicable();
  }
}

function given(operation: JsonObject): unknown {
  if (!("value" in operation)) throw inapplicable();
  return operation["value"];
}

function pointer(text: unknown): readonly string[] {
  if (typeof text !== "string" || (text !== "" && !text.startsWith("/"))) throw inapplicable();
  return text
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(root: Root, path: readonly string[]): unknown {
  let value = root.document;
  for (const step of path) {
    if (Array.isArray(value)) value = value[indexOf(step, value.length - 1)];
    else if (isJsonObject(value) && Object.hasOwn(value, step)) value = value[step];
    else throw inapplicable();
  }
  return value;
}

function readOrNull(root: Root, path: readonly string[]): unknown {
  try {
    return read(root, path);
  } catch {
    return null;
  }
}

function add(root: Root, path: readonly string[], value: unknown): void {
  const last = path.at(-1);
  if (last === undefined) {
    root.document = value;
    return;
  }
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : indexOf(last, parent.length), 0, value);
  else if (isJsonObject(parent)) (parent as Record<string, unknown>)[last] = value;
  else throw inapplicable();
}

/** As the server's library does it, a field that is not there is simply set. */
function replace(root: Root, path: readonly string[], value: unknown): void {
  const last = path.at(-1);
  const parent = last === undefined ? undefined : read(root, path.slice(0, -1));
  if (last !== undefined && Array.isArray(parent)) parent[indexOf(last, parent.length - 1)] = value;
  else add(root, path, value);
}

function remove(root: Root, path: readonly string[]): void {
  const last = path.at(-1);
  if (last === undefined) throw inapplicable();
  read(root, path);
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length - 1), 1);
  else delete (parent as Record<string, unknown>)[last];
}

function indexOf(step: string, max: number): number {
  const index = /^(0|[1-9][0-9]*)$/.test(step) ? Number(step) : Number.NaN;
  if (!(index <= max)) throw inapplicable();
  return index;
}

function inapplicable(): KubeError {
  return new KubeError(422, "Invalid", "the server rejected our request due to an error in our request");
}
