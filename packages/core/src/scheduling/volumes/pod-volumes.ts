// What a pod's persistent volumes ask of its node: places from which all of them can be reached, and room to attach them.

import { Requirements } from "../../requirements/index.ts";

export interface Mount {
  readonly driver: string;
  /** Namespace/name. */
  readonly claim: string;
}

/** Where one claim's volume can be reached; the alternatives are OR-ed. */
export interface VolumePlace {
  /** Namespace/name. */
  readonly claim: string;
  readonly alternatives: readonly Requirements[];
}

export interface PodVolumes {
  /** OR-ed and tried in this order; they concern the node only, never the pod's own requirements (S-238). Never empty. */
  readonly alternatives: readonly Requirements[];
  /** What counts against attach limits (S-235), each claim once. */
  readonly mounts: readonly Mount[];
  /** The claims that are not reachable from everywhere, each for itself: explanations name them. */
  readonly places: readonly VolumePlace[];
}

/** Of every pod without claims: one object, so that it costs nothing to compare. */
export const NO_VOLUMES: PodVolumes = { alternatives: [Requirements.empty], mounts: [], places: [] };
