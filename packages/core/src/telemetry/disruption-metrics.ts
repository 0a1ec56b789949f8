// Metrics of voluntary disruption: what was looked at, what budgets allow, what was decided and what came of it.

import { COMMAND_BUCKETS, DURATION_BUCKETS } from "./metric-buckets.ts";
import type { MetricDefinition } from "./metric-definition.ts";

const METHOD = ["reason", "consolidation_type"] as const;
const DECISION = ["decision", "reason", "consolidation_type"] as const;

export const DISRUPTION_METRICS = [
  {
    name: "karpenter_voluntary_disruption_decision_evaluation_duration_seconds",
    type: "histogram",
    help: "How long one method of disruption took to decide.",
    labels: METHOD,
    buckets: DURATION_BUCKETS,
  },
  {
    name: "karpenter_voluntary_disruption_decisions_total",
    type: "counter",
    help: "Disruption commands that were started.",
    labels: DECISION,
  },
  {
    name: "karpenter_voluntary_disruption_decisions_by_nodepool_total",
    type: "counter",
    help: "Disruption commands that were started, once for each NodePool whose nodes they remove.",
    labels: ["nodepool", ...DECISION],
  },
  {
    name: "karpenter_voluntary_disruption_eligible_nodes",
    type: "gauge",
    help: "Nodes that a method of this reason may disrupt.",
    labels: ["reason"],
  },
  {
    name: "karpenter_voluntary_disruption_consolidation_timeouts_total",
    type: "counter",
    help: "Searches for a better cluster that ran out of time.",
    labels: ["consolidation_type"],
  },
  {
    name: "karpenter_nodepools_allowed_disruptions",
    type: "gauge",
    help: "Nodes of the NodePool that its budgets allow to be disrupted at the same moment.",
    labels: ["nodepool", "reason"],
  },
  {
    name: "karpenter_nodepools_nodes_consuming_budgets",
    type: "gauge",
    help: "Nodes of the NodePool that use up its budgets.",
    labels: ["nodepool", "reason"],
  },
  {
    name: "karpenter_voluntary_disruption_failed_validations_total",
    type: "counter",
    help: "Nodes whose command did not hold any more after the wait.",
    labels: ["consolidation_type"],
  },
  {
    name: "karpenter_voluntary_disruption_queue_failures_total",
    type: "counter",
    help: "Replacements that did not come in time, or at all.",
    labels: DECISION,
  },
  {
    name: "karpenter_consolidation_score",
    type: "histogram",
    help: "Scores of moves in NodePools with the policy Balanced.",
    labels: ["decision", "nodepool", "policy"],
    buckets: [0.1, 0.25, 0.33, 0.5, 1, 2, 5, 10],
  },
  {
    name: "karpenter_consolidation_moves_total",
    type: "counter",
    help: "Moves that were scored, by outcome.",
    labels: ["decision", "nodepool", "policy"],
  },
  {
    name: "kmc_node_verdicts",
    type: "gauge",
    help: "Nodes by the reason why they stay, or that they go, as of the last round of looking at all of them.",
    labels: ["nodepool", "verdict"],
    perObject: true,
  },
  {
    name: "kmc_disruption_commands_inflight",
    type: "gauge",
    help: "Disruption commands that run, those included that wait to be validated.",
    labels: ["reason"],
  },
  {
    name: "kmc_disruption_command_duration_seconds",
    type: "histogram",
    help: "Phases of disruption commands: validate (until it is decided again and its nodes are tainted), launch (until the machines are ordered), init (until the nodes are given up), and of each node drain and instance (until its machine is gone).",
    labels: ["reason", "phase"],
    buckets: COMMAND_BUCKETS,
  },
  {
    name: "kmc_disruption_estimated_savings_total",
    type: "counter",
    help: "Price per hour that commands were to save when they began.",
    labels: ["nodepool", "reason", "currency"],
  },
  {
    name: "kmc_disruption_realised_savings_total",
    type: "counter",
    help: "Price per hour that commands have saved, with the machines that really came, added when all of their nodes were given up.",
    labels: ["nodepool", "reason", "currency"],
  },
  {
    name: "kmc_disruption_pod_moves_total",
    type: "counter",
    help: "Pods that had to move because their node was chosen.",
    labels: ["nodepool", "reason"],
  },
  {
    name: "kmc_disruption_repeat_moves_total",
    type: "counter",
    help: "Those of them whose owner had a pod moved by another command less than an hour before.",
    labels: ["nodepool", "reason"],
  },
  {
    name: "kmc_nodepools_drift_backoff_seconds",
    type: "gauge",
    help: "How long drifted nodes of the NodePool are left alone since the last replacement failed; 0 once that time is over, and after one that worked.",
    labels: ["nodepool"],
  },
  {
    name: "kmc_node_repairs_skipped_total",
    type: "counter",
    help: "How often an unhealthy node was not repaired because too many of its NodePool are unhealthy.",
    labels: ["nodepool"],
  },
  {
    name: "kmc_blocked_drains",
    type: "gauge",
    help: "Nodes that have been leaving for more than 30 minutes and are held: by protected pods, by a PodDisruptionBudget, by another refusal of evictions, by pods or volumes that do not end, or by the cloud.",
    labels: ["cause"],
  },
] as const satisfies readonly MetricDefinition[];
