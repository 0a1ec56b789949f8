// Which pool a pod gets its node from, and which pools take no part (S-301, S-304).
// Scenarios of docs/reference/upstream-parity.md: E-135.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Condition, Pod } from "../../api/index.ts";
import { aPod, aPoolInput, aProblem, fixtureTypes } from "../../testing/builders/index.ts";
import type { PoolInputOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import type { Solution } from "../index.ts";

const NOT_READY: Condition = { type: "Ready", status: "False", reason: "x", message: "", lastTransitionTime: "" };

describe.each(PARITY_ENGINES)("pools ($name)", (engine) => {
  function place(pod: Pod, pools: readonly PoolInputOptions[]): Solution {
    const nodePools = pools.map((pool) => aPoolInput({ instanceTypes: fixtureTypes(), ...pool }));
    const problem = aProblem({ pods: [pod], nodePools });
    return expectValid(problem, engine.solve(problem));
  }
  function poolsOf(pod: Pod, pools: readonly PoolInputOptions[]): readonly string[] {
    return place(pod, pools).newClaims.map(({ nodePool }) => nodePool);
  }
  const weighted = [{ name: "b", weight: 20 }, { name: "a", weight: 100 }, { name: "c" }];

  it("T-115, S-304: of weights 100, 20 and none the pool with 100 comes first", () => {
    expect(poolsOf(aPod(), weighted)).toEqual(["a"]);
    expect(poolsOf(aPod(), weighted.toReversed())).toEqual(["a"]);
  });

  it("T-115: a pod that names its pool goes there whatever the weights", () => {
    expect(poolsOf(aPod({ nodeSelector: { [Label.NodePool]: "c" } }), weighted)).toEqual(["c"]);
    expect(poolsOf(aPod({ nodeSelector: { [Label.NodePool]: "b" } }), weighted)).toEqual(["b"]);
  });

  it("T-115, S-304: equal weights go by name, later first", () => {
    expect(poolsOf(aPod(), [{ name: "a" }, { name: "c" }, { name: "b" }])).toEqual(["c"]);
    expect(poolsOf(aPod(), [{ name: "a", weight: 7 }, { name: "c" }, { name: "b", weight: 7 }])).toEqual(["b"]);
  });

  it.each([
    ["being deleted", { deletionTimestamp: "2026-01-01T00:00:00Z" }, "NodePoolDeleting"],
    ["static", { replicas: 2 }, "NodePoolStatic"],
    ["not ready", { status: { conditions: [NOT_READY] } }, "NodePoolNotReady"],
    ["without instance types", { instanceTypes: [] }, "InstanceTypesUnavailable"],
    [
      "not evaluated yet",
      { skipped: { reason: "OverlayPending", detail: "prices are being worked out" } },
      "OverlayPending",
    ],
  ] as const)("T-116, S-301: a pool that is %s is explained, not used", (_, pool, reason) => {
    const { newClaims, failures } = place(aPod(), [pool]);
    expect(newClaims).toEqual([]);
    expect(failures[0]?.nodePools[0]).toMatchObject({ verdict: "skipped", reason });
    expect(poolsOf(aPod(), [{ name: "heavy", weight: 100, ...pool }, { name: "light" }])).toEqual(["light"]);
  });
});
