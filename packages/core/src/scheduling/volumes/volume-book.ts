// Answers, once per solve, what the persistent volumes of a pod ask of its node (S-233…S-238).

import type { Pod } from "../../api/index.ts";
import type { Normalization, Requirements } from "../../requirements/index.ts";
import type { UnsupportedNeed } from "../not-supported.ts";
import type { StorageInput } from "../problem.ts";
import { combined, isAnywhere, placesOfClass, placesOfVolume } from "./alternatives.ts";
import { refusalOfClaim, refusalOfMissing } from "./claim-refusal.ts";
import { describePlaces } from "./describe-places.ts";
import { driverOf } from "./driver.ts";
import { NO_VOLUMES } from "./pod-volumes.ts";
import type { Mount, PodVolumes, VolumePlace } from "./pod-volumes.ts";
import { indexStorage } from "./storage-index.ts";
import type { StorageIndex } from "./storage-index.ts";
import { usedClaims } from "./used-claims.ts";
import type { UsedClaim } from "./used-claims.ts";

export class VolumeBook {
  readonly #storage: StorageIndex | undefined;
  readonly #normalization: Normalization | undefined;

  /** Without storage nothing is known, and no pod with a claim can be planned. */
  constructor(storage: StorageInput | undefined, normalization?: Normalization) {
    this.#storage = storage && indexStorage(storage);
    this.#normalization = normalization;
  }

  /** Of a pod that waits, or that has to leave its node; or why it cannot be planned. */
  needsOf(pod: Pick<Pod, "metadata" | "spec">): PodVolumes | UnsupportedNeed {
    const claims = usedClaims(pod);
    const [first] = claims;
    if (first === undefined) return NO_VOLUMES;
    const storage = this.#storage;
    if (storage === undefined) {
      const detail = `nothing is known of storage, so persistent volume claim ${first.key} cannot be looked up`;
      return { reason: "VolumeLookupFailed", detail };
    }
    const refuses = pod.spec.nodeName ? refusalOfMissing : refusalOfClaim;
    const refusals = claims.flatMap((claim) => refuses(claim, storage) ?? []);
    const [refusal] = refusals;
    if (refusal !== undefined) {
      return { reason: refusal.reason, detail: refusals.map(({ detail }) => detail).join("; ") };
    }
    return together(this.#placesOf(claims, storage), mountsAmong(claims, storage));
  }

  /** Of a pod that runs already; what has vanished since takes no room (S-235). */
  mountsOf(pod: Pick<Pod, "metadata" | "spec">): readonly Mount[] {
    return this.#storage === undefined ? [] : mountsAmong(usedClaims(pod), this.#storage);
  }

  #placesOf(claims: readonly UsedClaim[], { claims: known, volumes, classes }: StorageIndex): readonly VolumePlace[] {
    return claims.flatMap(({ key }) => {
      const { volumeName, storageClassName = "" } = known.get(key)?.spec ?? {};
      const volume = volumeName ? volumes.get(volumeName) : undefined;
      const storageClass = volumeName ? undefined : classes.get(storageClassName);
      const alternatives = volume
        ? placesOfVolume(volume, this.#normalization)
        : storageClass && placesOfClass(storageClass, this.#normalization);
      return alternatives === undefined || isAnywhere(alternatives) ? [] : [{ claim: key, alternatives }];
    });
  }
}

/** S-237. Volumes that no node can reach together are told as such, instead of being tried on every node in vain. */
function together(places: readonly VolumePlace[], mounts: readonly Mount[]): PodVolumes | UnsupportedNeed {
  let alternatives: readonly Requirements[] = NO_VOLUMES.alternatives;
  for (const place of places) {
    if (place.alternatives.length === 0) {
      const detail = `no node can ever reach the volume of ${place.claim}: its node affinity contradicts itself`;
      return { reason: "VolumeTopology", detail };
    }
    const all = combined(alternatives, place.alternatives);
    if (all.length === 0) return { reason: "VolumeTopology", detail: describeApart(places, place) };
    alternatives = all;
  }
  return alternatives === NO_VOLUMES.alternatives && mounts.length === 0
    ? NO_VOLUMES
    : { alternatives, mounts, places };
}

function describeApart(places: readonly VolumePlace[], last: VolumePlace): string {
  const before = places.slice(0, places.indexOf(last));
  // Usually one of them alone is the other end of the contradiction.
  const rival = before.find(({ alternatives }) => combined(alternatives, last.alternatives).length === 0);
  const texts = [...(rival ? [rival] : before), last].map(
    ({ claim, alternatives }) => `volume ${claim} is ${describePlaces(alternatives)}`,
  );
  return `${texts.join(", ")}: no node reaches ${texts.length > 2 ? "all" : "both"}; move one of them`;
}

function mountsAmong(claims: readonly UsedClaim[], storage: StorageIndex): readonly Mount[] {
  return claims.flatMap(({ key }) => {
    const claim = storage.claims.get(key);
    const driver = claim && driverOf(claim, storage);
    return driver === undefined ? [] : [{ driver, claim: key }];
  });
}
