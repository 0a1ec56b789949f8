// What can be known of a machine that is ordered and that no cloud has answered for yet (CS-3, ours).

import { Annotation, Label, parseLaunchHint } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { StateNode } from "../../state/index.ts";
import { maxResources, type Resources } from "../../units/index.ts";

/** NP-16: it counts against limits as the largest machine it may become, just as when it was planned. */
export function bookedCapacity(node: StateNode, types: readonly InstanceType[]): Resources {
  if (!isOrdered(node)) return node.capacity;
  const asked = node.nodeClaim?.spec.requirements.find(({ key }) => key === Label.InstanceType)?.values ?? [];
  const possible = types.filter(({ name }) => asked.includes(name)).map(({ capacity }) => capacity);
  return maxResources(node.capacity, ...possible);
}

/** Labels that every machine of the type it counts on carries; without them its own pods would not be found to fit. */
export function settledLabels(node: StateNode, types: readonly InstanceType[]): Readonly<Record<string, string>> {
  if (!isOrdered(node)) return {};
  const hint = parseLaunchHint(node.nodeClaim?.metadata.annotations?.[Annotation.LaunchHint]);
  const type = types.find(({ name }) => name === hint?.instanceType);
  const labels: Record<string, string> = {};
  for (const requirement of type?.requirements ?? []) {
    const value = requirement.single();
    if (value !== undefined) labels[requirement.key] = value;
  }
  return labels;
}

function isOrdered(node: StateNode): boolean {
  return node.nodeClaim !== undefined && node.providerID === "";
}
