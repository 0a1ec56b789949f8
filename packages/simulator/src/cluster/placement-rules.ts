// What a pod demands about other pods: required affinity, anti-affinity (its own and that of running pods) and hard topology spread.
// Preferences are not weighed, and namespaces are chosen by name only: a namespaceSelector counts as all namespaces.

import type { Pod, PodAffinityTerm, TopologySpreadConstraint } from "@karpenter-multicloud/core/api";
import { untolerated } from "@karpenter-multicloud/core/api";
import type { NodeView } from "./node-view.ts";
import { isDeleting, isTerminal } from "./pod-facts.ts";
import { acceptsNode, selects } from "./selectors.ts";

export interface PlacementRules {
  refusals(view: NodeView): readonly string[];
}

const NONE: PlacementRules = { refusals: () => [] };

/** `guarded` are the nodes with a pod that has required anti-affinity. */
export function placementRules(pod: Pod, views: readonly NodeView[], guarded: ReadonlySet<NodeView>): PlacementRules {
  const { affinity, topologySpreadConstraints = [] } = pod.spec;
  const hard = topologySpreadConstraints.filter((each) => each.whenUnsatisfiable === "DoNotSchedule");
  const wanted = affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const unwanted = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (hard.length + wanted.length + unwanted.length + guarded.size === 0) return NONE;
  const spread = hard.map((constraint) => spreadRule(pod, constraint, views));
  const attract = wanted.map((term) => attractRule(pod, term, views));
  const repel = [...unwanted.map((term) => repelRule(pod, term, views)), ...repelledBy(pod, guarded)];
  return {
    refusals(view) {
      if (!spread.every((rule) => rule(view))) return ["node(s) didn't match pod topology spread constraints"];
      if (!attract.every((rule) => rule(view))) return ["node(s) didn't match pod affinity rules"];
      return repel.every((rule) => rule(view)) ? [] : ["node(s) didn't match pod anti-affinity rules"];
    },
  };
}

export function hasAntiAffinity(pod: Pod): boolean {
  return (pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;
}

type Rule = (view: NodeView) => boolean;

function domainOf(view: NodeView, key: string): string | undefined {
  return view.node.metadata.labels?.[key];
}

function meant(owner: Pod, term: PodAffinityTerm, other: Pod): boolean {
  const { namespace } = other.metadata;
  const named = term.namespaces?.includes(namespace ?? "");
  const own =
    term.namespaceSelector === undefined && !term.namespaces?.length && namespace === owner.metadata.namespace;
  if (!(named || own || term.namespaceSelector !== undefined)) return false;
  const byKeys = (term.matchLabelKeys ?? []).every((key) => sameLabel(owner, other, key));
  return byKeys && selects(term.labelSelector, other.metadata.labels);
}

/** A key that the pod itself does not carry is overlooked. */
function sameLabel(owner: Pod, other: Pod, key: string): boolean {
  const value = owner.metadata.labels?.[key];
  return value === undefined || other.metadata.labels?.[key] === value;
}

function domainsWith(views: readonly NodeView[], key: string, test: (other: Pod) => boolean): ReadonlySet<string> {
  const domains = new Set<string>();
  for (const view of views) {
    const domain = domainOf(view, key);
    if (domain !== undefined && !domains.has(domain) && view.pods.some(test)) domains.add(domain);
  }
  return domains;
}

function repelRule(pod: Pod, term: PodAffinityTerm, views: readonly NodeView[]): Rule {
  const taken = domainsWith(views, term.topologyKey, (other) => meant(pod, term, other));
  return (view) => !taken.has(domainOf(view, term.topologyKey) ?? "");
}

/** The first pod of a group may go anywhere when it is meant by its own term. */
function attractRule(pod: Pod, term: PodAffinityTerm, views: readonly NodeView[]): Rule {
  const present = domainsWith(views, term.topologyKey, (other) => meant(pod, term, other));
  const first = present.size === 0 && meant(pod, term, pod);
  return (view) => {
    const domain = domainOf(view, term.topologyKey);
    return domain !== undefined && (first || present.has(domain));
  };
}

function repelledBy(pod: Pod, guarded: ReadonlySet<NodeView>): Rule[] {
  const closed = new Map<string, Set<string>>();
  for (const view of guarded) {
    for (const other of view.pods) {
      for (const term of other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const domain = domainOf(view, term.topologyKey);
        if (domain === undefined || !meant(other, term, pod)) continue;
        const domains = closed.get(term.topologyKey) ?? new Set<string>();
        closed.set(term.topologyKey, domains.add(domain));
      }
    }
  }
  return [...closed].map(
    ([key, domains]) =>
      (view) =>
        !domains.has(domainOf(view, key) ?? ""),
  );
}

function spreadRule(pod: Pod, constraint: TopologySpreadConstraint, views: readonly NodeView[]): Rule {
  const { topologyKey, maxSkew, minDomains = 1, matchLabelKeys = [] } = constraint;
  const counts = new Map<string, number>();
  for (const view of views) {
    const domain = domainOf(view, topologyKey);
    if (domain === undefined || !takesPart(pod, constraint, view)) continue;
    const own = view.pods.filter(
      (other) =>
        other.metadata.namespace === pod.metadata.namespace &&
        !isDeleting(other) &&
        !isTerminal(other) &&
        matchLabelKeys.every((key) => sameLabel(pod, other, key)) &&
        selects(constraint.labelSelector, other.metadata.labels),
    );
    counts.set(domain, (counts.get(domain) ?? 0) + own.length);
  }
  const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
  const self = selects(constraint.labelSelector, pod.metadata.labels) ? 1 : 0;
  return (view) => {
    const domain = domainOf(view, topologyKey);
    return domain !== undefined && (counts.get(domain) ?? 0) + self - least <= maxSkew;
  };
}

function takesPart(pod: Pod, constraint: TopologySpreadConstraint, { node }: NodeView): boolean {
  if ((constraint.nodeAffinityPolicy ?? "Honor") === "Honor" && !acceptsNode(pod.spec, node)) return false;
  if (constraint.nodeTaintsPolicy !== "Honor") return true;
  const taints = (node.spec?.taints ?? []).filter((taint) => taint.effect !== "PreferNoSchedule");
  return untolerated(taints, pod.spec.tolerations) === undefined;
}
