// The disk offerings that a class names, for its root disk and its data disks (C-64).

import { CloudStackCondition } from "../api/cloudstack-node-class.ts";
import { has, sinceVersion } from "../client/server-features.ts";
import type { WireDiskOffering } from "../client/wire.ts";
import { ClassProblem } from "./class-problem.ts";
import type { Named } from "./named-parts.ts";
import type { ResolvedDisk } from "./resolved-class.ts";

const CONDITION = CloudStackCondition.DisksReady;

/** @throws ClassProblem */
export async function disksOf({ spec, client, version, signal }: Named): Promise<readonly ResolvedDisk[]> {
  const single = spec.diskOffering === undefined ? [] : [{ offering: spec.diskOffering, ...sized(spec.diskSize) }];
  const wanted = [...single, ...(spec.dataDisks ?? [])];
  if (wanted.length === 0) return [];
  if (wanted.length > 1 && !has("severalDataDisks", version)) {
    const message = `more than one data disk needs CloudStack ${sinceVersion("severalDataDisks")}; this one is ${version}`;
    throw new ClassProblem(CONDITION, "ServerTooOld", message);
  }
  const known = await client.diskOfferings(signal);
  return wanted.map(({ offering, ...disk }) => {
    const found = diskOfferingNamed(offering, known);
    if (found.isCustomized === ("sizeGiB" in disk && disk.sizeGiB !== undefined))
      return { offeringId: found.id, offeringName: found.name, ...disk };
    const message = found.isCustomized
      ? `disk offering ${offering} has no size of its own: give one`
      : `disk offering ${offering} has ${found.diskSizeGiB} GiB: leave the size out`;
    throw new ClassProblem(CONDITION, "DiskSizeRequired", message);
  });
}

/** @throws ClassProblem */
export async function rootDiskOf({ spec, client, signal }: Named): Promise<string | undefined> {
  const { rootDiskOffering } = spec;
  return rootDiskOffering === undefined
    ? undefined
    : diskOfferingNamed(rootDiskOffering, await client.diskOfferings(signal)).id;
}

function diskOfferingNamed(wanted: string, known: readonly WireDiskOffering[]): WireDiskOffering {
  const found = known.find(({ id, name }) => id === wanted || name === wanted);
  if (found !== undefined) return found;
  throw new ClassProblem(CONDITION, "DiskOfferingNotFound", `disk offering ${wanted} does not exist`);
}

function sized(sizeGiB: number | undefined): { readonly sizeGiB?: number } {
  return sizeGiB === undefined ? {} : { sizeGiB };
}
