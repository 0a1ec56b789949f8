// What tests ask of a plan: who shares a machine, in which zone, who waits and why.

import { Label } from "../api/index.ts";
import type { PodReason } from "../reasons/index.ts";
import type { PlannedClaim, Solution } from "../scheduling/index.ts";
import { compareText } from "../units/index.ts";

/** Per new claim the names of its pods, sorted; the claims in the order of the plan. */
export function companies({ newClaims }: Solution): readonly (readonly string[])[] {
  return newClaims.map(podNames);
}

export function podNames({ pods }: Pick<PlannedClaim, "pods">): readonly string[] {
  return pods.map(({ metadata }) => metadata.name ?? "").toSorted(compareText);
}

/** Existing nodes that got pods, with how many. */
export function joined({ existing }: Solution): readonly (readonly [node: string, pods: number])[] {
  return existing.map(({ node, pods }) => [node, pods.length]);
}

/** Names of the pods that found no place. */
export function waiting({ failures }: Solution): readonly string[] {
  return failures.map(({ pod }) => pod.name).toSorted(compareText);
}

/** Per pod that waits, why the pool that was tried first refused it. */
export function refusals({ failures }: Solution): readonly (PodReason | undefined)[] {
  return failures.map(({ nodePools }) => nodePools[0]?.reason);
}

/** Per new claim the zones it may end in, sorted; none when it asks for no zone. */
export function zonesOf({ newClaims }: Solution): readonly (readonly string[])[] {
  return newClaims.map(({ requirements }) => [...requirements.get(Label.Zone).values].toSorted(compareText));
}

export function typeNames({ instanceTypes }: Pick<PlannedClaim, "instanceTypes">): readonly string[] {
  return instanceTypes.map(({ name }) => name);
}

/** Per new claim the type it counts on. */
export function cheapestTypes({ newClaims }: Solution): readonly string[] {
  return newClaims.map(({ cheapest }) => cheapest.instanceType.name);
}
