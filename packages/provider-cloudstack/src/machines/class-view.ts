// One class as launching needs it: what it came to in the cloud, and which types it offers.

import { CapacityType, isConditionTrue, NodeClaims, READY } from "@karpenter-multicloud/core/api";
import type { NodeClaim, NodePool } from "@karpenter-multicloud/core/api";
import type { Informer, KubeCache } from "@karpenter-multicloud/core/kube";
import { NodeClassNotReady } from "@karpenter-multicloud/core/provider";
import type { Availability, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { CLOUDSTACK_NODE_CLASS_KIND, CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";
import { CloudStackAnnotation } from "../api/labels.ts";
import { InstanceTypeCatalog } from "../catalog/instance-types.ts";
import type { BuyableTypes } from "../catalog/instance-types.ts";
import type { Tariff } from "../catalog/prices.ts";
import type { CloudStackClient, Remaining, Scope } from "../client/cloudstack-client.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { ClassResolver } from "../node-class/class-resolver.ts";
import type { ResolvedClass } from "../node-class/resolved-class.ts";
import type { CloudStackSettings } from "../settings.ts";

export interface ClassViewParts {
  readonly client: CloudStackClient;
  readonly resolver: ClassResolver;
  readonly unavailable: UnavailableOfferings;
  readonly settings: CloudStackSettings;
  readonly cache: KubeCache;
  readonly logger: Logger;
}

export interface ClassView {
  readonly nodeClass: CloudStackNodeClass;
  readonly resolved: ResolvedClass;
  readonly types: BuyableTypes;
}

const UNLIMITED: Remaining = {
  vm: Number.POSITIVE_INFINITY,
  cpu: Number.POSITIVE_INFINITY,
  memoryMiB: Number.POSITIVE_INFINITY,
  gpu: Number.POSITIVE_INFINITY,
};

export class ClassViews {
  readonly #parts: ClassViewParts;
  readonly #types = new InstanceTypeCatalog();
  readonly #classes: Informer<CloudStackNodeClass>;
  readonly #claims: Informer<NodeClaim>;
  /** What was said once about calls that the account may not make. */
  readonly #told = new Set<string>();

  constructor(parts: ClassViewParts) {
    this.#parts = parts;
    this.#classes = parts.cache.informer(CloudStackNodeClasses);
    this.#claims = parts.cache.informer(NodeClaims);
  }

  /** @throws NodeClassNotReady */
  nodeClass(name: string): CloudStackNodeClass {
    const found = this.#classes.get({ name });
    if (!found) throw new NodeClassNotReady(`CloudStackNodeClass ${name} does not exist`);
    return found;
  }

  async view(nodeClass: CloudStackNodeClass, signal: AbortSignal): Promise<ClassView> {
    const { client, resolver, unavailable, settings } = this.#parts;
    const resolved = await resolver.resolve(nodeClass, signal);
    const remaining = await this.#orElse(
      "listAccounts",
      UNLIMITED,
      async () => (await client.account(resolved.scope, signal)).remaining,
    );
    const tariffs: readonly Tariff[] = settings.quotaPrices
      ? await this.#orElse("quotaTariffList", [], () => client.tariffs(signal))
      : [];
    const { name = "", uid = "", generation = 0 } = nodeClass.metadata;
    const types = this.#types.of({
      ...settings,
      region: settings.region,
      spec: nodeClass.spec,
      classKey: `${name}:${uid}:${generation}`,
      resolved,
      unavailable,
      remaining,
      tariffs,
    });
    return { nodeClass, resolved, types };
  }

  forPool(pool: NodePool, signal: AbortSignal): Promise<ClassView> {
    return this.view(this.nodeClass(pool.spec.template.spec.nodeClassRef.name), signal);
  }

  forClaim(claim: NodeClaim, signal: AbortSignal): Promise<ClassView> {
    return this.view(this.nodeClass(claim.spec.nodeClassRef.name), signal);
  }

  /** Every scope in which something of ours can be (C-5). */
  async scopes(signal: AbortSignal): Promise<readonly Scope[]> {
    const { client, settings } = this.#parts;
    const named = this.#classes.list().flatMap(({ spec }) => spec.project ?? []);
    const projects = named.length === 0 ? [] : await client.projects(signal);
    const ofClasses = named.flatMap(
      (wanted) => projects.find(({ id, name }) => id === wanted || name === wanted)?.id ?? [],
    );
    const ofClaims = this.#claims
      .list()
      .flatMap(({ metadata }) => metadata.annotations?.[CloudStackAnnotation.ProjectId] ?? []);
    const ids = [
      ...new Set([...(settings.projectId === undefined ? [] : [settings.projectId]), ...ofClasses, ...ofClaims]),
    ];
    const own: readonly Scope[] = settings.projectId === undefined ? [{}] : [];
    return [...own, ...ids.toSorted().map((projectId) => ({ projectId }))];
  }

  /** Also what was refused since the view was made. */
  availability(instanceType: string, zone: string): Availability {
    return this.#parts.unavailable.availability({ instanceType, zone, capacityType: CapacityType.OnDemand });
  }

  claims(): readonly NodeClaim[] {
    return this.#claims.list().filter(isOurs);
  }

  classes(): readonly CloudStackNodeClass[] {
    return this.#classes.list();
  }

  /** What a role may not ask is done without; said once. */
  async #orElse<T>(command: string, otherwise: T, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (kindOf(error) !== "permission") throw error;
      if (!this.#told.has(command))
        this.#parts.logger.warn("the account's role lacks an API; it goes without", { command });
      this.#told.add(command);
      return otherwise;
    }
  }
}

/** @throws NodeClassNotReady naming the condition that stands in the way */
export function requireReady(nodeClass: CloudStackNodeClass): void {
  const name = nodeClass.metadata.name ?? "";
  if (nodeClass.metadata.deletionTimestamp !== undefined) {
    throw new NodeClassNotReady(`CloudStackNodeClass ${name} is being deleted`);
  }
  if (isConditionTrue(nodeClass, READY)) return;
  const broken = nodeClass.status?.conditions?.find((each) => each.status === "False" && each.type !== READY);
  const why = broken === undefined ? "it has not been checked yet" : `${broken.type}: ${broken.message}`;
  throw new NodeClassNotReady(`CloudStackNodeClass ${name} is not ready (${why})`);
}

export function isOurs(claim: NodeClaim): boolean {
  const { group, kind } = claim.spec.nodeClassRef ?? {};
  return group === CLOUDSTACK_NODE_CLASS_KIND.group && kind === CLOUDSTACK_NODE_CLASS_KIND.kind;
}
