// What a pod asks for that this engine cannot honour yet. Such a pod waits with a clear reason instead of being placed wrongly.

import type { Container, PodSpec } from "../api/index.ts";
import type { PodReason } from "../reasons/index.ts";

export interface UnsupportedNeed {
  readonly reason: PodReason;
  readonly detail: string;
}

export function unsupportedNeed({ spec }: { readonly spec: PodSpec }): UnsupportedNeed | undefined {
  if (usesDevices(spec)) return need("DraUnsupported", "resource claims are");
  return undefined;
}

/** S-209: devices are asked for by the pod or by one of its containers. */
export function usesDevices(spec: PodSpec & { readonly resourceClaims?: readonly unknown[] }): boolean {
  if (spec.resourceClaims?.length) return true;
  return [...spec.containers, ...(spec.initContainers ?? [])].some(claimsDevice);
}

function claimsDevice({ resources }: Container): boolean {
  const claims: unknown = resources && "claims" in resources ? resources.claims : undefined;
  return Array.isArray(claims) && claims.length > 0;
}

function need(reason: PodReason, what: string): UnsupportedNeed {
  return { reason, detail: `${what} not supported yet` };
}
