// Reads manifests as a user writes them and names every mistake so that it can be found and put right without knowing the schemas.

import { applyDefaults, pruneUnknown, validateSchema } from "../../api/index.ts";
import type { CustomResource, FieldError, KubeObject, Resource } from "../../api/index.ts";
import { describeObject, kindTable, resolveKind } from "./manifest-kinds.ts";
import type { KindTable, KnownKind } from "./manifest-kinds.ts";
import { parseDocuments } from "./manifest-yaml.ts";
import type { ManifestEntry, ManifestSource } from "./manifest-yaml.ts";

export type { ManifestSource } from "./manifest-yaml.ts";

export interface LoadedObject {
  readonly source: string;
  /** From 1, as `---` separates them. */
  readonly document: number;
  readonly line: number;
  readonly resource: Resource;
  /** As it was written; defaults are the server's to set. */
  readonly object: KubeObject;
}

export interface Problem {
  readonly source: string;
  readonly document: number;
  readonly line: number;
  readonly kind?: string;
  readonly name?: string;
  /** Path of the field; empty when the document as a whole is meant. */
  readonly field: string;
  readonly value?: unknown;
  /** What is wrong. */
  readonly message: string;
  /** What to do, where the message does not say it already. */
  readonly fix?: string;
}

export interface LoadedManifests {
  /** Objects without a mistake, in the order of sources and documents. */
  readonly objects: readonly LoadedObject[];
  readonly problems: readonly Problem[];
}

export function loadManifests(
  sources: readonly ManifestSource[],
  customResources: readonly CustomResource[],
): LoadedManifests {
  const kinds = kindTable(customResources);
  const objects: LoadedObject[] = [];
  const problems: Problem[] = [];
  for (const source of sources) {
    const parsed = parseDocuments(source);
    for (const { document, line, message } of parsed.mistakes) {
      problems.push({ source: source.name, document, line, field: "", message });
    }
    for (const entry of parsed.entries) {
      const result = loadEntry(entry, kinds);
      if ("problems" in result) problems.push(...result.problems);
      else objects.push(result.object);
    }
  }
  return { objects, problems };
}

/** `file:line: Kind name (document 2): field: what is wrong; what to do (found …)` in one line. */
export function formatProblem(problem: Problem): string {
  const { source, line, document, kind, name, field, message, fix } = problem;
  const subject = [kind, name].filter((part) => part !== undefined).join(" ");
  const where = subject === "" ? `document ${document}` : `${subject} (document ${document})`;
  const parts = [`${source}:${line}`, where, ...(field === "" ? [] : [field])];
  return `${parts.join(": ")}: ${message}${fix === undefined ? "" : `; ${fix}`}${foundText(problem.value)}`;
}

function foundText(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return "";
  const text = JSON.stringify(value);
  return ` (found ${text.length > 60 ? `${text.slice(0, 57)}…"` : text})`;
}

type Loaded = { readonly object: LoadedObject } | { readonly problems: readonly Problem[] };

function loadEntry(entry: ManifestEntry, kinds: KindTable): Loaded {
  const known = resolveKind(entry.value, kinds);
  if ("mistakes" in known) return { problems: known.mistakes.map((mistake) => toProblem(entry, mistake)) };
  const mistakes = check(entry.value, known);
  if (mistakes.length > 0) return { problems: mistakes.map((mistake) => toProblem(entry, mistake)) };
  const { source, document, value } = entry;
  const { resource } = known;
  const object = withoutForeignNamespace(value as KubeObject, resource);
  return { object: { source, document, line: entry.lineOf(""), resource, object } };
}

/** Unknown fields first, then what is wrong with the known ones: the server refuses both. */
function check(value: unknown, { schema }: KnownKind): readonly FieldError[] {
  const { value: pruned, unknown } = pruneUnknown(schema, value);
  const errors = validateSchema(schema, applyDefaults(schema, pruned));
  return [...unknown, ...withoutEchoes(errors, unknown)];
}

/** A misspelt required field is one mistake, not two. */
function withoutEchoes(errors: readonly FieldError[], unknown: readonly FieldError[]): readonly FieldError[] {
  const meant = new Set(unknown.map(({ path, suggestion }) => siblingPath(path, suggestion)));
  return errors.filter(({ path, reason }) => reason !== "FieldValueRequired" || !meant.has(path));
}

function siblingPath(path: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const end = path.lastIndexOf(".");
  return end < 0 ? name : `${path.slice(0, end)}.${name}`;
}

/** The server drops a namespace that a kind does not have. */
function withoutForeignNamespace(object: KubeObject, resource: Resource): KubeObject {
  if (resource.namespaced || object.metadata.namespace === undefined) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function toProblem(entry: ManifestEntry, error: FieldError): Problem {
  const [message = "", ...rest] = error.message.split("; ");
  const fix = rest.length > 0 ? rest.join("; ") : fixFor(error);
  return {
    source: entry.source,
    document: entry.document,
    line: entry.lineOf(error.path),
    ...describeObject(entry.value),
    field: error.path,
    ...(error.value === undefined ? {} : { value: error.value }),
    message,
    ...(fix === undefined ? {} : { fix }),
  };
}

function fixFor({ reason }: FieldError): string | undefined {
  if (reason === "FieldValueRequired") return "add it";
  if (reason === "FieldValueUnknown") return "remove it";
  return reason === "FieldValueDuplicate" ? "remove one of them" : undefined;
}
