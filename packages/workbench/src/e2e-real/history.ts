// Everything that happened to pods, nodes and claims, in the order in which the API server stored it.

import { NodeClaims, Nodes, Pods, type KubeObject, type Resource } from "@karpenter-multicloud/core/api";
import { Reflector, type KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";

export interface Change {
  /** Grows with every write to the cluster, whatever was written. */
  readonly version: number;
  /** When it was heard of, epoch ms. */
  readonly at: number;
  readonly type: "SET" | "DELETED";
  readonly object: KubeObject;
  readonly resource: "Pod" | "Node" | "NodeClaim";
}

const FOLLOWED: readonly (readonly [Change["resource"], Resource])[] = [
  ["Pod", Pods],
  ["Node", Nodes],
  ["NodeClaim", NodeClaims],
];

export class History {
  readonly #changes: Change[] = [];
  readonly #listeners: ((change: Change) => void)[] = [];

  follow(client: KubeClient, clock: Clock, signal: AbortSignal): void {
    const at = (): number => clock.now();
    for (const [name, resource] of FOLLOWED) {
      const sink = {
        listing: () => undefined,
        replace: (objects: readonly KubeObject[]) => {
          for (const object of objects) {
            this.#add({ resource: name, type: "SET", object, at: at(), version: versionOf(object) });
          }
        },
        change: (type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject) =>
          this.#add({
            resource: name,
            type: type === "DELETED" ? "DELETED" : "SET",
            object,
            at: at(),
            version: versionOf(object),
          }),
        absent: () => undefined,
      };
      const parts = { resource, client, clock, logger: silentLogger, random: () => 0.5, sink };
      new Reflector(parts).run(signal).catch(() => undefined);
    }
  }

  /** Told as it arrives, not in order over several resources. */
  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  inOrder(): readonly Change[] {
    return this.#changes.toSorted((a, b) => a.version - b.version);
  }

  #add(change: Change): void {
    this.#changes.push(change);
    for (const listener of this.#listeners) listener(change);
  }
}

function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion ?? "0");
}
