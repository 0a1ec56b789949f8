// Pods that want or avoid other pods, in one word.

import type { PodAffinityTerm, PodSpec, TopologySpreadConstraint } from "../api/index.ts";
import type { PodOptions } from "./builders/index.ts";

type Rules = Readonly<{ requiredDuringSchedulingIgnoredDuringExecution: readonly PodAffinityTerm[] }>;

/** Beside pods of the app. */
export function near(app: string, topologyKey: string, changes: Partial<PodAffinityTerm> = {}): PodOptions {
  return { spec: { affinity: { podAffinity: rules(app, topologyKey, changes) } } };
}

/** Never beside pods of the app. */
export function apart(app: string, topologyKey: string, changes: Partial<PodAffinityTerm> = {}): PodOptions {
  return { spec: { affinity: { podAntiAffinity: rules(app, topologyKey, changes) } } };
}

/** Pods of the app that want each other. */
export function together(app: string, topologyKey: string): PodOptions {
  return { labels: { app }, ...near(app, topologyKey) };
}

/** Pods of the app that avoid each other. */
export function scattered(app: string, topologyKey: string): PodOptions {
  return { labels: { app }, ...apart(app, topologyKey) };
}

/** Spread over the key without exception. */
export function spreadOver(
  app: string,
  topologyKey: string,
  changes: Partial<TopologySpreadConstraint> = {},
): Pick<PodSpec, "topologySpreadConstraints"> {
  const labelSelector = { matchLabels: { app } };
  const constraint: TopologySpreadConstraint = {
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector,
    ...changes,
  };
  return { topologySpreadConstraints: [constraint] };
}

function rules(app: string, topologyKey: string, changes: Partial<PodAffinityTerm>): Rules {
  const term = { topologyKey, labelSelector: { matchLabels: { app } }, ...changes };
  return { requiredDuringSchedulingIgnoredDuringExecution: [term] };
}
