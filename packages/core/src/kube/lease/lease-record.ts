// How leading is written down in a Lease (RT-33).

import { apiVersionOf, Leases, type Lease } from "../../api/index.ts";
import type { EpochMs } from "../../runtime/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import type { ObjectKey } from "../client.ts";

export interface LeaseTimings {
  /** How long the others wait for a sign of life before they take the lease. */
  readonly leaseDuration: Duration;
  /** How long the holder goes on without a renewal; shorter, so that it has stopped before anybody else starts. */
  readonly renewDeadline: Duration;
  /** Between two attempts. */
  readonly retryPeriod: Duration;
}

export const LEASE_TIMINGS: LeaseTimings = {
  leaseDuration: seconds(15),
  renewDeadline: seconds(10),
  retryPeriod: seconds(2),
};

/** Empty when nobody leads. */
export function holderOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? "";
}

/** What the holder promised, which may differ from what we would. */
export function durationOf(lease: Lease, timings: LeaseTimings): Duration {
  const { leaseDurationSeconds } = lease.spec ?? {};
  return leaseDurationSeconds === undefined ? timings.leaseDuration : seconds(leaseDurationSeconds);
}

/** The lease as its first holder writes it, over `before` when there is one. */
export function taken(
  before: Lease | undefined,
  key: Required<ObjectKey>,
  { identity, wall, timings }: { readonly identity: string; readonly wall: EpochMs; readonly timings: LeaseTimings },
): Lease {
  const now = toMicroTime(wall);
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: wholeSeconds(timings.leaseDuration),
    acquireTime: now,
    renewTime: now,
    leaseTransitions: before === undefined ? 0 : (before.spec?.leaseTransitions ?? 0) + 1,
  };
  if (before !== undefined) return { ...before, spec: { ...before.spec, ...spec } };
  return { apiVersion: apiVersionOf(Leases), kind: Leases.kind, metadata: { ...key }, spec };
}

export function renewed(lease: Lease, identity: string, wall: EpochMs, timings: LeaseTimings): Lease {
  const leaseDurationSeconds = wholeSeconds(timings.leaseDuration);
  const renewTime = toMicroTime(wall);
  return { ...lease, spec: { ...lease.spec, holderIdentity: identity, leaseDurationSeconds, renewTime } };
}

/** Nobody holds it and nobody has to wait (RT-37). */
export function released(lease: Lease, wall: EpochMs): Lease {
  const renewTime = toMicroTime(wall);
  return { ...lease, spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime } };
}

/** The server takes whole seconds, at least one. */
function wholeSeconds(duration: Duration): number {
  return Math.max(1, Math.ceil(duration / 1000));
}

/** RFC 3339 with micro-seconds, which the server insists on. */
function toMicroTime(wall: EpochMs): string {
  return new Date(wall).toISOString().replace("Z", "000Z");
}
