// What planning knows of storage: claims, volumes, classes, and how many volumes a node can have attached (S-233…S-236).

import {
  CSINodes,
  Label,
  PersistentVolumeClaims,
  PersistentVolumes,
  StorageClasses,
  type Pod,
} from "../../api/index.ts";
import type { KubeCache } from "../../kube/index.ts";
import type { InstanceType, ProviderSettings } from "../../provider/index.ts";
import { onChange, type Trigger } from "../../runtime/index.ts";
import { usedClaims, volumeLimitsOfNode, type NodeInput, type StorageInput } from "../../scheduling/index.ts";

/** Declares what the gathering needs, so that it is watched from the start. */
export function watchStorage(cache: KubeCache): void {
  cache.informer(PersistentVolumeClaims);
  cache.informer(PersistentVolumes);
  cache.informer(StorageClasses);
  cache.informer(CSINodes);
}

export function gatherStorage(cache: KubeCache, settings: ProviderSettings): StorageInput {
  const { unsupportedVolumeProvisioners, unsupportedVolumeTopologyKeys } = settings;
  return {
    persistentVolumeClaims: cache.informer(PersistentVolumeClaims).list(),
    persistentVolumes: cache.informer(PersistentVolumes).list(),
    storageClasses: cache.informer(StorageClasses).list(),
    ...(unsupportedVolumeProvisioners && { unsupportedProvisioners: unsupportedVolumeProvisioners }),
    ...(unsupportedVolumeTopologyKeys && { unsupportedTopologyKeys: unsupportedVolumeTopologyKeys }),
  };
}

/** By the node's CSINode; before its drivers have started, by its instance type. */
export function volumeLimitsOf(
  { name, labels }: Pick<NodeInput, "name" | "labels">,
  types: readonly InstanceType[],
  cache: KubeCache,
): NodeInput["volumeLimits"] {
  const type = types.find((each) => each.name === labels[Label.InstanceType]);
  return volumeLimitsOfNode(cache.informer(CSINodes).get({ name }), type?.volumeLimits);
}

/** Notes changed storage objects until the next round asks whom they concern. */
export class StorageChanges {
  readonly #cache: KubeCache;
  /** Namespace/name. */
  readonly #claims = new Set<string>();
  readonly #volumes = new Set<string>();
  readonly #classes = new Set<string>();

  constructor(cache: KubeCache) {
    this.#cache = cache;
  }

  /** The first list is no change: a round that comes later sees it anyway. */
  triggers(key: string): readonly Trigger[] {
    return [
      onChange(PersistentVolumeClaims, ({ before, after, initial }) => {
        const { namespace = "", name = "" } = (after ?? before)?.metadata ?? {};
        return initial ? [] : this.#note(this.#claims, `${namespace}/${name}`, key);
      }),
      onChange(PersistentVolumes, ({ before, after, initial }) =>
        initial ? [] : this.#note(this.#volumes, (after ?? before)?.metadata.name, key),
      ),
      onChange(StorageClasses, ({ before, after, initial }) =>
        initial ? [] : this.#note(this.#classes, (after ?? before)?.metadata.name, key),
      ),
    ];
  }

  /** The UIDs of those among the pods whose volumes have changed; each change is answered for once. */
  take(pods: readonly Pod[]): readonly string[] {
    if (this.#claims.size + this.#volumes.size + this.#classes.size === 0) return [];
    const concerned = pods.filter((pod) => usedClaims(pod).some(({ key }) => this.#hasChanged(key)));
    for (const noted of [this.#claims, this.#volumes, this.#classes]) noted.clear();
    return concerned.map(({ metadata }) => metadata.uid ?? "");
  }

  #note(noted: Set<string>, name: string | undefined, key: string): readonly string[] {
    if (name === undefined) return [];
    noted.add(name);
    return [key];
  }

  #hasChanged(key: string): boolean {
    if (this.#claims.has(key)) return true;
    const [namespace = "", name = ""] = key.split("/");
    const spec = this.#cache.informer(PersistentVolumeClaims).get({ namespace, name })?.spec;
    return this.#volumes.has(spec?.volumeName ?? "") || this.#classes.has(spec?.storageClassName ?? "");
  }
}
