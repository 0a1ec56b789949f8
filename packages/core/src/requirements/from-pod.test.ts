import { describe, expect, test } from "vitest";
import { Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import type { NodeAffinity, NodeSelectorTerm } from "../api/index.ts";
import { podNodeAffinityErrors, requiredTerms } from "./from-pod.ts";
import type { PodLike } from "./from-pod.ts";
import type { Normalization } from "./keys.ts";

const context = { wellKnown: new Set(WELL_KNOWN_LABELS), restrictedDomains: [] };

function pod(nodeSelector: Readonly<Record<string, string>>, nodeAffinity?: NodeAffinity): PodLike {
  const affinity = nodeAffinity === undefined ? {} : { affinity: { nodeAffinity } };
  return { spec: { containers: [], nodeSelector, ...affinity } };
}

/** "k In a b". */
function term(...lines: readonly string[]): NodeSelectorTerm {
  return {
    matchExpressions: lines.map((line) => {
      const [key = "", operator = "", ...values] = line.split(" ");
      return { key, operator, values };
    }),
  };
}

function required(...nodeSelectorTerms: readonly NodeSelectorTerm[]): NodeAffinity {
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
}

describe("S-116: what a pod requires", () => {
  const first = (asking: PodLike, normalization: Normalization = {}) => requiredTerms(asking, normalization)[0];

  test("selector and term narrow each other, and a pod that asks for nothing gets nothing", () => {
    expect(String(first(pod({ b: "1" }, required(term("b In 1 2")))))).toBe("b In [1]");
    expect(first({ spec: { containers: [] } })?.size).toBe(0);
  });

  test("preferences are no part of it, and the lists of the pod keep their order", () => {
    const preferredDuringSchedulingIgnoredDuringExecution = [
      { weight: 1, preference: term("p In light") },
      { weight: 50, preference: term("p In heavy") },
    ];
    const asking = pod({ a: "1" }, { ...required(term("b In 1 2")), preferredDuringSchedulingIgnoredDuringExecution });
    const before = JSON.stringify(asking);
    expect(String(first(asking))).toBe("a In [1], b In [1 2]");
    expect(JSON.stringify(asking)).toBe(before);
  });

  test("S-120: the beta zone key asks for the stable one", () => {
    const key = "failure-domain.beta.kubernetes.io/zone";
    expect(
      first(pod({ [key]: "z1" }))
        ?.get(Label.Zone)
        .single(),
    ).toBe("z1");
  });

  test("S-120: a provider's keys and values are translated", () => {
    const normalization = { keys: { "csi/zone": Label.Zone }, values: { [Label.Zone]: { Z1: "z1" } } };
    const asking = pod({ "csi/zone": "Z1" });
    expect(first(asking, normalization)?.get(Label.Zone).single()).toBe("z1");
  });
});

describe("S-117: required terms are alternatives", () => {
  const texts = (asking: PodLike) => requiredTerms(asking).map(String);

  test("each carries the nodeSelector", () => {
    expect(texts(pod({ a: "1" }, required(term("b In 1"), term("b In 2"))))).toEqual([
      "a In [1], b In [1]",
      "a In [1], b In [2]",
    ]);
    expect(texts(pod({ a: "1" }))).toEqual(["a In [1]"]);
  });

  test("an empty term matches nothing and is skipped", () => {
    const asking = pod({ a: "1" }, required({}, { matchExpressions: [] }, term("b In 2")));
    expect(texts(asking)).toEqual(["a In [1], b In [2]"]);
    expect(podNodeAffinityErrors(asking, context)).toEqual([]);
  });

  test("only empty terms leave no alternative and make the pod invalid", () => {
    const asking = pod({ a: "1" }, required({}));
    expect(texts(asking)).toEqual([]);
    expect(podNodeAffinityErrors(asking, context)).toEqual([expect.stringContaining("EmptyNodeAffinityTerm")]);
  });

  test("a term that only names a node says nothing about labels, as DaemonSet pods have it", () => {
    const named = { matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] };
    expect(texts(pod({ a: "1" }, required(named)))).toEqual(["a In [1]"]);
  });
});

describe("S-206: what a pod may not ask for", () => {
  test("S-121: the hostname and karpenter.sh keys are refused, kubernetes.io and k8s.io ones are not", () => {
    expect(podNodeAffinityErrors(pod({ [Label.Hostname]: "x" }), context)).toHaveLength(1);
    expect(podNodeAffinityErrors(pod({ "karpenter.sh/foo": "x" }), context)).toHaveLength(1);
    expect(podNodeAffinityErrors(pod({ "kubernetes.io/foo": "x", "sub.k8s.io/foo": "y" }), context)).toEqual([]);
  });

  test("every required term is looked at, preferences are not", () => {
    const asking = pod(
      {},
      {
        ...required(term("a In 1"), term(`${Label.Hostname} In x`, "b Gt x")),
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term("karpenter.sh/foo Exists") }],
      },
    );
    expect(podNodeAffinityErrors(asking, context)).toEqual([
      `key ${Label.Hostname} is restricted`,
      "key b with operator Gt needs exactly one integer of at least 0",
    ]);
  });

  test("a pod may choose its NodePool", () => {
    expect(podNodeAffinityErrors(pod({ [Label.NodePool]: "blue" }), context)).toEqual([]);
  });

  test("S-101: Gt and Lt are pod operators, Gte and Lte are not", () => {
    expect(podNodeAffinityErrors(pod({}, required(term("a Gt 1", "a Lt 9"))), context)).toEqual([]);
    expect(podNodeAffinityErrors(pod({}, required(term("a Gte 1"))), context)).toEqual([
      "operator Gte of key a is not one of In, NotIn, Exists, DoesNotExist, Gt, Lt",
    ]);
  });

  test("matchFields are not supported", () => {
    const named = { ...term("a In 1"), matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] };
    expect(podNodeAffinityErrors(pod({}, required(named)), context)).toEqual([expect.stringContaining("matchFields")]);
  });
});
