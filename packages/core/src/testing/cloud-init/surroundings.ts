// What a booting machine meets: itself, and the cluster it is meant to join.

import type { Node, ResourceList } from "../../api/index.ts";
import type { KubeReader } from "../../kube/index.ts";
import type { EpochMs } from "../../runtime/index.ts";

/** The cluster that machines are meant to join. */
export interface ClusterBehind {
  /** For the token's Secret. */
  readonly kube: Pick<KubeReader, "get">;
  /** host:port under which the API server answers. */
  readonly endpoints: readonly string[];
  readonly caBundle: string;
  /** v1.36.3 */
  readonly version: string;
  /** What k3s, RKE2, Talos or Kosmos would accept besides bootstrap tokens. */
  readonly joinSecrets?: readonly string[];
}

export interface MachineSurroundings {
  readonly machine: {
    /** In the cloud; a node by another name would not be found there again. */
    readonly name: string;
    /** What the machine's lookups find: its UUID. */
    readonly id: string;
    /** Every spelling of its provider id that the cloud's controllers understand. */
    readonly providerIDs: readonly string[];
    readonly capacity: ResourceList;
    /** @defaultValue amd64 */
    readonly arch?: string;
    /** By interface name or hardware address; the value becomes node-ip where one is asked for. */
    readonly addresses?: Readonly<Record<string, string>>;
    /** kubelet of the image, where the user data installs none. */
    readonly kubeletVersion?: string;
  };
  readonly cluster: ClusterBehind;
  readonly now: EpochMs;
}

export interface JoinedMachine {
  readonly joins: true;
  /** As the kubelet registers it: not ready, without what controllers add later. */
  readonly node: Node;
  /** The kubelet's command line, without the dashes. */
  readonly kubeletArgs: Readonly<Record<string, string>>;
  readonly kubeletConfig: Readonly<Record<string, unknown>>;
}

export type BootResult = JoinedMachine | { readonly joins: false; readonly reason: string };

/** Ends a boot. */
export class DoesNotJoin extends Error {
  override readonly name = "DoesNotJoin";
}

export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new DoesNotJoin(reason);
}
