// The arithmetic of one pool: who has a machine, who waits for one, which machines are nobody's, and how many the pool should have (O-20, O-22).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { compareText } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import type { WireMachine } from "../client/wire.ts";
import { instanceIdOf, isGoing, isGone } from "./machine-status.ts";

export interface PoolView {
  readonly desired: number;
  readonly machines: readonly WireMachine[];
  /** Claims bound to the pool. */
  readonly claims: readonly NodeClaim[];
  /** We have asked for its removal, and that still counts. */
  readonly isLeaving: (machine: WireMachine, claim: NodeClaim | undefined) => boolean;
  readonly hasFailed: (machine: WireMachine) => boolean;
  /** Somebody outside the pool's claims uses it: a registered Node. */
  readonly isTaken: (machine: WireMachine) => boolean;
}

export interface Pair {
  readonly machine: WireMachine;
  readonly claim: NodeClaim;
}

export interface Balance {
  readonly desired: number;
  /** A */
  readonly assigned: readonly Pair[];
  /** W, in the order in which they are served. */
  readonly waiting: readonly NodeClaim[];
  /** F; with the claim it was meant for. */
  readonly failed: readonly { readonly machine: WireMachine; readonly claim?: NodeClaim }[];
  /** X */
  readonly leaving: readonly { readonly machine: WireMachine; readonly claim?: NodeClaim }[];
  /** U, in the order in which they are given away. */
  readonly unassigned: readonly WireMachine[];
  /** In use by a Node whose claim does not say so. */
  readonly taken: readonly WireMachine[];
  /** Claims whose machine is no longer in the list. */
  readonly bereft: readonly NodeClaim[];
  /** Claims that name a machine which an older claim has. */
  readonly duplicates: readonly NodeClaim[];
  /** Ordered, not listed yet. */
  readonly pending: number;
}

export function balanceOf(view: PoolView): Balance {
  const machines = view.machines.filter((machine) => !isGone(machine));
  const { owner, duplicates } = owners(view.claims, machines);
  const assigned: Pair[] = [];
  const failed: Balance["failed"][number][] = [];
  const leaving: Balance["leaving"][number][] = [];
  const unassigned: WireMachine[] = [];
  const taken: WireMachine[] = [];
  for (const machine of machines) {
    const claim = owner.get(machine.id);
    const entry = claim === undefined ? { machine } : { machine, claim };
    if (isGoing(machine) || view.isLeaving(machine, claim)) leaving.push(entry);
    else if (view.hasFailed(machine) && !claim?.status?.providerID) failed.push(entry);
    else if (claim !== undefined) assigned.push({ machine, claim });
    else (view.isTaken(machine) ? taken : unassigned).push(machine);
  }
  const listed = new Set(machines.map((machine) => machine.id));
  const held = assigned.length + taken.length + unassigned.length + failed.length;
  return {
    desired: view.desired,
    assigned,
    waiting: view.claims.filter(isWaiting).sort(byAttempt),
    failed,
    leaving,
    unassigned: unassigned.sort(byReadiness),
    taken,
    bereft: view.claims.filter((claim) => nodeIdOf(claim) !== undefined && !listed.has(nodeIdOf(claim) ?? "")),
    duplicates,
    pending: Math.max(0, view.desired - held),
  };
}

/** What desiredNodes must be raised to so that every claim gets a machine; undefined when it suffices. */
export function growthTarget(balance: Balance): number | undefined {
  const { desired, waiting, failed, unassigned } = balance;
  const inUse = balance.assigned.length + balance.taken.length;
  if (desired - failed.length >= inUse + waiting.length) return undefined;
  return inUse + failed.length + Math.max(unassigned.length, waiting.length);
}

/** What desiredNodes may not be below without machines being taken from us; undefined when it is not. */
export function guardTarget(balance: Balance): number | undefined {
  const { assigned, taken, failed, unassigned } = balance;
  const held = assigned.length + taken.length + failed.length + unassigned.length;
  return balance.desired < held ? held : undefined;
}

/** O-22: waiting claims and free machines, paired in order. */
export function pairsOf(balance: Balance): readonly Pair[] {
  return balance.waiting.flatMap((claim, index) => {
    const machine = balance.unassigned[index];
    return machine === undefined ? [] : [{ claim, machine }];
  });
}

export function surplusOf(balance: Balance): readonly WireMachine[] {
  return balance.unassigned.slice(balance.waiting.length);
}

export function nodeIdOf(claim: NodeClaim): string | undefined {
  return claim.metadata.annotations?.[OvhAnnotation.NodeId] || undefined;
}

export function isWaiting(claim: NodeClaim): boolean {
  const { metadata, status } = claim;
  const isLeaving =
    metadata.deletionTimestamp !== undefined || metadata.annotations?.[OvhAnnotation.RemovalRequested] !== undefined;
  return nodeIdOf(claim) === undefined && !status?.providerID && !isLeaving;
}

/** A machine id stands on one claim only; a claim that lost the annotation is found by its providerID. */
function owners(
  claims: readonly NodeClaim[],
  machines: readonly WireMachine[],
): { owner: ReadonlyMap<string, NodeClaim>; duplicates: readonly NodeClaim[] } {
  const byInstance = new Map(machines.filter((m) => m.instanceId !== "").map((m) => [m.instanceId, m.id]));
  const owner = new Map<string, NodeClaim>();
  const duplicates: NodeClaim[] = [];
  for (const claim of [...claims].sort(byRight)) {
    const id = nodeIdOf(claim) ?? byInstance.get(instanceIdOf(claim.status?.providerID ?? "") ?? "");
    if (id === undefined) continue;
    if (owner.has(id)) duplicates.push(claim);
    else owner.set(id, claim);
  }
  return { owner, duplicates };
}

/** Whoever has launched keeps the machine, then the older one. */
function byRight(a: NodeClaim, b: NodeClaim): number {
  return Number(!a.status?.providerID) - Number(!b.status?.providerID) || byAttempt(a, b);
}

function byAttempt(a: NodeClaim, b: NodeClaim): number {
  return compareText(attemptOf(a), attemptOf(b)) || compareText(a.metadata.name ?? "", b.metadata.name ?? "");
}

function attemptOf(claim: NodeClaim): string {
  return claim.metadata.annotations?.[OvhAnnotation.LaunchAttempt] ?? "";
}

function byReadiness(a: WireMachine, b: WireMachine): number {
  return (
    Number(a.instanceId === "") - Number(b.instanceId === "") ||
    compareText(a.createdAt, b.createdAt) ||
    compareText(a.id, b.id)
  );
}
