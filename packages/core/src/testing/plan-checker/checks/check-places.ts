// Each place for itself: labels, taints, volumes, room and ports, in every shape the machine may arrive in.

import type { Pod, PodSpec } from "../../../api/index.ts";
import { checkVolumes } from "./check-volumes.ts";
import { daemonsFor } from "../daemon-pods.ts";
import type { DaemonsAt } from "../daemon-pods.ts";
import { keyOfPod, surelyHolds } from "../label-rules.ts";
import type { Place, Shape } from "../place.ts";
import type { PlanReading } from "../plan-reading.ts";
import { portsClash, repelledBy, TakenPorts } from "../pod-needs.ts";
import { roomFor } from "../room.ts";
import type { Violation } from "../violation.ts";

type ShapeCheck = (shape: Shape) => readonly Violation[];

export function checkPlace(place: Place, reading: PlanReading): readonly Violation[] {
  if (place.placed.length === 0) return [];
  const violations: Violation[] = [...checkVolumes(place, reading.input), ...taintViolations(place)];
  const daemons = daemonsFor(place, reading);
  const checks = [labelCheck(place, reading), roomCheck(place, daemons), portCheck(place, daemons)];
  for (const shape of place.shapes) {
    for (const check of checks) {
      for (const violation of check(shape)) violations.push(violation);
    }
  }
  return violations;
}

const NONE: readonly Violation[] = [];

function taintViolations({ name, placed, taints }: Place): readonly Violation[] {
  return placed.flatMap((pod) =>
    repelledBy(taints, pod.spec.tolerations).map(({ key, effect }): Violation => ({
      rule: "Taints",
      place: name,
      detail: `${keyOfPod(pod)} does not tolerate ${key}:${effect}`,
    })),
  );
}

function labelCheck(place: Place, { wishes }: PlanReading): ShapeCheck {
  const choosy = place.placed.flatMap((pod) => {
    const wish = wishes.of(pod.spec);
    return wish ? [{ pod, wish }] : [];
  });
  if (choosy.length === 0) return () => NONE;
  const question = { place, test: surelyHolds, ...(place.node && { nodeName: place.name }) };
  return (shape) =>
    choosy
      .filter(({ wish }) => !wishes.holds(wish, { ...question, shape }))
      .map(({ pod }) => ({
        rule: "Labels",
        place: place.name,
        detail: `${keyOfPod(pod)} does not select ${shape.name}`,
      }));
}

function roomCheck(place: Place, daemons: DaemonsAt): ShapeCheck {
  const room = roomFor(place);
  return (shape) => {
    const short = room(shape, daemons(shape));
    if (short === undefined) return NONE;
    return [{ rule: "Resources", place: place.name, detail: `${shape.name}: ${short}` }];
  };
}

function portCheck(place: Place, daemonsAt: DaemonsAt): ShapeCheck {
  const taken = new TakenPorts();
  for (const { spec } of place.bound) taken.add(spec);
  const rivals = place.placed.map(({ spec }) => {
    const clashes = taken.clashes(spec);
    taken.add(spec);
    return clashes;
  });
  if (taken.isEmpty) return () => NONE;
  return (shape) => {
    const daemons: readonly PodSpec[] = place.claim ? daemonsAt(shape) : [];
    const isRefused = ({ spec }: Pod, index: number): boolean =>
      rivals[index] === true || daemons.some((daemon) => portsClash(spec, daemon));
    return place.placed.filter(isRefused).map((pod) => ({
      rule: "HostPorts",
      place: place.name,
      detail: `${keyOfPod(pod)} wants a port that is taken`,
    }));
  };
}
