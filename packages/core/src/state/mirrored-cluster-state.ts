// The cluster as decisions see it, derived from the cache whenever something in it changed.

import {
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  nodeClassLabel,
  Pods,
  type GroupKind,
  type KubeObject,
  type Node,
  type NodeClaim,
  type Pod,
} from "../api/index.ts";
import type { Informer, KubeCache } from "../kube/index.ts";
import type { Normalization } from "../requirements/index.ts";
import type { Clock } from "../runtime/index.ts";
import { compareText, type Duration } from "../units/index.ts";
import { buildStateNode } from "./build-state-node.ts";
import type { ClusterState, StateNode } from "./state-node.ts";

export interface ClusterStateOptions {
  readonly cache: KubeCache;
  readonly clock: Clock;
  readonly supportedNodeClasses: readonly GroupKind[];
  /** How long a promised node is kept from disruption (D-10). */
  readonly nominationWindow: Duration;
  /** An unlaunched claim older than this no longer holds up decisions (CS-3, ours). */
  readonly unlaunchedGrace: Duration;
  /** The provider's older spellings of labels and values. */
  readonly normalization?: Normalization;
}

export const POD_BY_NODE = "spec.nodeName";

export class MirroredClusterState implements ClusterState {
  readonly #options: ClusterStateOptions;
  readonly #nodes: Informer<Node>;
  readonly #claims: Informer<NodeClaim>;
  readonly #pods: Informer<Pod>;
  readonly #marked = new Set<string>();
  readonly #nominated = new Map<string, number>();
  /** By providerID. */
  readonly #podEvents = new Map<string, number>();
  #built: { readonly list: readonly StateNode[]; readonly byId: ReadonlyMap<string, StateNode> } | undefined;

