// How much of each resource one pod needs while it starts and while it runs.

import type { PodSpec } from "../api/index.ts";
import { addResources, maxResources, requestsFrom } from "../units/index.ts";
import type { Resources } from "../units/index.ts";

/** S-230. QuantityError or RangeError for amounts that cannot be planned with. */
export function podRequests({ spec }: { readonly spec: PodSpec }): Resources {
  let sidecars: Resources = {};
  let peak: Resources = {};
  for (const container of spec.initContainers ?? []) {
    const needed = addResources(sidecars, requestsFrom(container.resources?.requests));
    if (container.restartPolicy === "Always") sidecars = needed;
    peak = maxResources(peak, needed);
  }
  const running = addResources(sidecars, ...spec.containers.map((each) => requestsFrom(each.resources?.requests)));
  const total: Record<string, number> = { ...maxResources(running, peak) };
  for (const [resource, amount] of Object.entries(requestsFrom(spec.resources?.requests))) {
    if (isPodLevel(resource)) total[resource] = amount;
  }
  return { ...addResources(total, requestsFrom(spec.overhead)), pods: 1 };
}

function isPodLevel(resource: string): boolean {
  return resource === "cpu" || resource === "memory" || resource.startsWith("hugepages-");
}
