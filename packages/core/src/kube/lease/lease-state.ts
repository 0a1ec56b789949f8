// Who leads, as one candidate knows it: every answer of the server leads to the next state, without doing anything (RT-34).

import { jsonEqual, type Lease } from "../../api/index.ts";
import { durationOf, holderOf, type LeaseTimings } from "./lease-record.ts";
import { longestSince, shortestSince, type Moment } from "./moment.ts";

interface Following {
  readonly role: "following";
  /** Undefined while there is no lease. */
  readonly lease?: Lease;
  /** When its record last changed, by our own clock: the times in it were written by another one. */
  readonly changedAt?: Moment;
}

interface Leading {
  readonly role: "leading";
  /** As last stored; undefined after somebody removed it. */
  readonly lease?: Lease;
  /** When the last successful renewal was sent. */
  readonly renewedAt: Moment;
}

interface Lost {
  readonly role: "lost";
  /** For the log. */
  readonly why: string;
}

export type LeaseState = Following | Leading | Lost;

export const FIRST_STATE: LeaseState = { role: "following" };

/** `lease` is undefined when there is none. */
export function afterRead(state: LeaseState, lease: Lease | undefined, at: Moment, identity: string): LeaseState {
  switch (state.role) {
    case "lost":
      return state;
    case "leading":
      return readWhileLeading(state, lease, identity);
    case "following": {
      if (lease === undefined) return FIRST_STATE;
      const { changedAt = at } = state;
      return { role: "following", lease, changedAt: isSameRecord(state.lease, lease) ? changedAt : at };
    }
  }
}

/** `askedAt` is when the request was sent: others count from a later moment, never from an earlier one. */
export function afterWrite(state: LeaseState, lease: Lease, askedAt: Moment): LeaseState {
  return state.role === "lost" ? state : { role: "leading", lease, renewedAt: askedAt };
}

/** A renewal in time does not help once too much of it has passed: whoever was suspended must not come back as the leader (RT-36). */
export function afterTime(state: LeaseState, now: Moment, timings: LeaseTimings): LeaseState {
  if (state.role !== "leading" || longestSince(state.renewedAt, now) < timings.renewDeadline) return state;
  return { role: "lost", why: "the lease was not renewed in time" };
}

/** Whether a follower may try to take the lease: nobody holds it, or its holder has been silent for as long as it promised to speak. */
export function mayTake(
  { lease, changedAt }: Following,
  now: Moment,
  identity: string,
  timings: LeaseTimings,
): boolean {
  if (lease === undefined || changedAt === undefined) return true;
  const holder = holderOf(lease);
  // Our own name stands there when the answer to our request got lost.
  if (holder === "" || holder === identity) return true;
  return shortestSince(changedAt, now) >= durationOf(lease, timings);
}

function readWhileLeading(state: Leading, lease: Lease | undefined, identity: string): LeaseState {
  if (lease === undefined) return { role: "leading", renewedAt: state.renewedAt };
  const holder = holderOf(lease);
  if (holder !== "" && holder !== identity) return { role: "lost", why: `${holder} holds the lease` };
  return { ...state, lease };
}

function isSameRecord(before: Lease | undefined, after: Lease): boolean {
  return before !== undefined && jsonEqual(before.spec, after.spec);
}
