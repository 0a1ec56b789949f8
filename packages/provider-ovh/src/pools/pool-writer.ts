// Every change of a pool's size goes through here: it knows what was asked before, keeps quiet while MKS is busy, and looks before it asks twice.

import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { kindOf, outcomeUnknown } from "../client/failure-kind.ts";
import type { NonEmpty } from "../client/mks-client.ts";
import type { WireMachine, WirePool, WireTemplate } from "../client/wire.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import type { BusyPools } from "./busy-pools.ts";
import { providerIdOf } from "./machine-status.ts";
import type { RemovalLedger } from "./removal-ledger.ts";

/** "later": MKS is busy with the pool, or the answer was lost; the next look tells. */
export type WriteResult = "done" | "later";

export class PoolWriter {
  readonly #ledger: RemovalLedger;
  readonly #busy: BusyPools;
  readonly #logger: Logger;
  readonly #deleteMode: OvhSettings["deleteMode"];

  constructor(ledger: RemovalLedger, busy: BusyPools, logger: Logger, deleteMode: OvhSettings["deleteMode"]) {
    this.#deleteMode = deleteMode;
    this.#ledger = ledger;
    this.#busy = busy;
    this.#logger = logger;
  }

  async grow(access: ClusterAccess, pool: WirePool, desired: number, signal: AbortSignal): Promise<WriteResult> {
    return this.#write(access, pool, async () => {
      await access.mks.growPool(access.kubeId, pool, desired, signal);
      this.#logger.info("raised a pool", { pool: pool.name, from: pool.desiredNodes, to: desired });
    });
  }

  /** Never more than the pool has on order: a removal names exactly the machines by which it lowers the pool. */
  async remove(
    access: ClusterAccess,
    pool: WirePool,
    machines: readonly WireMachine[],
    signal: AbortSignal,
  ): Promise<WriteResult> {
    const [first, ...others] = machines.map((machine) => machine.id);
    if (first === undefined) return "done";
    if (pool.desiredNodes < machines.length) return "later";
    const ids: NonEmpty<string> = [first, ...others];
    if (this.#deleteMode === "node") return this.#removeEach(access, pool, ids, signal);
    return this.#write(access, pool, async () => {
      try {
        await this.#name(access, pool, machines, ids, signal);
        this.#ledger.sent(pool, ids, "sent");
      } catch (error) {
        if (outcomeUnknown(error)) this.#ledger.sent(pool, ids, "unknown");
        throw error;
      }
      this.#logger.info("removed machines", { pool: pool.name, machines: machines.map((machine) => machine.name) });
    });
  }

  /** O-50.3: by machine id; an API that will not have these gets provider ids, once. */
  async #name(
    access: ClusterAccess,
    pool: WirePool,
    machines: readonly WireMachine[],
    ids: NonEmpty<string>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await access.mks.removeMachines(access.kubeId, pool, ids, signal);
    } catch (error) {
      const [first, ...others] = machines.filter(({ instanceId }) => instanceId !== "").map(providerIdOf);
      if (kindOf(error) !== "config" || first === undefined || others.length + 1 < ids.length) throw error;
      this.#logger.info("naming machines by provider id", { pool: pool.name, error });
      await access.mks.removeMachines(access.kubeId, pool, [first, ...others], signal);
    }
  }

  /** O-50.4: one after the other; the first that MKS is too busy for ends the round, and the rest is asked for again later. */
  async #removeEach(
    access: ClusterAccess,
    pool: WirePool,
    ids: NonEmpty<string>,
    signal: AbortSignal,
  ): Promise<WriteResult> {
    let desiredNodes = pool.desiredNodes;
    for (const id of ids) {
      const size = { ...pool, desiredNodes };
      const result = await this.#write(access, pool, async () => {
        try {
          await access.mks.removeMachine(access.kubeId, size, id, signal);
          this.#ledger.sent(size, [id], "sent");
        } catch (error) {
          if (outcomeUnknown(error)) this.#ledger.sent(size, [id], "unknown");
          throw error;
        }
        this.#logger.info("removed a machine", { pool: pool.name, machine: id });
      });
      if (result === "later") return "later";
      desiredNodes--;
    }
    return "done";
  }

  /** O-14 */
  async repair(access: ClusterAccess, pool: WirePool, maxNodes: number, signal: AbortSignal): Promise<WriteResult> {
    return this.#write(access, pool, () =>
      access.mks.repairPool(access.kubeId, pool, Math.max(maxNodes, pool.desiredNodes), signal),
    );
  }

  async adopt(
    access: ClusterAccess,
    pool: WirePool,
    template: WireTemplate,
    signal: AbortSignal,
  ): Promise<WriteResult> {
    return this.#write(access, pool, async () => {
      await access.mks.adoptPool(access.kubeId, pool, template, signal);
      this.#logger.info("adopted a pool of the older product", { pool: pool.name });
    });
  }

  async delete(access: ClusterAccess, pool: WirePool, signal: AbortSignal): Promise<WriteResult> {
    return this.#write(access, pool, async () => {
      await access.mks.deletePool(access.kubeId, pool, signal);
      this.#logger.info("deleted an empty pool", { pool: pool.name });
    });
  }

  async #write(access: ClusterAccess, pool: WirePool, work: () => Promise<void>): Promise<WriteResult> {
    // The machines go with their cluster; what would be asked of them now could only disturb that.
    if (access.standstill === "cluster-going") return "later";
    if (this.#busy.isQuiet(pool.id)) return "later";
    try {
      await work();
      this.#busy.accepted(pool.id);
      return "done";
    } catch (error) {
      if (kindOf(error) === "busy") {
        this.#busy.refused(pool.id);
        return "later";
      }
      if (outcomeUnknown(error)) return "later";
      throw error;
    }
  }
}
