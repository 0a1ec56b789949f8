// Volumes that random pods share: in one zone, in any, or to be made where the pod goes; and some that are no good.

import { Label } from "../../api/index.ts";
import type { PodSpec } from "../../api/index.ts";
import type { StorageInput } from "../../scheduling/index.ts";
import { aStorage, aStorageClass, aVolumeClaim, boundClaim, mounting, storageOf } from "../builders/index.ts";
import { uses, ZONES } from "./draw.ts";
import type { Draw } from "./draw.ts";

const LATE = ["late-0", "late-1", "late-2"];
const ZONAL = ["zonal-0", "zonal-1"];
const GOOD = [...ZONES, "anywhere", ...LATE, ...ZONAL];
const BAD = ["missing", "classless", "going"];

export const RANDOM_STORAGE: StorageInput = storageOf(
  ...ZONES.map((zone) => boundClaim(zone, { zones: [zone] })),
  boundClaim("anywhere"),
  aStorage({
    storageClasses: [
      aStorageClass({ name: "late" }),
      aStorageClass({
        name: "zonal",
        topologies: [
          [Label.Zone, ZONES[0], ZONES[1]],
          [Label.Zone, ZONES[2]],
        ],
      }),
    ],
    persistentVolumeClaims: [
      ...LATE.map((name) => aVolumeClaim({ name, storageClassName: "late" })),
      ...ZONAL.map((name) => aVolumeClaim({ name, storageClassName: "zonal" })),
      aVolumeClaim({ name: "classless" }),
      aVolumeClaim({ name: "going", storageClassName: "late", deletionTimestamp: "2026-01-01T00:00:00Z" }),
    ],
  }),
);

export function randomVolumes(draw: Draw): Pick<PodSpec, "volumes"> {
  const { chance } = draw;
  if (!uses(draw, "volumes", 0.6)) return {};
  const bad = chance.happens(0.1) ? [chance.pick(BAD)] : [];
  return mounting(...new Set([...chance.list(1, 3, () => chance.pick(GOOD)), ...bad]));
}
