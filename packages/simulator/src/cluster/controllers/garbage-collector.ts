// The stand-in of the garbage collector: what has owners, none of which exists any more, is deleted in the background.

import type { KubeObject, OwnerReference, Resource } from "@karpenter-multicloud/core/api";
import { apiVersionOf } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { isNotFound, keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { WorkQueue } from "../work-queue.ts";
import { parseKey } from "../world.ts";
import type { World } from "../world.ts";

interface Watched {
  readonly resource: Resource;
  readonly informer: Informer<KubeObject>;
}

/** Owners of other kinds than `resources` count as existing. blockOwnerDeletion is not looked at. */
export function startGarbageCollector(world: World, resources: readonly Resource[]): void {
  const watched = resources.map((resource): Watched => {
    const informer = world.cache.informer(resource, {
      owner: (object) => (object.metadata.ownerReferences ?? []).map((owner) => owner.uid),
    });
    return { resource, informer };
  });
  const queue = new WorkQueue(world, "garbage-collector", (key) => sync(world, watched, key));
  const add = ({ resource }: Watched, object: KubeObject): void =>
    queue.add(`${resource.plural}.${resource.group} ${keyText(keyOf(object))}`);
  for (const each of watched) {
    each.informer.onChange(({ before, after }) => {
      if (after?.metadata.ownerReferences !== undefined) add(each, after);
      if (after === undefined) {
        for (const other of watched) {
          for (const dependent of other.informer.byIndex("owner", before?.metadata.uid ?? "")) add(other, dependent);
        }
      }
    });
  }
}

async function sync(world: World, watched: readonly Watched[], key: string): Promise<void> {
  const [kind = "", name = ""] = key.split(" ");
  const entry = watched.find(({ resource }) => `${resource.plural}.${resource.group}` === kind);
  const object = entry?.informer.get(parseKey(name));
  if (entry === undefined || object === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const owners = object.metadata.ownerReferences ?? [];
  const living: OwnerReference[] = [];
  for (const owner of owners) if (await exists(world, watched, owner, object)) living.push(owner);
  if (living.length === owners.length) return;
  if (living.length > 0) return release(world, entry.resource, object, living);
  const { uid } = object.metadata;
  await world.kube.delete(entry.resource, keyOf(object), uid === undefined ? {} : { preconditions: { uid } });
}

async function release(
  world: World,
  resource: Resource,
  object: KubeObject,
  ownerReferences: readonly OwnerReference[],
): Promise<void> {
  const { resourceVersion } = object.metadata;
  await world.kube.patch(resource, keyOf(object), {
    type: "merge",
    body: { metadata: { ownerReferences, ...(resourceVersion === undefined ? {} : { resourceVersion }) } },
  });
}

/** Asks the server, not the mirror: an owner may be newer than what the mirror has seen. */
async function exists(
  world: World,
  watched: readonly Watched[],
  owner: OwnerReference,
  dependent: KubeObject,
): Promise<boolean> {
  const entry = watched.find(
    ({ resource }) => resource.kind === owner.kind && apiVersionOf(resource) === owner.apiVersion,
  );
  if (entry === undefined) return true;
  const { namespace } = dependent.metadata;
  const key =
    entry.resource.namespaced && namespace !== undefined ? { name: owner.name, namespace } : { name: owner.name };
  try {
    return (await world.kube.get(entry.resource, key)).metadata.uid === owner.uid;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
