// Each place for itself: labels, taints, room and ports, in every shape the machine may arrive in.

import type { Pod, PodSpec } from "../../api/index.ts";
import type { ProblemInput } from "../../scheduling/index.ts";
import type { Resources } from "../../units/index.ts";
import { daemonsOn } from "./daemon-pods.ts";
import { keyOfPod, selectorHolds, surelyHolds } from "./label-rules.ts";
import type { Place, Shape } from "./place.ts";
import { effectiveRequests, portsClash, repelledBy, shortOf, total } from "./pod-needs.ts";
import type { Violation } from "./violation.ts";

export function checkPlace(place: Place, input: ProblemInput): readonly Violation[] {
  if (place.placed.length === 0) return [];
  return [
    ...place.placed.flatMap((pod) => volumesOf(pod, place)),
    ...taintViolations(place),
    ...place.shapes.flatMap((shape) => [
      ...labelViolations(place, shape, input),
      ...roomViolations(place, shape, input),
      ...portViolations(place, shape, input),
    ]),
  ];
}

/** Zones and attach limits of volumes are not known here. */
function volumesOf({ metadata, spec }: Pod, place: Place): readonly Violation[] {
  const claims = (spec.volumes ?? []).filter((volume) => volume["persistentVolumeClaim"] ?? volume["ephemeral"]);
  if (claims.length === 0) return [];
  return [{ rule: "NotCheckable", place: place.name, detail: `${keyOfPod({ metadata })} has persistent volumes` }];
}

function taintViolations({ name, placed, taints }: Place): readonly Violation[] {
  return placed.flatMap((pod) =>
    repelledBy(taints, pod.spec.tolerations).map(({ key, effect }): Violation => ({
      rule: "Taints",
      place: name,
      detail: `${keyOfPod(pod)} does not tolerate ${key}:${effect}`,
    })),
  );
}

function labelViolations(place: Place, shape: Shape, { normalization }: ProblemInput): readonly Violation[] {
  const reading = { normalization, ...(place.node && { nodeName: place.name }) };
  return place.placed
    .filter(({ spec }) => !selectorHolds(spec, shape.labels, surelyHolds, reading))
    .map((pod) => ({ rule: "Labels", place: place.name, detail: `${keyOfPod(pod)} does not select ${shape.name}` }));
}

function roomViolations(place: Place, shape: Shape, input: ProblemInput): readonly Violation[] {
  const needs = (pods: readonly Pod[]): Resources => total(pods.map(({ spec }) => effectiveRequests(spec)));
  const placed = needs(place.placed);
  const wanted = total([needs(place.bound), placed, missingDaemons(place, daemonsOn(shape, place.taints, input))]);
  // A node may be overdrawn in something that none of the new pods asks for.
  const asked = Object.fromEntries(Object.entries(wanted).filter(([resource]) => (placed[resource] ?? 0) > 0));
  const short = shortOf(asked, shape.allocatable);
  if (short.length === 0) return [];
  const detail = short.map((each) => `${each} ${wanted[each] ?? 0} of ${shape.allocatable[each] ?? 0}`).join(", ");
  return [{ rule: "Resources", place: place.name, detail: `${shape.name}: ${detail}` }];
}

/** What DaemonSets will still bring; pods of theirs that run already are counted as bound. */
function missingDaemons({ bound }: Place, daemons: readonly PodSpec[]): Resources {
  const ofDaemons = bound.filter(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet"));
  const there = total(ofDaemons.map(({ spec }) => effectiveRequests(spec)));
  const rest: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(total(daemons.map(effectiveRequests)))) {
    rest[resource] = Math.max(0, amount - (there[resource] ?? 0));
  }
  return rest;
}

function portViolations(place: Place, shape: Shape, input: ProblemInput): readonly Violation[] {
  const daemons = place.claim ? daemonsOn(shape, place.taints, input) : [];
  const others = [...place.bound.map(({ spec }) => spec), ...daemons];
  return place.placed.flatMap((pod, index) => {
    const rivals = [...others, ...place.placed.slice(0, index).map(({ spec }) => spec)];
    if (!rivals.some((spec) => portsClash(pod.spec, spec))) return [];
    return [{ rule: "HostPorts", place: place.name, detail: `${keyOfPod(pod)} wants a port that is taken` } as const];
  });
}
