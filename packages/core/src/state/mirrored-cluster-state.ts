// The cluster as decisions see it, derived from the cache: what has changed since the last look, when somebody looks again.

import {
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  nodeClassLabel,
  Pods,
  type GroupKind,
  type Node,
  type NodeClaim,
  type Pod,
} from "../api/index.ts";
import type { Informer, KubeCache } from "../kube/index.ts";
import type { Normalization } from "../requirements/index.ts";
import type { Clock, ObjectChange } from "../runtime/index.ts";
import { compareText, type Duration } from "../units/index.ts";
import { buildStateNode } from "./build-state-node.ts";
import { MachineEntries, type MachineParts, type MachineView } from "./machine-entries.ts";
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
  /** By node name; without the ones that have ended. */
  readonly #podsOn = new Map<string, readonly Pod[]>();
  readonly #entries: MachineEntries;

  constructor(options: ClusterStateOptions) {
    this.#options = options;
    const { cache } = options;
    this.#nodes = cache.informer(Nodes);
    this.#claims = cache.informer(NodeClaims);
    this.#pods = cache.informer(Pods, { [POD_BY_NODE]: (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) });
    cache.informer(NodePools);
    this.#entries = new MachineEntries({
      machines: () => this.#machines(),
      view: (parts) => this.#view(parts),
      build: (view) => this.#build(view),
      again: (parts) => this.#again(parts),
    });
    this.#nodes.onChange((change) => this.#onNode(change));
    this.#claims.onChange((change) => this.#onClaim(change));
    this.#pods.onChange(({ before, after }) => {
      for (const pod of [before, after]) if (pod?.spec.nodeName) this.#onPodOf(pod.spec.nodeName);
    });
  }

  nodes(): readonly StateNode[] {
    return this.#entries.current().list;
  }

  nodeByProviderID(providerID: string): StateNode | undefined {
    return this.#entries.current().byId(providerID);
  }

  nodeByName(name: string): StateNode | undefined {
    return this.#entries.current().byName(name);
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
    this.#entries.touch("node", nodeName);
    this.#entries.touch("claim", nodeName);
  }

  podEvent(providerID: string): void {
    this.#podEvents.set(providerID, this.#options.clock.now());
    this.#entries.touchMachine(providerID);
  }

  markForDeletion(providerID: string): void {
    this.#marked.add(providerID);
    this.#entries.touchMachine(providerID);
  }

  unmarkForDeletion(providerID: string): void {
    this.#marked.delete(providerID);
    this.#entries.touchMachine(providerID);
  }

  isManaged(ref: { readonly group: string; readonly kind: string }): boolean {
    return this.#options.supportedNodeClasses.some((gk) => gk.group === ref.group && gk.kind === ref.kind);
  }

  #onNode({ before, after }: ObjectChange<Node>): void {
    const isSameMachine =
      before !== undefined &&
      after !== undefined &&
      before.spec?.providerID === after.spec?.providerID &&
      this.#isManagedNode(before) === this.#isManagedNode(after);
    if (isSameMachine) return this.#entries.touch("node", after.metadata.name);
    if (!after) this.#podsOn.delete(before?.metadata.name ?? "");
    this.#entries.move();
  }

  #onClaim({ before, after }: ObjectChange<NodeClaim>): void {
    const isSameMachine =
      before !== undefined &&
      after !== undefined &&
      before.status?.providerID === after.status?.providerID &&
      this.isManaged(before.spec.nodeClassRef) === this.isManaged(after.spec.nodeClassRef);
    if (isSameMachine) this.#entries.touch("claim", after.metadata.name);
    else this.#entries.move();
  }

  #onPodOf(node: string): void {
    this.#podsOn.delete(node);
    this.#entries.touch("node", node);
  }

  /** All Nodes and claims of one machine. More than one of a kind is an error somewhere else, and nothing may get lost over it. */
  #machines(): readonly MachineParts[] {
    const { byMachine, ordered } = this.#managedClaims();
    const joined = new Map<string, Node[]>();
    const machines: MachineParts[] = [];
    for (const node of this.#nodes.list()) {
      const id = node.spec?.providerID ?? "";
      const known = joined.get(id);
      if (known) known.push(node);
      else if (byMachine.has(id)) joined.set(id, [node]);
      // A managed Node whose claim is unknown, or that has no providerID yet, is not capacity one can count on (CS-2).
      else if (!this.#isManagedNode(node)) machines.push({ nodes: [node], claims: [] });
    }
    // Claims without a Node are capacity on its way, launched or not: their estimate is what the plan counts on.
    for (const [id, claims] of byMachine) machines.push({ nodes: joined.get(id) ?? [], claims });
    for (const claim of ordered) machines.push({ nodes: [], claims: [claim] });
    this.#forgetGone(new Set(machines.map(providerIdOf)));
    return machines;
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

  /** The same objects as they are now; undefined when one of them is gone. */
  #again({ nodes, claims }: MachineParts): MachineParts | undefined {
    const now = {
      nodes: nodes.flatMap(({ metadata: { name = "" } }) => this.#nodes.get({ name }) ?? []),
      claims: claims.flatMap(({ metadata: { name = "" } }) => this.#claims.get({ name }) ?? []),
    };
    return now.nodes.length === nodes.length && now.claims.length === claims.length ? now : undefined;
  }

  #view(parts: MachineParts): MachineView {
    const [nodeClaim, ...duplicates] = parts.claims;
    const node = speaking(parts);
    const lists = parts.nodes.map(({ metadata }) => this.#podsOf(metadata.name ?? ""));
    return {
      ...parts,
      pods: lists.length === 1 ? (lists[0] ?? []) : lists.flat(),
      marked: this.#marked.has(providerIdOf(parts)) || duplicates.some(isDeleting),
      nominatedUntil: this.#nominatedUntil(node?.metadata.name, nodeClaim?.metadata.name),
      lastPodEvent: this.#podEvents.get(providerIdOf(parts)),
    };
  }

  #build(view: MachineView): StateNode {
    const { pods, marked, nominatedUntil, lastPodEvent } = view;
    const [nodeClaim] = view.claims;
    const node = speaking(view);
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

  #podsOf(node: string): readonly Pod[] {
    const known = this.#podsOn.get(node);
    if (known) return known;
    const pods = this.#pods.byIndex(POD_BY_NODE, node).filter(isNotTerminal);
    this.#podsOn.set(node, pods);
    return pods;
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
  #forgetGone(ids: ReadonlySet<string>): void {
    for (const id of this.#marked) if (!ids.has(id)) this.#marked.delete(id);
    for (const id of this.#podEvents.keys()) if (!ids.has(id)) this.#podEvents.delete(id);
    const now = this.#options.clock.now();
    for (const [name, until] of this.#nominated) if (until < now) this.#nominated.delete(name);
  }
}

/** Of several Nodes the one that the oldest claim names. */
function speaking({ nodes, claims: [claim] }: MachineParts): Node | undefined {
  return nodes.find(({ metadata }) => metadata.name === claim?.status?.nodeName) ?? nodes[0];
}

function providerIdOf(parts: MachineParts): string {
  return speaking(parts)?.spec?.providerID ?? parts.claims[0]?.status?.providerID ?? "";
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
