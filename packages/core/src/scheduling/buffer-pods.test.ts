import { describe, expect, it } from "vitest";
import type { PodSpec } from "../api/index.ts";
import { bufferPods, isBufferPod } from "./buffer-pods.ts";
import { podRequests } from "./pod-requests.ts";

const BUFFER = { name: "headroom", namespace: "shop", uid: "u1", creationTimestamp: "2026-01-01T00:00:00Z" };

function made(spec: Partial<PodSpec> = {}, count = 1) {
  const template = {
    metadata: { labels: { app: "web" }, annotations: { note: "x" } },
    spec: { containers: [{ name: "app", resources: { limits: { cpu: "2" }, requests: { memory: "1Gi" } } }], ...spec },
  };
  return bufferPods(BUFFER, template, count);
}

describe("bufferPods", () => {
  it("K-16: carry the three annotations beside the template's own, its labels, and the lowest priority", () => {
    const [pod] = made();
    expect(pod?.metadata).toEqual({
      name: "headroom-0",
      namespace: "shop",
      uid: "u1-0",
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { app: "web" },
      annotations: {
        note: "x",
        "karpenter.sh/capacity-buffer-fake-pod": "true",
        "karpenter.sh/capacity-buffer-name": "headroom",
        "karpenter.sh/capacity-buffer-namespace": "shop",
      },
    });
    expect(pod?.spec.priority).toBe(-2147483648);
    expect(pod && isBufferPod(pod)).toBe(true);
  });

  it("are one for each replica, with UIDs that stay", () => {
    expect(made({}, 3).map(({ metadata }) => metadata.uid)).toEqual(["u1-0", "u1-1", "u1-2"]);
    expect(made({}, 2)).toEqual(made({}, 3).slice(0, 2));
    expect(made({}, 0)).toEqual([]);
  });

  it("ask for what a pod of the template would be given: limits where no request stands", () => {
    const [pod] = made();
    expect(pod && podRequests(pod)).toEqual({ cpu: 2000, memory: 2 ** 30, pods: 1 });
  });

  it("are bound to nothing, gated by nothing, and of no priority class", () => {
    const [pod] = made({ nodeName: "n1", priorityClassName: "high", priority: 9, schedulingGates: [{ name: "g" }] });
    expect(pod?.spec).not.toHaveProperty("nodeName");
    expect(pod?.spec).not.toHaveProperty("priorityClassName");
    expect(pod?.spec).not.toHaveProperty("schedulingGates");
    expect(pod?.spec.priority).toBe(-2147483648);
  });

  it("keep the volumes that are there already, and not those that come with a pod", () => {
    const claim = { name: "data", persistentVolumeClaim: { claimName: "data" } };
    const [pod] = made({ volumes: [claim, { name: "scratch", ephemeral: {} }] });
    expect(pod?.spec.volumes).toEqual([claim]);
    expect(made()[0]?.spec).not.toHaveProperty("volumes");
  });

  it("E-91: keep where the template wants to be", () => {
    expect(made({ nodeSelector: { disk: "fast" } })[0]?.spec.nodeSelector).toEqual({ disk: "fast" });
  });
});
