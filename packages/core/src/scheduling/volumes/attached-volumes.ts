// How many volumes of each driver a node has attached, and whether more would be too many (S-235, S-236).

import type { Mount } from "./pod-volumes.ts";

export type VolumeLimits = Readonly<Record<string, number>>;

export interface VolumeOverrun {
  readonly driver: string;
  /** With the new ones. */
  readonly count: number;
  readonly limit: number;
}

/** A claim that several pods share is attached once. */
export class AttachedVolumes {
  readonly #claims = new Map<string, Set<string>>();

  add(mounts: readonly Mount[]): void {
    for (const { driver, claim } of mounts) {
      const claims = this.#claims.get(driver) ?? new Set();
      claims.add(claim);
      this.#claims.set(driver, claims);
    }
  }

  /** By driver, for the drivers that would have more to attach than now. */
  countsWith(mounts: readonly Mount[]): ReadonlyMap<string, number> {
    const added = new Map<string, Set<string>>();
    for (const { driver, claim } of mounts) {
      if (this.#claims.get(driver)?.has(claim)) continue;
      added.set(driver, (added.get(driver) ?? new Set()).add(claim));
    }
    return new Map([...added].map(([driver, { size }]) => [driver, size + (this.#claims.get(driver)?.size ?? 0)]));
  }
}

/** Volumes that are attached already keep nobody away, however many there are: kube-scheduler asks for new ones only. */
export function volumeOverrun(
  counts: ReadonlyMap<string, number>,
  limits: VolumeLimits | undefined,
): VolumeOverrun | undefined {
  if (limits === undefined) return undefined;
  for (const [driver, count] of counts) {
    const limit = limits[driver];
    if (limit !== undefined && count > limit) return { driver, count, limit };
  }
  return undefined;
}
