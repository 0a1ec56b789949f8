// What disruption tells people: log lines, verdicts, events (E-1 to E-9) and metrics (DM-1 to DM-13).

import {
  Annotation,
  CapacityType,
  DISRUPTED_TAINT,
  hasTaint,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  OPENING_TAINT,
  Pods,
  type Pod,
  toRfc3339,
} from "../../api/index.ts";
import {
  isReschedulable,
  protectionOf,
  unreadableCost,
  type MethodDecision,
  type MethodName,
  type NodeVerdict,
  type ProposedCommand,
} from "../../disruption/index.ts";
import type { PlannedClaim } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import { compareText, minutes } from "../../units/index.ts";
import { disruptionLabels } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { nameOfNode, nominatePods } from "../provisioning/report.ts";

const NAME = "disruption";
const NAMED_TYPES = 5;

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

export const METHOD_NAMES: Readonly<Record<MethodName, string>> = {
  emptiness: "empty consolidation",
  staticDrift: "drift",
  drift: "drift",
  multi: "multi-node consolidation",
  single: "single-node consolidation",
};

export type Tell = Pick<ControllerDeps, "clock" | "decisions" | "events" | "gate" | "logger" | "metrics">;

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

/** What keeps a node from every method (D-20); the rest says why nothing would be saved (D-58 and on). */
const OF_EVERY_METHOD: ReadonlySet<string> = new Set([
  "NotInitialized",
  "Deleting",
  "Nominated",
  "NodeProtected",
  "PodProtected",
  "PdbBlocked",
  "PdbMultiple",
  "NoNodePool",
  "StaleState",
  "Backoff",
]);

/** What a search for several nodes says of a set of them is no news of each: single-node says that of its own (D-74, D-76). */
const OF_A_SET: ReadonlySet<string> = new Set([
  "Deleting",
  "PodsUnschedulable",
  "NeedsUninitialized",
  "NeedsNNodes",
  "NotCheaper",
  "NoPrice",
  "MinValues",
  "SpotGate",
  "SpotFlexibility",
]);

/** E-1, E-3: one cause is told once, whichever method comes across it. */
export function publishVerdicts(
  deps: Tell,
  method: MethodName,
  verdicts: readonly NodeVerdict[],
  nodes: NodeByName,
): void {
  const isDrift = method === "drift" || method === "staticDrift";
  for (const { node, code, detail } of verdicts) {
    const reason = isDrift || OF_EVERY_METHOD.has(code) ? "DisruptionBlocked" : "Unconsolidatable";
    const target = nodes(node);
    if (QUIET.has(code) || (code === "NotInitialized" && isOpening(target))) continue;
    if (method === "multi" && OF_A_SET.has(code)) continue;
    // D-61: that a node is not empty is no news; consolidation says what its policy keeps.
    if (method === "emptiness" && code === "PolicyWhenEmpty") continue;
    publishOn(deps, target, { reason, message: detail });
  }
}

/** Every node does for two seconds (LC-26): nobody needs to read of it. */
function isOpening(target: StateNode | undefined): boolean {
  return hasTaint(target?.node?.spec?.taints, OPENING_TAINT);
}

export type NodeByName = (name: string) => StateNode | undefined;

export function publishOn(
  deps: Tell,
  target: StateNode | undefined,
  note: { readonly reason: string; readonly message: string },
): void {
  const dedupeFor = minutes(note.reason === "Unconsolidatable" ? 15 : 2);
  const common = { type: "Normal", ...note, dedupeFor } as const;
  if (target?.node) deps.events.publish({ ...common, resource: Nodes, object: target.node });
  if (target?.nodeClaim) deps.events.publish({ ...common, resource: NodeClaims, object: target.nodeClaim });
}

/** DM-6, DM-7. */
export function showBudgets(
  { metrics }: Pick<Tell, "metrics">,
  reason: string,
  budgets: MethodDecision["budgets"],
): void {
  for (const [nodepool, { allowed, disrupting }] of budgets) {
    metrics.set("karpenter_nodepools_allowed_disruptions", { nodepool, reason }, allowed);
    metrics.set("karpenter_nodepools_nodes_consuming_budgets", { nodepool, reason }, disrupting);
  }
}

/** D-37, E-2: nobody needs to read that a budget holds back what is not there. */
export function tellBudgets(
  deps: Tell & Pick<ControllerDeps, "cache">,
  { method, budgets, eligible }: MethodDecision,
): void {
  const reason = REASONS[method];
  showBudgets(deps, reason, budgets);
  if (eligible.length === 0) return;
  for (const [nodepool, { allowed, nodes, errors }] of budgets) {
    const pool = deps.cache.informer(NodePools).get({ name: nodepool });
    if (!pool || nodes === 0 || allowed > 0) continue;
    const why = errors.length > 0 ? `: ${errors.join("; ")}` : "";
    const message = `no node may be disrupted because it is ${reason}: the budgets allow 0${why}`;
    const note = { type: "Normal", reason: "DisruptionBlocked", message, dedupeFor: minutes(1) } as const;
    deps.events.publish({ ...note, resource: NodePools, object: pool });
  }
}

/** E-4: consolidation that replaces. */
export function tellCandidate(deps: Tell, command: ProposedCommand, nodes: readonly StateNode[]): void {
  // D-75: what is only deleted is told when it goes.
  if (command.reason !== "Underutilized" || command.decision !== "replace") return;
  for (const node of nodes) {
    publishOn(deps, node, { reason: "ConsolidationCandidate", message: textFor(command, node.name) });
  }
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
  for (const node of nodes) {
    const message = `${textFor(command, node.name)}: ${category}`;
    publishOn(deps, node, { reason: "ConsolidationRejected", message });
  }
}

