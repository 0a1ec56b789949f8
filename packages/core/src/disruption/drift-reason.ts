// Why a NodeClaim no longer is what its NodePool asks for, as far as core can tell (D-137, D-138). What only the cloud
// knows is asked of the provider after this.

import { Annotation, CapacityType, fromRfc3339, Label } from "../api/index.ts";
import type { NodeClaim, NodePool } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import { poolNormalization, Requirement, Requirements } from "../requirements/index.ts";
import type { Normalization } from "../requirements/index.ts";
import { hours } from "../units/index.ts";

export interface SoldTypes {
  /** All of the pool, those that are sold out at present too. */
  readonly instanceTypes: readonly InstanceType[];
  readonly wellKnown: ReadonlySet<string>;
  /** The key that tells reservations apart, where there are any. */
  readonly reservationIdLabel?: string;
  readonly normalization?: Normalization;
}

/** A new machine is of a type that was sold a moment ago; the cloud's list may be older than that. */
const TYPE_SETTLES = hours(1);
/** No key may be missing on the claim, well-known ones included. */
const NONE: ReadonlySet<string> = new Set();

/** What claim and pool alone tell; no call is needed for it. */
export function poolDrift(
  claim: NodeClaim,
  pool: NodePool,
  normalization?: Normalization,
): "NodePoolDrifted" | "RequirementsDrifted" | undefined {
  if (hasOtherHash(claim, pool)) return "NodePoolDrifted";
  return fitsRequirements(claim, pool, normalization) ? undefined : "RequirementsDrifted";
}

/** When the claim is old enough to be asked whether its type is still sold. Undefined: never. */
export function typeMattersAt({ metadata: { creationTimestamp } }: NodeClaim): number | undefined {
  return creationTimestamp === undefined ? undefined : fromRfc3339(creationTimestamp) + TYPE_SETTLES;
}

export function typeDrift({ metadata: { labels } }: NodeClaim, sold: SoldTypes): "InstanceTypeNotFound" | undefined {
  const type = sold.instanceTypes.find(({ name }) => name === labels?.[Label.InstanceType]);
  if (type === undefined) return "InstanceTypeNotFound";
  const asked = askedOfOfferings(Requirements.fromLabels(labels, sold.normalization), sold.reservationIdLabel);
  const isSold = type.offerings.some(({ requirements }) => asked.isCompatible(requirements, sold.wellKnown));
  return isSold ? undefined : "InstanceTypeNotFound";
}

/** Fingerprints of different versions cannot be compared. */
function hasOtherHash(claim: NodeClaim, pool: NodePool): boolean {
  const [ours, theirs] = [claim.metadata.annotations ?? {}, pool.metadata.annotations ?? {}];
  const [hash, version] = [ours[Annotation.NodePoolHash], ours[Annotation.NodePoolHashVersion]];
  const [wanted, itsVersion] = [theirs[Annotation.NodePoolHash], theirs[Annotation.NodePoolHashVersion]];
  if (hash === undefined || version === undefined || wanted === undefined) return false;
  return version === itsVersion && hash !== wanted;
}

function fitsRequirements(claim: NodeClaim, pool: NodePool, normalization: Normalization | undefined): boolean {
  const wanted = Requirements.fromSpecs(pool.spec.template.spec.requirements, poolNormalization(normalization));
  return Requirements.fromLabels(claim.metadata.labels, normalization).isCompatible(wanted, NONE);
}

/** A machine on a reservation may have been demoted to one on demand. */
function askedOfOfferings(labels: Requirements, reservationIdLabel: string | undefined): Requirements {
  if (labels.get(Label.CapacityType).single() !== CapacityType.Reserved) return labels;
  const specific = reservationIdLabel === undefined ? [] : [reservationIdLabel];
  return labels
    .without(...specific, Label.CapacityType)
    .with(Requirement.of(Label.CapacityType, "In", [CapacityType.Reserved, CapacityType.OnDemand]));
}
