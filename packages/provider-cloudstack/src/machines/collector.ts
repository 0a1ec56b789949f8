// Collects what only this provider can see: machines without tags, dead ones, disks nobody uses, and machines that stopped (C-85, C-86).

import { isConditionTrue, Label, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster } from "@karpenter-multicloud/core/kube";
import type { EventRecorder, KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";

import { clusterTag, OwnerTag } from "../api/labels.ts";
import type { ApiClients } from "../client/api-clients.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { inCoreWords, isNotFound } from "../client/core-words.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { GroupFinder } from "../selection/group-finder.ts";
import type { ClassViews } from "./class-view.ts";
import type { FoundMachine, MachineFinder } from "./finder.ts";
import type { Inventory } from "./inventory.ts";
import { claimUidOf, ownerTags } from "./ownership.ts";
import type { Refusals } from "./refusals.ts";
import type { Remover } from "./remover.ts";
import type { Tagger } from "./tagger.ts";

export interface CollectorParts {
  readonly clients: ApiClients;
  readonly metrics: Metrics;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly views: ClassViews;
  readonly finder: MachineFinder;
  readonly inventory: Inventory;
  readonly groups: GroupFinder;
  readonly remover: Remover;
  readonly tagger: Tagger;
  readonly refusals: Refusals;
  readonly clusterName: string;
}

const ORPHAN_MS = 5 * 60_000;
const UNUSED_MS = 10 * 60_000;
const STOPPED_MS = 5 * 60_000;
/** The server itself starts these again elsewhere. */
const STOPPED_HA_MS = 15 * 60_000;
const DEAD = ["Stopped", "Shutdown", "Error"];
const GONE = ["Destroyed", "Expunging", "Expunged"];

export class Collector {
  readonly #parts: CollectorParts;
  /** Since when something has been seen unused, or a machine not running. */
  readonly #since = new Map<string, number>();

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  collect(claims: readonly NodeClaim[], signal: AbortSignal): Promise<void> {
    return inCoreWords("collecting machines and disks", () => this.#collect(claims, signal));
  }

  async #collect(claims: readonly NodeClaim[], signal: AbortSignal): Promise<void> {
    const { inventory, finder, clusterName } = this.#parts;
    // A list that fails, or that nobody believes, ends the round here.
    const tagged = await inventory.machines(signal);
    const marked = await finder.marked(signal);
    const all = [...new Map([...tagged, ...marked].map((found) => [found.machine.id, found])).values()];
    const byUid = new Map(claims.map((claim) => [claim.metadata.uid ?? "", claim]));
    const seen = new Set<string>();
    for (const found of all) {
      const claim = byUid.get(claimUidOf(found.machine, clusterName) ?? "");
      if (GONE.includes(found.machine.state)) continue;
      if (claim === undefined) await this.#orphan(found, seen, signal);
      else await this.#look(found, claim, seen, signal);
    }
    await this.#disks(byUid, seen, signal);
    await this.#groups(signal);
    for (const key of this.#since.keys()) if (!seen.has(key)) this.#since.delete(key);
  }

  /** Without a claim, and not just ordered: by nobody's wish. */
  async #orphan(found: FoundMachine, seen: Set<string>, signal: AbortSignal): Promise<void> {
    const { machine } = found;
    const key = `orphan/${machine.id}`;
    seen.add(key);
    const age = this.#parts.clock.now() - machine.created;
    if (this.#for(key) < ORPHAN_MS && age < ORPHAN_MS) return;
    this.#parts.logger.warn("removing a machine whose nodeclaim is gone", { machine: machine.name, id: machine.id });
    const removal = `removal/${machine.id}`;
    seen.add(removal);
    if (!this.#since.has(removal))
      this.#parts.metrics.count("karpenter_cloudstack_orphans_deleted_total", { kind: "vm" });
    this.#for(removal);
    await this.#parts.remover.remove(found, undefined, signal);
  }

  async #look(found: FoundMachine, claim: NodeClaim, seen: Set<string>, signal: AbortSignal): Promise<void> {
    if (claim.metadata.deletionTimestamp !== undefined) return;
    await this.#repairTags(found, claim, signal);
    const { machine } = found;
    if (!DEAD.includes(machine.state)) return;
    const key = `dead/${machine.id}`;
    seen.add(key);
    const dead = this.#for(key);
    const isRegistered = isConditionTrue(claim, "Registered");
    // A machine that never started leaves its record; the launch that waits for it cleans up itself.
    const isFailed = machine.state === "Error" && !isRegistered && isConditionTrue(claim, "Launched");
    if (isFailed) {
      const labels = claim.metadata.labels ?? {};
      const { [Label.InstanceType]: instanceType = "", [Label.Zone]: zone = "" } = labels;
      const holder = await this.#parts.views.scopeHolderOf(claim, signal);
      if (holder !== undefined) this.#parts.refusals.failedLater({ holder, instanceType, zone });
      return this.#giveUp(found, claim, "LaunchFailed", signal);
    }
    const grace = await this.#graceOf(found, signal);
    if (isRegistered && dead >= grace) await this.#giveUp(found, claim, "InstanceStopped", signal);
  }

  async #graceOf({ machine, scope }: FoundMachine, signal: AbortSignal): Promise<number> {
    const offering = (await this.#parts.clients.of(scope).offerings(signal)).find(
      ({ id }) => id === machine.offeringId,
    );
    return offering?.offerHa === true ? STOPPED_HA_MS : STOPPED_MS;
  }

  /** A crash between the order and the tags left only the mark in the display name. */
  async #repairTags({ machine, scope }: FoundMachine, claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const { views, tagger, clients, clusterName, logger } = this.#parts;
    const nodeClass = views.classes().find(({ metadata }) => metadata.name === claim.spec.nodeClassRef.name);
    if (nodeClass === undefined || DEAD.includes(machine.state)) return;
    const wanted = ownerTags(claim, nodeClass, clusterName);
    const missing = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => machine.tags[key] !== value));
    if (Object.keys(missing).length === 0 || this.#parts.clock.now() - machine.created < ORPHAN_MS) return;
    logger.info("repairing the tags of a machine", { machine: machine.name, tags: Object.keys(missing) });
    const client = clients.of(scope);
    const read = async () => (await client.machines(scope, { id: machine.id }, signal))[0]?.tags;
    await tagger.tag({ client, type: "UserVm", id: machine.id }, missing, read, signal);
  }

  async #giveUp({ machine }: FoundMachine, claim: NodeClaim, reason: string, signal: AbortSignal): Promise<void> {
    const { kube, events } = this.#parts;
    const { name = "", uid } = claim.metadata;
    const message = `machine ${machine.name} is ${machine.state} although its nodeclaim is not being deleted`;
    events.publish({ resource: NodeClaims, object: claim, type: "Warning", reason, message });
    try {
      await kube.delete(NodeClaims, { name }, { ...(uid === undefined ? {} : { preconditions: { uid } }), signal });
    } catch (error) {
      if (!isGoneFromCluster(error)) throw error;
    }
  }

  /** Ours by their tags, attached to nothing for ten minutes, and of no claim that still lives. */
  async #disks(byUid: ReadonlyMap<string, NodeClaim>, seen: Set<string>, signal: AbortSignal): Promise<void> {
    const { clients, metrics, views, clusterName, logger } = this.#parts;
    const filter = { type: "DATADISK", tags: [{ key: clusterTag(clusterName), value: "owned" }] };
    for (const scope of await views.scopes(signal)) {
      for (const volume of await this.#volumes(scope, filter, signal)) {
        const isOurs =
          volume.tags[clusterTag(clusterName)] === "owned" && volume.tags[OwnerTag.ManagedBy] !== undefined;
        const isUsed = volume.vmId !== undefined;
        if (!isOurs || isUsed || byUid.has(volume.tags[OwnerTag.NodeClaimUid] ?? "")) continue;
        seen.add(volume.id);
        if (this.#for(volume.id) < UNUSED_MS) continue;
        try {
          await clients.of(scope).deleteVolume(volume.id, volume.name, signal);
          metrics.count("karpenter_cloudstack_orphans_deleted_total", { kind: "volume" });
          logger.info("collected a disk that nobody uses", { volume: volume.name, id: volume.id });
        } catch (error) {
          if (!isNotFound(error) && kindOf(error) !== "config") throw error;
        }
      }
    }
  }

  async #volumes(
    scope: FoundMachine["scope"],
    filter: Parameters<CloudStackClient["volumes"]>[1],
    signal: AbortSignal,
  ) {
    try {
      return await this.#parts.clients.of(scope).volumes(scope, filter, signal);
    } catch (error) {
      if (kindOf(error) === "permission") return [];
      throw error;
    }
  }

  /** Made for classes that are gone. */
  async #groups(signal: AbortSignal): Promise<void> {
    const { views, groups } = this.#parts;
    const names = new Set(views.classes().map(({ metadata }) => metadata.name));
    try {
      for (const scope of await views.scopes(signal))
        await groups.removeUnused(scope, (name) => names.has(name), signal);
    } catch (error) {
      if (kindOf(error) !== "permission") throw error;
    }
  }

  #for(key: string): number {
    const now = this.#parts.clock.now();
    const since = this.#since.get(key) ?? now;
    this.#since.set(key, since);
    return now - since;
  }
}
