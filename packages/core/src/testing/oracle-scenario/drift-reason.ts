// Why a NodeClaim of a scenario has drifted: the first reason that applies (D-137, D-138).

import type { NodeClaim, NodePool } from "../../api/index.ts";
import { poolDrift, typeDrift, typeMattersAt } from "../../disruption/index.ts";
import type { SoldTypes } from "../../disruption/index.ts";
import { RESERVATION_ID } from "./reading/read-instance-type.ts";

export interface DriftFacts extends Omit<SoldTypes, "reservationIdLabel"> {
  readonly nodePool: NodePool;
  readonly nowMs: number;
  /** What the cloud says of this claim. */
  readonly providerReason?: string;
}

export function driftReason(claim: NodeClaim, facts: DriftFacts): string | undefined {
  const reason = poolDrift(claim, facts.nodePool);
  if (reason !== undefined) return reason;
  const isOldEnough = facts.nowMs >= (typeMattersAt(claim) ?? Infinity);
  const sold = { ...facts, reservationIdLabel: RESERVATION_ID };
  return (isOldEnough ? typeDrift(claim, sold) : undefined) ?? (facts.providerReason || undefined);
}
