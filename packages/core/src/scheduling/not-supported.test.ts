// Scenarios of docs/reference/upstream-parity.md: E-112.

import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { PodSpec } from "../api/index.ts";
import { aNodeInput, aPod, aProblem } from "../testing/builders/index.ts";
import { solve } from "./solve.ts";

const term = { topologyKey: Label.Hostname, labelSelector: {} };
const weighted = { weight: 1, podAffinityTerm: term };
const spread = { maxSkew: 1, topologyKey: Label.Zone, labelSelector: {} };

type Needs = Partial<PodSpec> & { readonly resourceClaims?: readonly object[] };

const REFUSED: readonly (readonly [string, string, Needs])[] = [
  ["resource claim", "DraUnsupported", { resourceClaims: [{ name: "gpu" }] }],
];

const ACCEPTED: readonly (readonly [string, Needs])[] = [
  [
    "preferred pod affinity",
    { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [weighted] } } },
  ],
  [
    "preferred pod anti-affinity",
    { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [weighted] } } },
  ],
  ["spread that need not hold", { topologySpreadConstraints: [{ ...spread, whenUnsatisfiable: "ScheduleAnyway" }] }],
  ["an empty directory", { volumes: [{ name: "v", emptyDir: {} }] }],
];

describe("what the engine cannot honour yet", () => {
  it.each(REFUSED)("a pod with a %s waits with reason %s instead of being placed wrongly", (what, reason, spec) => {
    const input = aProblem({ pods: [aPod({ spec })], nodes: [aNodeInput()] });
    const { existing, newClaims, failures } = solve(input);
    expect([existing, newClaims]).toEqual([[], []]);
    expect(failures[0]?.nodePools[0]?.reason).toBe(reason);
    expect(failures[0]?.summary).toMatch(new RegExp(`^${what}.* not supported yet$`));
  });

  it.each(ACCEPTED)("%s is a wish and does not hold the pod back", (_, spec) => {
    expect(solve(aProblem({ pods: [aPod({ spec })] })).newClaims).toHaveLength(1);
  });
});
