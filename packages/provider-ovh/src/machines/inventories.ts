// Which machines we own in the cloud. Complete or an error: a failed call never looks like an empty pool (O-55, O-56).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { MachineNotFound, Transient } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";

import { OvhAnnotation } from "../api/labels.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { WireMachine, WirePool } from "../client/wire.ts";
import type { ClusterAccess, ClusterAccesses } from "../access/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import type { Adopter } from "./adopter.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import type { ClassViews } from "./class-view.ts";
import { claimable, findMachine, heldIn } from "../pools/inventory.ts";
import type { HeldPool, Inventory, OwnedPool } from "../pools/inventory.ts";
import { foundClaim } from "./machine-claim.ts";
import { instanceIdOf, isGoing, isGone } from "../pools/machine-status.ts";
import { nodeIdOf } from "../pools/pool-balance.ts";
import { inCoreWords } from "../pools/pool-keeper.ts";
import { isOwned } from "../pools/pool-key.ts";
import { SharedRead } from "../pools/shared-read.ts";

export interface InventoryParts {
  readonly clock: Clock;
  readonly accesses: ClusterAccesses;
  readonly claims: ClaimStore;
  readonly views: ClassViews;
  readonly settings: OvhSettings;
  readonly adopter: Adopter;
}

const CACHE_MS = 10_000;

export class Inventories {
  readonly #parts: InventoryParts;
  readonly #reads = new SharedRead((signal) => this.#read(signal));
  #cached: { readonly inventory: Inventory; readonly at: number } | undefined;

  constructor(parts: InventoryParts) {
    this.#parts = parts;
  }

  async list(signal: AbortSignal): Promise<readonly NodeClaim[]> {
    const inventory = await this.read(signal);
    if (inventory === undefined) return [];
    this.#parts.adopter.tell(inventory);
    const described = this.#describer();
    return claimable(inventory).flatMap(({ pool, machines }) =>
      machines
        .filter((machine) => machine.instanceId !== "" && !isGoing(machine) && !isGone(machine))
        .map((machine) => described(machine, pool)),
    );
  }

  async get(providerID: string, signal: AbortSignal): Promise<NodeClaim> {
    const { machine, pool } = await this.find(providerID, signal);
    return this.#describer()(machine, pool);
  }

  /** @throws MachineNotFound only when a fresh and complete look does not show the machine */
  async find(
    providerID: string,
    signal: AbortSignal,
  ): Promise<{ readonly machine: WireMachine; readonly pool: WirePool }> {
    const instance = instanceIdOf(providerID);
    if (instance === undefined) throw new MachineNotFound(`${providerID} is not a machine of OVHcloud`);
    const known = this.#cached;
    const cached =
      known && this.#parts.clock.now() - known.at < CACHE_MS ? findMachine(known.inventory, instance) : undefined;
    const found = cached ?? findMachine(await this.read(signal), instance);
    if (found === undefined) throw new MachineNotFound(`no machine with provider id ${providerID}`);
    const { machine } = found;
    if (isGone(machine) || (isGoing(machine) && this.#parts.settings.deletingIsGone)) {
      throw new MachineNotFound(`machine ${machine.name} is being deleted (${machine.status})`);
    }
    return found;
  }

  /** The pool that is not ours and holds the machine, as last read. */
  foreignPoolOf(providerID: string): { readonly isKnown: boolean; readonly pool?: string } {
    const known = this.#cached?.inventory;
    if (known === undefined) return { isKnown: false };
    const instance = instanceIdOf(providerID);
    const holds = ({ machines, claims }: HeldPool): boolean =>
      machines.some((each) => claims.has(each.id) && each.instanceId === instance);
    const found = known.held.find(holds);
    return { isKnown: true, ...(found === undefined ? {} : { pool: found.pool.name }) };
  }

  /** Undefined when nothing was ever ordered. Callers that come at the same time share a read. */
  read(signal: AbortSignal): Promise<Inventory | undefined> {
    return this.#reads.get(signal);
  }

  #read(signal: AbortSignal): Promise<Inventory | undefined> {
    return inCoreWords("listing machines", async () => {
      const access = await this.#parts.accesses.any(signal);
      if (access === undefined) return undefined;
      const inventory = (await this.#readOnce(access, signal)) ?? (await this.#readOnce(access, signal));
      if (inventory === undefined) throw new Transient("pools changed while their machines were listed");
      this.#cached = { inventory, at: this.#parts.clock.now() };
      return inventory;
    });
  }

  /** Undefined when a pool went away between its listing and its machines. */
  async #readOnce(access: ClusterAccess, signal: AbortSignal): Promise<Inventory | undefined> {
    const pools = await access.mks.pools(access.kubeId, signal);
    const owner = this.#parts.views.clusterName(access);
    const isMine = (pool: WirePool): boolean => isOwned(pool.template, owner);
    const withMachines = (some: readonly WirePool[]): Promise<readonly OwnedPool[]> =>
      Promise.all(
        some.map(async (pool) => ({ pool, machines: await access.mks.machines(access.kubeId, pool.id, signal) })),
      );
    try {
      const owned = await withMachines(pools.filter(isMine));
      const missing = this.#missing(owned);
      // Foreign pools are only looked into for machines that claims of ours name.
      const others = missing.size === 0 ? [] : await withMachines(pools.filter((pool) => !isMine(pool)));
      return { access, pools, owned, held: others.flatMap((each) => heldIn(each, missing)) };
    } catch (error) {
      if (kindOf(error) === "not-found") return undefined;
      throw error;
    }
  }

  /** Claims whose machine is in none of our pools, by instance. One that we asked to remove was in one of them. */
  #missing(owned: readonly OwnedPool[]): ReadonlyMap<string, NodeClaim> {
    const present = new Set(owned.flatMap(({ machines }) => machines.map(({ instanceId }) => instanceId)));
    const missing = new Map<string, NodeClaim>();
    for (const claim of this.#parts.claims.all()) {
      const instance = instanceIdOf(claim.status?.providerID ?? "");
      const isAsked = claim.metadata.annotations?.[OvhAnnotation.RemovalRequested] !== undefined;
      if (instance !== undefined && !isAsked && !present.has(instance)) missing.set(instance, claim);
    }
    return missing;
  }

  #describer(): (machine: WireMachine, pool: WirePool) => NodeClaim {
    const claims = this.#parts.claims.all();
    const byNode = new Map(claims.map((claim) => [nodeIdOf(claim), claim]));
    const byInstance = new Map(claims.map((claim) => [instanceIdOf(claim.status?.providerID ?? ""), claim]));
    return (machine, pool) => {
      const owner = byNode.get(machine.id) ?? byInstance.get(machine.instanceId);
      const zone = pool.availabilityZones[0];
      return foundClaim(machine, pool, owner, zone === undefined ? {} : { zone });
    };
  }
}
