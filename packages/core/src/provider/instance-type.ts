// What a cloud sells: machine shapes and where, how and for how much they can be had.

import type { Requirements } from "../requirements/index.ts";
import type { HourlyRate, Resources } from "../units/index.ts";
import type { BillingTerms } from "./billing.ts";

/** Whether an offering can be launched now. */
export type Availability =
  | { readonly available: true }
  /** `until`: epoch milliseconds after which it is tried again; absent when only the cloud can tell. */
  | { readonly available: false; readonly reason: string; readonly until?: number };

/**
 * What one machine shape costs in one place, and whether it can be had right now.
 * Offerings of one instance type differ in at least one of zone, capacity type or reservation.
 */
export interface Offering {
  /** Zone and capacity type (single values), and what else tells this offering apart; a node launched from it carries them as labels. */
  readonly requirements: Requirements;
  /** List price. `undefined` means unpriced: usable for launch (after every priced one), never for consolidation. */
  readonly price: HourlyRate | undefined;
  /** @defaultValue per second, no minimum */
  readonly billing?: BillingTerms;
  readonly availability: Availability;
  /** Capacity type reserved only: machines the reservation still has room for (S-512). */
  readonly reservationCapacity?: number;
  /** Entries that replace or add to the type's capacity and overhead on machines bought through this offering (S-503). */
  readonly capacityOverride?: Resources;
  readonly overheadOverride?: Partial<Overhead>;
}

export interface Overhead {
  readonly kubeReserved: Resources;
  readonly systemReserved: Resources;
  readonly evictionThreshold: Resources;
}

/** One machine shape. Never changed after it was handed to core. */
export interface InstanceType {
  /** The value of node.kubernetes.io/instance-type. */
  readonly name: string;
  /** A requirement for every well-known key, DoesNotExist where it has none; zone and capacity type are the set over available offerings. */
  readonly requirements: Requirements;
  /** All offerings, the unavailable ones too. */
  readonly offerings: readonly Offering[];
  /** cpu in millicores, others in base units; has cpu, memory, ephemeral-storage, pods; extended resources only if the node will report them. */
  readonly capacity: Resources;
  readonly overhead: Overhead;
  /** CSI driver → volumes that one node can have attached (S-236); a driver that is missing has no limit. */
  readonly volumeLimits?: Readonly<Record<string, number>>;
  /** What NodeOverlays changed, when they changed something (S-518). Never set by a provider. */
  readonly overlaid?: { readonly price: boolean; readonly capacity: boolean };
}
