// Pools that are not ours and yet hold machines of our claims, as the older Go product leaves them: taken over when that is
// wanted and safe, otherwise told on the claims (O-4).

import type { NodeClaim } from "@karpenter-multicloud/core/api";

import { OwnerLabel } from "../api/labels.ts";
import type { WireMachine, WirePool } from "../client/wire.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import type { ClassViews } from "./class-view.ts";
import type { HeldPool, Inventory } from "../pools/inventory.ts";
import type { KeyedMutex } from "../pools/keyed-mutex.ts";
import { instanceIdOf, isGoing, isGone } from "../pools/machine-status.ts";
import type { PoolEvents } from "../pools/pool-events.ts";
import { inCoreWords } from "../pools/pool-keeper.ts";
import { adoptedTemplate, POOL_PREFIX } from "../pools/pool-key.ts";
import type { PoolWriter } from "../pools/pool-writer.ts";

export interface AdopterParts {
  readonly claims: ClaimStore;
  readonly views: ClassViews;
  readonly writer: PoolWriter;
  readonly events: PoolEvents;
  readonly settings: OvhSettings;
  readonly locks: KeyedMutex;
}

export const REMOVE_BY_HAND =
  "set OVH_ADOPT_LEGACY_POOLS=true to take over pools of the older product, or remove the machine in MKS by hand";

export class Adopter {
  readonly #parts: AdopterParts;

  constructor(parts: AdopterParts) {
    this.#parts = parts;
  }

  async adopt({ access, held }: Inventory, signal: AbortSignal): Promise<void> {
    if (!this.#parts.settings.adoptLegacyPools) return;
    for (const each of held.filter((pool) => obstacleTo(pool) === undefined)) {
      await inCoreWords(`adopting pool ${each.pool.name}`, () => this.#adopt(access, each, signal));
    }
  }

  /** What will not be adopted, on the claims concerned; in observe mode too. */
  tell({ held }: Inventory): void {
    for (const each of held) {
      const why = this.#parts.settings.adoptLegacyPools ? obstacleTo(each) : `; ${REMOVE_BY_HAND}`;
      if (why === undefined) continue;
      const message = `its machine is in pool ${each.pool.name}, which is not ours, so it can neither be removed nor replaced${why}`;
      for (const claim of each.claims.values()) this.#parts.events.warnClaim(claim, "PoolNotOwned", message);
    }
  }

  /** Claims first: from the moment the pool is ours, a machine that no claim names is surplus. */
  #adopt(access: ClusterAccess, { pool: { id, name }, claims }: HeldPool, signal: AbortSignal): Promise<void> {
    return this.#parts.locks.run(`pool/${access.kubeId}/${name}`, async () => {
      const pool = await access.mks.pool(access.kubeId, id, signal);
      if (pool === undefined) return;
      const machines = await access.mks.machines(access.kubeId, id, signal);
      if (obstacleTo({ pool, machines, claims }) !== undefined) return;
      for (const machine of machines) {
        const claim = claims.get(machine.id);
        if (claim !== undefined && !(await this.#bind(claim, pool, machine, signal))) return;
      }
      const template = adoptedTemplate(pool.template, this.#parts.views.clusterName(access));
      await this.#parts.writer.adopt(access, pool, template, signal);
    });
  }

  /** False when the claim went or changed meanwhile: then the next round decides anew. */
  async #bind(claim: NodeClaim, pool: WirePool, machine: WireMachine, signal: AbortSignal): Promise<boolean> {
    const notes = { PoolName: pool.name, PoolId: pool.id, NodeId: machine.id, NodeName: machine.name };
    const isItsMachine = (now: NodeClaim): boolean => instanceIdOf(now.status?.providerID ?? "") === machine.instanceId;
    return (await this.#parts.claims.note(claim, notes, isItsMachine, signal)) !== undefined;
  }
}

/** A name alone proves nothing: the machines must be those of our claims, all of them. */
function obstacleTo({ pool, machines, claims }: HeldPool): string | undefined {
  const owner = Object.values(OwnerLabel).find((key) => pool.template.metadata.labels[key] !== undefined);
  if (!pool.name.startsWith(POOL_PREFIX)) return `; it is not adopted, as its name does not begin with ${POOL_PREFIX}`;
  if (owner !== undefined) return `; it is not adopted, as its label ${owner} says that it has an owner`;
  const strangers = machines.filter((each) => !isGone(each) && !isGoing(each) && !claims.has(each.id));
  if (strangers.length === 0) return undefined;
  const names = strangers.map((each) => each.name).sort();
  return `; it is not adopted, as no NodeClaim has its machines ${names.join(", ")}: remove those you do not need in MKS`;
}
