// Whether a machine still is what its class asks for (§11). What cannot be known is never drift.

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { Clock } from "@karpenter-multicloud/core/runtime";

import { CloudStackAnnotation, CloudStackLabel } from "./api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "./api/node-class-hash.ts";
import type { CloudStackNodeClass } from "./api/cloudstack-node-class.ts";
import type { WireVm } from "./client/wire.ts";
import { archOf } from "./selection/resolved-class.ts";
import type { ClassView } from "./machines/class-view.ts";

/** What the class alone tells; no call is needed for it. */
export function classDrift(claim: NodeClaim, nodeClass: CloudStackNodeClass): string {
  const { annotations = {} } = claim.metadata;
  const stamped = annotations[CloudStackAnnotation.NodeClassHash];
  const isComparable =
    annotations[CloudStackAnnotation.NodeClassHashVersion] === NODE_CLASS_HASH_VERSION && stamped !== undefined;
  return isComparable && stamped !== nodeClassHash(nodeClass.spec) ? "NodeClassDrift" : "";
}

const CONFIRM_MS = 5 * 60_000;

/** Remembers what was missing at the last look: an offering that is missing once may be back. */
export class MachineDrift {
  readonly #clock: Clock;
  readonly #missingSince = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In this order; "" when there is none. */
  of(claim: NodeClaim, view: ClassView, machine: WireVm): string {
    const { resolved } = view;
    if (resolved.problems.length > 0) return "";
    const zone = resolved.zones.find(({ id }) => id === machine.zoneId);
    // A zone that only does not work just now is no reason.
    if (zone === undefined) return resolved.dropped.length > 0 ? "" : "ZoneDrift";
    const labelled = claim.metadata.labels?.[CloudStackLabel.ServiceOfferingId];
    if (labelled !== undefined && labelled !== machine.offeringId) return "ServiceOfferingDrift";
    const selected = resolved.offerings.find(({ offering }) => offering.id === machine.offeringId);
    if (selected === undefined) return this.#isConfirmed(machine.id) ? "ServiceOfferingDrift" : "";
    this.#missingSince.delete(machine.id);
    const template = zone.templates.get(archOf(selected));
    if (template !== undefined && template.id !== machine.templateId) return "TemplateDrift";
    const networks = machine.nics.map(({ networkId }) => networkId);
    const primary = machine.nics.find(({ isDefault }) => isDefault)?.networkId;
    const isKnown = primary === undefined || zone.networks.some(({ id }) => id === primary);
    if (!isKnown || zone.moreNetworks.some(({ id }) => !networks.includes(id))) return "NetworkDrift";
    const groups = resolved.affinityGroups.map(({ id }) => id);
    return machine.affinityGroupIds !== undefined && groups.some((id) => !machine.affinityGroupIds?.includes(id))
      ? "AffinityDrift"
      : "";
  }

  #isConfirmed(id: string): boolean {
    const since = this.#missingSince.get(id) ?? this.#clock.now();
    this.#missingSince.set(id, since);
    return this.#clock.now() - since >= CONFIRM_MS;
  }
}
