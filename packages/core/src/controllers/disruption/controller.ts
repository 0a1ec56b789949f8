// disruption: empty nodes are given back. Decide, wait, decide again, taint, look at the live pods, and only then delete.

import { DISRUPTED_TAINT, NodePools, PodDisruptionBudgets, Pods, type Pod } from "../../api/index.ts";
import { decideEmptiness, isReschedulable, type EmptinessDecision } from "../../disruption/index.ts";
import { singletonController, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import type { StateNode } from "../../state/index.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import { disruptionLabels } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import type { EmptinessCommand } from "./command.ts";
import { isTainted, markDisrupted, unmarkDisrupted } from "./taints.ts";

const POLL = seconds(10);
/** What looked empty must still be empty after this time (D-107). */
const VALIDATION_DELAY = seconds(15);
/** The scheduler gets this long to see the taint before the pods are counted for the last time (DX-23). */
const TAINT_SETTLE = seconds(2);
const NAME = "disruption";

export function disruptionController(deps: ControllerDeps): Controller {
  deps.cache.informer(NodePools);
  deps.cache.informer(PodDisruptionBudgets);
  let command: EmptinessCommand | undefined;
  return singletonController({
    name: NAME,
    async run({ signal }) {
      const unsynced = deps.state.unsynced();
      if (unsynced.length > 0) return { requeueAfter: seconds(1) };
      await cleanUp(deps, command, signal);
      const now = deps.clock.now();
      if (command && now < command.dueAt) return { requeueAfter: milliseconds(command.dueAt - now) };
      command = command ? await advance(deps, command, signal) : propose(deps);
      return nextRun(command, deps.clock.now());
    },
  });
}

/** D-14: whatever a former process left tainted goes back into service. */
async function cleanUp(
  deps: ControllerDeps,
  command: EmptinessCommand | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const node of deps.state.nodes()) {
    if (!node.managed || node.markedForDeletion || node.node?.metadata.deletionTimestamp) continue;
    if (command?.nodes.includes(node.name) || !isTainted(node)) continue;
    await unmarkDisrupted(deps, node, signal);
    deps.logger.info("untainted node", { Node: node.name });
  }
}

function propose(deps: ControllerDeps): EmptinessCommand | undefined {
  const decision = decide(deps);
  record(deps, decision);
  const nodes = decision.command?.nodes ?? [];
  if (nodes.length === 0) return undefined;
  return { phase: "waiting", nodes, dueAt: deps.clock.now() + VALIDATION_DELAY };
}

async function advance(
  deps: ControllerDeps,
  command: EmptinessCommand,
  signal: AbortSignal,
): Promise<EmptinessCommand | undefined> {
  if (command.phase === "waiting") return await taintStillEmpty(deps, command, signal);
  await deleteStillEmpty(deps, command, signal);
  return undefined;
}

/** D-108: what is still empty and within budget goes on; the rest is forgotten. */
async function taintStillEmpty(
  deps: ControllerDeps,
  command: EmptinessCommand,
  signal: AbortSignal,
): Promise<EmptinessCommand | undefined> {
  const decision = decide(deps, command.nodes);
  const still = new Set(decision.command?.nodes ?? []);
  const confirmed = deps.state.nodes().filter((node) => command.nodes.includes(node.name) && still.has(node.name));
  if (confirmed.length === 0) {
    record(deps, decision);
    return undefined;
  }
  logCommand(deps, confirmed);
  const marked: string[] = [];
  for (const node of confirmed) if (await markDisrupted(deps, node, "Empty", signal)) marked.push(node.name);
  const knownPods = new Set(confirmed.flatMap((node) => node.pods.map((pod) => pod.metadata.uid ?? "")));
  return { phase: "tainted", nodes: marked, dueAt: deps.clock.now() + TAINT_SETTLE, knownPods };
}

/** DX-23: the last look goes to the API server itself; a pod that slipped in wins over the decision. */
async function deleteStillEmpty(
  deps: ControllerDeps,
  command: EmptinessCommand & { readonly phase: "tainted" },
  signal: AbortSignal,
): Promise<void> {
  for (const node of deps.state.nodes()) {
    if (!command.nodes.includes(node.name) || node.markedForDeletion || !node.nodeClaim) continue;
    const late = await podsThatCame(deps, node, command.knownPods, signal);
    if (late.length > 0) {
      await unmarkDisrupted(deps, node, signal);
      const names = late.map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}`).join(", ");
      decided(deps, "TaintRace", `Node ${node.name}`, `kept: ${names} arrived while it was being tainted`);
      continue;
    }
    deps.state.markForDeletion(node.providerID);
    await deleteClaim(deps, node.nodeClaim, signal);
    decided(deps, "DeleteNodeClaim", `Node ${node.name}`, "still empty after the wait, its machine is given back");
    deps.metrics.count("karpenter_nodeclaims_disrupted_total", disruptionLabels(node.nodeClaim, "empty"));
  }
}

async function podsThatCame(
  deps: ControllerDeps,
  node: StateNode,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const { items } = await deps.kube.list(Pods, { fieldSelector: `spec.nodeName=${node.name}`, signal });
  return items.filter((pod) => isReschedulable(pod) && !known.has(pod.metadata.uid ?? ""));
}

/** `only`: the nodes of a command that is judged a second time. */
function decide(deps: ControllerDeps, only?: readonly string[]): EmptinessDecision {
  return decideEmptiness({
    nodes: deps.state.nodes(),
    nodePools: deps.cache.informer(NodePools).list(),
    pdbs: deps.cache.informer(PodDisruptionBudgets).list(),
    nowMs: deps.clock.now(),
    ...(only ? { only: new Set(only) } : {}),
  });
}

function record(deps: ControllerDeps, decision: EmptinessDecision): void {
  for (const { node, code, detail } of decision.verdicts) decided(deps, code, `Node ${node}`, detail);
}

function decided(deps: ControllerDeps, verdict: string, subject: string, detail: string): void {
  deps.decisions.record({ at: deps.clock.now(), controller: NAME, verdict, subject, detail });
}

function logCommand(deps: ControllerDeps, nodes: readonly StateNode[]): void {
  deps.logger.info("disrupting node(s)", {
    method: "empty consolidation",
    reason: "Empty",
    decision: "delete",
    "disrupted-node-count": nodes.length,
    "replacement-node-count": 0,
    "pod-count": 0,
    "disrupted-nodes": nodes.map((node) => ({ Node: node.name, NodeClaim: node.nodeClaim?.metadata.name })),
    taint: DISRUPTED_TAINT.key,
  });
}

function nextRun(command: EmptinessCommand | undefined, now: number): ReconcileResult {
  return { requeueAfter: command ? milliseconds(Math.max(0, command.dueAt - now)) : POLL };
}
