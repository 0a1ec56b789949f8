import { UNREGISTERED_TAINT } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";

import { OwnerLabel } from "../api/labels.ts";
import { needsTaint } from "./early-taint-controller.ts";

const BORN = Date.UTC(2026, 0, 1);
const node = (over: { labels?: Record<string, string>; ready?: boolean; taints?: Node["spec"] } = {}): Node => ({
  metadata: {
    name: "n",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: over.labels ?? { [OwnerLabel.ManagedBy]: "karpenter" },
  },
  spec: over.taints ?? {},
  status: { conditions: [{ type: "Ready", status: over.ready ? "True" : "False" }] },
});

describe("the early taint", () => {
  it("O-29a: goes on a young node of ours that is not ready yet", () => {
    expect(needsTaint(node(), BORN + 59_000)).toBe(true);
  });

  it("T-80: leaves nodes older than a minute alone", () => {
    expect(needsTaint(node(), BORN + 60_000)).toBe(false);
  });

  it("leaves ready, registered, tainted and foreign nodes alone", () => {
    expect(needsTaint(node({ ready: true }), BORN)).toBe(false);
    const registered = { [OwnerLabel.ManagedBy]: "karpenter", "karpenter.sh/registered": "true" };
    expect(needsTaint(node({ labels: registered }), BORN)).toBe(false);
    expect(needsTaint(node({ taints: { taints: [UNREGISTERED_TAINT] } }), BORN)).toBe(false);
    expect(needsTaint(node({ labels: {} }), BORN)).toBe(false);
  });
});
