// How a claim stands after its pool was looked after.

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { ProviderError } from "@karpenter-multicloud/core/provider";

import type { WireMachine, WirePool } from "../client/wire.ts";

export type Outcome =
  | { readonly kind: "assigned"; readonly claim: NodeClaim; readonly machine: WireMachine; readonly pool: WirePool }
  | { readonly kind: "waiting"; readonly why: string }
  /** The pool cannot be used for it: choose another one. */
  | { readonly kind: "unbound"; readonly why: string }
  | { readonly kind: "failed"; readonly error: ProviderError };

/** By claim name. */
export type Outcomes = Map<string, Outcome>;

export function nameOf(claim: NodeClaim): string {
  return claim.metadata.name ?? "";
}
