// The metrics about conditions and deletions of one kind of object; their names carry the kind (M-35 to M-40).

import { growingBuckets } from "./metric-buckets.ts";
import type { MetricDefinition } from "./metric-definition.ts";

const FAMILIES = [
  {
    name: "status_condition_count",
    type: "gauge",
    help: "1 for each condition that an object has.",
    labels: ["namespace", "name", "type", "status", "reason"],
    perObject: true,
  },
  {
    name: "status_condition_current_status_seconds",
    type: "gauge",
    help: "How long a condition has had its status.",
    labels: ["namespace", "name", "type", "status", "reason"],
    perObject: true,
  },
  {
    name: "status_condition_transitions_total",
    type: "counter",
    help: "Changes of a condition's status that this process has seen, by what it became.",
    labels: ["type", "status", "reason"],
  },
  {
    name: "status_condition_transition_seconds",
    type: "histogram",
    help: "How long a condition had the status that it left.",
    labels: ["type", "status"],
    buckets: growingBuckets(0.5, 2, 15),
  },
  {
    name: "termination_current_time_seconds",
    type: "gauge",
    help: "How long an object has been going away.",
    labels: ["namespace", "name"],
    perObject: true,
  },
  {
    name: "termination_duration_seconds",
    type: "histogram",
    help: "From the deletion of an object until it was gone.",
    labels: [],
    buckets: growingBuckets(0.5, 2, 15),
  },
] as const satisfies readonly MetricDefinition[];

export type ConditionMetricFamily = (typeof FAMILIES)[number]["name"];
export type ConditionMetricName = `operator_${ConditionMetricFamily}` | `operator_${string}_${ConditionMetricFamily}`;

/** `kind` in lower case; without one it is the older name that all kinds share. */
export function conditionMetricName(kind: string | undefined, family: ConditionMetricFamily): ConditionMetricName {
  return kind === undefined ? `operator_${family}` : `operator_${kind}_${family}`;
}

/** `more`: label names that objects of the kind bring along. */
export function conditionMetrics(kind: string | undefined, more: readonly string[]): readonly MetricDefinition[] {
  return FAMILIES.map((family) => ({
    ...family,
    name: conditionMetricName(kind, family.name),
    labels: [...family.labels, ...more],
  }));
}
