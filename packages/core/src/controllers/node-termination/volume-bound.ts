// How long a drained node is kept for its volumes where its NodePool sets a bound (DX-27). Only volumes: pods are never forced by it.

import { Annotation, getCondition, Label, NodePools, type NodeClaim } from "../../api/index.ts";
import { DurationError, parseDuration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

export interface VolumeBound {
  /** Epoch milliseconds. */
  readonly until: number;
  /** What it is, for people. */
  readonly text: string;
}

/** Counted from the end of the drain. Undefined: there is none, or none that can be read. */
export function volumeBound({ cache }: Pick<ControllerDeps, "cache">, claim: NodeClaim): VolumeBound | undefined {
  const pool = cache.informer(NodePools).get({ name: claim.metadata.labels?.[Label.NodePool] ?? "" });
  const written = pool?.metadata.annotations?.[Annotation.MaxVolumeWait];
  const drained = getCondition(claim, "Drained");
  if (written === undefined || drained?.status !== "True") return undefined;
  try {
    const until = Date.parse(drained.lastTransitionTime) + parseDuration(written);
    return { until, text: `${Annotation.MaxVolumeWait} ${written}` };
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}
