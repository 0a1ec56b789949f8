// What `kubectl apply -f` does: creates what is missing and patches what is there, taking away what was applied before and is not written any more.

import type { KubeObject, Resource } from "@karpenter-multicloud/core/api";
import { apiVersionOf, Namespaces } from "@karpenter-multicloud/core/api";
import { isNotFound, keyOf, keyText, KubeError } from "@karpenter-multicloud/core/kube";
import type { KubeClient } from "@karpenter-multicloud/core/kube";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

type Json = Readonly<Record<string, unknown>>;

/** Namespaces first, then in the given order; answers the stored objects in the given order. */
export async function applyAll(
  kube: KubeClient,
  resources: readonly Resource[],
  objects: readonly KubeObject[],
): Promise<readonly KubeObject[]> {
  const jobs = objects.map((object, index) => ({ object, index, resource: resourceOf(object, resources) }));
  const applied: KubeObject[] = [];
  for (const job of jobs.toSorted((a, b) => rank(a.resource) - rank(b.resource))) {
    applied[job.index] = await applyOne(kube, job.resource, job.object);
  }
  return applied;
}

function rank(resource: Resource): number {
  return resource.kind === Namespaces.kind && resource.group === "" ? 0 : 1;
}

function resourceOf(object: KubeObject, resources: readonly Resource[]): Resource {
  const { apiVersion, kind } = object;
  const found = resources.find((each) => each.kind === kind && apiVersionOf(each) === apiVersion);
  if (found !== undefined) return found;
  throw new KubeError(404, "NotFound", `no matches for kind "${kind ?? ""}" in version "${apiVersion ?? ""}"`);
}

async function applyOne(kube: KubeClient, resource: Resource, given: KubeObject): Promise<KubeObject> {
  const { namespace = "default", ...metadata } = given.metadata;
  const placed: KubeObject = { ...given, metadata: resource.namespaced ? { ...metadata, namespace } : metadata };
  if (resource.namespaced) await requireNamespace(kube, namespace, placed);
  const marked = withMark(placed);
  const current = await find(kube, resource, placed);
  if (current === undefined) return kube.create(resource, marked);
  const before = JSON.parse(current.metadata.annotations?.[LAST_APPLIED] ?? "{}") as Json;
  const body = difference(before, marked as unknown as Json);
  return kube.patch(resource, keyOf(placed), { type: "merge", body });
}

async function find(kube: KubeClient, resource: Resource, object: KubeObject): Promise<KubeObject | undefined> {
  try {
    return await kube.get(resource, keyOf(object));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function requireNamespace(kube: KubeClient, namespace: string, object: KubeObject): Promise<void> {
  try {
    await kube.get(Namespaces, { name: namespace });
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    const message = `namespaces "${namespace}" not found (for ${object.kind ?? ""} ${keyText(keyOf(object))})`;
    throw new KubeError(404, "NotFound", message, { cause });
  }
}

function withMark(object: KubeObject): KubeObject {
  const annotations = { ...object.metadata.annotations, [LAST_APPLIED]: JSON.stringify(object) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** A merge patch: the new manifest, and null for what only the old one has. Status is not applied. */
function difference(before: Json, after: Json): Json {
  const { status: _, ...wanted } = after;
  const gone = Object.keys(before).filter((key) => !(key in after) && key !== "status");
  const patch: Record<string, unknown> = Object.fromEntries(gone.map((key) => [key, null]));
  for (const [key, value] of Object.entries(wanted)) {
    const old = before[key];
    patch[key] = isRecord(value) && isRecord(old) ? difference(old, value) : value;
  }
  return patch;
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
