import type { Node, NodeClaim } from "@karpenter-multicloud/core/api";
import { expect, it } from "vitest";
import { withPromises } from "./node-sync-controller.ts";

it("O-29b, LC-26: a node that came back loses the taint that evicts before core opens it, and gets its claim's taints again", () => {
  const taints = [{ key: "karpenter.sh/unregistered", effect: "NoExecute" }] as const;
  const node: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: { taints } };
  const claim = { metadata: { name: "c" }, spec: { taints: [{ key: "team", value: "a", effect: "NoSchedule" }] } };
  const after = withPromises(node, claim as unknown as NodeClaim);
  expect(after.spec?.taints).toEqual([
    { key: "karpenter.sh/unregistered", effect: "NoSchedule" },
    { key: "team", value: "a", effect: "NoSchedule" },
  ]);
});

it("O-29b: a node that came back is as initialized as its claim is", () => {
  const node: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "n" } };
  const claimWith = (...types: readonly string[]): NodeClaim =>
    ({
      metadata: { name: "c" },
      spec: {},
      status: { conditions: types.map((type) => ({ type, status: "True" })) },
    }) as unknown as NodeClaim;
  const labelsFor = (claim: NodeClaim): unknown => withPromises(node, claim).metadata.labels;
  expect(labelsFor(claimWith("Registered"))).toEqual({ "karpenter.sh/registered": "true" });
  expect(labelsFor(claimWith("Registered", "Initialized"))).toEqual({
    "karpenter.sh/registered": "true",
    "karpenter.sh/initialized": "true",
  });
});
