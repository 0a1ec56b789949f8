// What a provider registers at start (S-704), before any controller runs.

import type { Duration } from "../units/index.ts";

/** Everything optional; absent means Karpenter's own value. */
export interface ProviderSettings {
  /** Keys users may select on although no object defines them. */
  readonly wellKnownLabels?: readonly string[];
  /** Its API group: other keys of that domain are refused. */
  readonly restrictedDomains?: readonly string[];
  /** Older key → key of today. */
  readonly normalizedLabels?: Readonly<Record<string, string>>;
  /** Key → value as users write it → value as nodes carry it. */
  readonly normalizedValues?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** As `normalizedValues`, in NodePools and NodeClaims only: what pods ask for is left as it is. */
  readonly normalizedPoolValues?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Capacity types besides on-demand, spot and reserved. */
  readonly capacityTypes?: readonly string[];
  /** The key that carries the id of a reservation; its offerings of capacity type reserved define it (S-512). */
  readonly reservationIdLabel?: string;
  /** CSI drivers or provisioners whose volumes its machines cannot attach (S-233). */
  readonly unsupportedVolumeProvisioners?: readonly string[];
  /** Keys of storage class topologies that say nothing about its machines (S-233). */
  readonly unsupportedVolumeTopologyKeys?: readonly string[];
  /** Instance types listed in one NodeClaim at most. @defaultValue 600 */
  readonly maxInstanceTypes?: number;
  /** False when nodes cannot boot with the unregistered taint; core then raises no warning. @defaultValue true */
  readonly supportsUnregisteredTaint?: boolean;
  /** How often machines without NodeClaim are looked for once the first minutes have passed. @defaultValue 2 minutes */
  readonly orphanInterval?: Duration;
  /** For how long a machine must have been seen without NodeClaim before it is given back. @defaultValue 5 minutes */
  readonly orphanAge?: Duration;
}
