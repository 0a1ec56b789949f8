// Which machines we own in the cloud. Complete or an error: a failed call never looks like an empty pool (O-55, O-56).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { MachineNotFound, Transient } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";

import { kindOf } from "../client/failure-kind.ts";
import type { WireMachine, WirePool } from "../client/wire.ts";
import type { ClusterAccess, ClusterAccesses } from "../node-class/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import type { ClaimStore } from "./claim-store.ts";
import type { ClassViews } from "./class-view.ts";
import { foundClaim } from "./machine-claim.ts";
import { instanceIdOf, isGoing, isGone } from "./machine-status.ts";
import { nodeIdOf } from "./pool-balance.ts";
import { inCoreWords } from "./pool-keeper.ts";
import { isOwned } from "./pool-key.ts";

export interface OwnedPool {
  readonly pool: WirePool;
  readonly machines: readonly WireMachine[];
}

export interface Inventory {
  readonly access: ClusterAccess;
  /** All pools of the cluster, foreign ones too. */
  readonly pools: readonly WirePool[];
  readonly owned: readonly OwnedPool[];
}

export interface InventoryParts {
  readonly clock: Clock;
  readonly accesses: ClusterAccesses;
  readonly claims: ClaimStore;
  readonly views: ClassViews;
  readonly settings: OvhSettings;
}

const CACHE_MS = 10_000;

export class Inventories {
  readonly #parts: InventoryParts;
  #cached: { readonly inventory: Inventory; readonly at: number } | undefined;

  constructor(parts: InventoryParts) {
    this.#parts = parts;
  }

  async list(signal: AbortSignal): Promise<readonly NodeClaim[]> {
    const inventory = await this.read(signal);
    if (inventory === undefined) return [];
    const described = this.#describer();
    return inventory.owned.flatMap(({ pool, machines }) =>
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
    const cached = known && this.#parts.clock.now() - known.at < CACHE_MS ? find(known.inventory, instance) : undefined;
    const found = cached ?? find(await this.read(signal), instance);
    if (found === undefined) throw new MachineNotFound(`no machine with provider id ${providerID}`);
    const { machine } = found;
    if (isGone(machine) || (isGoing(machine) && this.#parts.settings.deletingIsGone)) {
      throw new MachineNotFound(`machine ${machine.name} is being deleted (${machine.status})`);
    }
    return found;
  }

  /** Undefined when nothing was ever ordered. */
  read(signal: AbortSignal): Promise<Inventory | undefined> {
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
    const mine = pools.filter((pool) => isOwned(pool.template, owner));
    try {
      const owned = await Promise.all(
        mine.map(async (pool) => ({ pool, machines: await access.mks.machines(access.kubeId, pool.id, signal) })),
      );
      return { access, pools, owned };
    } catch (error) {
      if (kindOf(error) === "not-found") return undefined;
      throw error;
    }
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

function find(
  inventory: Inventory | undefined,
  instance: string,
): { machine: WireMachine; pool: WirePool } | undefined {
  for (const { pool, machines } of inventory?.owned ?? []) {
    const machine = machines.find((each) => each.instanceId === instance);
    if (machine !== undefined) return { machine, pool };
  }
  return undefined;
}
