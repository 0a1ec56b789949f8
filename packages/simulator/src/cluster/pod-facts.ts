// What the stand-ins ask about one pod: whether it still counts, is ready, and what it takes of a node.

import type { Container, Pod, PodSpec } from "@karpenter-multicloud/core/api";
import { addResources, maxResources, requestsFrom } from "@karpenter-multicloud/core/units";
import type { Resources } from "@karpenter-multicloud/core/units";

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isDeleting(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

export function isReady(pod: Pod): boolean {
  return conditionStatus(pod, "Ready") === "True";
}

export function conditionStatus(
  object: { readonly status?: { readonly conditions?: readonly { type: string; status: string }[] } },
  type: string,
): string | undefined {
  return object.status?.conditions?.find((each) => each.type === type)?.status;
}

const requests = new WeakMap<PodSpec, Resources>();

/** What the scheduler reserves: containers and sidecars together, or the largest start step, plus overhead; and one pod. */
export function podRequests(pod: Pod): Resources {
  const known = requests.get(pod.spec);
  if (known !== undefined) return known;
  const sum = { ...addResources(containerRequests(pod.spec), requestsFrom(pod.spec.overhead)), pods: 1 };
  requests.set(pod.spec, sum);
  return sum;
}

function containerRequests(spec: PodSpec): Resources {
  let sidecars: Resources = {};
  let largestStep: Resources = {};
  for (const container of spec.initContainers ?? []) {
    const own = requestsOf(container);
    if (container.restartPolicy === "Always") sidecars = addResources(sidecars, own);
    const step = container.restartPolicy === "Always" ? sidecars : addResources(sidecars, own);
    largestStep = maxResources(largestStep, step);
  }
  const running = addResources(sidecars, ...spec.containers.map(requestsOf));
  return { ...maxResources(running, largestStep), ...podLevel(spec) };
}

function podLevel(spec: PodSpec): Resources {
  const whole = Object.entries(requestsOf({ name: "", ...(spec.resources ? { resources: spec.resources } : {}) }));
  return Object.fromEntries(
    whole.filter(([name]) => name === "cpu" || name === "memory" || name.startsWith("hugepages-")),
  );
}

/** A limit without a request is one, as the API server fills it in. */
function requestsOf(container: Container): Resources {
  return requestsFrom({ ...container.resources?.limits, ...container.resources?.requests });
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

export function hostPorts(pod: Pod): readonly HostPort[] {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always")]
    .flatMap((container) => container.ports ?? [])
    .flatMap(({ hostPort = 0, hostIP, protocol }) =>
      hostPort > 0 ? [{ ip: hostIP || "0.0.0.0", protocol: protocol ?? "TCP", port: hostPort }] : [],
    );
}

export function portsConflict(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0";
  return sameAddress && a.port === b.port && a.protocol === b.protocol;
}
