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
