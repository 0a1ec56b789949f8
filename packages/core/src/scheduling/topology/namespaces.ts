// Which namespaces a pod affinity term speaks about (S-404).

import { matchesSelector } from "../../api/index.ts";
import type { PodAffinityTerm } from "../../api/index.ts";
import { compareText } from "../../units/index.ts";
import type { ProblemInput } from "../problem.ts";

export type NamespaceScope = "all" | readonly string[];

const NAME_LABEL = "kubernetes.io/metadata.name";

type NamespacesSeen = Pick<ProblemInput, "namespaces" | "pods" | "nodes">;

/** Where labels of namespaces are not part of the problem, only the name that the API server writes as a label is known. */
export class NamespaceBook {
  readonly #problem: NamespacesSeen;
  /** Read when a term asks for it: most never do. */
  #labels: ReadonlyMap<string, Readonly<Record<string, string>>> | undefined;
  readonly #isComplete: boolean;

  constructor(problem: NamespacesSeen) {
    this.#isComplete = problem.namespaces !== undefined;
    this.#problem = problem;
  }

  /** `careful`: a selector that cannot be judged selects every namespace, because the term keeps pods apart. */
  scopeOf(term: PodAffinityTerm, podNamespace: string, careful: boolean): NamespaceScope {
    const { namespaceSelector, namespaces = [] } = term;
    if (namespaceSelector === undefined) return namespaces.length > 0 ? sorted(namespaces) : [podNamespace];
    const isEmpty =
      Object.keys(namespaceSelector.matchLabels ?? {}).length === 0 && !namespaceSelector.matchExpressions?.length;
    if (isEmpty || (careful && !this.#isComplete)) return "all";
    const selected = [...(this.#labels ??= labelsIn(this.#problem))].flatMap(([name, labels]) =>
      matchesSelector(namespaceSelector, labels) ? [name] : [],
    );
    return sorted([...selected, ...namespaces]);
  }
}

function labelsIn({ namespaces, pods, nodes }: NamespacesSeen): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const seen = new Set<string>();
  for (const { metadata } of pods) seen.add(metadata.namespace ?? "default");
  for (const node of nodes) for (const { metadata } of node.pods) seen.add(metadata.namespace ?? "default");
  const labels = new Map([...seen].map((name) => [name, { [NAME_LABEL]: name }]));
  for (const namespace of namespaces ?? [])
    labels.set(namespace.name, { [NAME_LABEL]: namespace.name, ...namespace.labels });
  return labels;
}

export function inScope(scope: NamespaceScope, namespace: string): boolean {
  return scope === "all" || scope.includes(namespace);
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted(compareText);
}
