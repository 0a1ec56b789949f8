// The machines of this cluster, complete or an error (C-80, C-81); a sudden emptiness is not believed at once (C-85).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { MachineNotFound, Transient } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { EventRecorder } from "@karpenter-multicloud/core/kube";

import { CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import { inCoreWords } from "../client/core-words.ts";
import type { KeptAnswers } from "../client/kept-answers.ts";
import type { Scope } from "../client/scope.ts";
import type { WireVm } from "../client/wire.ts";
import type { ClassViews } from "./class-view.ts";
import type { FoundMachine, MachineFinder } from "./finder.ts";
import { foundClaim } from "./machine-claim.ts";
import { parseProviderId } from "./machine-id.ts";
import { claimUidOf, isOwned } from "./ownership.ts";

export interface InventoryParts {
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly views: ClassViews;
  readonly finder: MachineFinder;
  readonly clusterName: string;
  /** Forgotten with every change of ours to a machine. */
  readonly kept: KeptAnswers;
}

/** One list serves those who ask within this time (§3); shorter than the time between two looks that confirm each other. */
const KEPT_MS = 10_000;
const SNAPSHOT_MS = 60_000;
const LEAVING = ["Destroyed", "Expunging", "Expunged"];
/** In these a machine is not about to go. */
const ALIVE = ["Starting", "Running", "Migrating"];
/** Fewer machines than this may well all go at once. */
const FEW = 4;
const CONFIRMATIONS = 2;

export class Inventory {
  readonly #parts: InventoryParts;
  #snapshot: { readonly at: number; readonly machines: ReadonlyMap<string, WireVm> } | undefined;
  #doubts = 0;

  constructor(parts: InventoryParts) {
    this.#parts = parts;
  }

  /** Every machine with our tags, in any state, as it was ten seconds ago at most. @throws Transient when more than half are gone at once */
  async machines(signal: AbortSignal): Promise<readonly FoundMachine[]> {
    const { kept, views } = this.#parts;
    const scopes = await views.scopes(signal);
    // What a list is doubted for is not kept: only another real list can confirm it.
    return kept.keep(keyOf(scopes), KEPT_MS, () => this.#read(scopes, signal));
  }

  async #read(scopes: readonly Scope[], signal: AbortSignal): Promise<readonly FoundMachine[]> {
    const { clock, finder } = this.#parts;
    const found = await finder.tagged(scopes, signal);
    const machines = new Map(found.map(({ machine }) => [machine.id, machine]));
    this.#doubt(machines);
    this.#snapshot = { at: clock.now(), machines };
    return found;
  }

  async list(signal: AbortSignal): Promise<readonly NodeClaim[]> {
    const found = await inCoreWords("listing machines", () => this.machines(signal));
    const { views, clusterName } = this.#parts;
    const owners = new Map(views.claims().map((claim) => [claim.metadata.uid, claim]));
    return found.map(({ machine }) => foundClaim(machine, owners.get(claimUidOf(machine, clusterName)), clusterName));
  }

  async get(providerID: string, signal: AbortSignal): Promise<NodeClaim> {
    const { views, clusterName } = this.#parts;
    const machine = await this.#find(providerID, signal);
    const uid = claimUidOf(machine, clusterName);
    return foundClaim(
      machine,
      views.claims().find(({ metadata }) => metadata.uid === uid),
      clusterName,
    );
  }

  /** As it was within the last minute; undefined when it is not there. */
  async recent(providerID: string, signal: AbortSignal): Promise<WireVm | undefined> {
    const age = this.#parts.clock.now() - (this.#snapshot?.at ?? Number.NEGATIVE_INFINITY);
    if (age > SNAPSHOT_MS) await inCoreWords("listing machines", () => this.machines(signal));
    return this.#snapshot?.machines.get(parseProviderId(providerID) ?? "");
  }

  /** @throws MachineNotFound when it is gone, on its way out, or not ours */
  async #find(providerID: string, signal: AbortSignal): Promise<WireVm> {
    const { finder, views, clusterName } = this.#parts;
    const id = parseProviderId(providerID);
    if (id === undefined) throw new MachineNotFound(`${providerID} is no machine of CloudStack`);
    const listed = await this.#listedAlive(id, signal);
    if (listed !== undefined) return listed;
    const owner = views.claims().find(({ status }) => parseProviderId(status?.providerID) === id);
    const found = await inCoreWords(`machine ${id}`, () => finder.byId(id, signal, owner));
    if (found === undefined) throw new MachineNotFound(`machine ${id} does not exist`);
    if (!isOwned(found.machine, clusterName)) throw new MachineNotFound(`machine ${id} is not one of this cluster's`);
    if (LEAVING.includes(found.machine.state)) throw new MachineNotFound(`machine ${id} is ${found.machine.state}`);
    return found.machine;
  }

  /** A kept list may say that a machine is there; that it is gone is only believed when it was asked for (C-81). */
  async #listedAlive(id: string, signal: AbortSignal): Promise<WireVm | undefined> {
    const { kept, views, clusterName } = this.#parts;
    const scopes = await inCoreWords(`machine ${id}`, () => views.scopes(signal));
    const list = await kept.peek<readonly FoundMachine[]>(keyOf(scopes));
    const machine = list?.find((found) => found.machine.id === id)?.machine;
    return machine !== undefined && isOwned(machine, clusterName) && ALIVE.includes(machine.state)
      ? machine
      : undefined;
  }

  /** Those whose claims are being deleted are expected to go. */
  #doubt(now: ReadonlyMap<string, WireVm>): void {
    const { views, events } = this.#parts;
    const leaving = new Set(
      views
        .claims()
        .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
        .map(({ metadata }) => metadata.uid),
    );
    const isWanted = (machine: WireVm): boolean => !leaving.has(claimUidOf(machine, this.#parts.clusterName));
    const claimed = new Set(views.claims().map(({ metadata }) => metadata.uid));
    const before = [...(this.#snapshot?.machines.values() ?? [])].filter(
      (machine) => isWanted(machine) && claimed.has(claimUidOf(machine, this.#parts.clusterName)),
    );
    const lost = before.filter(({ id }) => !now.has(id));
    if (before.length < FEW || lost.length * 2 <= before.length) {
      this.#doubts = 0;
      return;
    }
    if (++this.#doubts > CONFIRMATIONS) return;
    const message = `${lost.length} of ${before.length} machines are missing from CloudStack's list at once: nothing is deleted before it is confirmed`;
    for (const nodeClass of views.classes()) {
      events.publish({
        resource: CloudStackNodeClasses,
        object: nodeClass,
        type: "Warning",
        reason: "SuspiciousInventory",
        message,
      });
    }
    throw new Transient(message);
  }
}

/** Another class or project is another list. */
function keyOf(scopes: readonly Scope[]): string {
  return `machines ${JSON.stringify(scopes)}`;
}
