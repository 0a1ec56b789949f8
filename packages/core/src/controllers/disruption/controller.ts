// disruption: empty nodes are given back. Decide, wait, decide again, taint, look at the live pods, and only then delete.

import { CapacityBuffers, DISRUPTED_TAINT, NodePools, PodDisruptionBudgets } from "../../api/index.ts";
import { isConflict, keyOf, keyText } from "../../kube/index.ts";
import { singletonController, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import type { StateNode } from "../../state/index.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import { disruptionLabels } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import type { EmptinessCommand } from "./command.ts";
import { judge, recordDecision, recordVerdict } from "./judge.ts";
import { reprieveOf } from "./last-look.ts";
import { isMarked, markDisrupted, unmarkDisrupted } from "./taints.ts";

const POLL = seconds(10);
const AT_ONCE = milliseconds(1);
/** What looked empty must still be empty after this time (D-107). */
const VALIDATION_DELAY = seconds(15);
/** The scheduler gets this long to see the taint before the pods are counted for the last time (DX-23). */
const TAINT_SETTLE = seconds(2);
const NAME = "disruption";

type TaintedCommand = EmptinessCommand & { readonly phase: "tainted" };

export function disruptionController(deps: ControllerDeps): Controller {
  deps.cache.informer(NodePools);
  deps.cache.informer(PodDisruptionBudgets);
  let command: EmptinessCommand | undefined;
  return singletonController({
    name: NAME,
    async run({ signal }): Promise<ReconcileResult> {
      const unsynced = deps.state.unsynced();
      if (unsynced.length > 0 || buffersUnplanned(deps)) return { requeueAfter: seconds(1) };
      if (!deps.gate.observeOnly) await cleanUp(deps, command, signal);
      const now = deps.clock.now();
      if (command && now < command.dueAt) return { requeueAfter: milliseconds(command.dueAt - now) };
      const current = command;
      // Forgotten before it is worked on: what goes wrong on the way is cleaned up and judged anew in the next pass.
      command = undefined;
      if (current?.phase === "tainted") {
        await deleteStillEmpty(deps, current, signal);
        return { requeueAfter: AT_ONCE };
      }
      command = current ? await taintStillEmpty(deps, current, signal) : propose(deps);
      return { requeueAfter: command ? milliseconds(Math.max(1, command.dueAt - deps.clock.now())) : POLL };
    },
  });
}

/** Which nodes a buffer needs is not known before its first plan; until then none is given back. */
function buffersUnplanned({ buffers, cache }: Pick<ControllerDeps, "buffers" | "cache">): boolean {
  return (
    buffers?.awaitsPlan(
      cache
        .informer(CapacityBuffers)
        .list()
        .map((buffer) => keyText(keyOf(buffer))),
    ) ?? false
  );
}

/** D-14: whatever a former process or a failed command left marked goes back into service. */
async function cleanUp(
  deps: ControllerDeps,
  command: EmptinessCommand | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const node of deps.state.nodes()) {
    if (!node.managed || !node.node || node.markedForDeletion || node.node.metadata.deletionTimestamp) continue;
    if (command?.nodes.includes(node.name) || !isMarked(node)) continue;
    const done = await attempt(deps, "taking the disruption mark off a node failed", node, () =>
      unmarkDisrupted(deps, node, signal),
    );
    if (done) deps.logger.info("untainted node", { Node: node.name });
  }
}

function propose(deps: ControllerDeps): EmptinessCommand | undefined {
  const decision = judge(deps);
  recordDecision(deps, decision);
  const nodes = decision.command?.nodes ?? [];
  if (nodes.length === 0 || deps.gate.observeOnly) return undefined;
  return { phase: "waiting", nodes, dueAt: deps.clock.now() + VALIDATION_DELAY };
}

/** D-108, D-115: what is still empty, within budget and could be marked goes on; the rest is forgotten. */
async function taintStillEmpty(
  deps: ControllerDeps,
  command: EmptinessCommand,
  signal: AbortSignal,
): Promise<EmptinessCommand | undefined> {
  const decision = judge(deps, { only: command.nodes });
  const still = new Set(decision.command?.nodes ?? []);
  const confirmed = deps.state.nodes().filter((node) => still.has(node.name));
  if (confirmed.length === 0) {
    recordDecision(deps, decision);
    return undefined;
  }
  logCommand(deps, confirmed);
  const knownPods = new Set(confirmed.flatMap((node) => node.pods.map((pod) => pod.metadata.uid ?? "")));
  const nodes: string[] = [];
  for (const node of confirmed) {
    await attempt(deps, "marking a node failed", node, async () => {
      if (await markDisrupted(deps, node, "Empty", signal)) nodes.push(node.name);
    });
  }
  return nodes.length === 0
    ? undefined
    : { phase: "tainted", nodes, dueAt: deps.clock.now() + TAINT_SETTLE, knownPods };
}

/** DX-23: a pod that slipped in, or any other reason to stay, wins over the decision. */
async function deleteStillEmpty(deps: ControllerDeps, command: TaintedCommand, signal: AbortSignal): Promise<void> {
  for (const { name } of deps.state.nodes()) {
    // Looked up again for each: while one node is worked on, the others may change.
    const node = command.nodes.includes(name) ? deps.state.nodeByName(name) : undefined;
    if (!node || node.markedForDeletion) continue;
    await attempt(deps, "disrupting a node failed", node, () => deleteIfEmpty(deps, node, command.knownPods, signal));
  }
}

async function deleteIfEmpty(
  deps: ControllerDeps,
  node: StateNode,
  knownPods: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const { nodeClaim } = node;
  if (!nodeClaim) return;
  const reprieve = await reprieveOf(deps, node, knownPods, signal);
  if (reprieve) {
    recordVerdict(deps, reprieve.verdict, node.name, reprieve.detail);
    await unmarkDisrupted(deps, node, signal);
    return;
  }
  deps.state.markForDeletion(node.providerID);
  try {
    await deleteClaim(deps, nodeClaim, signal);
  } catch (error) {
    deps.state.unmarkForDeletion(node.providerID);
    throw error;
  }
  recordVerdict(deps, "DeleteNodeClaim", node.name, "still empty after the wait, its machine is given back");
  deps.metrics.count("karpenter_nodeclaims_disrupted_total", disruptionLabels(nodeClaim, "empty"));
}

/** One node's trouble is not the others': it is logged, and the node is judged anew in a later pass. */
async function attempt(
  deps: Pick<ControllerDeps, "logger">,
  failure: string,
  node: StateNode,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isConflict(error)) deps.logger.debug(failure, { Node: node.name, error });
    else deps.logger.error(failure, { Node: node.name, error });
    return false;
  }
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
