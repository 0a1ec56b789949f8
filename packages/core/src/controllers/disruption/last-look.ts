// The last look before a tainted node is deleted: at the API server itself, not at the mirror (DX-23, DX-24).

import { fromRfc3339, getCondition, Pods, type Pod } from "../../api/index.ts";
import {
  consolidateAfter,
  isOwnedByDaemonSet,
  isOwnedByNode,
  isReschedulable,
  isTerminal,
} from "../../disruption/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { judge, managedPools, type JudgeDeps } from "./judge.ts";

export interface Reprieve {
  readonly verdict: string;
  readonly detail: string;
}

/** Why the node has to stay after all; undefined when it may go. `known`: pods that were there when it was judged empty. */
export async function reprieveOf(
  deps: JudgeDeps & Pick<ControllerDeps, "kube">,
  node: StateNode,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Reprieve | undefined> {
  const { items } = await deps.kube.list(Pods, { fieldSelector: `spec.nodeName=${node.name}`, signal });
  const late = items.filter((pod) => isReschedulable(pod) && !known.has(pod.metadata.uid ?? ""));
  if (late.length > 0) {
    return { verdict: "TaintRace", detail: `kept: ${namesOf(late)} arrived while it was being tainted` };
  }
  const pods = items.filter((pod) => !isTerminal(pod));
  const nodes = deps.state.nodes().map((each) => (each.name === node.name ? { ...each, pods } : each));
  const decision = judge(deps, { only: [node.name], nodes });
  if (!decision.command) {
    const [found] = decision.verdicts.filter((verdict) => verdict.node === node.name);
    return { verdict: found?.code ?? "StaleState", detail: `kept: ${found?.detail ?? "it is not known any more"}` };
  }
  return unrested(deps, node, items);
}

/** A pod that came within consolidateAfter and has ended already may have left no other trace. */
function unrested(deps: JudgeDeps, node: StateNode, pods: readonly Pod[]): Reprieve | undefined {
  const pool = managedPools(deps).find(({ metadata }) => metadata.name === node.nodePool);
  const rest = pool && consolidateAfter(pool);
  if (!rest) return undefined;
  const since = deps.clock.now() - rest;
  const recent = pods.filter((pod) => !isOwnedByDaemonSet(pod) && !isOwnedByNode(pod) && boundAt(pod) > since);
  if (recent.length === 0) return undefined;
  return { verdict: "WaitConsolidateAfter", detail: `kept: ${namesOf(recent)} came less than consolidateAfter ago` };
}

function boundAt(pod: Pod): number {
  const scheduled = getCondition(pod, "PodScheduled");
  const text = scheduled?.status === "True" ? scheduled.lastTransitionTime : pod.status?.startTime;
  return text ? fromRfc3339(text) : 0;
}

function namesOf(pods: readonly Pod[]): string {
  return pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
}
