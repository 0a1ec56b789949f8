// What a spread constraint or affinity term that left no place for a pod asks, and what a person may change about it.

import type { LabelSelector, LabelSelectorRequirement } from "../../api/index.ts";
import { sortedKeys } from "../../units/index.ts";
import type { Finding } from "./pool-finding.ts";
import type { TopologyGroup } from "../topology/domain-count.ts";
import type { NamespaceScope } from "../topology/namespaces.ts";

type Words = Required<Pick<Finding, "short" | "fix">>;

/** Says "runs" of pods that count: one that is planned where its zone is still open does not (S-424). */
export function describeRule(group: TopologyGroup): Words {
  const { kind, key } = group.rule;
  if (group.counts.size === 0 && !group.isByHost) {
    return {
      short: `${group.toString()}: no node, NodePool or instance type has that label`,
      fix: "correct the topologyKey, or give the label to the NodePool in spec.template.metadata.labels",
    };
  }
  switch (kind) {
    case "spread":
      return {
        short: `${group.toString()} leaves none that the NodePool may use`,
        fix: "allow more of them in the NodePool, or use whenUnsatisfiable: ScheduleAnyway",
      };
    case "affinity":
      return affinityWords(group);
    case "anti-affinity":
      return {
        short: `pod anti-affinity keeps away from ${selectedBy(group)}, and every allowed ${key} has or may get one`,
        fix: "allow more of them in the NodePool, or make the term a preference",
      };
    case "inverse":
      return {
        short: `the anti-affinity of other pods refuses ${selectedBy(group)} in every allowed ${key}`,
        fix: "allow more of them in the NodePool, or change those other pods",
      };
  }
}

function affinityWords(group: TopologyGroup): Words {
  const where = group.isByHost ? "on the same node" : `in the same ${group.rule.key}`;
  const needs = `pod affinity needs ${selectedBy(group)}${namespaceText(group.rule.namespaces)} ${where}`;
  const isAnywhere = [...group.counts.values()].some((count) => count > 0);
  if (!isAnywhere) return { short: `${needs}, and none runs`, fix: "start one, or correct the term's labelSelector" };
  if (group.isByHost) {
    return {
      short: `${needs}, and a new node has none`,
      fix: "use a wider topologyKey, or make the term a preference",
    };
  }
  return {
    short: `${needs}, and none runs where the NodePool may add a node`,
    fix: "allow the place of those pods in the NodePool, or make the term a preference",
  };
}

function selectedBy({ rule }: TopologyGroup): string {
  return `pods with ${selectorText(rule.selector)}`;
}

/** Many a pod is looked for in the wrong one. */
function namespaceText(namespaces: NamespaceScope): string {
  if (namespaces === "all") return "";
  return ` in namespace ${namespaces.join(" or ")}`;
}

/** As `kubectl get pods -l` takes it. */
function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "no labelSelector (which matches none)";
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const equal = sortedKeys(matchLabels).map((key) => `${key}=${matchLabels[key] ?? ""}`);
  const all = [...equal, ...matchExpressions.map(expressionText)];
  return all.length === 0 ? "any labels" : all.join(",");
}

function expressionText({ key, operator, values = [] }: LabelSelectorRequirement): string {
  switch (operator) {
    case "In":
      return `${key} in (${values.join(",")})`;
    case "NotIn":
      return `${key} notin (${values.join(",")})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
  }
}
