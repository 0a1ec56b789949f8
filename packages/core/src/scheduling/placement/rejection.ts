// Why one candidate did not take one pod: the first failing check, small enough to be made millions of times.

import type { PodReason } from "../../reasons/index.ts";
import type { Resources } from "../../units/index.ts";

export interface Rejection {
  readonly rejected: PodReason;
  /** With InsufficientResources or VolumeLimit on a real node: what was asked for and what there is. */
  readonly request?: Resources;
  readonly free?: Resources;
  /** The topology rule that left nothing. */
  readonly topology?: { toString(): string; describeCounts(): string };
}

export const REJECTED = {
  settling: { rejected: "NodeSettling" },
  taint: { rejected: "TaintNotTolerated" },
  mismatch: { rejected: "RequirementMismatch" },
  unknownLabel: { rejected: "UnknownLabel" },
  volumeTopology: { rejected: "VolumeTopology" },
  volumeLimit: { rejected: "VolumeLimit" },
  hostPort: { rejected: "HostPort" },
  resources: { rejected: "InsufficientResources" },
  offering: { rejected: "OfferingUnavailable" },
  noType: { rejected: "NoInstanceType" },
  minValues: { rejected: "MinValues" },
  reservation: { rejected: "ReservationBusy" },
  limit: { rejected: "LimitExceeded" },
  nodeLimit: { rejected: "NodeLimitReached" },
} as const satisfies Record<string, Rejection>;
