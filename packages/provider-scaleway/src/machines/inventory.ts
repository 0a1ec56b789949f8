// The servers of this cluster, complete or an error, each looked up in its own zone only (W-48, W-50).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { MachineNotFound } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";

import { tagValue } from "../api/labels.ts";
import { inCoreWords, isNotFound } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { WireServer } from "../client/wire.ts";
import type { ClassViews } from "./class-view.ts";
import { foundClaim } from "./machine-claim.ts";
import { parseProviderId, providerIdOf } from "./machine-id.ts";
import { clusterTags, hasTags } from "./owner-tags.ts";

export interface InventoryParts {
  readonly client: ScalewayClient;
  readonly clock: Clock;
  readonly views: ClassViews;
  readonly clusterName: string;
}

/** Drift is asked for every claim in a row: one list serves them all. */
const SNAPSHOT_MS = 60_000;

export class Inventory {
  readonly #parts: InventoryParts;
  #snapshot: { readonly at: number; readonly servers: ReadonlyMap<string, WireServer> } | undefined;

  constructor(parts: InventoryParts) {
    this.#parts = parts;
  }

  /** Every server with our tags, in any state: those that are stopped cost money too. An error in one zone fails the whole. */
  async servers(signal: AbortSignal): Promise<readonly WireServer[]> {
    const { client, clock, views, clusterName } = this.#parts;
    const tags = clusterTags(clusterName);
    const servers: WireServer[] = [];
    // One zone after the other: a limit that the first one meets holds the others back.
    for (const zone of views.zones()) {
      servers.push(...(await client.servers(zone, tags, signal)).filter((server) => hasTags(server, tags)));
    }
    this.#snapshot = {
      at: clock.now(),
      servers: new Map(servers.map((server) => [providerIdOf(server), server])),
    };
    return servers;
  }

  async list(signal: AbortSignal): Promise<readonly NodeClaim[]> {
    const servers = await inCoreWords("listing servers", () => this.servers(signal));
    const owners = new Map(this.#parts.views.claims().map((claim) => [claim.metadata.uid, claim]));
    return servers
      .filter(({ stateDetail }) => stateDetail !== "terminating")
      .map((server) => foundClaim(server, owners.get(tagValue(server.tags, "karpenter-nodeclaim-uid"))));
  }

  async get(providerID: string, signal: AbortSignal): Promise<NodeClaim> {
    const server = await this.find(providerID, signal);
    const uid = tagValue(server.tags, "karpenter-nodeclaim-uid");
    const owner = this.#parts.views.claims().find(({ metadata }) => metadata.uid === uid);
    return foundClaim(server, owner);
  }

  /** @throws MachineNotFound when it is gone, on its way out, or not ours */
  async find(providerID: string, signal: AbortSignal): Promise<WireServer> {
    const machine = parseProviderId(providerID);
    if (machine === undefined) throw new MachineNotFound(`${providerID} is no Instance of Scaleway`);
    const server = await inCoreWords(`server ${machine.id}`, async () => {
      try {
        return await this.#parts.client.server(machine.zone, machine.id, signal);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
    if (server === undefined) throw new MachineNotFound(`server ${machine.id} does not exist in ${machine.zone}`);
    if (!hasTags(server, clusterTags(this.#parts.clusterName))) {
      throw new MachineNotFound(`server ${machine.id} in ${machine.zone} is not one of this cluster's`);
    }
    if (server.stateDetail === "terminating") throw new MachineNotFound(`server ${machine.id} is being removed`);
    return server;
  }

  /** As it was within the last minute; undefined when it is not there. */
  async recent(providerID: string, signal: AbortSignal): Promise<WireServer | undefined> {
    const age = this.#parts.clock.now() - (this.#snapshot?.at ?? Number.NEGATIVE_INFINITY);
    if (age > SNAPSHOT_MS) await inCoreWords("listing servers", () => this.servers(signal));
    return this.#snapshot?.servers.get(providerID);
  }
}
