// One class as launching needs it: what it came to in the cloud, and which types it offers.

import { CapacityType, isConditionTrue, Label, NodeClaims, READY } from "@karpenter-multicloud/core/api";
import type { NodeClaim, NodePool } from "@karpenter-multicloud/core/api";
import type { Informer, KubeCache } from "@karpenter-multicloud/core/kube";
import { NodeClassNotReady } from "@karpenter-multicloud/core/provider";
import type { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { compareText } from "@karpenter-multicloud/core/units";

import { CLOUDSTACK_NODE_CLASS_KIND, CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";
import { CloudStackAnnotation } from "../api/labels.ts";
import { InstanceTypeCatalog, sizesOf } from "../catalog/instance-types.ts";
import type { Buyable, BuyableTypes } from "../catalog/instance-types.ts";
import type { ApiClients } from "../client/api-clients.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { CredentialsError } from "../client/credentials-error.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { Scope } from "../client/scope.ts";
import type { WireNetwork } from "../client/wire.ts";
import type { Account, Remaining, Tariff } from "../client/wire-account.ts";
import type { ViewMetrics } from "../metrics/view-metrics.ts";
import type { ClassResolver } from "../selection/class-resolver.ts";
import type { GroupFinder } from "../selection/group-finder.ts";
import type { ResolvedClass } from "../selection/resolved-class.ts";
import type { CloudStackSettings } from "../settings.ts";
import { holderOfGroups, holderOfNetwork, holderOfScope, holderOfStorage } from "../catalog/closed-offerings.ts";
import type { ClosedOfferings, Holder } from "../catalog/closed-offerings.ts";

export interface ClassViewParts {
  readonly clients: ApiClients;
  readonly metrics: ViewMetrics;
  readonly resolver: ClassResolver;
  readonly unavailable: UnavailableOfferings;
  readonly closed: ClosedOfferings;
  readonly groups: Pick<GroupFinder, "keysFor">;
  readonly settings: CloudStackSettings;
  readonly cache: KubeCache;
  readonly logger: Logger;
}

export interface ClassView {
  readonly nodeClass: CloudStackNodeClass;
  readonly resolved: ResolvedClass;
  readonly types: BuyableTypes;
  /** Whom an offering may be closed to: its account, and the affinity groups that its machines join. */
  readonly scopeHolder: Holder;
  readonly groupsHolder: Holder | undefined;
  /** Ids of zones whose hosts are nearly full: tried last among equals (C-49). */
  readonly crowded: ReadonlySet<string>;
}

const CROWDED_PERCENT = 95;

const UNLIMITED: Remaining = {
  vm: Number.POSITIVE_INFINITY,
  cpu: Number.POSITIVE_INFINITY,
  memoryMiB: Number.POSITIVE_INFINITY,
  gpu: Number.POSITIVE_INFINITY,
};

const UNKNOWN: Account = { name: "", type: 0, remaining: UNLIMITED };

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

  /** `pool` is whose machines are meant: some affinity groups are made for each. */
  async view(nodeClass: CloudStackNodeClass, signal: AbortSignal, pool = ""): Promise<ClassView> {
    const { clients, resolver, unavailable, closed, groups, settings, metrics } = this.#parts;
    const client = await clients.forClass(nodeClass.spec, signal);
    const resolved = await resolver.resolve(nodeClass, client, signal);
    const account = await this.#orElse<Account>("listAccounts", UNKNOWN, () => client.account(resolved.scope, signal));
    const { remaining } = account;
    const tariffs: readonly Tariff[] = settings.quotaPrices
      ? await this.#orElse("quotaTariffList", [], () => client.tariffs(signal))
      : [];
    const { name = "", uid = "", generation = 0 } = nodeClass.metadata;
    const scopeHolder = holderOfScope(resolved.scope);
    const groupsHolder = holderOfGroups(groups.keysFor(nodeClass, resolved.affinityGroups, pool));
    const types = this.#types.of({
      ...settings,
      region: settings.region,
      spec: nodeClass.spec,
      classKey: `${name}:${uid}:${generation}`,
      resolved,
      unavailable,
      closed,
      holders: holdersOf({ scopeHolder, groupsHolder }),
      remaining,
      tariffs,
    });
    metrics.limits(account);
    metrics.prices(name, types, new Set(this.#classes.list().map(({ metadata }) => metadata.name ?? "")));
    const crowded = await crowdedZones(client, resolved, signal);
    return { nodeClass, resolved, types, scopeHolder, groupsHolder, crowded };
  }

  forPool(pool: NodePool, signal: AbortSignal): Promise<ClassView> {
    return this.view(this.nodeClass(pool.spec.template.spec.nodeClassRef.name), signal, pool.metadata.name);
  }

  forClaim(claim: NodeClaim, signal: AbortSignal): Promise<ClassView> {
    const pool = claim.metadata.labels?.[Label.NodePool];
    return this.view(this.nodeClass(claim.spec.nodeClassRef.name), signal, pool);
  }

  /** Every scope in which something of ours can be (C-5). */
  async scopes(signal: AbortSignal): Promise<readonly Scope[]> {
    const { settings } = this.#parts;
    const found = new Map<string, Scope>();
    const add = (scope: Scope): void => void found.set(`${scope.source} ${scope.projectId ?? ""}`, scope);
    add({ source: "", ...(settings.projectId === undefined ? {} : { projectId: settings.projectId }) });
    for (const nodeClass of this.#classes.list()) {
      const scope = await this.#scopeOf(nodeClass, signal);
      if (scope !== undefined) add(scope);
    }
    for (const { metadata, spec } of this.#claims.list()) {
      const projectId = metadata.annotations?.[CloudStackAnnotation.ProjectId];
      const nodeClass = this.#classes.get({ name: spec.nodeClassRef?.name ?? "" });
      const source = nodeClass === undefined ? "" : this.#parts.clients.sourceOf(nodeClass.spec);
      if (projectId !== undefined && this.#parts.clients.find(source) !== undefined) add({ source, projectId });
    }
    return [...found.keys()].toSorted(compareText).flatMap((key) => found.get(key) ?? []);
  }

  /** Undefined for a class that can have no machine: its key has never been there, or its project is none. */
  async #scopeOf({ metadata, spec }: CloudStackNodeClass, signal: AbortSignal): Promise<Scope | undefined> {
    const { clients } = this.#parts;
    const source = clients.sourceOf(spec);
    let client: CloudStackClient;
    try {
      client = await clients.forClass(spec, signal);
    } catch (error) {
      const isUsed = this.claims().some((claim) => claim.spec.nodeClassRef.name === metadata.name);
      if (error instanceof CredentialsError && !isUsed) return undefined;
      // A key that is gone for a moment: the one that was there still finds the machines.
      const last = clients.find(source);
      if (last === undefined || !(error instanceof CredentialsError)) throw error;
      client = last;
    }
    if (spec.project === undefined) return source === "" ? undefined : { source };
    const project = (await client.projects(signal)).find(
      ({ id, name }) => id === spec.project || name === spec.project,
    );
    return project === undefined ? undefined : { source, projectId: project.id };
  }

  /** Whose key a class uses; the controller's own for one that is gone. */
  sourceOf(className: string): string {
    const spec = this.#classes.get({ name: className })?.spec;
    return spec === undefined ? "" : this.#parts.clients.sourceOf(spec);
  }

  /** Also what was refused since the view was made. */
  isOpen(view: ClassView, buyable: Buyable, zone: string): boolean {
    const { unavailable, closed } = this.#parts;
    const key = { instanceType: buyable.type.name, zone, capacityType: CapacityType.OnDemand };
    const holders = [...holdersOf(view), holderOfStorage(buyable.selected.offering)];
    return unavailable.availability(key).available && closed.availability(holders, key, sizesOf(buyable)).available;
  }

  hasAddresses(network: WireNetwork): boolean {
    return this.#parts.closed.whole(holderOfNetwork(network)).available;
  }

  /** Undefined for a claim whose class is gone. */
  async scopeHolderOf(claim: NodeClaim, signal: AbortSignal): Promise<Holder | undefined> {
    const isThere = this.#classes.get({ name: claim.spec.nodeClassRef.name }) !== undefined;
    return isThere ? (await this.forClaim(claim, signal)).scopeHolder : undefined;
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

function holdersOf({ scopeHolder, groupsHolder }: Pick<ClassView, "scopeHolder" | "groupsHolder">): readonly Holder[] {
  return groupsHolder === undefined ? [scopeHolder] : [scopeHolder, groupsHolder];
}

/** Where that is allowed to be seen. */
async function crowdedZones(
  client: CloudStackClient,
  { server }: ResolvedClass,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const loads = server.seesCapacity ? await client.zoneLoads(signal) : [];
  return new Set(loads.filter(({ percent }) => percent > CROWDED_PERCENT).map(({ zoneId }) => zoneId));
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
