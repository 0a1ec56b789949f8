// What the server does with the metadata of every object: fills in its own fields, keeps them on updates, checks the rest.

import { objectMetaSchema, toRfc3339, validateSchema, type OwnerReference } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { forbids, refuses, requires, type Problem } from "./answers.ts";
import type { Draft, MutableMeta, Stored } from "./json.ts";
import type { KindRules } from "./kind-rules.ts";

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;
const LONGEST_BASE = 63 - SUFFIX_LENGTH;
const SUFFIXES = ALPHABET.length ** SUFFIX_LENGTH;
/** Has no common factor with the number of suffixes, so every number below that gives another suffix. */
const STRIDE = 7_919_143;

/** The n-th unique id, in the form of a UUID. */
export function uidOf(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

export function generatedName(base: string, n: number): string {
  let rest = (n * STRIDE) % SUFFIXES;
  let suffix = "";
  for (let i = 0; i < SUFFIX_LENGTH; i++) {
    suffix += ALPHABET[rest % ALPHABET.length];
    rest = Math.floor(rest / ALPHABET.length);
  }
  return base.slice(0, LONGEST_BASE) + suffix;
}

/** The fields that only the server writes, for a new object. */
export function fillSystemMeta(meta: MutableMeta, rules: KindRules, uid: string, now: number): void {
  if (meta.resourceVersion)
    throw new KubeError(500, "Unknown", "resourceVersion should not be set on objects to be created");
  for (const key of ["deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"] as const) {
    delete meta[key];
  }
  meta.uid = uid;
  meta.creationTimestamp = toRfc3339(now);
  if (rules.generation) meta.generation = 1;
  if (!rules.resource.namespaced) delete meta.namespace;
}

/** Restores what an update may not touch. A uid or name that differs is left for validation to refuse. */
export function keepSystemMeta(meta: MutableMeta, current: MutableMeta): void {
  meta.uid ||= current.uid ?? "";
  for (const key of ["creationTimestamp", "generation"] as const) keep(meta, current, key);
  if (current.deletionTimestamp !== undefined) keep(meta, current, "deletionTimestamp");
  if (meta.deletionGracePeriodSeconds === undefined) keep(meta, current, "deletionGracePeriodSeconds");
}

function keep(meta: MutableMeta, current: MutableMeta, key: keyof MutableMeta): void {
  if (current[key] === undefined) delete meta[key];
  else Object.assign(meta, { [key]: current[key] });
}

/** Empty collections are not kept, as the server's encoding leaves them out. */
export function dropEmptyMeta(meta: MutableMeta): void {
  for (const key of ["finalizers", "ownerReferences"] as const) if (meta[key]?.length === 0) delete meta[key];
  for (const key of ["labels", "annotations"] as const) {
    if (meta[key] !== undefined && Object.keys(meta[key]).length === 0) delete meta[key];
  }
  for (const key of ["generateName", "deletionTimestamp"] as const) if (!meta[key]) delete meta[key];
}

export function validateMeta({ metadata }: Draft, old: Stored | undefined, rules: KindRules): Problem[] {
  const problems: Problem[] = [];
  if (!metadata.name) return [requires("metadata.name", "name or generateName is required")];
  if (rules.nameIsLabel && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(metadata.name)) {
    problems.push(
      refuses(
        "metadata.name",
        metadata.name,
        "a lowercase RFC 1123 label must consist of lower case letters, digits or '-'",
      ),
    );
  }
  problems.push(...checkOwners(metadata.ownerReferences ?? []));
  if (!rules.custom) problems.push(...checkSchema(metadata, old));
  if (old !== undefined) problems.push(...checkImmutable(metadata, old.metadata));
  return problems;
}

/** Custom resources are checked with their own schema, which knows metadata too. */
function checkSchema(metadata: MutableMeta, old: Stored | undefined): readonly Problem[] {
  const found = validateSchema(objectMetaSchema, metadata, old?.metadata);
  return found.map((problem) => ({ ...problem, path: problem.path === "" ? "metadata" : `metadata.${problem.path}` }));
}

function checkOwners(owners: readonly OwnerReference[]): readonly Problem[] {
  if (owners.filter((owner) => owner.controller === true).length < 2) return [];
  return [refuses("metadata.ownerReferences", owners, "Only one reference can have Controller set to true")];
}

function checkImmutable(meta: MutableMeta, old: MutableMeta): readonly Problem[] {
  const problems: Problem[] = [];
  if (old.deletionTimestamp !== undefined) {
    const added = (meta.finalizers ?? []).filter((name) => !old.finalizers?.includes(name));
    if (added.length > 0) {
      const names = added.map((name) => JSON.stringify(name)).join(", ");
      const why = "no new finalizers can be added if the object is being deleted";
      problems.push(forbids("metadata.finalizers", `${why}, found new finalizers []string{${names}}`));
    }
  }
  for (const key of ["name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"] as const) {
    if (meta[key] !== old[key]) problems.push(refuses(`metadata.${key}`, meta[key], "field is immutable"));
  }
  return problems;
}
