// Which zones a rule leaves open to a pod before anything of this round is placed.

import { Label, matchesSelector } from "../../api/index.ts";
import type { Pod, Taint } from "../../api/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { Requirement } from "../../requirements/index.ts";
import type { ProblemInput } from "../problem.ts";
import { templatesOf } from "../templates.ts";
import { namespaceOf, ruleIdentity } from "./groups.ts";
import type { TopologyRule } from "./groups.ts";
import { inScope } from "./namespaces.ts";
import { acceptsNode } from "./node-filter.ts";
import { Universe } from "./universe.ts";

interface CountedNode {
  readonly labels: Requirements;
  readonly taints: readonly Taint[];
  /** By namespace; without those that are on their way. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>;
}

/** Looks at the cluster when it is first asked, and counts each rule once. */
export class ZoneCensus {
  readonly #input: ProblemInput;
  readonly #counts = new Map<string, ReadonlyMap<string, number>>();
  #nodes: readonly CountedNode[] | undefined;
  #universe: Universe | undefined;

  constructor(input: ProblemInput) {
    this.#input = input;
  }

  /** `own`: what the pod requires of its zone. */
  openZones(rule: TopologyRule, pod: Pod, own: Requirement): readonly string[] {
    const admitted = [...this.#countsOf(rule)].filter(([zone]) => own.has(zone));
    const selectsItself = selects(rule, pod);
    const zones = (chosen: readonly (readonly [string, number])[]) => chosen.map(([zone]) => zone);
    if (rule.kind === "spread") {
      const lowest = admitted.length < (rule.minDomains ?? 0) ? 0 : Math.min(...admitted.map(([, count]) => count));
      return zones(admitted.filter(([, count]) => count + Number(selectsItself) - lowest <= rule.maxSkew));
    }
    if (rule.kind !== "affinity") return zones(admitted.filter(([, count]) => count === 0));
    const occupied = admitted.filter(([, count]) => count > 0);
    // S-420: the first of pods that want each other may go anywhere.
    return zones(occupied.length === 0 && selectsItself ? admitted : occupied);
  }

  #countsOf(rule: TopologyRule): ReadonlyMap<string, number> {
    const id = ruleIdentity(rule);
    const known = this.#counts.get(id) ?? this.#count(rule);
    this.#counts.set(id, known);
    return known;
  }

  /** S-408, S-410. */
  #count(rule: TopologyRule): ReadonlyMap<string, number> {
    this.#universe ??= universeOf(this.#input);
    this.#nodes ??= countedNodes(this.#input);
    const counts = new Map(this.#universe.domainsOf(rule.key, rule.filter).map((zone) => [zone, 0]));
    for (const { labels, taints, pods } of this.#nodes) {
      const zone = labels.get(rule.key).single();
      if (zone === undefined || !acceptsNode(rule.filter, labels, taints)) continue;
      const near = rule.namespaces === "all" ? [...pods.keys()] : rule.namespaces;
      const counted = near.flatMap((namespace) => pods.get(namespace) ?? []).filter((pod) => selects(rule, pod));
      counts.set(zone, (counts.get(zone) ?? 0) + counted.length);
    }
    return counts;
  }
}

function countedNodes({ nodes, pods: waiting, normalization }: ProblemInput): readonly CountedNode[] {
  const inThisSolve = new Set(waiting.map(identityOf));
  return nodes.map(({ name, labels, taints, pods }) => {
    const staying = pods.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined && !inThisSolve.has(identityOf(pod)),
    );
    return {
      labels: Requirements.fromLabels({ [Label.Hostname]: name, ...labels }, normalization),
      taints,
      pods: Map.groupBy(staying, namespaceOf),
    };
  });
}

function universeOf({ nodePools, wellKnownLabels: wellKnown, normalization }: ProblemInput): Universe {
  return new Universe(templatesOf(nodePools, { daemons: [], wellKnown, ...(normalization && { normalization }) }));
}

function selects({ namespaces, selector }: TopologyRule, pod: Pod): boolean {
  return inScope(namespaces, namespaceOf(pod)) && matchesSelector(selector, pod.metadata.labels);
}

function identityOf(pod: Pod): string {
  return pod.metadata.uid ?? `${namespaceOf(pod)}/${pod.metadata.name ?? ""}`;
}
