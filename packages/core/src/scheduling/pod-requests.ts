// How much of each resource one pod needs while it starts and while it runs.

import type { Container, ContainerStatus, Pod, PodSpec } from "../api/index.ts";
import { addResources, maxResources, requestsFrom } from "../units/index.ts";
import type { Resources } from "../units/index.ts";

/** S-230. QuantityError or RangeError for amounts that cannot be planned with. */
export function podRequests({ spec }: { readonly spec: PodSpec }): Resources {
  return sumOf(spec, ({ resources }) => requestsFrom(resources?.requests));
}

/** S-231, for a pod that holds its place: while it is resized in place, the most that any side still counts with. */
export function boundPodRequests({ spec, status }: Pick<Pod, "spec" | "status">): Resources {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const running = new Map(statuses.map((each) => [each.name, each]));
  const infeasible = (status?.conditions ?? []).some(
    ({ type, reason }) => type === "PodResizePending" && reason === "Infeasible",
  );
  const starting = new Set((spec.initContainers ?? []).filter((each) => !isSidecar(each)).map(({ name }) => name));
  return sumOf(spec, (container) => {
    const asked = requestsFrom(container.resources?.requests);
    const now = starting.has(container.name) ? undefined : running.get(container.name);
    return now?.resources === undefined ? asked : held(asked, now, infeasible);
  });
}

/** A resize that the node can never do is not waited for. */
function held(asked: Resources, { resources, allocatedResources }: ContainerStatus, infeasible: boolean): Resources {
  const given = maxResources(requestsFrom(resources?.requests), requestsFrom(allocatedResources));
  return infeasible ? given : maxResources(asked, given);
}

function sumOf(spec: PodSpec, requestsOf: (container: Container) => Resources): Resources {
  let sidecars: Resources = {};
  let peak: Resources = {};
  for (const container of spec.initContainers ?? []) {
    const needed = addResources(sidecars, requestsOf(container));
    if (isSidecar(container)) sidecars = needed;
    peak = maxResources(peak, needed);
  }
  const running = addResources(sidecars, ...spec.containers.map(requestsOf));
  const total: Record<string, number> = { ...maxResources(running, peak) };
  for (const [resource, amount] of Object.entries(requestsFrom(spec.resources?.requests))) {
    if (isPodLevel(resource)) total[resource] = amount;
  }
  return { ...addResources(total, requestsFrom(spec.overhead)), pods: 1 };
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

function isPodLevel(resource: string): boolean {
  return resource === "cpu" || resource === "memory" || resource.startsWith("hugepages-");
}
