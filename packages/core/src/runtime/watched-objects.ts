// What the manager needs of the local mirror of the cluster; how it is filled is no matter of controllers.

import type { KubeObject, Resource } from "../api/index.ts";
import type { ObjectChange } from "./controller.ts";

export interface WatchedObjects {
  /** The one watch of a resource. */
  informer<T extends KubeObject>(
    resource: Resource<T>,
  ): {
    readonly hasSynced: boolean;
    onChange(handler: (change: ObjectChange<T>) => void): () => void;
  };
  waitForSync(options: { readonly signal: AbortSignal }): Promise<void>;
}
