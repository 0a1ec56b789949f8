// What one node and the pods on it say, read once however many solves look at it: many what-if solves about a cluster share its nodes (S-1014, S-1017).

import type { Pod } from "../../api/index.ts";
import type { Resources } from "../../units/index.ts";
import { isDaemonSetPod } from "../daemonsets.ts";
import { hostPortsOf } from "../host-ports.ts";
import type { HostPort } from "../host-ports.ts";
import type { NodeInput } from "../problem.ts";
import { requiredTermsOf } from "../topology/groups.ts";
import { identityOf } from "./identity.ts";
import { requestsOfRunning } from "./known-requests.ts";
import type { LabelKeys } from "./label-keys.ts";

/** Pods of one node that every selector in play treats alike. */
export interface RunningKind {
  /** Of the labels that selectors look at. */
  readonly labels: string;
  readonly example: Pod;
  /** Those that are not on their way out. */
  readonly live: number;
}

export class NodeFacts {
  readonly node: NodeInput;
  readonly identities: readonly string[];
  /** What its pods request together, and what those of DaemonSets do. */
  readonly used: Resources;
  readonly daemons: Resources;
  readonly ports: readonly HostPort[];
  /** Pods that keep others away. */
  readonly repelling: readonly Pod[];
  #kinds: { readonly keys: string; readonly kinds: readonly RunningKind[] } | undefined;
  #labels: { readonly asked: string; readonly text: string } | undefined;

  constructor(node: NodeInput) {
    const { pods } = node;
    const used: Record<string, number> = {};
    const daemons: Record<string, number> = {};
    for (const pod of pods) {
      const requests = requestsOfRunning(pod);
      addTo(used, requests);
      if (isDaemonSetPod(pod)) addTo(daemons, requests);
    }
    this.node = node;
    this.identities = pods.map(identityOf);
    this.used = used;
    this.daemons = daemons;
    this.ports = pods.flatMap((pod) => hostPortsOf(pod));
    this.repelling = pods.filter((pod) => requiredTermsOf(pod, "podAntiAffinity").length > 0);
  }

  hasAnyOf(identities: ReadonlySet<string>): boolean {
    for (let index = 0; index < this.identities.length; index++) {
      if (identities.has(this.identities[index] ?? "")) return true;
    }
    return false;
  }

  kindsBy(keys: LabelKeys): readonly RunningKind[] {
    if (this.#kinds?.keys === keys.signature) return this.#kinds.kinds;
    const kinds = kindsAmong(this.node.pods, keys);
    this.#kinds = { keys: keys.signature, kinds };
    return kinds;
  }

  /** `asked` stands for the labels that matter: the same always make the same text. */
  labelText(asked: string, make: () => string): string {
    if (this.#labels?.asked === asked) return this.#labels.text;
    const text = make();
    this.#labels = { asked, text };
    return text;
  }
}

/** Leaves out those that are on their way out. */
export function kindsAmong(pods: readonly Pod[], keys: LabelKeys): readonly RunningKind[] {
  const kinds = new Map<string, { readonly labels: string; readonly example: Pod; live: number }>();
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    const text = keys.textOf(pod);
    const kind = kinds.get(text);
    if (kind === undefined) kinds.set(text, { labels: text, example: pod, live: 1 });
    else kind.live++;
  }
  return [...kinds.values()];
}

function addTo(sum: Record<string, number>, more: Resources): void {
  for (const resource in more) sum[resource] = (sum[resource] ?? 0) + (more[resource] ?? 0);
}
