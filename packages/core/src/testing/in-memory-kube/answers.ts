// How the server words its refusals.

import { formatFieldError, type FieldError } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";

/** What an error message needs to know of a resource. */
export interface Named {
  /** `nodes`, `nodepools.karpenter.sh`. */
  readonly id: string;
  /** `Node`, `NodePool.karpenter.sh`. */
  readonly qualifiedKind: string;
}

const CHANGED = "the object has been modified; please apply your changes to the latest version and try again";

export function notFound(resource: Named, name: string): KubeError {
  return new KubeError(404, "NotFound", `${resource.id} "${name}" not found`);
}

export function alreadyExists(resource: Named, name: string, deleting: boolean): KubeError {
  const prefix = deleting ? "object is being deleted: " : "";
  return new KubeError(409, "AlreadyExists", `${prefix}${resource.id} "${name}" already exists`);
}

export function conflict(what: string, name: string, why: string = CHANGED): KubeError {
  return new KubeError(409, "Conflict", `Operation cannot be fulfilled on ${what} "${name}": ${why}`);
}

export function badRequest(message: string): KubeError {
  return new KubeError(400, "BadRequest", message);
}

export function forbidden(resource: Named, name: string, why: string): KubeError {
  return new KubeError(403, "Forbidden", `${resource.id} "${name}" is forbidden: ${why}`);
}

/** One mistake stands alone, several stand in brackets. */
export function invalid(kind: string, name: string, errors: readonly Problem[]): KubeError {
  const texts = errors.map(fieldErrorText);
  const list = texts.length === 1 ? texts.join() : `[${texts.join(", ")}]`;
  return new KubeError(422, "Invalid", `${kind} "${name}" is invalid: ${list}`);
}

export function expiredWatch(asked: number, oldest: number): KubeError {
  return new KubeError(410, "Expired", `too old resource version: ${asked} (${oldest})`);
}

export function expiredPage(): KubeError {
  return new KubeError(
    410,
    "Expired",
    "The provided continue parameter is too old to display a consistent list result. " +
      "You can start a new list without the continue parameter.",
  );
}

const KIND_OF_ERROR: Readonly<Record<string, string>> = {
  FieldValueRequired: "Required value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  FieldValueDuplicate: "Duplicate value",
  FieldValueForbidden: "Forbidden",
};

function fieldErrorText(error: Problem): string {
  const kind = KIND_OF_ERROR[error.reason ?? ""] ?? "Invalid value";
  if (!("value" in error) || kind === "Required value" || kind === "Forbidden") {
    return error.path === "" ? formatFieldError(error as FieldError) : `${error.path}: ${kind}: ${error.message}`;
  }
  return `${error.path === "" ? "<nil>" : error.path}: ${kind}: ${JSON.stringify(error.value)}: ${error.message}`;
}

/** A change that is not allowed whatever the value; the server's own word for it has no place among schema errors. */
export interface Forbidden {
  readonly path: string;
  readonly message: string;
  readonly reason: "FieldValueForbidden";
}

export type Problem = FieldError | Forbidden;

export function forbids(path: string, message: string): Forbidden {
  return { path, message, reason: "FieldValueForbidden" };
}

export function refuses(path: string, value: unknown, message: string): FieldError {
  return { path, value, message, reason: "FieldValueInvalid" };
}

export function requires(path: string, message: string): FieldError {
  return { path, message, reason: "FieldValueRequired" };
}
