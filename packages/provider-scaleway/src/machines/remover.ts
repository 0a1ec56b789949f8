// Removes a machine with everything that was made for it: one step for each call, until nothing is left (W-49).

import { NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { BootstrapTokens } from "@karpenter-multicloud/core/bootstrap";
import { isNotFound as isGoneFromCluster, patchObject } from "@karpenter-multicloud/core/kube";
import type { EventRecorder, KubeClient } from "@karpenter-multicloud/core/kube";
import { MachineNotFound } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";

import { OwnerTag, ScalewayAnnotation, tagValue } from "../api/labels.ts";
import { inCoreWords, isNotFound, kindOf } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { WireBlockVolume, WireDisk, WireServer } from "../client/wire.ts";
import type { ClusterEntries } from "./cluster-entries.ts";
import type { ClassViews } from "./class-view.ts";
import { parseProviderId } from "./machine-id.ts";
import { claimTags, clusterTags, hasTags } from "./owner-tags.ts";

export interface RemoverParts {
  readonly client: ScalewayClient;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly views: ClassViews;
  readonly tokens: Pick<BootstrapTokens, "remove">;
  readonly entries: Pick<ClusterEntries, "remove">;
  readonly clusterName: string;
}

/** What must go, and where. */
export interface Belongings {
  readonly zone: string;
  readonly disks: readonly WireDisk[];
  readonly ips: readonly string[];
}

/** A server that nobody may touch is looked at this seldom (T-59). */
const HELD_MS = 10 * 60_000;
const STUCK_MS = 10 * 60_000;

export class Remover {
  readonly #parts: RemoverParts;
  readonly #heldUntil = new Map<string, number>();
  readonly #waitingSince = new Map<string, number>();
  /** By claim: whoever asks while a step is under way gets its end, and the cloud one call. */
  readonly #steps = new Map<string, Promise<void>>();

  constructor(parts: RemoverParts) {
    this.#parts = parts;
  }

  /** Resolves while work is in progress. @throws MachineNotFound when nothing is left */
  delete(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const name = claim.metadata.name ?? "";
    const key = `${name}/${claim.metadata.uid ?? ""}`;
    const running = this.#steps.get(key);
    if (running !== undefined) return running;
    const step = inCoreWords(`removing the machine of nodeclaim ${name}`, () => this.#step(claim, signal)).finally(() =>
      this.#steps.delete(key),
    );
    this.#steps.set(key, step);
    return step;
  }

  async #step(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const machine = parseProviderId(claim.status?.providerID);
    if (machine === undefined) {
      if (await this.#removeByTag(claim, signal)) return;
      return this.#nothingLeft(claim, signal);
    }
    if ((this.#heldUntil.get(machine.id) ?? 0) > this.#parts.clock.now()) return;
    const server = await this.#look(machine.zone, machine.id, signal);
    if (server !== undefined) {
      this.#requireOurs(server);
      return this.#removeServer(claim, server, signal);
    }
    const left = await this.removeBelongings(remembered(claim, machine.zone), claim, signal);
    if (left) return;
    return this.#nothingLeft(claim, signal);
  }

  /** A claim that never learned its machine's id: whatever carries its uid goes. True while there is something. */
  async #removeByTag(claim: NodeClaim, signal: AbortSignal): Promise<boolean> {
    const { client, views, clusterName } = this.#parts;
    const { uid = "" } = claim.metadata;
    if (uid === "") return false;
    const tags = claimTags(clusterName, uid);
    let found = false;
    for (const zone of views.zones()) {
      for (const server of await client.servers(zone, tags, signal)) {
        if (!hasTags(server, tags)) continue;
        found = true;
        await this.removeServer(server, claim, signal);
      }
      const volumes = (await client.blockVolumes(zone, tags, signal)).filter((volume) => hasTags(volume, tags));
      const locals = (await client.localVolumes(zone, tags, signal)).filter((volume) => hasTags(volume, tags));
      const ips = (await client.ips(zone, tags, signal)).filter((ip) => hasTags(ip, tags));
      const disks = [
        ...volumes.map(({ id }) => ({ id, type: "sbs_volume" })),
        ...locals.map(({ id }) => ({ id, type: "scratch" })),
      ];
      const belongings = { zone, disks, ips: ips.map(({ id }) => id) };
      if (await this.removeBelongings(belongings, claim, signal)) found = true;
    }
    return found;
  }

  async #removeServer(claim: NodeClaim, server: WireServer, signal: AbortSignal): Promise<void> {
    await this.#remember(claim, server, signal);
    await this.removeServer(server, claim, signal);
  }

  /** One step towards the end of a server; what came with it is left for later. */
  async removeServer(server: WireServer, claim: NodeClaim | undefined, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const { zone, id, state } = server;
    if (state === "locked") {
      this.#heldUntil.set(id, clock.now() + HELD_MS);
      this.#tell(claim, "ServerLocked", `Scaleway has locked server ${server.name}: it cannot be removed`);
      return;
    }
    try {
      if (server.protected) {
        if (!(await this.#mayUnprotect(server, claim))) return;
        await client.unprotect(zone, id, signal);
      }
      const terminates = server.allowedActions.includes("terminate");
      if (!terminates && state !== "stopped") return;
      await this.#markRoot(server, signal);
      if (terminates) await client.act(zone, id, "terminate", signal);
      else await client.deleteServer(zone, id, signal);
      // What was found in the cloud alone was never stored in the cluster.
      if (claim?.metadata.resourceVersion === undefined)
        this.#parts.metrics.count("karpenter_scaleway_gc_deleted_total", { kind: "server", reason: "orphan" });
    } catch (error) {
      // Busy passes by itself; gone is what was wanted.
      if (kindOf(error) !== "busy" && !isNotFound(error)) throw error;
    }
  }

  /** A launch that died young has left its root volume without tags; with them it is found again when the server is gone. */
  async #markRoot({ zone, tags, disks: [root] }: WireServer, signal: AbortSignal): Promise<void> {
    if (root?.type !== "sbs_volume") return;
    const { client } = this.#parts;
    const volume = await this.#blockVolume(zone, root.id, signal);
    if (volume?.tags.length === 0) await client.updateBlockVolume(zone, root.id, { tags }, signal);
  }

  /** Only what the class itself has protected. */
  async #mayUnprotect(server: WireServer, claim: NodeClaim | undefined): Promise<boolean> {
    const name = claim?.spec.nodeClassRef?.name ?? tagValue(server.tags, "karpenter-nodeclass") ?? "";
    try {
      if (this.#parts.views.nodeClass(name).spec?.protected === true) return true;
    } catch {
      // A class that is gone protects nothing.
    }
    this.#heldUntil.set(server.id, this.#parts.clock.now() + HELD_MS);
    this.#tell(claim, "ServerProtected", `server ${server.name} was protected by somebody: it is not removed`);
    return false;
  }

  /** Volumes and addresses, once the server is gone. True while something has to be waited for. */
  async removeBelongings(
    { zone, disks, ips }: Belongings,
    claim: NodeClaim | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client } = this.#parts;
    let waiting = false;
    for (const { id, type } of disks) {
      const gone = type === "sbs_volume" ? await this.#removeBlock(zone, id, claim, signal) : true;
      if (type !== "sbs_volume") await orGone(() => client.deleteLocalVolume(zone, id, signal));
      if (!gone) waiting = true;
    }
    for (const id of ips) await orGone(() => client.deleteIp(zone, id, signal));
    return waiting;
  }

  /** A volume that was just detached is not free yet (§1.6). */
  async #removeBlock(zone: string, id: string, claim: NodeClaim | undefined, signal: AbortSignal): Promise<boolean> {
    const { client, clock } = this.#parts;
    try {
      const volume = await client.blockVolume(zone, id, signal);
      if (volume.status === "available" && volume.references === 0) {
        await client.deleteBlockVolume(zone, id, signal);
        this.#waitingSince.delete(id);
        return true;
      }
    } catch (error) {
      if (isNotFound(error)) return true;
      if (kindOf(error) !== "busy") throw error;
    }
    const since = this.#waitingSince.get(id) ?? clock.now();
    this.#waitingSince.set(id, since);
    if (clock.now() - since > STUCK_MS) {
      this.#tell(claim, "VolumeStuck", `block volume ${id} in ${zone} has not been freed for 10 minutes`);
    }
    return false;
  }

  /** Before the first call that destroys: afterwards nobody can tell the ids any more (T-56). */
  async #remember(claim: NodeClaim, server: WireServer, signal: AbortSignal): Promise<void> {
    const known = claim.metadata.annotations ?? {};
    if (known[ScalewayAnnotation.Volumes] !== undefined || claim.metadata.resourceVersion === undefined) return;
    const disks = await this.ownDisks(server, signal);
    const ips = server.publicIps.filter((ip) => !ip.dynamic && ip.tags.includes(OwnerTag.managed));
    const after: NodeClaim = {
      ...claim,
      metadata: {
        ...claim.metadata,
        annotations: {
          ...known,
          [ScalewayAnnotation.Volumes]: disks.map(({ id, type }) => `${type}:${id}`).join(","),
          ...(ips.length > 0 ? { [ScalewayAnnotation.Ips]: ips.map(({ id }) => id).join(",") } : {}),
        },
      },
    };
    try {
      await patchObject(this.#parts.kube, NodeClaims, { before: claim, after }, { signal });
    } catch (error) {
      if (!isGoneFromCluster(error)) throw error;
    }
  }

  /** A volume that a CSI driver attached carries no tag of ours (T-58). */
  async ownDisks(server: WireServer, signal: AbortSignal): Promise<readonly WireDisk[]> {
    const tags = clusterTags(this.#parts.clusterName);
    const own = await Promise.all(
      server.disks.map(async (disk) => {
        if (disk.type !== "sbs_volume") return disk;
        const volume = await this.#blockVolume(server.zone, disk.id, signal);
        return volume !== undefined && hasTags(volume, tags) ? disk : undefined;
      }),
    );
    return own.filter((disk) => disk !== undefined);
  }

  /** Undefined when somebody has taken it away: that must not keep the server. */
  async #blockVolume(zone: string, id: string, signal: AbortSignal): Promise<WireBlockVolume | undefined> {
    try {
      return await this.#parts.client.blockVolume(zone, id, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #look(zone: string, id: string, signal: AbortSignal): Promise<WireServer | undefined> {
    try {
      return await this.#parts.client.server(zone, id, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #requireOurs(server: WireServer): void {
    if (hasTags(server, clusterTags(this.#parts.clusterName))) return;
    throw new MachineNotFound(`server ${server.id} is not one of this cluster's: it is left alone`);
  }

  async #nothingLeft(claim: NodeClaim, signal: AbortSignal): Promise<never> {
    await this.#parts.entries.remove(claim, signal);
    await this.#parts.tokens.remove(claim.metadata.uid ?? "", signal);
    throw new MachineNotFound(`nothing is left of the machine of nodeclaim ${claim.metadata.name ?? ""}`);
  }

  #tell(claim: NodeClaim | undefined, reason: string, message: string): void {
    this.#parts.logger.warn(message, { reason, NodeClaim: claim?.metadata.name });
    if (claim?.metadata.uid === undefined) return;
    this.#parts.events.publish({ resource: NodeClaims, object: claim, type: "Warning", reason, message });
  }
}

export function remembered({ metadata }: NodeClaim, zone: string): Belongings {
  const { annotations = {} } = metadata;
  const list = (text: string | undefined): readonly string[] => (text ?? "").split(",").filter((part) => part !== "");
  return {
    zone,
    disks: list(annotations[ScalewayAnnotation.Volumes]).map((entry) => {
      const at = entry.indexOf(":");
      return { type: entry.slice(0, at), id: entry.slice(at + 1) };
    }),
    ips: list(annotations[ScalewayAnnotation.Ips]),
  };
}

async function orGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isNotFound(error) && kindOf(error) !== "busy") throw error;
  }
}
