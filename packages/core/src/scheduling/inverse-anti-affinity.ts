// Where a pod may not go because pods that run there refuse its company (S-417). Carriers that wait in the same solve are not
// placed by this engine, so only bound pods count.

import { Label, matchesSelector } from "../api/index.ts";
import type { Pod, PodAffinityTerm } from "../api/index.ts";
import { Requirement, Requirements } from "../requirements/index.ts";
import type { NodeInput } from "./problem.ts";

/** A bound pod's required term, with the domain it closes. */
export interface RefusedDomain {
  readonly key: string;
  readonly value: string;
  readonly namespace: string;
  readonly term: PodAffinityTerm;
}

export function refusedDomains(nodes: readonly NodeInput[]): readonly RefusedDomain[] {
  return nodes.flatMap((node) => node.pods.flatMap((pod) => refusedBy(pod, node)));
}

/** The domains closed to this pod, as NotIn requirements. */
export function domainsToAvoid(pod: Pod, refused: readonly RefusedDomain[]): Requirements {
  const valuesByKey = new Map<string, Set<string>>();
  for (const { key, value, namespace, term } of refused) {
    if (!selects(term, namespace, pod)) continue;
    valuesByKey.set(key, (valuesByKey.get(key) ?? new Set()).add(value));
  }
  return Requirements.of(...[...valuesByKey].map(([key, values]) => Requirement.of(key, "NotIn", [...values])));
}

function refusedBy(pod: Pod, node: NodeInput): RefusedDomain[] {
  const terms = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.flatMap((term) => {
    const key = term.topologyKey;
    const value = node.labels[key] ?? (key === Label.Hostname ? node.name : undefined);
    return value === undefined ? [] : [{ key, value, namespace: pod.metadata.namespace ?? "default", term }];
  });
}

/** S-404. Labels of namespaces are not part of the problem, so a selector over them is taken to match: too careful, never wrong. */
function selects(term: PodAffinityTerm, carrierNamespace: string, pod: Pod): boolean {
  const namespace = pod.metadata.namespace ?? "default";
  const listed = term.namespaces ?? [];
  const own = listed.length === 0 && term.namespaceSelector === undefined;
  const inScope = own
    ? namespace === carrierNamespace
    : term.namespaceSelector !== undefined || listed.includes(namespace);
  return inScope && matchesSelector(term.labelSelector, pod.metadata.labels);
}
