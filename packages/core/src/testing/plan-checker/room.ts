// Whether a machine has room for what runs on it, what the plan puts there and what DaemonSets will still bring.

import type { Pod, PodSpec } from "../../api/index.ts";
import type { Resources } from "../../units/index.ts";
import type { Place, Shape } from "./place.ts";
import { effectiveRequests, isShort, shortOf, total } from "./pod-needs.ts";

/** What the machine is short of in this shape, for people; undefined when everything fits. */
export type Room = (shape: Shape, daemons: readonly PodSpec[]) => string | undefined;

export function roomFor(place: Place): Room {
  const [placed, bound] = [needs(place.placed), needs(place.bound)];
  const runningDaemons = needs(place.bound.filter(isOfDaemonSet));
  const known = new Map<readonly PodSpec[], { readonly wanted: Resources; readonly asked: Resources }>();
  const read = (daemons: readonly PodSpec[]) => {
    const wanted = total([bound, placed, stillMissing(runningDaemons, daemons)]);
    // A node may be overdrawn in something that none of the new pods asks for.
    const asked = Object.fromEntries(Object.entries(wanted).filter(([resource]) => (placed[resource] ?? 0) > 0));
    return { wanted, asked };
  };
  return ({ allocatable }, daemons) => {
    const all = known.get(daemons) ?? read(daemons);
    known.set(daemons, all);
    if (!isShort(all.asked, allocatable)) return undefined;
    return shortOf(all.asked, allocatable)
      .map((each) => `${each} ${all.wanted[each] ?? 0} of ${allocatable[each] ?? 0}`)
      .join(", ");
  };
}

function needs(pods: readonly Pod[]): Resources {
  return total(pods.map(({ spec }) => effectiveRequests(spec)));
}

/** Pods of theirs that run already are counted as bound. */
function stillMissing(there: Resources, daemons: readonly PodSpec[]): Resources {
  const rest: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(total(daemons.map(effectiveRequests)))) {
    rest[resource] = Math.max(0, amount - (there[resource] ?? 0));
  }
  return rest;
}

function isOfDaemonSet({ metadata }: Pod): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet") ?? false;
}
