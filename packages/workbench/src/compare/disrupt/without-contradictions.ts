// A scenario in which pods whose own selectors contradict each other have no place for Karpenter either (S-105): it reads "no value is
// left" as "the label must be absent", so that a node without the label would seem to do. Said anew, not asked of the engine under test.

/** Undefined: no pod contradicts itself. */
export function withoutContradictions(json: object): object | undefined {
  const { nodes = [], pods = [] } = json as ClusterJson;
  let found = false;
  const placeless = (pod: PodJson): PodJson => {
    if (!isContradictory(pod)) return pod;
    found = true;
    return { ...pod, spec: { ...pod.spec, nodeSelector: { ...pod.spec?.nodeSelector, ...NOWHERE } } };
  };
  const restated = {
    ...json,
    pods: pods.map(placeless),
    nodes: nodes.map((entry) => (entry.pods ? { ...entry, pods: entry.pods.map(placeless) } : entry)),
  };
  return found ? restated : undefined;
}

/** No node and no NodePool has it. */
const NOWHERE = { "compare.invalid/nowhere": "true" };

/** Terms are alternatives: each of them has to leave nothing. */
function isContradictory({ spec }: PodJson): boolean {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const selected = Object.entries(spec?.nodeSelector ?? {}).map(([key, value]): Expression => ({
    key,
    operator: "In",
    values: [value],
  }));
  return (
    terms.length > 0 && terms.every(({ matchExpressions = [] }) => leavesNothing([...selected, ...matchExpressions]))
  );
}

function leavesNothing(expressions: readonly Expression[]): boolean {
  return expressions
    .filter(({ operator }) => operator === "In")
    .some(({ key, values = [] }) => {
      const same = expressions.filter((other) => other.key === key);
      return !values.some((value) => same.every((other) => admits(other, value)));
    });
}

/** What compares numbers is taken to admit everything: a contradiction of that kind is not looked for. */
function admits({ operator, values = [] }: Expression, value: string): boolean {
  if (operator === "In") return values.includes(value);
  if (operator === "NotIn") return !values.includes(value);
  return operator !== "DoesNotExist";
}

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface PodJson {
  readonly spec?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly affinity?: {
      readonly nodeAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: {
          readonly nodeSelectorTerms?: readonly { readonly matchExpressions?: readonly Expression[] }[];
        };
      };
    };
  };
}

interface ClusterJson {
  readonly nodes?: readonly { readonly pods?: readonly PodJson[] }[];
  readonly pods?: readonly PodJson[];
}
