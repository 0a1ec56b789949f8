// What disruption tells people: log lines, verdicts, events (E-1 to E-9) and metrics (DM-1 to DM-13).

import { DISRUPTED_TAINT, NodeClaims, NodePools, Nodes } from "../../api/index.ts";
import {
  isReschedulable,
  type MethodDecision,
  type MethodName,
  type NodeVerdict,
  type ProposedCommand,
} from "../../disruption/index.ts";
import type { StateNode } from "../../state/index.ts";
import { minutes } from "../../units/index.ts";
import { disruptionLabels } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";

const NAME = "disruption";

export const REASONS = {
  emptiness: "Empty",
  staticDrift: "Drifted",
  drift: "Drifted",
  multi: "Underutilized",
  single: "Underutilized",
} as const satisfies Readonly<Record<MethodName, string>>;

/** As in the metrics. */
export const CONSOLIDATION_TYPES: Readonly<Record<MethodName, string>> = {
  emptiness: "empty",
  staticDrift: "",
  drift: "",
  multi: "multi",
  single: "single",
};

const METHOD_NAMES: Readonly<Record<MethodName, string>> = {
  emptiness: "empty consolidation",
  staticDrift: "drift",
  drift: "drift",
  multi: "multi-node consolidation",
  single: "single-node consolidation",
};

type Tell = Pick<ControllerDeps, "clock" | "decisions" | "events" | "gate" | "logger" | "metrics">;

export function methodLabels(method: MethodName) {
  return { reason: REASONS[method].toLowerCase(), consolidation_type: CONSOLIDATION_TYPES[method] };
}

export function recordVerdict(
  deps: Pick<ControllerDeps, "decisions" | "clock">,
  verdict: string,
  node: string,
  detail: string,
): void {
  deps.decisions.record({ at: deps.clock.now(), controller: NAME, verdict, subject: `Node ${node}`, detail });
}

/** In observe mode what was selected is only said. */
export function recordVerdicts(deps: Tell, verdicts: readonly NodeVerdict[]): void {
  for (const { node, code, detail } of verdicts) {
    if (deps.gate.observeOnly && code === "Selected") {
      recordVerdict(deps, "ObserveOnly", node, `observe mode: ${detail.replace("goes now", "would go now")}`);
    } else recordVerdict(deps, code, node, detail);
  }
}

/** What is no trouble, or is said elsewhere. */
const QUIET: ReadonlySet<string> = new Set([
  "Selected",
  "InCommand",
  "NotEmpty",
  "Unmanaged",
  "WaitConsolidateAfter",
  "Budget",
  "BudgetInvalid",
  "NotReached",
  "StaticPool",
  "ScoreTooLow",
]);

/** E-1, E-3. */
export function publishVerdicts(
  deps: Tell,
  method: MethodName,
  verdicts: readonly NodeVerdict[],
  nodes: NodeByName,
): void {
  const reason = method === "multi" || method === "single" ? "Unconsolidatable" : "DisruptionBlocked";
  for (const { node, code, detail } of verdicts) {
    if (!QUIET.has(code)) publishOn(deps, nodes(node), { reason, message: detail });
  }
}

type NodeByName = (name: string) => StateNode | undefined;

function publishOn(
  deps: Tell,
  target: StateNode | undefined,
  note: { readonly reason: string; readonly message: string },
): void {
  const dedupeFor = minutes(note.reason === "Unconsolidatable" ? 15 : 2);
  const common = { type: "Normal", ...note, dedupeFor } as const;
  if (target?.node) deps.events.publish({ ...common, resource: Nodes, object: target.node });
  if (target?.nodeClaim) deps.events.publish({ ...common, resource: NodeClaims, object: target.nodeClaim });
}

/** D-12, D-37. */
export function tellBudgets(deps: Tell & Pick<ControllerDeps, "cache">, { method, budgets }: MethodDecision): void {
  for (const [nodepool, { allowed, disrupting, nodes, errors }] of budgets) {
    const reason = REASONS[method];
    deps.metrics.set("karpenter_nodepools_allowed_disruptions", { nodepool, reason }, allowed);
    deps.metrics.set("karpenter_nodepools_nodes_consuming_budgets", { nodepool, reason }, disrupting);
    const pool = deps.cache.informer(NodePools).get({ name: nodepool });
    if (!pool || nodes === 0 || allowed > 0) continue;
    const why = errors.length > 0 ? `: ${errors.join("; ")}` : "";
    const message = `no node may be disrupted because it is ${reason}: the budgets allow 0${why}`;
    const note = { type: "Normal", reason: "DisruptionBlocked", message, dedupeFor: minutes(1) } as const;
    deps.events.publish({ ...note, resource: NodePools, object: pool });
  }
}

