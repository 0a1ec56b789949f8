// Collects what only this provider can see: volumes and addresses nobody uses, and machines that stopped (W-44, W-51, W-55).

import { isConditionTrue, NodeClaims, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster } from "@karpenter-multicloud/core/kube";
import type { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { EventRecorder, KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import { hours } from "@karpenter-multicloud/core/units";

import { tagValue } from "../api/labels.ts";
import { inCoreWords, isNotFound, kindOf } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { WireServer } from "../client/wire.ts";
import type { ClassViews } from "./class-view.ts";
import type { Inventory } from "./inventory.ts";
import { providerIdOf } from "./machine-id.ts";
import { clusterTags, hasTags } from "./owner-tags.ts";
import type { Refusals } from "./refusals.ts";

export interface CollectorParts {
  readonly client: ScalewayClient;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly views: ClassViews;
  readonly inventory: Inventory;
  readonly refusals: Refusals;
  readonly metrics: Metrics;
  readonly unavailable: Pick<UnavailableOfferings, "keys">;
  readonly clusterName: string;
}

/** What a round has found so far; claims by their uid. */
interface InUse {
  readonly seen: Set<string>;
  readonly alive: ReadonlySet<string | undefined>;
  readonly busy: ReadonlySet<string | undefined>;
  readonly attached: ReadonlySet<string>;
}

const UNUSED_MS = 10 * 60_000;
const TOLD_MS = 5 * 60_000;
const GIVEN_UP_MS = 15 * 60_000;
const ALLOCATION_MS = 10 * 60_000;
const ANNOUNCED_MS = 24 * 60 * 60_000;
const DEAD_STATES: readonly string[] = ["stopped", "stopped in place", "locked"];

export class Collector {
  readonly #parts: CollectorParts;
  /** Since when something has been seen unused, or a machine not running. */
  readonly #since = new Map<string, number>();

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  collect(claims: readonly NodeClaim[], signal: AbortSignal): Promise<void> {
    return inCoreWords("collecting volumes and addresses", () => this.#collect(claims, signal));
  }

  async #collect(claims: readonly NodeClaim[], signal: AbortSignal): Promise<void> {
    this.#measureRefusals();
    const servers = await this.#parts.inventory.servers(signal);
    const seen = new Set<string>();
    const alive = new Set(servers.map(({ tags }) => tagValue(tags, "karpenter-nodeclaim-uid")));
    const busy = new Set(claims.filter(isStarting).map(({ metadata }) => metadata.uid));
    const attached = new Set(servers.flatMap(({ disks }) => disks.map(({ id }) => id)));
    for (const zone of this.#parts.views.zones()) {
      await this.#unusedIn(zone, { seen, alive, busy, attached }, signal);
    }
    await this.#watchMachines(servers, claims, seen, signal);
    for (const key of this.#since.keys()) if (!seen.has(key)) this.#since.delete(key);
  }

  /** A type that is refused for two kinds of capacity is one series. */
  #measureRefusals(): void {
    const { metrics, unavailable } = this.#parts;
    const series = unavailable.keys().map(({ instanceType = "", zone = "" }) => {
      return [`${instanceType}/${zone}`, { labels: { instance_type: instanceType, zone }, value: 1 }] as const;
    });
    metrics.hold("karpenter_scaleway_unavailable_offerings", "refusals", [...new Map(series).values()]);
  }

  /** Ours by their tags, unused for ten minutes, and of no claim that expects a machine. Also of one that has its machine: a second one left them (T-34). */
  async #unusedIn(zone: string, { seen, alive, busy, attached }: InUse, signal: AbortSignal): Promise<void> {
    const { client, clusterName } = this.#parts;
    const tags = clusterTags(clusterName);
    const isForgotten = (thing: { readonly id: string; readonly tags: readonly string[] }): boolean => {
      if (!hasTags(thing, tags) || attached.has(thing.id)) return false;
      if (busy.has(tagValue(thing.tags, "karpenter-nodeclaim-uid"))) return false;
      seen.add(thing.id);
      return this.#for(thing.id) >= UNUSED_MS;
    };
    for (const volume of await client.blockVolumes(zone, tags, signal)) {
      const isFree = volume.status === "available" && volume.references === 0;
      if (isFree && isForgotten(volume)) {
        await this.#remove("volume", volume.id, () => client.deleteBlockVolume(zone, volume.id, signal));
      }
    }
    for (const volume of await client.localVolumes(zone, tags, signal)) {
      // Its list does not say whether it is attached.
      if (!alive.has(tagValue(volume.tags, "karpenter-nodeclaim-uid")) && isForgotten(volume)) {
        await this.#remove("volume", volume.id, () => client.deleteLocalVolume(zone, volume.id, signal));
      }
    }
    for (const ip of await client.ips(zone, tags, signal)) {
      if (ip.serverId === undefined && isForgotten(ip)) {
        await this.#remove("ip", ip.id, () => client.deleteIp(zone, ip.id, signal));
      }
    }
  }

  async #remove(kind: string, id: string, work: () => Promise<void>): Promise<void> {
    const { logger, metrics } = this.#parts;
    try {
      await work();
      metrics.count("karpenter_scaleway_gc_deleted_total", { kind, reason: "unused" });
      logger.info("collected what nobody uses", { kind, id, reason: "unused for 10 minutes" });
    } catch (error) {
      if (isNotFound(error)) return;
      if (kindOf(error) !== "busy") throw error;
      logger.debug("not free yet", { kind, id });
    }
  }

  async #watchMachines(
    servers: readonly WireServer[],
    claims: readonly NodeClaim[],
    seen: Set<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const byProviderId = new Map(claims.map((claim) => [claim.status?.providerID ?? "", claim]));
    for (const server of servers) {
      const claim = byProviderId.get(providerIdOf(server));
      if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) continue;
      this.#announce(server, claim);
      const isDead = DEAD_STATES.includes(server.state);
      const isAllocating = server.state === "starting" && server.stateDetail === "allocating node";
      if (!isDead && !isAllocating) continue;
      const key = `${server.id}/${isDead ? "dead" : "allocating"}`;
      seen.add(key);
      await this.#judge(server, claim, { isDead, ms: this.#for(key) }, signal);
    }
  }

  /** W-55: told, and nothing more. Scaleway moves the machine itself. */
  #announce({ name, maintenances }: WireServer, claim: NodeClaim): void {
    const now = this.#parts.clock.now();
    const next = maintenances.find((at) => at > now && at - now <= ANNOUNCED_MS);
    if (next === undefined) return;
    const message = `Scaleway has planned maintenance of server ${name} for ${toRfc3339(next)}`;
    const note = { type: "Warning", reason: "MaintenancePlanned", message, dedupeFor: hours(24) } as const;
    this.#parts.events.publish({ resource: NodeClaims, object: claim, ...note });
  }

  async #judge(
    server: WireServer,
    claim: NodeClaim,
    { isDead, ms }: { readonly isDead: boolean; readonly ms: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { events, refusals } = this.#parts;
    const isRegistered = isConditionTrue(claim, "Registered");
    if (isDead && ms >= TOLD_MS) {
      const message = `server ${server.name} is ${server.state} although its nodeclaim is not being deleted`;
      events.publish({ resource: NodeClaims, object: claim, type: "Warning", reason: "InstanceStopped", message });
    }
    // A machine that fell back right after power-on never ran: its place has no stock.
    const neverRan = !isRegistered && (isDead || ms >= ALLOCATION_MS);
    if (neverRan && server.state !== "locked") {
      refusals.outOfStock(server.commercialType, server.zone, "it never found a hypervisor");
      await this.#giveUp(server, claim, signal);
    } else if (isDead && ms >= GIVEN_UP_MS) await this.#giveUp(server, claim, signal);
  }

  async #giveUp(server: WireServer, claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const { kube, logger } = this.#parts;
    const { name = "", uid } = claim.metadata;
    logger.warn("giving up a nodeclaim whose server does not run", { NodeClaim: name, server: server.id });
    try {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      await kube.delete(NodeClaims, { name }, { ...preconditions, signal });
    } catch (error) {
      if (!isGoneFromCluster(error)) throw error;
    }
  }

  #for(key: string): number {
    const now = this.#parts.clock.now();
    const since = this.#since.get(key) ?? now;
    this.#since.set(key, since);
    return now - since;
  }
}

/** Its machine may be on its way without being listed yet. */
function isStarting(claim: NodeClaim): boolean {
  return claim.metadata.deletionTimestamp === undefined && !claim.status?.providerID;
}
