// One class as launching needs it: what it came to in the cloud, and which types it offers.

import { isConditionTrue, Label, NodeClaims, READY } from "@karpenter-multicloud/core/api";
import type { NodeClaim, NodePool } from "@karpenter-multicloud/core/api";
import type { Informer, KubeCache } from "@karpenter-multicloud/core/kube";
import { NodeClassNotReady } from "@karpenter-multicloud/core/provider";
import type { InstanceTypes, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { SCALEWAY_GPU } from "../api/labels.ts";
import { SCALEWAY_NODE_CLASS_KIND, ScalewayNodeClasses } from "../api/scaleway-node-class.ts";
import type { ScalewayNodeClass } from "../api/scaleway-node-class.ts";
import { InstanceTypeCatalog } from "../catalog/instance-types.ts";
import type { Catalogue, ServerCatalog } from "../catalog/server-catalog.ts";
import type { ClassResolver } from "../selection/class-resolver.ts";
import type { ResolvedClass } from "../selection/resolved-class.ts";
import type { ScalewaySettings } from "../settings.ts";
import { parseProviderId } from "./machine-id.ts";

export interface ClassViewParts {
  readonly catalog: ServerCatalog;
  readonly resolver: ClassResolver;
  readonly unavailable: UnavailableOfferings;
  readonly settings: ScalewaySettings;
  readonly cache: KubeCache;
  readonly logger: Logger;
}

export interface ClassView {
  readonly nodeClass: ScalewayNodeClass;
  readonly resolved: ResolvedClass;
  readonly catalogue: Catalogue;
  readonly types: InstanceTypes;
}

type Wish = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };

export class ClassViews {
  readonly #parts: ClassViewParts;
  readonly #types: InstanceTypeCatalog;
  readonly #classes: Informer<ScalewayNodeClass>;
  readonly #claims: Informer<NodeClaim>;

  constructor(parts: ClassViewParts) {
    this.#parts = parts;
    this.#types = new InstanceTypeCatalog(parts.logger);
    this.#classes = parts.cache.informer(ScalewayNodeClasses);
    this.#claims = parts.cache.informer(NodeClaims);
  }

  /** @throws NodeClassNotReady */
  nodeClass(name: string): ScalewayNodeClass {
    const found = this.#classes.get({ name });
    if (!found) throw new NodeClassNotReady(`ScalewayNodeClass ${name} does not exist`);
    return found;
  }

  async view(nodeClass: ScalewayNodeClass, wishes: readonly Wish[], signal: AbortSignal): Promise<ClassView> {
    const { catalog, resolver, unavailable, settings } = this.#parts;
    const spec = nodeClass.spec ?? {};
    const resolved = await resolver.resolve(nodeClass, signal);
    const zones = resolved.zones.map(({ zone }) => zone);
    const catalogue = zones.length === 0 ? { version: "", zones: [] } : await catalog.of(zones, signal);
    const { name = "", uid = "", generation = 0 } = nodeClass.metadata;
    const types = this.#types.of({
      ...settings,
      spec,
      classKey: `${name}:${uid}:${generation}`,
      resolved,
      catalogue,
      unavailable,
      withScalewayGpu: asksForScalewayGpu(wishes),
    });
    return { nodeClass, resolved, catalogue, types };
  }

  forPool(pool: NodePool, signal: AbortSignal): Promise<ClassView> {
    const { requirements, nodeClassRef } = pool.spec.template.spec;
    return this.view(this.nodeClass(nodeClassRef.name), requirements ?? [], signal);
  }

  forClaim(claim: NodeClaim, signal: AbortSignal): Promise<ClassView> {
    return this.view(this.nodeClass(claim.spec.nodeClassRef.name), claim.spec.requirements, signal);
  }

  /** Every zone in which something of ours can be: of any class, of the settings, of any machine that is known (W-50). */
  zones(): readonly string[] {
    const { resolver, settings } = this.#parts;
    const ofClasses = this.#classes.list().flatMap(({ spec }) => resolver.zonesOf(spec ?? {}));
    const ofMachines = this.#claims.list().flatMap(({ status }) => parseProviderId(status?.providerID)?.zone ?? []);
    return [...new Set([settings.zone, ...ofClasses, ...ofMachines])].toSorted();
  }

  /** W-1: for a day the last lists serve; then no class may count on them. */
  isCatalogueTooOld({ spec = {} }: ScalewayNodeClass): boolean {
    return this.#parts.catalog.isTooOld(this.#parts.resolver.zonesOf(spec));
  }

  /** What all classes together offer; one that cannot be resolved now offers nothing. */
  async offered(
    signal: AbortSignal,
  ): Promise<{ readonly types: ReadonlySet<string>; readonly zones: readonly string[] }> {
    const views = await Promise.allSettled(this.#classes.list().map((each) => this.view(each, [], signal)));
    signal.throwIfAborted();
    const known = views.flatMap((view) => (view.status === "fulfilled" ? [view.value] : []));
    const zones = new Set(known.flatMap(({ resolved }) => resolved.zones.map(({ zone }) => zone)));
    const types = new Set(known.flatMap((view) => view.types.items.map(({ name }) => name)));
    return { types, zones: [...zones].toSorted() };
  }

  claims(): readonly NodeClaim[] {
    return this.#claims.list().filter(isOurs);
  }
}

/** W-23: only when it is named; everything else means today's capacity types. */
function asksForScalewayGpu(wishes: readonly Wish[]): boolean {
  return wishes.some(
    ({ key, operator, values }) =>
      key === Label.CapacityType && operator === "In" && values?.includes(SCALEWAY_GPU) === true,
  );
}

/** @throws NodeClassNotReady naming the condition that stands in the way */
export function requireReady(nodeClass: ScalewayNodeClass): void {
  const name = nodeClass.metadata.name ?? "";
  if (nodeClass.metadata.deletionTimestamp !== undefined) {
    throw new NodeClassNotReady(`ScalewayNodeClass ${name} is being deleted`);
  }
  if (isConditionTrue(nodeClass, READY)) return;
  const broken = nodeClass.status?.conditions?.find((each) => each.status === "False" && each.type !== READY);
  const why = broken === undefined ? "it has not been checked yet" : `${broken.type}: ${broken.message}`;
  throw new NodeClassNotReady(`ScalewayNodeClass ${name} is not ready (${why})`);
}

export function isOurs(claim: NodeClaim): boolean {
  const { group, kind } = claim.spec.nodeClassRef ?? {};
  return group === SCALEWAY_NODE_CLASS_KIND.group && kind === SCALEWAY_NODE_CLASS_KIND.kind;
}
