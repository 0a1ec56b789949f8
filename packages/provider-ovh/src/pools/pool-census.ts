// Counts what an inventory shows, for the metrics about pools and machines, and notices machines that MKS has exchanged (O-58, §13).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";

import { OvhAnnotation } from "../api/labels.ts";
import type { Balance } from "./pool-balance.ts";
import { surplusOf } from "./pool-balance.ts";
import type { Inventory, OwnedPool } from "./inventory.ts";
import { isGoing, isGone } from "./machine-status.ts";
import type { Sightings } from "./sightings.ts";

export interface CensusParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly sightings: Sightings;
  readonly unavailable: UnavailableOfferings;
}

type MachineState = "assigned" | "waiting" | "surplus" | "failed";
/** Machine id → whether a launched claim has it. */
type Members = ReadonlyMap<string, boolean>;

export class PoolCensus {
  readonly #parts: CensusParts;
  /** By pool id, as of the last look. */
  #members: ReadonlyMap<string, Members> = new Map();

  constructor(parts: CensusParts) {
    this.#parts = parts;
  }

  take({ pools, owned }: Inventory, balanceOf: (pool: OwnedPool) => Balance): void {
    const states: Record<MachineState, number> = { assigned: 0, waiting: 0, surplus: 0, failed: 0 };
    const members = new Map<string, Members>();
    for (const each of owned) {
      const balance = balanceOf(each);
      states.assigned += balance.assigned.length + balance.taken.length;
      states.waiting += balance.waiting.length;
      states.surplus += surplusOf(balance).length;
      states.failed += balance.failed.length;
      members.set(each.pool.id, membersOf(balance));
      this.#noticeExchanges(each, balance);
      for (const { claim, machine } of balance.assigned) if (machine.status === "READY") this.reached("ready", claim);
    }
    this.#members = members;
    this.#setMachines(states);
    this.#setPools(pools, new Set(owned.map(({ pool }) => pool.id)));
    this.#parts.metrics.set("karpenter_ovh_unavailable_offerings", {}, this.#parts.unavailable.size);
  }

  /** Once per claim and phase. */
  reached(phase: "listed" | "instance" | "ready", claim: NodeClaim): void {
    const { clock, metrics, sightings } = this.#parts;
    const { annotations = {}, uid = "" } = claim.metadata;
    const since = Date.parse(annotations[OvhAnnotation.LaunchAttempt] ?? "");
    const [flavor = ""] = (annotations[OvhAnnotation.Offering] ?? "").split("/");
    // A machine that was READY before this process began is no news.
    if (!(since > sightings.bornAt) || !sightings.once(`phase/${phase}/${uid}`)) return;
    metrics.observe("karpenter_ovh_machine_launch_seconds", { flavor, phase }, (clock.now() - since) / 1000);
  }

  /** A claim's machine is gone without anybody asking, and one that no claim has stands there instead. */
  #noticeExchanges({ pool, machines }: OwnedPool, balance: Balance): void {
    const before = this.#members.get(pool.id);
    if (before === undefined) return;
    const live = new Set(machines.filter((each) => !isGone(each) && !isGoing(each)).map(({ id }) => id));
    const asked = new Set(balance.leaving.flatMap(({ machine, claim }) => (isAsked(claim) ? [machine.id] : [])));
    const lost = [...before].filter(([id, hadClaim]) => hadClaim && !live.has(id) && !asked.has(id)).length;
    const fresh = balance.unassigned.filter(({ id }) => !before.has(id)).length;
    const exchanged = Math.min(lost, fresh);
    if (exchanged > 0) this.#parts.metrics.count("karpenter_ovh_machine_replaced_total", {}, exchanged);
  }

  #setMachines(states: Readonly<Record<MachineState, number>>): void {
    for (const [state, count] of Object.entries(states)) {
      this.#parts.metrics.set("karpenter_ovh_pool_machines", { state }, count);
    }
  }

  #setPools(pools: Inventory["pools"], owned: ReadonlySet<string>): void {
    const { metrics } = this.#parts;
    metrics.remove("karpenter_ovh_pools", {});
    const groups = Map.groupBy(pools, ({ id, status }) => JSON.stringify([String(owned.has(id)), status]));
    for (const [key, group] of groups) {
      const [isOwned = "", status = ""] = JSON.parse(key) as readonly string[];
      metrics.set("karpenter_ovh_pools", { owned: isOwned, status }, group.length);
    }
  }
}

function membersOf(balance: Balance): Members {
  return new Map([
    ...balance.unassigned.map(({ id }) => [id, false] as const),
    ...balance.taken.map(({ id }) => [id, false] as const),
    ...balance.assigned.map(({ machine, claim }) => [machine.id, Boolean(claim.status?.providerID)] as const),
  ]);
}

function isAsked(claim: NodeClaim | undefined): boolean {
  if (claim === undefined) return true;
  return (
    claim.metadata.deletionTimestamp !== undefined ||
    claim.metadata.annotations?.[OvhAnnotation.RemovalRequested] !== undefined
  );
}
