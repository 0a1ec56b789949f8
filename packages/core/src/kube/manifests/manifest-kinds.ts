// Which resource and schema a manifest's apiVersion and kind mean, and what was probably meant when they mean none.

import { apiVersionOf, BUILTIN_KINDS, editDistance, isJsonObject, nearestName } from "../../api/index.ts";
import type { CustomResource, FieldError, Resource, Schema } from "../../api/index.ts";

export interface KnownKind {
  readonly resource: Resource;
  readonly schema: Schema;
}

/** All kinds by name; a name may belong to several groups. */
export type KindTable = ReadonlyMap<string, readonly KnownKind[]>;

export function kindTable(customResources: readonly CustomResource[]): KindTable {
  const table = new Map<string, KnownKind[]>();
  for (const { resource, schema } of [...customResources, ...BUILTIN_KINDS]) {
    const kinds = table.get(resource.kind) ?? [];
    kinds.push({ resource, schema });
    table.set(resource.kind, kinds);
  }
  return table;
}

/** The known kind of a document, or why there is none. */
export function resolveKind(
  value: unknown,
  kinds: KindTable,
): KnownKind | { readonly mistakes: readonly FieldError[] } {
  if (!isJsonObject(value)) {
    return {
      mistakes: [{ path: "", message: "a document must be one object with apiVersion, kind and metadata", value }],
    };
  }
  const { apiVersion, kind } = value;
  const missing = [
    ...missingText("kind", kind, "add it, for example kind: NodePool"),
    ...missingText("apiVersion", apiVersion, versionHint(kind, kinds)),
    ...missingName(value["metadata"]),
  ];
  const named = typeof kind === "string" && typeof apiVersion === "string";
  const known = named ? findKind(apiVersion, kind, kinds) : undefined;
  if (known !== undefined && "mistake" in known) return { mistakes: [known.mistake, ...missing] };
  return known === undefined || missing.length > 0 ? { mistakes: missing } : known;
}

/** Kind and name, as far as they are there. */
export function describeObject(value: unknown): { readonly kind?: string; readonly name?: string } {
  if (!isJsonObject(value)) return {};
  const { kind, metadata } = value;
  const name = isJsonObject(metadata) ? metadata["name"] : undefined;
  return {
    ...(typeof kind === "string" ? { kind } : {}),
    ...(typeof name === "string" ? { name } : {}),
  };
}

function missingText(path: string, value: unknown, fix: string): readonly FieldError[] {
  if (typeof value === "string" && value !== "") return [];
  const message = value === undefined || value === null ? "required field is missing" : "must be text";
  return [
    { path, message: `${message}; ${fix}`, ...(value === undefined ? {} : { value }), reason: "FieldValueRequired" },
  ];
}

/** A name, or the beginning of one that the server completes. */
function missingName(metadata: unknown): readonly FieldError[] {
  const { name, generateName } = isJsonObject(metadata) ? metadata : {};
  return name || generateName ? [] : missingText("metadata.name", undefined, "give the object a name");
}

function versionHint(kind: unknown, kinds: KindTable): string {
  const versions =
    typeof kind === "string" ? (kinds.get(kind) ?? []).map(({ resource }) => apiVersionOf(resource)) : [];
  return versions.length === 0 ? "add it" : `add apiVersion: ${versions.join(" or ")}`;
}

function findKind(apiVersion: string, kind: string, kinds: KindTable): KnownKind | { readonly mistake: FieldError } {
  const candidates = kinds.get(kind);
  if (candidates === undefined) return { mistake: unknownKind(apiVersion, kind, kinds) };
  const exact = candidates.find(({ resource }) => apiVersionOf(resource) === apiVersion);
  if (exact !== undefined) return exact;
  const versions = candidates.map(({ resource }) => apiVersionOf(resource)).join(" or ");
  return {
    mistake: {
      path: "apiVersion",
      message: `kind ${kind} is not known in ${apiVersion}; write ${versions}`,
      value: apiVersion,
    },
  };
}

function unknownKind(apiVersion: string, kind: string, kinds: KindTable): FieldError {
  const sameVersion = [...kinds.values()].flat().filter(({ resource }) => apiVersionOf(resource) === apiVersion);
  const names = sameVersion.map(({ resource }) => resource.kind).toSorted();
  const guess = nearestName(kind, names) ?? closeName(kind, kinds.keys());
  const known =
    names.length > 0 && names.length <= 5
      ? `; ${apiVersion} has ${names.join(", ")}`
      : "; only kinds of Kubernetes, Karpenter and the clouds can be read";
  return {
    path: "kind",
    message: `unknown kind${guess === undefined ? known : `; did you mean ${guess}?`}`,
    value: kind,
    ...(guess === undefined ? {} : { suggestion: guess }),
  };
}

/** Among the kinds of all groups only a slip of the pen counts as a guess. */
function closeName(kind: string, names: Iterable<string>): string | undefined {
  const guess = nearestName(kind, names);
  return guess !== undefined && editDistance(kind.toLowerCase(), guess.toLowerCase()) <= 2 ? guess : undefined;
}
