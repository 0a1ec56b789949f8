// Why no new node of a pool could reach a pod's volumes, or attach all of them.

import type { Requirement, Requirements } from "../../requirements/index.ts";
import { compareText } from "../../units/index.ts";
import { keep, typesOf } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";
import { AttachedVolumes, volumeOverrun } from "../volumes/attached-volumes.ts";
import { describePlaces } from "../volumes/describe-places.ts";
import type { VolumePlace } from "../volumes/pod-volumes.ts";

const SHOWN = 5;

export function hasPlaces({ pod }: PoolQuestion): boolean {
  return pod.volumes.places.length > 0;
}

/** For one of the places from which all volumes of the pod can be reached. */
export function passingVolumes(
  groups: readonly TypeGroup[],
  { template, requirements, place, world, sales }: PoolQuestion,
): readonly TypeGroup[] {
  if (!template.requirements.isCompatible(place, world.wellKnown) || !requirements.overlaps(place)) return [];
  return sales.keep(groups, template, requirements.merge(place));
}

export function volumeFinding(groups: readonly TypeGroup[], question: PoolQuestion): Finding {
  const { pod } = question;
  for (const volume of pod.volumes.places) {
    const finding = findingOf(volume, groups, question);
    if (finding !== undefined) return finding;
  }
  const texts = pod.volumes.places.map((volume) => `${volume.claim} ${describePlaces(volume.alternatives)}`);
  const text = `volumes ${texts.join(", ")}: no instance type is sold where all of them are reached`;
  return { reason: "VolumeTopology", short: text, detail: text };
}

export function passingVolumeLimits(groups: readonly TypeGroup[], { pod }: PoolQuestion): readonly TypeGroup[] {
  const counts = new AttachedVolumes().countsWith(pod.volumes.mounts);
  return keep(groups, ({ type }) => volumeOverrun(counts, type.volumeLimits) === undefined);
}

export function volumeLimitFinding(groups: readonly TypeGroup[], { pod }: PoolQuestion): Finding {
  const counts = new AttachedVolumes().countsWith(pod.volumes.mounts);
  const overruns = typesOf(groups).flatMap((type) => {
    const overrun = volumeOverrun(counts, type.volumeLimits);
    return overrun ? [{ ...overrun, name: type.name }] : [];
  });
  const [closest] = overruns.toSorted((a, b) => b.limit - a.limit || compareText(a.name, b.name));
  const { driver = "", count = 0, limit = 0, name = "" } = closest ?? {};
  const text = `pod has ${count} volumes of ${driver}, ${name} attaches most with ${limit}`;
  const gap = [{ resource: `volumes of ${driver}`, need: String(count), have: String(limit) }];
  return {
    reason: "VolumeLimit",
    short: text,
    detail: text,
    fix: "spread the volumes over several pods, or allow instance types that attach more",
    closest: { name, failed: "VolumeLimit", gap },
  };
}

/** Undefined when this volume alone could be reached. */
function findingOf(volume: VolumePlace, groups: readonly TypeGroup[], question: PoolQuestion): Finding | undefined {
  const { template, requirements, world, sales } = question;
  const { claim, alternatives } = volume;
  const where = `volume ${claim} is ${describePlaces(alternatives)}`;
  const ofPool = alternatives.filter((each) => template.requirements.isCompatible(each, world.wellKnown));
  const [first] = alternatives;
  if (ofPool.length === 0 && first !== undefined) {
    const conflict = template.requirements.compatible(first, world.wellKnown);
    const key = conflict?.key ?? "";
    const isUnknown = conflict?.kind === "Undefined";
    const allowed = isUnknown ? `does not define ${key}` : `allows ${valuesText(template.requirements.get(key))}`;
    const text = `${where}, NodePool ${allowed}`;
    return refused(text, "allow the volume's place in the NodePool's requirements", {
      key,
      place: first,
      requirements,
    });
  }
  const ofPod = ofPool.filter((each) => requirements.overlaps(each));
  const [possible] = ofPool;
  if (ofPod.length === 0 && possible !== undefined) {
    const key = requirements.intersects(possible)?.key ?? "";
    const text = `${where}, the pod's nodeSelector or affinity allows ${valuesText(requirements.get(key))}`;
    const fix = "let the pod go where its volume is, or give it another volume";
    return refused(text, fix, { key, place: possible, requirements });
  }
  const isSold = ofPod.some((each) => sales.keep(groups, template, requirements.merge(each)).length > 0);
  if (isSold) return undefined;
  return refused(
    `${where}, no instance type the pod may use is sold there`,
    "allow instance types sold there",
    undefined,
  );
}

interface Clash {
  readonly key: string;
  readonly place: Requirements;
  readonly requirements: Requirements;
}

function refused(text: string, fix: string, clash: Clash | undefined): Finding {
  const named = clash && {
    key: clash.key,
    wanted: clash.place.get(clash.key).toString(),
    offered: clash.requirements.get(clash.key).toString(),
  };
  return { reason: "VolumeTopology", short: text, detail: text, fix, ...named };
}

/** The values alone where there are some; the reader has just read the key. */
function valuesText(requirement: Requirement): string {
  const values = [...requirement.values].toSorted(compareText);
  if (requirement.operator !== "In") return requirement.toString();
  const shown = values.slice(0, SHOWN).join(", ");
  return values.length > SHOWN ? `${shown} and ${values.length - SHOWN} others` : shown;
}
