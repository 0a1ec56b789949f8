import { describe, expect, it } from "vitest";
import type { Container, PodSpec } from "../api/index.ts";
import { requestsFrom } from "../units/index.ts";
import { podRequests } from "./pod-requests.ts";

function container(cpu: string, memory: string, restartPolicy?: string): Container {
  return { name: "c", resources: { requests: { cpu, memory } }, ...(restartPolicy && { restartPolicy }) };
}

const sidecar = (cpu: string, memory: string) => container(cpu, memory, "Always");

function requestsOf(spec: PodSpec) {
  const { cpu, memory } = podRequests({ spec });
  return { cpu, memory };
}

function amounts(cpu: string, memory: string) {
  const { cpu: millis, memory: bytes } = requestsFrom({ cpu, memory });
  return { cpu: millis, memory: bytes };
}

describe("S-230: what a pod needs", () => {
  it("T-33: sidecars run beside the containers, init containers before them", () => {
    const spec = {
      containers: [container("6", "2Gi")],
      initContainers: [container("10", "4Gi"), sidecar("4.9", "2.9Gi")],
    };
    expect(requestsOf(spec)).toEqual(amounts("10.9", "4.9Gi"));
  });

  it("T-34: an init container after a sidecar runs beside it", () => {
    const spec = {
      containers: [container("6", "2Gi")],
      initContainers: [sidecar("4.9", "2.9Gi"), container("5", "1Gi")],
    };
    expect(requestsOf(spec)).toEqual(amounts("10.9", "4.9Gi"));
  });

  it("T-34: a large init container beside a sidecar decides", () => {
    const spec = { containers: [container("1", "1Gi")], initContainers: [sidecar("2", "1Gi"), container("5", "1Gi")] };
    expect(requestsOf(spec)).toEqual(amounts("7", "2Gi"));
  });

  it("T-35: requests of the pod itself replace cpu and memory", () => {
    const spec = {
      containers: [container("5", "1Gi")],
      initContainers: [container("6", "2Gi"), sidecar("4", "2Gi")],
      resources: { requests: { cpu: "9.9", memory: "3.9Gi" } },
    };
    expect(requestsOf(spec)).toEqual(amounts("9.9", "3.9Gi"));
  });

  it("a resource the pod level does not know keeps the sum of the containers", () => {
    const gpu = { name: "c", resources: { requests: { "nvidia.com/gpu": "1" } } };
    const spec = { containers: [gpu, gpu], resources: { requests: { cpu: "1", "nvidia.com/gpu": "9" } } };
    expect(podRequests({ spec })).toEqual({ cpu: 1000, "nvidia.com/gpu": 2, pods: 1 });
  });

  it("overhead comes on top, and every pod is one pod", () => {
    expect(podRequests({ spec: { containers: [container("1", "1Gi")], overhead: { cpu: "250m" } } })).toEqual({
      cpu: 1250,
      memory: 1024 ** 3,
      pods: 1,
    });
  });

  it("S-1004: parts of a millicore or byte round up", () => {
    expect(podRequests({ spec: { containers: [container("0.1m", "1.5")] } })).toEqual({ cpu: 1, memory: 2, pods: 1 });
  });
});
