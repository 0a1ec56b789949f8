// Which nodes a pod wants by nodeSelector and required node affinity. Pods that want the same are answered once per shape.

import { Label } from "../../api/index.ts";
import type { NodeSelectorTerm, PodSpec } from "../../api/index.ts";
import type { Normalization } from "../../requirements/index.ts";
import { asOfToday, selectorHolds } from "./label-rules.ts";
import type { surelyHolds } from "./label-rules.ts";
import { labelsAt } from "./place.ts";
import type { Place, Shape } from "./place.ts";

type LabelTest = typeof surelyHolds;

export interface NodeWish {
  readonly spec: PodSpec;
  /** Looks at the name of the node: then machines of one shape differ. */
  readonly isAboutNames: boolean;
  readonly answers: Map<LabelTest, Map<Shape, boolean>>;
}

/** Lives as long as one check. */
export class NodeWishes {
  readonly #normalization: Normalization | undefined;
  readonly #bySpec = new Map<PodSpec, NodeWish | undefined>();
  readonly #alike = new Map<string, NodeWish>();

  constructor(normalization: Normalization | undefined) {
    this.#normalization = normalization;
  }

  /** Undefined when every node will do. */
  of(spec: PodSpec): NodeWish | undefined {
    if (!this.#bySpec.has(spec)) this.#bySpec.set(spec, this.#read(spec));
    return this.#bySpec.get(spec);
  }

  /** The name of the node counts for matchFields, and only where the caller says it. */
  holds(wish: NodeWish, { place, shape, test, nodeName }: Question): boolean {
    const ask = (): boolean => {
      const reading = { normalization: this.#normalization, ...(nodeName !== undefined && { nodeName }) };
      return selectorHolds(wish.spec, labelsAt(place, shape), test, reading);
    };
    if (wish.isAboutNames) return ask();
    const answers = wish.answers.get(test) ?? new Map<Shape, boolean>();
    wish.answers.set(test, answers);
    const answer = answers.get(shape) ?? ask();
    answers.set(shape, answer);
    return answer;
  }

  #read(spec: PodSpec): NodeWish | undefined {
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const selected = Object.keys(spec.nodeSelector ?? {});
    if (selected.length === 0 && required === undefined) return undefined;
    const id = JSON.stringify([spec.nodeSelector, required]);
    const wish = this.#alike.get(id) ?? {
      spec,
      isAboutNames: this.#isAboutNames(selected, required?.nodeSelectorTerms ?? []),
      answers: new Map(),
    };
    this.#alike.set(id, wish);
    return wish;
  }

  #isAboutNames(selected: readonly string[], terms: readonly NodeSelectorTerm[]): boolean {
    const keys = [...selected, ...terms.flatMap(({ matchExpressions = [] }) => matchExpressions.map(({ key }) => key))];
    return (
      terms.some(({ matchFields = [] }) => matchFields.length > 0) ||
      keys.some((key) => asOfToday({ key, operator: "Exists" }, this.#normalization).key === Label.Hostname)
    );
  }
}

export interface Question {
  readonly place: Place;
  readonly shape: Shape;
  readonly test: LabelTest;
  readonly nodeName?: string;
}
