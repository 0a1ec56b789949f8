// Scenarios of docs/reference/upstream-parity.md: E-137, E-138, E-139, E-140.

import { describe, expect, it } from "vitest";
import type { Container, PodSpec } from "../api/index.ts";
import { requestsFrom } from "../units/index.ts";
import { aNodeInput, aPod, aProblem } from "../testing/builders/index.ts";
import { PARITY_ENGINES } from "../testing/engines.ts";
import { expectValid } from "../testing/plan-checker/expect-valid.ts";
import { joined } from "../testing/read-solution.ts";
import { boundPodRequests, podRequests } from "./pod-requests.ts";

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
  it("sidecars run beside the containers, init containers before them", () => {
    const spec = {
      containers: [container("6", "2Gi")],
      initContainers: [container("10", "4Gi"), sidecar("4.9", "2.9Gi")],
    };
    expect(requestsOf(spec)).toEqual(amounts("10.9", "4.9Gi"));
  });

  it("an init container after a sidecar runs beside it", () => {
    const spec = {
      containers: [container("6", "2Gi")],
      initContainers: [sidecar("4.9", "2.9Gi"), container("5", "1Gi")],
    };
    expect(requestsOf(spec)).toEqual(amounts("10.9", "4.9Gi"));
  });

  it("a large init container beside a sidecar decides", () => {
    const spec = { containers: [container("1", "1Gi")], initContainers: [sidecar("2", "1Gi"), container("5", "1Gi")] };
    expect(requestsOf(spec)).toEqual(amounts("7", "2Gi"));
  });

  it("requests of the pod itself replace cpu and memory", () => {
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

describe("boundPodRequests", () => {
  const now = (cpu: string, allocated = cpu) => ({
    resources: { requests: { cpu } },
    allocatedResources: { cpu: allocated },
  });
  const resizePending = { type: "PodResizePending", status: "True" } as const;

  it("S-231: while a container grows or shrinks, the largest of what is asked, given and set aside counts", () => {
    const pod = aPod({ requests: { cpu: "2" }, nodeName: "n1" });
    const given = (cpu: string, allocated?: string) =>
      boundPodRequests({ ...pod, status: { containerStatuses: [{ name: "main", ...now(cpu, allocated) }] } })["cpu"];
    expect([given("1"), given("3"), given("1", "4")]).toEqual([2000, 3000, 4000]);
  });

  it("S-231: a resize that can never happen counts as it is now", () => {
    const pod = aPod({ requests: { cpu: "8" }, nodeName: "n1" });
    const containerStatuses = [{ name: "main", ...now("1", "2") }];
    const cpuFor = (reason: string) =>
      boundPodRequests({ ...pod, status: { conditions: [{ ...resizePending, reason }], containerStatuses } })["cpu"];
    expect([cpuFor("Infeasible"), cpuFor("Deferred")]).toEqual([2000, 8000]);
  });

  it("S-231: sidecars are resized too, other init containers are not", () => {
    const spec = {
      containers: [{ name: "main" }],
      initContainers: [
        { name: "setup", resources: { requests: { cpu: "1" } } },
        { name: "proxy", restartPolicy: "Always", resources: { requests: { cpu: "1" } } },
      ],
    };
    const initContainerStatuses = [
      { name: "setup", ...now("9") },
      { name: "proxy", ...now("3") },
    ];
    expect(boundPodRequests({ spec, status: { initContainerStatuses } })["cpu"]).toBe(3000);
  });

  it("S-231: without a report of the container the spec counts, and for a pod not yet bound always", () => {
    const pod = aPod({ requests: { cpu: "2" } });
    const status = { containerStatuses: [{ name: "main" }] };
    expect(boundPodRequests({ ...pod, status })["cpu"]).toBe(2000);
    const growing = { ...pod, status: { containerStatuses: [{ name: "main", ...now("3") }] } };
    expect(podRequests(growing)["cpu"]).toBe(2000);
  });
});

describe.each(PARITY_ENGINES)("pods that are resized in place ($name)", (engine) => {
  it.each([
    ["grows", "3", "1", []],
    ["keeps its size", "1", "1", [["n1", 1]]],
    ["shrinks, which is not done yet", "1", "3", []],
  ])("S-231: a bound pod that %s leaves the room it leaves", (_, asked, given, expected) => {
    const requests = { cpu: given };
    const status = { containerStatuses: [{ name: "main", resources: { requests }, allocatedResources: requests }] };
    const bound = aPod({ name: "bound", nodeName: "n1", requests: { cpu: asked }, status });
    const problem = aProblem({
      pods: [aPod({ requests: { cpu: "2" } })],
      nodes: [aNodeInput({ allocatable: { cpu: "4" }, pods: [bound] })],
    });
    expect(joined(expectValid(problem, engine.solve(problem)))).toEqual(expected);
  });
});
