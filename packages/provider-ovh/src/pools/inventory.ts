// What one complete look at a cluster's pools has found: which machines are ours, and which our claims hold elsewhere (O-4).

import type { NodeClaim } from "@karpenter-multicloud/core/api";

import type { WireMachine, WirePool } from "../client/wire.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import { isGone } from "./machine-status.ts";

export interface OwnedPool {
  readonly pool: WirePool;
  readonly machines: readonly WireMachine[];
}

/** A pool that is not ours, although claims of ours have machines in it. */
export interface HeldPool extends OwnedPool {
  /** By machine id. */
  readonly claims: ReadonlyMap<string, NodeClaim>;
}

export interface Inventory {
  readonly access: ClusterAccess;
  /** All pools of the cluster, foreign ones too. */
  readonly pools: readonly WirePool[];
  readonly owned: readonly OwnedPool[];
  /** What claims hold elsewhere: told as theirs, never changed (O-4). */
  readonly held: readonly HeldPool[];
}

export function findMachine(
  inventory: Inventory | undefined,
  instance: string,
): { machine: WireMachine; pool: WirePool } | undefined {
  for (const { pool, machines } of inventory === undefined ? [] : claimable(inventory)) {
    const machine = machines.find((each) => each.instanceId === instance);
    if (machine !== undefined) return { machine, pool };
  }
  return undefined;
}

/** Our pools, and of the others what claims of ours hold in them. */
export function claimable({ owned, held }: Inventory): readonly OwnedPool[] {
  const claimed = held.map(({ pool, machines, claims }) => ({
    pool,
    machines: machines.filter(({ id }) => claims.has(id)),
  }));
  return [...owned, ...claimed];
}

export function heldIn({ pool, machines }: OwnedPool, missing: ReadonlyMap<string, NodeClaim>): readonly HeldPool[] {
  const claims = new Map<string, NodeClaim>();
  for (const machine of machines) {
    const claim = machine.instanceId === "" ? undefined : missing.get(machine.instanceId);
    if (claim !== undefined && !isGone(machine)) claims.set(machine.id, claim);
  }
  return claims.size === 0 ? [] : [{ pool, machines, claims }];
}
