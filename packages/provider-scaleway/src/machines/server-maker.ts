// Makes one server and brings it up: addresses and scratch disks, the server, its volume, networks and user data, then power (W-40).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import { seconds } from "@karpenter-multicloud/core/units";

import type { ScalewayNodeClass, ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import { rootVolumeBytes } from "../selection/root-volume.ts";
import { kindOf, outcomeUnknown } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { WireNic, WireServer, WireType } from "../client/wire.ts";
import type { ResolvedZone } from "../selection/resolved-class.ts";
import type { Joining } from "./joining.ts";
import { machineName } from "./machine-id.ts";
import { claimTags, hasTags, ownerTags } from "./owner-tags.ts";
import { FellBack } from "./refusals.ts";

export interface MakerParts {
  readonly client: ScalewayClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly joining: Joining;
  readonly metrics: Metrics;
  readonly clusterName: string;
}

/** Everything about one attempt. */
export interface Order {
  readonly claim: NodeClaim;
  readonly nodeClass: ScalewayNodeClass;
  readonly projectId: string;
  readonly zone: ResolvedZone;
  readonly type: WireType;
  readonly imageId: string;
  /** Of the node, for a server that is known by now. */
  readonly labelsOf: (server: WireServer) => Readonly<Record<string, string>>;
}

/** What was made besides the server, for the way back (W-41). */
export interface Extras {
  readonly ips: string[];
  readonly scratch: string[];
}

const LOOK_AGAIN = seconds(2);
const LOOKS = 3;
const BUSY_RETRIES = 5;
const WATCH_MS = 20_000;
const IP_TYPES: Readonly<Record<string, readonly string[]>> = {
  flexible: ["routed_ipv4"],
  "flexible-ipv6": ["routed_ipv6"],
  "flexible-ipv4-ipv6": ["routed_ipv4", "routed_ipv6"],
};

export class ServerMaker {
  readonly #parts: MakerParts;

  constructor(parts: MakerParts) {
    this.#parts = parts;
  }

  /** `extras` is filled on the way, so that a failure can be undone. */
  async make(order: Order, extras: Extras, signal: AbortSignal): Promise<WireServer> {
    const { client, logger } = this.#parts;
    const { zone } = order.zone;
    const tags = this.#tags(order);
    for (const type of IP_TYPES[order.nodeClass.spec?.publicIP ?? "dynamic"] ?? []) {
      const ip = await client.createIp(zone, { project: order.projectId, type, tags }, signal);
      extras.ips.push(ip.id);
    }
    await this.#makeScratch(order, extras, tags, signal);
    logger.info("creating scaleway instance with cloud-init", {
      commercialType: order.type.name,
      zone,
      NodeClaim: order.claim.metadata.name,
    });
    try {
      return await this.#timed("create", () => client.createServer(zone, this.#body(order, extras, tags), signal));
    } catch (error) {
      if (!outcomeUnknown(error)) throw error;
      return await this.#lostServer(order, error, signal);
    }
  }

  /** From wherever the server stands until it has power; nothing is done twice (T-33). */
  async bringUp(order: Order, server: WireServer, signal: AbortSignal): Promise<WireServer> {
    if (server.state !== "stopped") return server;
    const { client, joining } = this.#parts;
    const { zone } = order.zone;
    await this.#markVolumes(order, server, signal);
    const nics = await this.#connect(order, server, signal);
    const text = await joining.userData(
      {
        claim: order.claim,
        nodeClass: order.nodeClass,
        server,
        nics,
        labels: order.labelsOf(server),
        cpus: order.type.cpus,
        gpus: order.type.gpus,
      },
      signal,
    );
    await this.#timed("user_data", () => client.setUserData(zone, server.id, text, signal));
    await this.#timed("poweron", () => this.#powerOn(zone, server.id, signal));
    return await this.#timed("running", () => this.#watch(zone, server.id, signal));
  }

  async #timed<Result>(phase: string, work: () => Promise<Result>): Promise<Result> {
    const { metrics, clock } = this.#parts;
    const since = clock.now();
    const result = await work();
    metrics.observe("karpenter_scaleway_launch_phase_duration_seconds", { phase }, (clock.now() - since) / 1000);
    return result;
  }

  /** T-32: the answer was lost; the tag tells whether there is a server. */
  async #lostServer(order: Order, error: unknown, signal: AbortSignal): Promise<WireServer> {
    const { client, clock, clusterName } = this.#parts;
    const tags = claimTags(clusterName, order.claim.metadata.uid ?? "");
    for (let look = 1; look <= LOOKS; look++) {
      await clock.sleep(LOOK_AGAIN, { signal });
      const [found] = (await client.servers(order.zone.zone, tags, signal)).filter((server) => hasTags(server, tags));
      if (found !== undefined) return found;
    }
    throw error;
  }

  #tags({ claim, nodeClass }: Order): readonly string[] {
    return ownerTags(claim, nodeClass, this.#parts.clusterName);
  }

  #body(order: Order, extras: Extras, tags: readonly string[]): Readonly<Record<string, unknown>> {
    const { zone, nodeClass, type, projectId } = order;
    const spec = nodeClass.spec ?? {};
    const name = machineName(order.claim.metadata.name ?? "");
    return {
      name,
      commercial_type: type.name,
      image: order.imageId,
      project: projectId,
      boot_type: "local",
      protected: spec.protected ?? false,
      // Said in so many words: the API's own default is true.
      dynamic_ip_required: (spec.publicIP ?? "dynamic") === "dynamic",
      tags,
      volumes: volumesOf(spec, type, name, extras.scratch),
      ...(extras.ips.length > 0 ? { public_ips: extras.ips } : {}),
      ...(zone.securityGroupId === undefined ? {} : { security_group: zone.securityGroupId }),
      ...(zone.placementGroupId === undefined ? {} : { placement_group: zone.placementGroupId }),
    };
  }

  async #makeScratch(order: Order, extras: Extras, tags: readonly string[], signal: AbortSignal): Promise<void> {
    const { nodeClass, type, projectId, zone, claim } = order;
    if ((nodeClass.spec?.scratchStorage ?? "none") === "none" || type.scratchVolumes === 0) return;
    const size = Math.floor(type.scratchMax / type.scratchVolumes);
    for (let index = 0; index < type.scratchVolumes; index++) {
      const name = `${machineName(claim.metadata.name ?? "")}-scratch-${index}`;
      const body = { name, project: projectId, volume_type: "scratch", size, tags };
      extras.scratch.push(await this.#parts.client.createLocalVolume(zone.zone, body, signal));
    }
  }

  /** Block volumes are born without tags and with 5000 IOPS (§1.6). */
  async #markVolumes(order: Order, { disks }: WireServer, signal: AbortSignal): Promise<void> {
    const iops = order.nodeClass.spec?.rootVolume?.iops;
    const body = { tags: this.#tags(order), ...(iops === undefined || iops === 5000 ? {} : { perf_iops: iops }) };
    for (const { id, type } of disks) {
      if (type === "sbs_volume") await this.#parts.client.updateBlockVolume(order.zone.zone, id, body, signal);
    }
  }

  async #connect(order: Order, server: WireServer, signal: AbortSignal): Promise<readonly WireNic[]> {
    const nics: WireNic[] = [...server.nics];
    for (const id of order.zone.privateNetworkIds) {
      if (nics.some(({ privateNetworkId }) => privateNetworkId === id)) continue;
      const body = { private_network_id: id, tags: this.#tags(order) };
      nics.push(await this.#parts.client.createNic(order.zone.zone, server.id, body, signal));
    }
    return nics;
  }

  async #powerOn(zone: string, id: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      try {
        await client.act(zone, id, "poweron", signal);
        return;
      } catch (error) {
        // A lost answer may have been a yes; then the state says so, and asking again is refused.
        const { state } = await client.server(zone, id, signal).catch(() => ({ state: "stopped" }));
        if (state === "starting" || state === "running") return;
        if (kindOf(error) !== "busy" || attempt > BUSY_RETRIES) throw error;
        await clock.sleep(LOOK_AGAIN, { signal });
      }
    }
  }

  /** W-44: stock shows itself within seconds, as a server that stops again. */
  async #watch(zone: string, id: string, signal: AbortSignal): Promise<WireServer> {
    const { client, clock } = this.#parts;
    const until = clock.now() + WATCH_MS;
    for (;;) {
      await clock.sleep(LOOK_AGAIN, { signal });
      const server = await client.server(zone, id, signal);
      if (server.state === "running") return server;
      if (server.state === "stopped") throw new FellBack("it stopped again after power-on");
      const found = server.state === "starting" && server.stateDetail === "provisioning node";
      if (found || clock.now() >= until) return server;
    }
  }
}

function volumesOf(
  spec: ScalewayNodeClassSpec,
  type: WireType,
  name: string,
  scratch: readonly string[],
): Readonly<Record<string, unknown>> {
  const kind = spec.rootVolume?.type === "local" ? "l_ssd" : "sbs_volume";
  const root = { volume_type: kind, size: rootVolumeBytes(spec, type.gpus > 0) };
  const more = scratch.map((id, index) => [String(index + 1), { id, name: `${name}-scratch-${index}` }] as const);
  return Object.fromEntries([["0", root] as const, ...more]);
}
