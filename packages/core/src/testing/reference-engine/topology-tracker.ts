// Keeps all topology rules of one solve: which apply to a pod, what they leave of a candidate, and where pods have gone (S-402…S-426).

import { Label } from "../../api/index.ts";
import type { Pod, Taint } from "../../api/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { Normalization } from "../../requirements/index.ts";
import type { Rejection } from "../../scheduling/placement/rejection.ts";
import type { Attempt } from "../../scheduling/pod-to-place.ts";
import type { NodeInput, ProblemInput } from "../../scheduling/problem.ts";
import type { Template } from "../../scheduling/templates.ts";
import { TopologyGroup } from "../../scheduling/topology/domain-count.ts";
import { affinityRule, namespaceOf, requiredTermsOf, ruleIdentity } from "../../scheduling/topology/groups.ts";
import type { RuleContext, TopologyRule } from "../../scheduling/topology/groups.ts";
import { narrowByRules } from "../../scheduling/topology/narrow.ts";
import type { SelectingGroups } from "../../scheduling/topology/concerned-groups.ts";
import type { TopologyTarget } from "../../scheduling/topology/narrow.ts";
import { NamespaceBook } from "../../scheduling/topology/namespaces.ts";
import { Universe } from "../../scheduling/topology/universe.ts";

interface KnownNode {
  readonly input: NodeInput;
  readonly labels: Requirements;
}

export class TopologyTracker {
  readonly rules: RuleContext;
  readonly #groups = new Map<string, TopologyGroup>();
  readonly #universe: Universe;
  readonly #nodes: readonly KnownNode[];
  readonly #inThisSolve: ReadonlySet<string>;
  readonly #hosts: string[];
  readonly #selecting = new Map<string, SelectingGroups>();

  constructor(input: ProblemInput, templates: readonly Template[]) {
    const { normalization } = input;
    this.rules = { namespaces: new NamespaceBook(input), ...(normalization && { normalization }) };
    this.#universe = new Universe(templates);
    this.#nodes = input.nodes.map((node) => knownNode(node, normalization));
    this.#hosts = this.#nodes.flatMap(({ labels }) => labels.get(Label.Hostname).single() ?? []);
    this.#inThisSolve = new Set(input.pods.map(identityOf));
    for (const node of this.#nodes) this.#addCarriers(node);
  }

  /** Every rule of every attempt must be known before the first pod is placed, so that no placement is missed. */
  groupOf(rule: TopologyRule): TopologyGroup {
    const id = ruleIdentity(rule);
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    const group = new TopologyGroup(this.#groups.size, rule);
    this.#groups.set(id, group);
    for (const domain of this.#universe.domainsOf(rule.key, rule.filter)) group.register(domain);
    if (group.isByHost) for (const host of this.#hosts) group.register(host);
    for (const node of this.#nodes) this.#count(group, node);
    return group;
  }

  selecting(pod: Pod): SelectingGroups {
    if (this.#groups.size === 0) return NONE_SELECTING;
    const key = JSON.stringify([namespaceOf(pod), pod.metadata.labels]);
    const known = this.#selecting.get(key);
    if (known !== undefined) return known;
    const groups = [...this.#groups.values()].filter((group) => group.selects(pod));
    const selecting = {
      counted: new Set(groups.filter(({ rule }) => rule.kind !== "inverse")),
      inverse: groups.filter(({ rule }) => rule.kind === "inverse"),
    };
    this.#selecting.set(key, selecting);
    return selecting;
  }

  narrow(selecting: SelectingGroups, attempt: Attempt, target: TopologyTarget): Requirements | Rejection {
    return narrowByRules(selecting, attempt, target);
  }

  /** S-412. */
  record(
    { counted }: SelectingGroups,
    { topology }: Attempt,
    target: { readonly requirements: Requirements; readonly taints: readonly Taint[] },
  ): void {
    for (const group of counted) {
      if (group.accepts(target.requirements, target.taints)) group.record(target.requirements);
    }
    for (const group of topology.carried) group.record(target.requirements);
  }

  addHost(host: string): void {
    this.#hosts.push(host);
    for (const group of this.#groups.values()) if (group.isByHost) group.register(host);
  }

  /** S-408, S-410. */
  #count(group: TopologyGroup, { input, labels }: KnownNode): void {
    const domain = labels.get(group.rule.key).single();
    if (domain === undefined || !group.accepts(labels, input.taints)) return;
    group.register(domain);
    if (group.rule.kind === "inverse") return;
    for (const pod of input.pods) {
      const counts = pod.metadata.deletionTimestamp === undefined && !this.#inThisSolve.has(identityOf(pod));
      if (counts && group.selects(pod)) group.add(domain);
    }
  }

  /** S-417 for pods that run already; one that is on its way out still keeps its domain closed. */
  #addCarriers({ input, labels }: KnownNode): void {
    for (const pod of input.pods) {
      if (this.#inThisSolve.has(identityOf(pod))) continue;
      for (const term of requiredTermsOf(pod, "podAntiAffinity")) {
        this.groupOf(affinityRule("inverse", pod, term, this.rules)).record(labels);
      }
    }
  }
}

const NONE_SELECTING: SelectingGroups = { counted: new Set(), inverse: [] };

function knownNode(input: NodeInput, normalization: Normalization | undefined): KnownNode {
  return { input, labels: Requirements.fromLabels({ [Label.Hostname]: input.name, ...input.labels }, normalization) };
}

function identityOf(pod: Pod): string {
  return pod.metadata.uid ?? `${namespaceOf(pod)}/${pod.metadata.name ?? ""}`;
}
