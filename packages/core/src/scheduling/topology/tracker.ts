// Keeps all topology rules of one solve: which apply to a pod, what they leave of a candidate, and where pods have gone (S-402…S-426).

import { Label } from "../../api/index.ts";
import type { Pod, Taint } from "../../api/index.ts";
import { Requirement, Requirements } from "../../requirements/index.ts";
import type { Normalization } from "../../requirements/index.ts";
import { compareText } from "../../units/index.ts";
import type { Rejection } from "../placement/rejection.ts";
import type { Attempt } from "../pod-to-place.ts";
import type { NodeInput, ProblemInput } from "../problem.ts";
import type { Template } from "../templates.ts";
import { affinityDomains } from "./affinity.ts";
import { emptyDomains } from "./anti-affinity.ts";
import { TopologyGroup } from "./domain-count.ts";
import type { DomainQuestion } from "./domain-question.ts";
import { affinityRule, namespaceOf, requiredTermsOf, ruleIdentity } from "./groups.ts";
import type { RuleContext, TopologyRule } from "./groups.ts";
import { NamespaceBook } from "./namespaces.ts";
import { spreadDomains } from "./spread.ts";
import { Universe } from "./universe.ts";

/** The rules that count a pod, whoever owns them. */
export interface SelectingGroups {
  readonly counted: ReadonlySet<TopologyGroup>;
  /** S-417: closed domains for this pod. */
  readonly inverse: readonly TopologyGroup[];
}

/** The rules a pod carries itself. */
export interface OwnedGroups {
  readonly owned: readonly TopologyGroup[];
  /** Counted where the pod goes, so that selected pods keep away. */
  readonly carried: readonly TopologyGroup[];
}

export interface TopologyTarget {
  readonly host: string;
  /** With the pod's own requirements merged in. */
  readonly requirements: Requirements;
  /** S-409 for domains that are equally full; by name when absent. */
  readonly cheapest?: (key: string, domains: readonly string[]) => string;
}

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

  /** What the rules leave of the candidate, hostname excluded; or the first rule that leaves nothing. */
  narrow(selecting: SelectingGroups, attempt: Attempt, target: TopologyTarget): Requirements | Rejection {
    let narrowed = Requirements.empty;
    for (const groups of [attempt.topology.owned, selecting.inverse]) {
      for (const group of groups) {
        const { key } = group.rule;
        const domains = domainsFor(group, questionOf(group, selecting, attempt, target));
        if (domains.length === 0) return group.refusal;
        if (group.isByHost) continue;
        narrowed = narrowed.with(Requirement.of(key, "In", domains));
        if (narrowed.get(key).values.size === 0) return group.refusal;
      }
    }
    return narrowed;
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

function questionOf(
  group: TopologyGroup,
  selecting: SelectingGroups,
  { strict }: Attempt,
  { host, requirements, cheapest }: TopologyTarget,
): DomainQuestion {
  const { key } = group.rule;
  return {
    selectsPod: selecting.counted.has(group),
    pod: strict.get(key),
    node: requirements.get(key),
    ...(group.isByHost && { host }),
    choose: (domains) => cheapest?.(key, domains) ?? domains.toSorted(compareText)[0] ?? "",
  };
}

function domainsFor(group: TopologyGroup, question: DomainQuestion): readonly string[] {
  switch (group.rule.kind) {
    case "spread":
      return spreadDomains(group, question);
    case "affinity":
      return affinityDomains(group, question);
    case "anti-affinity":
    case "inverse":
      return emptyDomains(group, question);
  }
}

function knownNode(input: NodeInput, normalization: Normalization | undefined): KnownNode {
  return { input, labels: Requirements.fromLabels({ [Label.Hostname]: input.name, ...input.labels }, normalization) };
}

function identityOf(pod: Pod): string {
  return pod.metadata.uid ?? `${namespaceOf(pod)}/${pod.metadata.name ?? ""}`;
}