/** DM-12, DM-13, E-6. */
export function tellScores(deps: Tell, { scores }: MethodDecision, nodes: NodeByName): void {
  for (const { nodePool: nodepool, nodes: names, score, approved } of scores) {
    const labels = { decision: approved ? "approved" : "rejected", nodepool, policy: "Balanced" };
    if (Number.isFinite(score)) deps.metrics.observe("karpenter_consolidation_score", labels, score);
    deps.metrics.count("karpenter_consolidation_moves_total", labels);
    if (!approved) continue;
    const message = `the move scores ${score.toFixed(2)}, 0.50 is needed`;
    for (const name of names) publishOn(deps, nodes(name), { reason: "ConsolidationApproved", message });
  }
}

/** E-4: consolidation that replaces. */
export function tellCandidate(deps: Tell, command: ProposedCommand, nodes: readonly StateNode[]): void {
  if (command.reason !== "Underutilized") return;
  for (const node of nodes) publishOn(deps, node, { reason: "ConsolidationCandidate", message: textOf(command) });
}

/** E-5, DM-8. */
export function tellRejected(
  deps: Tell,
  command: ProposedCommand,
  nodes: readonly StateNode[],
  { category, failed }: { readonly category: string; readonly failed: number },
): void {
  const consolidation_type = CONSOLIDATION_TYPES[command.method];
  deps.metrics.count("karpenter_voluntary_disruption_failed_validations_total", { consolidation_type }, failed);
  if (command.reason !== "Underutilized") return;
  const message = `${textOf(command)}: ${category}`;
  for (const node of nodes) publishOn(deps, node, { reason: "ConsolidationRejected", message });
}

function textOf({ decision, nodes, replacements, savings }: ProposedCommand): string {
  const saved = savings === undefined ? "" : ` (savings: ${savings.toFixed(2)} per hour)`;
  const by = replacements.length > 0 ? ` -> ${replacements.length} replacement(s)` : "";
  return `${decision}: [${nodes.join(", ")}]${by}${saved}`;
}

/** D-128. */
export function logCommand(deps: Tell, command: ProposedCommand, nodes: readonly StateNode[], id: string): void {
  deps.logger.info("disrupting node(s)", {
    method: METHOD_NAMES[command.method],
    reason: command.reason,
    decision: command.decision,
    "command-id": id,
    command: `${command.reason}/${id}: ${textOf(command)}`,
    "disrupted-node-count": nodes.length,
    "replacement-node-count": command.replacements.length,
    "pod-count": nodes.flatMap(({ pods }) => pods.filter(isReschedulable)).length,
    "disrupted-nodes": nodes.map((node) => ({ Node: node.name, NodeClaim: node.nodeClaim?.metadata.name })),
    taint: DISRUPTED_TAINT.key,
  });
}

/** DM-2, DM-3. */
export function countDecision({ metrics }: Tell, command: ProposedCommand, nodes: readonly StateNode[]): void {
  const labels = { decision: command.decision, ...methodLabels(command.method) };
  metrics.count("karpenter_voluntary_disruption_decisions_total", labels);
  for (const nodepool of new Set(nodes.map(({ nodePool = "" }) => nodePool))) {
    metrics.count("karpenter_voluntary_disruption_decisions_by_nodepool_total", { nodepool, ...labels });
  }
}

/** DM-10, DM-11, E-9. */
export function tellDeleted(
  deps: Tell,
  command: ProposedCommand,
  node: StateNode,
  policy: "WhenEmpty" | "WhenEmptyOrUnderutilized" | "Balanced" | undefined,
): void {
  if (!node.nodeClaim) return;
  const snake = (policy ?? "WhenEmptyOrUnderutilized").replaceAll(/(?<!^)([A-Z])/g, "_$1").toLowerCase();
  const consolidationPolicy = command.reason === "Drifted" ? "" : snake;
  const labels = disruptionLabels(node.nodeClaim, command.reason.toLowerCase(), consolidationPolicy);
  deps.metrics.count("karpenter_nodeclaims_disrupted_total", labels);
  const pods = node.pods.filter(isReschedulable).length;
  deps.metrics.count("karpenter_pods_disruption_initiated_total", labels, pods);
  publishOn(deps, node, { reason: "DisruptionTerminating", message: `it is removed: ${command.reason}` });
}