  constructor(options: ClusterStateOptions) {
    this.#options = options;
    const { cache } = options;
    this.#nodes = cache.informer(Nodes);
    this.#claims = cache.informer(NodeClaims);
    this.#pods = cache.informer(Pods, { [POD_BY_NODE]: (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) });
    cache.informer(NodePools);
    const forget = (): void => {
      this.#built = undefined;
    };
    for (const informer of [this.#nodes, this.#claims, this.#pods] as readonly Informer<KubeObject>[]) {
      informer.onChange(forget);
    }
  }

  nodes(): readonly StateNode[] {
    return this.#current().list;
  }

  nodeByProviderID(providerID: string): StateNode | undefined {
    return this.#current().byId.get(providerID);
  }

  nodeByName(name: string): StateNode | undefined {
    return this.nodes().find((node) => node.name === name);
  }

  unlisted(): readonly string[] {
    const missing: string[] = [];
    for (const [what, informer] of [
      ["nodes", this.#nodes],
      ["nodeclaims", this.#claims],
      ["pods", this.#pods],
    ] as const) {
      if (!informer.hasSynced) missing.push(`${what} not listed yet`);
    }
    return missing;
  }

  unsynced(): readonly string[] {
    const missing = [...this.unlisted()];
    const now = this.#options.clock.now();
    for (const claim of this.#claims.list()) {
      if (!this.isManaged(claim.spec.nodeClassRef) || claim.status?.providerID || claim.metadata.deletionTimestamp)
        continue;
      const age = now - Date.parse(claim.metadata.creationTimestamp ?? "");
      if (age < this.#options.unlaunchedGrace) missing.push(`nodeclaim ${claim.metadata.name} not launched yet`);
    }
    return missing;
  }

  nominate(nodeName: string): void {
    this.#nominated.set(nodeName, this.#options.clock.now() + this.#options.nominationWindow);
    this.#built = undefined;
  }

  podEvent(providerID: string): void {
    this.#podEvents.set(providerID, this.#options.clock.now());
    this.#built = undefined;
  }

  markForDeletion(providerID: string): void {
    this.#marked.add(providerID);
    this.#built = undefined;
  }

  unmarkForDeletion(providerID: string): void {
    this.#marked.delete(providerID);
    this.#built = undefined;
  }

  isManaged(ref: { readonly group: string; readonly kind: string }): boolean {
    return this.#options.supportedNodeClasses.some((gk) => gk.group === ref.group && gk.kind === ref.kind);
  }

  #current(): { readonly list: readonly StateNode[]; readonly byId: ReadonlyMap<string, StateNode> } {
    this.#built ??= this.#build();
    return this.#built;
  }

  #build(): { readonly list: readonly StateNode[]; readonly byId: ReadonlyMap<string, StateNode> } {
    const { byMachine, ordered } = this.#managedClaims();
    const joined = new Map<string, Node[]>();
    const list: StateNode[] = [];
    for (const node of this.#nodes.list()) {
      const id = node.spec?.providerID ?? "";
      if (byMachine.has(id)) joined.set(id, [...(joined.get(id) ?? []), node]);
      // A managed Node whose claim is unknown, or that has no providerID yet, is not capacity one can count on (CS-2).
      else if (!this.#isManagedNode(node)) list.push(this.#join([node], []));
    }
    // Claims without a Node are capacity on its way, launched or not: their estimate is what the plan counts on.
    for (const [id, claims] of byMachine) list.push(this.#join(joined.get(id) ?? [], claims));
    for (const claim of ordered) list.push(this.#join([], [claim]));
    list.sort((a, b) => Number(b.initialized) - Number(a.initialized) || compareText(a.name, b.name));
    this.#forgetGone(list);
    return { list, byId: new Map(list.filter((n) => n.providerID).map((n) => [n.providerID, n])) };
  }

  /** By machine, the oldest claim first: should two ever name the same machine, that one speaks for it. */
  #managedClaims(): {
    readonly byMachine: ReadonlyMap<string, readonly NodeClaim[]>;
    readonly ordered: readonly NodeClaim[];
  } {
    const byMachine = new Map<string, readonly NodeClaim[]>();
    const ordered: NodeClaim[] = [];
    for (const claim of this.#claims.list()) {
      if (!this.isManaged(claim.spec.nodeClassRef)) continue;
      const id = claim.status?.providerID;
      if (id) byMachine.set(id, [...(byMachine.get(id) ?? []), claim].toSorted(compareAge));
      else ordered.push(claim);
    }
    return { byMachine, ordered };
  }

  /** All Nodes and claims of one machine. More than one of a kind is an error somewhere else, and nothing may get lost over it. */
  #join(nodes: readonly Node[], [nodeClaim, ...duplicates]: readonly NodeClaim[]): StateNode {
    const node = nodes.find(({ metadata }) => metadata.name === nodeClaim?.status?.nodeName) ?? nodes[0];
    const pods = nodes.flatMap(({ metadata }) =>
      this.#pods.byIndex(POD_BY_NODE, metadata.name ?? "").filter(isNotTerminal),
    );
    const providerID = node?.spec?.providerID ?? nodeClaim?.status?.providerID ?? "";
    const nominatedUntil = this.#nominatedUntil(node?.metadata.name, nodeClaim?.metadata.name);
    const lastPodEvent = this.#podEvents.get(providerID);
    const marked = this.#marked.has(providerID) || duplicates.some(isDeleting);
    const { normalization } = this.#options;
    return buildStateNode({
      ...(node ? { node } : {}),
      ...(nodeClaim ? { nodeClaim } : {}),
      pods,
      marked,
      ...(nominatedUntil === undefined ? {} : { nominatedUntil }),
      ...(lastPodEvent === undefined ? {} : { lastPodEvent }),
      ...(normalization && { normalization }),
    });
  }

  /** A promise may have been made under the claim's name, before there was a Node. */
  #nominatedUntil(...names: readonly (string | undefined)[]): number | undefined {
    const promises = names.flatMap((name) => this.#nominated.get(name ?? "") ?? []);
    return promises.length === 0 ? undefined : Math.max(...promises);
  }

  #isManagedNode(node: Node): boolean {
    const labels = node.metadata.labels ?? {};
    return (
      labels[Label.NodePool] !== undefined ||
      this.#options.supportedNodeClasses.some((groupKind) => labels[nodeClassLabel(groupKind)] !== undefined)
    );
  }

  /** Marks and promises of machines that are gone are dropped. */
  #forgetGone(list: readonly StateNode[]): void {
    const ids = new Set(list.map((node) => node.providerID));
    for (const id of this.#marked) if (!ids.has(id)) this.#marked.delete(id);
    for (const id of this.#podEvents.keys()) if (!ids.has(id)) this.#podEvents.delete(id);
    const now = this.#options.clock.now();
    for (const [name, until] of this.#nominated) if (until < now) this.#nominated.delete(name);
  }
}

function isDeleting({ metadata }: NodeClaim): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function compareAge(a: NodeClaim, b: NodeClaim): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  return compareText(ageA, ageB) || compareText(a.metadata.name ?? "", b.metadata.name ?? "");
}

function isNotTerminal(pod: Pod): boolean {
  return pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
}
