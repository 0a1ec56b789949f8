// From a class to the cluster its machines are ordered for: which client, which project, which cluster.

import { Label, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { Informer, KubeCache } from "@karpenter-multicloud/core/kube";
import { NodeClassNotReady } from "@karpenter-multicloud/core/provider";

import { OVH_NODE_CLASS_KIND, OvhCondition, OVHNodeClasses } from "../api/ovh-node-class.ts";
import type { OVHNodeClass, OVHNodeClassSpec } from "../api/ovh-node-class.ts";
import { MksClient } from "../client/mks-client.ts";
import type { OvhSettings } from "../settings.ts";
import type { ApiClient, ApiClients } from "./api-clients.ts";

/** Reason of ClusterReady while the whole cluster is being deleted. */
export const CLUSTER_GOING = "Deleting";

export interface ClusterAccess {
  readonly mks: MksClient;
  readonly kubeId: string;
  readonly subsidiary: string;
  /** Optional calls that were refused for lack of rights. */
  readonly denied: Set<string>;
  /** Why nothing is changed there at present. */
  readonly standstill?: Standstill;
}

/** The whole cluster goes, or the project is suspended: then machines are read, and those that nobody asked for are left alone. */
export type Standstill = "cluster-going" | "suspended";

export class ClusterAccesses {
  readonly #clients: ApiClients;
  readonly #settings: OvhSettings;
  readonly #classes: Informer<OVHNodeClass>;
  readonly #claims: Informer<NodeClaim>;

  constructor(clients: ApiClients, settings: OvhSettings, cache: KubeCache) {
    this.#clients = clients;
    this.#settings = settings;
    this.#classes = cache.informer(OVHNodeClasses);
    this.#claims = cache.informer(NodeClaims);
  }

  /** @throws NodeClassNotReady */
  nodeClass(name: string): OVHNodeClass {
    const found = this.#classes.get({ name });
    if (!found) throw new NodeClassNotReady(`OVHNodeClass ${name} does not exist`);
    return found;
  }

  find(name: string): OVHNodeClass | undefined {
    return this.#classes.get({ name });
  }

  all(): readonly OVHNodeClass[] {
    return this.#classes.list();
  }

  /** For events about the cluster as a whole. */
  anyClass(): OVHNodeClass | undefined {
    return this.#classes.list()[0];
  }

  /** With the credentials of the last read where there was one: no call to the API server then. @throws as `of` */
  ofLast(nodeClass: OVHNodeClass, signal: AbortSignal): Promise<ClusterAccess> {
    return this.#access(nodeClass, async (spec) => this.#clients.lastFor(spec) ?? this.#clients.forSpec(spec, signal));
  }

  /** @throws NodeClassNotReady while its cluster is not known; CredentialsError */
  of(nodeClass: OVHNodeClass, signal: AbortSignal): Promise<ClusterAccess> {
    return this.#access(nodeClass, (spec) => this.#clients.forSpec(spec, signal));
  }

  async #access(
    nodeClass: OVHNodeClass,
    clientOf: (spec: OVHNodeClassSpec) => Promise<ApiClient>,
  ): Promise<ClusterAccess> {
    const name = nodeClass.metadata.name ?? "";
    const serviceName = serviceNameOf(nodeClass, this.#settings);
    const kubeId = nodeClass.spec?.kubeId ?? this.#settings.kubeId ?? nodeClass.status?.kubeId;
    if (serviceName === undefined || kubeId === undefined) {
      throw new NodeClassNotReady(
        `OVHNodeClass ${name}: ${serviceName === undefined ? "serviceName" : "kubeId"} is not known yet`,
      );
    }
    const { api, subsidiary, denied } = await clientOf(nodeClass.spec ?? {});
    return { mks: new MksClient(api, serviceName), kubeId, subsidiary, denied, ...standstillOf(nodeClass) };
  }

  /** For a claim's own class, or for any class when that one was deleted by force: all of them mean the same cluster (O-73). */
  async ofClaim(claim: NodeClaim, signal: AbortSignal): Promise<ClusterAccess> {
    const own = this.#classes.get({ name: claim.spec.nodeClassRef?.name ?? "" });
    const access = own ? await this.of(own, signal) : await this.any(signal);
    if (access) return access;
    throw new NodeClassNotReady(`OVHNodeClass ${claim.spec.nodeClassRef?.name ?? ""} does not exist`);
  }

  /** Undefined only when there is neither a class nor a claim that could have a machine: nothing was ever ordered. */
  async any(signal: AbortSignal): Promise<ClusterAccess | undefined> {
    let failure: unknown;
    for (const nodeClass of this.#classes.list()) {
      try {
        return await this.of(nodeClass, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
      }
    }
    const { serviceName, kubeId, credentials } = this.#settings;
    if (serviceName !== undefined && kubeId !== undefined && credentials !== undefined) {
      const { api, subsidiary, denied } = await this.#clients.forSpec({}, signal);
      return { mks: new MksClient(api, serviceName), kubeId, subsidiary, denied };
    }
    if (failure !== undefined && !isUnresolved(failure)) throw failure;
    const ordered = this.#claims
      .list()
      .filter(isOurs)
      .filter((claim) => claim.status?.providerID);
    if (ordered.length === 0) return undefined;
    throw new NodeClassNotReady(`${ordered.length} machines exist, but no OVHNodeClass leads to their cluster`, {
      cause: failure,
    });
  }
}

function standstillOf({ status }: OVHNodeClass): Pick<ClusterAccess, "standstill"> {
  const isFalse = (type: string, ...reasons: readonly string[]): boolean =>
    status?.conditions?.some(
      (each) => each.type === type && each.status === "False" && reasons.includes(each.reason),
    ) ?? false;
  if (isFalse(OvhCondition.ClusterReady, CLUSTER_GOING)) return { standstill: "cluster-going" };
  if (isFalse(OvhCondition.ProjectUsable, "Suspended", "Expired")) return { standstill: "suspended" };
  return {};
}

export function serviceNameOf(nodeClass: OVHNodeClass, settings: OvhSettings): string | undefined {
  return nodeClass.spec?.serviceName ?? settings.serviceName;
}

export function isOurs(claim: NodeClaim): boolean {
  const ref = claim.spec.nodeClassRef;
  return ref?.group === OVH_NODE_CLASS_KIND.group && ref.kind === OVH_NODE_CLASS_KIND.kind;
}

/** NodePool that a claim belongs to; empty for claims made by hand. */
export function poolOf(claim: NodeClaim): string {
  return claim.metadata.labels?.[Label.NodePool] ?? "";
}

/** The class has not been resolved yet, so nothing can have been ordered with it. */
function isUnresolved(error: unknown): boolean {
  return error instanceof NodeClassNotReady;
}
