// Whether a machine still is what its class asks for (W-52). What cannot be known is never drift.

import { Label } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";

import { ScalewayAnnotation } from "./api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "./api/node-class-hash.ts";
import type { ScalewayNodeClass } from "./api/scaleway-node-class.ts";
import type { WireServer, WireType } from "./client/wire.ts";
import type { ClassView } from "./machines/class-view.ts";

/** What the class alone tells; no call is needed for it. */
export function classDrift(claim: NodeClaim, nodeClass: ScalewayNodeClass): string {
  const { annotations = {} } = claim.metadata;
  const stamped = annotations[ScalewayAnnotation.NodeClassHash];
  const isComparable =
    annotations[ScalewayAnnotation.NodeClassHashVersion] === NODE_CLASS_HASH_VERSION && stamped !== undefined;
  return isComparable && stamped !== nodeClassHash(nodeClass.spec ?? {}) ? "NodeClassDrift" : "";
}

/** In this order; "" when there is none. */
export function machineDrift(
  claim: NodeClaim,
  view: ClassView,
  server: WireServer,
  wishes: { readonly endOfService: boolean },
): string {
  const zone = view.resolved.zones.find((each) => each.zone === server.zone);
  const type = view.catalogue.zones.find((each) => each.zone === server.zone)?.types.get(server.commercialType);
  const labelled = claim.metadata.labels?.[Label.InstanceType];
  if (labelled !== undefined && labelled !== server.commercialType) return "InstanceTypeDrift";
  if (wishes.endOfService && type?.endOfService === true) return "EndOfServiceDrift";
  if (zone === undefined) return "";
  if (type !== undefined && !isKnownImage(server.imageId, type, zone.terms)) return "ImageDrift";
  if (zone.securityGroupId !== undefined && server.securityGroupId !== zone.securityGroupId)
    return "SecurityGroupDrift";
  const networks = server.nics.map(({ privateNetworkId }) => privateNetworkId).toSorted();
  return networks.join() === zone.privateNetworkIds.toSorted().join() ? "" : "PrivateNetworkDrift";
}

/** Of any term that is for such a type; an image that was selected by its id stays what it is. */
function isKnownImage(
  imageId: string,
  type: WireType,
  terms: ClassView["resolved"]["zones"][number]["terms"],
): boolean {
  const fitting = terms.filter(({ gpu }) => gpu === undefined || gpu === type.gpus > 0);
  const candidates = fitting.flatMap((term) => term.candidates.filter(({ arch }) => arch === type.arch));
  return imageId === "" || candidates.length === 0 || candidates.some(({ id }) => id === imageId);
}
