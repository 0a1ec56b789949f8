// Finds out what a class means in the cloud, zone by zone, and keeps the answer for a while.

import { ObserveOnly } from "@karpenter-multicloud/core/runtime";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { OwnerTag } from "../api/labels.ts";
import { ScalewayCondition } from "../api/scaleway-node-class.ts";
import type { NamedRef, ScalewayNodeClass, ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import { isNotFound, kindOf } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { ScalewaySettings } from "../settings.ts";
import { ImageFinder } from "./image-finder.ts";
import type { DroppedZone, ResolvedClass, ResolvedZone } from "./resolved-class.ts";

interface Kept {
  readonly key: string;
  readonly resolved: ResolvedClass;
  readonly until: number;
}

const KEEP_MS = 10 * 60_000;
/** How much longer an answer serves while the API is away. */
const STALE_MS = 24 * 3600_000;

export class ClassResolver {
  readonly #client: ScalewayClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #settings: ScalewaySettings;
  readonly #images: ImageFinder;
  readonly #kept = new Map<string, Kept>();

  constructor(
    client: ScalewayClient,
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
    settings: ScalewaySettings,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
    this.#settings = settings;
    this.#images = new ImageFinder(client, clock);
  }

  zonesOf(spec: ScalewayNodeClassSpec): readonly string[] {
    return spec.zones?.length ? spec.zones : [this.#settings.zone];
  }

  /** @throws ScalewayApiError when the API cannot tell */
  async resolve(nodeClass: ScalewayNodeClass, signal: AbortSignal): Promise<ResolvedClass> {
    const { name = "", uid = "", generation = 0 } = nodeClass.metadata;
    const key = `${uid}:${generation}`;
    const known = this.#kept.get(name);
    if (known?.key === key && this.#clock.now() < known.until) return known.resolved;
    try {
      const resolved = await this.#look(nodeClass, signal);
      this.#kept.set(name, { key, resolved, until: this.#clock.now() + KEEP_MS });
      return resolved;
    } catch (error) {
      const passes = ["transient", "rate-limited"].includes(kindOf(error));
      if (known?.key !== key || !passes || this.#clock.now() > known.until + STALE_MS) throw error;
      this.#logger.warn("using what a class was last found to mean", { error, ScalewayNodeClass: name });
      return known.resolved;
    }
  }

  /** The cloud no longer has what the class was found to mean. */
  forget(className: string): void {
    this.#kept.delete(className);
    this.#images.forget();
  }

  /** Placement groups that were made for the class. */
  async removePlacementGroups(nodeClass: ScalewayNodeClass, signal: AbortSignal): Promise<void> {
    if (nodeClass.spec?.placementGroup?.policyType === undefined) return;
    for (const zone of this.zonesOf(nodeClass.spec)) {
      const groups = await this.#client.placementGroups(zone, this.#groupName(nodeClass), signal);
      for (const { id, tags } of groups) {
        if (tags.includes(OwnerTag.managed)) await this.#client.deletePlacementGroup(zone, id, signal);
      }
    }
  }

  async #look(nodeClass: ScalewayNodeClass, signal: AbortSignal): Promise<ResolvedClass> {
    const spec = nodeClass.spec ?? {};
    const projectId = spec.projectID ?? this.#settings.projectId;
    const networks = await this.#networks(spec, projectId, signal);
    const looks = await Promise.all(
      this.zonesOf(spec).map((zone) => this.#zone({ nodeClass, spec, projectId, networks }, zone, signal)),
    );
    const zones = looks.flatMap((look) => ("condition" in look ? [] : [look]));
    const dropped = looks.flatMap((look) => ("condition" in look ? [look] : []));
    return { version: JSON.stringify([projectId, zones]), projectId, zones, dropped };
  }

  async #zone(about: Look, zone: string, signal: AbortSignal): Promise<ResolvedZone | DroppedZone> {
    const { spec, projectId, networks } = about;
    const region = regionOf(zone);
    const missing = networks.find(({ region: own }) => own !== region);
    if (missing !== undefined) {
      const where = missing.region === undefined ? "does not exist" : `is in ${missing.region}, not in ${region}`;
      const message = `private network ${missing.wanted} ${where}`;
      return { zone, condition: ScalewayCondition.PrivateNetworksReady, reason: "PrivateNetworkNotFound", message };
    }
    const securityGroupId = await this.#securityGroup(spec.securityGroup, zone, projectId, signal);
    if (securityGroupId === "missing") {
      const message = `security group ${wanted(spec.securityGroup)} does not exist in ${zone}`;
      return { zone, condition: ScalewayCondition.SecurityGroupsReady, reason: "SecurityGroupNotFound", message };
    }
    const placementGroupId = await this.#placementGroup(about, zone, signal);
    if (placementGroupId === "missing") {
      const message = `placement group ${spec.placementGroup?.id ?? ""} does not exist in ${zone}`;
      return { zone, condition: ScalewayCondition.PlacementGroupsReady, reason: "PlacementGroupNotFound", message };
    }
    const terms = await this.#images.terms(spec, { zone, projectId }, signal);
    if (terms.every(({ candidates }) => candidates.length === 0)) {
      const message = `no image of imageSelectorTerms exists in ${zone}`;
      return { zone, condition: ScalewayCondition.ImagesReady, reason: "ImageNotFound", message };
    }
    return {
      zone,
      region,
      terms,
      ...(securityGroupId === undefined ? {} : { securityGroupId }),
      ...(placementGroupId === undefined ? {} : { placementGroupId }),
      privateNetworkIds: networks.map(({ id }) => id),
    };
  }

  /** Regional; `region` is undefined where none of the class's regions has it (W-31). */
  async #networks(spec: ScalewayNodeClassSpec, projectId: string, signal: AbortSignal): Promise<Networks> {
    const regions = [...new Set(this.zonesOf(spec).map(regionOf))];
    return Promise.all(
      (spec.privateNetworks ?? []).map(async (reference) => {
        for (const region of regions) {
          const id = await this.#network(reference, region, projectId, signal);
          if (id !== undefined) return { wanted: wanted(reference), id, region };
        }
        return { wanted: wanted(reference), id: "", region: undefined };
      }),
    );
  }

  async #network(
    { id, name }: NamedRef,
    region: string,
    projectId: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (id !== undefined) {
      return (await foundOrNothing(() => this.#client.privateNetwork(region, id, signal)))?.id;
    }
    const networks = await this.#client.privateNetworks(region, name ?? "", projectId, signal);
    return networks.find((network) => network.name === name)?.id;
  }

  async #securityGroup(
    reference: NamedRef | undefined,
    zone: string,
    projectId: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (reference === undefined) return undefined;
    const { id, name = "" } = reference;
    if (id !== undefined) {
      return (await foundOrNothing(() => this.#client.securityGroup(zone, id, signal)))?.id ?? "missing";
    }
    const groups = await this.#client.securityGroups(zone, name, projectId, signal);
    return groups.find((group) => group.name === name)?.id ?? "missing";
  }

  async #placementGroup(
    { nodeClass, spec, projectId }: Omit<Look, "networks">,
    zone: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { placementGroup: group } = spec;
    if (group === undefined) return undefined;
    const { id } = group;
    if (id !== undefined) {
      return (await foundOrNothing(() => this.#client.placementGroup(zone, id, signal)))?.id ?? "missing";
    }
    const name = this.#groupName(nodeClass);
    const known = (await this.#client.placementGroups(zone, name, signal)).find((each) => each.name === name);
    if (known !== undefined) return known.id;
    const tags = [OwnerTag.managed, OwnerTag.cluster(this.#settings.clusterName)];
    const policy = { policy_type: group.policyType, policy_mode: group.policyMode ?? "optional" };
    try {
      return (await this.#client.createPlacementGroup(zone, { name, project: projectId, tags, ...policy }, signal)).id;
    } catch (error) {
      if (error instanceof ObserveOnly) return undefined;
      throw error;
    }
  }

  #groupName({ metadata }: ScalewayNodeClass): string {
    return `karpenter-${this.#settings.clusterName}-${metadata.name ?? ""}`;
  }
}

type Networks = readonly { readonly wanted: string; readonly id: string; readonly region: string | undefined }[];

interface Look {
  readonly nodeClass: ScalewayNodeClass;
  readonly spec: ScalewayNodeClassSpec;
  readonly projectId: string;
  readonly networks: Networks;
}

export function regionOf(zone: string): string {
  return zone.replace(/-\d+$/, "");
}

function wanted(reference: NamedRef | undefined): string {
  return reference?.name ?? reference?.id ?? "";
}

async function foundOrNothing<Thing>(look: () => Promise<Thing>): Promise<Thing | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
