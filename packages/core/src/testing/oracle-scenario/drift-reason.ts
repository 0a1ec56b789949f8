// Why a NodeClaim of a scenario has drifted: the first reason that applies (D-137, D-138).

import { Annotation, CapacityType, fromRfc3339, Label } from "../../api/index.ts";
import type { NodeClaim, NodePool } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { Requirement, Requirements } from "../../requirements/index.ts";
import { RESERVATION_ID } from "./read-instance-type.ts";

export interface DriftFacts {
  readonly nodePool: NodePool;
  readonly instanceTypes: readonly InstanceType[];
  readonly wellKnown: ReadonlySet<string>;
  readonly nowMs: number;
  /** What the cloud says of this claim. */
  readonly providerReason?: string;
}

const HOUR = 60 * 60 * 1000;
const NONE: ReadonlySet<string> = new Set();

export function driftReason(claim: NodeClaim, facts: DriftFacts): string | undefined {
  if (hasOtherHash(claim, facts.nodePool)) return "NodePoolDrifted";
  if (!fitsRequirements(claim, facts.nodePool)) return "RequirementsDrifted";
  if (isOldEnough(claim, facts) && !isStillSold(claim, facts)) return "InstanceTypeNotFound";
  return facts.providerReason || undefined;
}

/** Fingerprints of different versions cannot be compared. */
function hasOtherHash(claim: NodeClaim, pool: NodePool): boolean {
  const [ours, theirs] = [claim.metadata.annotations ?? {}, pool.metadata.annotations ?? {}];
  const [hash, version] = [ours[Annotation.NodePoolHash], ours[Annotation.NodePoolHashVersion]];
  const [wanted, itsVersion] = [theirs[Annotation.NodePoolHash], theirs[Annotation.NodePoolHashVersion]];
  if (hash === undefined || version === undefined || wanted === undefined) return false;
  return version === itsVersion && hash !== wanted;
}

/** No key may be missing, well-known ones included. */
function fitsRequirements(claim: NodeClaim, pool: NodePool): boolean {
  const wanted = Requirements.fromSpecs(pool.spec.template.spec.requirements);
  return Requirements.fromLabels(claim.metadata.labels).isCompatible(wanted, NONE);
}

function isOldEnough({ metadata: { creationTimestamp } }: NodeClaim, { nowMs }: DriftFacts): boolean {
  return creationTimestamp !== undefined && nowMs - fromRfc3339(creationTimestamp) >= HOUR;
}

/** A machine on a reservation may have been demoted to one on demand. */
function isStillSold({ metadata: { labels = {} } }: NodeClaim, { instanceTypes, wellKnown }: DriftFacts): boolean {
  const type = instanceTypes.find(({ name }) => name === labels[Label.InstanceType]);
  if (type === undefined) return false;
  const asked =
    labels[Label.CapacityType] === CapacityType.Reserved
      ? Requirements.fromLabels(labels)
          .without(RESERVATION_ID, Label.CapacityType)
          .with(Requirement.of(Label.CapacityType, "In", [CapacityType.Reserved, CapacityType.OnDemand]))
      : Requirements.fromLabels(labels);
  return type.offerings.some(({ requirements }) => asked.isCompatible(requirements, wellKnown));
}