/** E-20 to E-22: what the annotation do-not-disrupt of the pods says, or why it says nothing. */
export function tellAnnotations(
  { clock, events, logger }: Pick<Tell, "clock" | "events" | "logger">,
  nodes: readonly StateNode[],
): void {
  const now = clock.now();
  for (const object of nodes.flatMap(({ pods }) => pods)) {
    tellCost(logger, object);
    const text = object.metadata.annotations?.[Annotation.DoNotDisrupt];
    if (text === undefined || text === "true") continue;
    const protection = protectionOf(object, now);
    const common = { resource: Pods, object, dedupeKey: `${object.metadata.uid} ${text}` } as const;
    if ("invalid" in protection) {
      const message = `annotation ${Annotation.DoNotDisrupt} is ignored: ${JSON.stringify(text)} is neither "true" nor a positive duration such as "10m"`;
      events.publish({ ...common, type: "Warning", reason: "InvalidDoNotDisruptAnnotation", message });
    } else if (protection.active && protection.until !== undefined) {
      const message = `not disrupted until ${toRfc3339(protection.until)}`;
      events.publish({ ...common, type: "Normal", reason: "DoNotDisruptUntil", message });
    } else if (!protection.active) {
      const message = `annotation ${Annotation.DoNotDisrupt}=${text} protects it no longer`;
      events.publish({ ...common, type: "Normal", reason: "DoNotDisruptGracePeriodElapsed", message });
    }
  }
}

/** Pods whose deletion cost was told of already, as they were then. */
const toldCosts = new WeakSet<Pod>();

function tellCost(logger: Tell["logger"], pod: Pod): void {
  const value = unreadableCost(pod);
  if (value === undefined || toldCosts.has(pod)) return;
  toldCosts.add(pod);
  const { namespace, name } = pod.metadata;
  const fields = { Pod: `${namespace}/${name}`, annotation: Annotation.PodDeletionCost, value };
  logger.error("an annotation is no number, it is ignored", fields);
}

/** D-128: on one of many nodes, without the names of all the others. */
function textFor(command: ProposedCommand, node: string): string {
  const { decision, nodes } = command;
  if (nodes.length === 1) return textOf(command);
  return `${decision}: [${node}] (part of ${nodes.length}-node consolidation)${savedText(command)}`;
}

function savedText({ savings }: ProposedCommand): string {
  return savings === undefined ? "" : ` (savings: ${savings.toFixed(2)} per hour)`;
}

function textOf(command: ProposedCommand, pools: readonly string[] = []): string {
  const { decision, nodes, replacements, fromTemplate = [] } = command;
  const count = replacements.length + fromTemplate.length;
  const by = count > 0 ? ` -> [${count} replacement(s)]` : "";
  const of = pools.length > 0 ? `nodepools=[${pools.join(",")}]: ` : "";
  return `${decision}: ${of}[${nodes.join(", ")}]${by}${savedText(command)}`;
}

function poolsOf(nodes: readonly StateNode[]): readonly string[] {
  return [...new Set(nodes.map(({ nodePool = "" }) => nodePool))].toSorted(compareText);
}

/** What is tried first; the types only where one machine is ordered. */
function describeReplacement({ requirements, instanceTypes }: PlannedClaim, count: number) {
  const admitted = requirements.get(Label.CapacityType);
  const tried = [CapacityType.Reserved, CapacityType.Spot, CapacityType.OnDemand].find((type) => admitted.has(type));
  const names = instanceTypes.slice(0, NAMED_TYPES).map(({ name }) => name);
  const others = instanceTypes.length - names.length;
  const text = others > 0 ? `${names.join(", ")} and ${others} other(s)` : names.join(", ");
  return { "capacity-type": tried, ...(count === 1 && { "instance-types": text }) };
}

/** D-128. */
export function logCommand(deps: Tell, command: ProposedCommand, nodes: readonly StateNode[], id: string): void {
  deps.logger.info("disrupting node(s)", {
    method: METHOD_NAMES[command.method],
    reason: command.reason,
    decision: command.decision,
    "command-id": id,
    command: `${command.reason}/${id}: ${textOf(command, poolsOf(nodes))}`,
    "disrupted-node-count": nodes.length,
    "replacement-node-count": command.replacements.length + (command.fromTemplate?.length ?? 0),
    "pod-count": nodes.flatMap(({ pods }) => pods.filter(isReschedulable)).length,
    "disrupted-nodes": nodes.map(({ name, nodeClaim, labels }) => ({
      Node: name,
      NodeClaim: nodeClaim?.metadata.name,
      "instance-type": labels[Label.InstanceType],
      "capacity-type": labels[Label.CapacityType],
    })),
    "replacement-nodes": command.replacements.map((claim) => describeReplacement(claim, command.replacements.length)),
    taint: DISRUPTED_TAINT.key,
  });
}

/** D-119, E-17: each pod that moves is told where it is to go. `ordered`: names of the claims, in the order of the plan. */
export function tellNominations(
  deps: Pick<ControllerDeps, "events" | "state">,
  { existing, replacements }: ProposedCommand,
  ordered: readonly string[],
): void {
  for (const { node, pods } of existing) nominatePods(deps, pods, nameOfNode(deps, node));
  for (const [index, { pods }] of replacements.entries()) {
    const claim = ordered[index];
    if (claim !== undefined) nominatePods(deps, pods, `nodeclaim/${claim}`);
  }
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
