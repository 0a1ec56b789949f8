// Launches one machine for a claim: finds the one it already has, or tries offerings from the cheapest up (W-40 to W-44).

import { CapacityType, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { BootstrapError } from "@karpenter-multicloud/core/bootstrap";
import type { EventRecorder } from "@karpenter-multicloud/core/kube";
import {
  InsufficientCapacity,
  InvalidConfiguration,
  RateLimiter,
  Unauthorized,
} from "@karpenter-multicloud/core/provider";
import type { FailureScope, ProviderSettings } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { minutes, seconds } from "@karpenter-multicloud/core/units";

import { inCoreWords, kindOf } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { WireServer, WireType } from "../client/wire.ts";
import type { ClassResolver } from "../selection/class-resolver.ts";
import { imageFor } from "../selection/resolved-class.ts";
import type { ScalewaySettings } from "../settings.ts";
import { candidatesOf, whyNone } from "./candidates.ts";
import type { Candidate } from "./candidates.ts";
import { requireReady } from "./class-view.ts";
import type { ClassView, ClassViews } from "./class-view.ts";
import { launchedClaim, machineLabels } from "./machine-claim.ts";
import { claimTags, hasTags } from "./owner-tags.ts";
import { FellBack } from "./refusals.ts";
import type { Place, Refusals } from "./refusals.ts";
import type { Remover } from "./remover.ts";
import type { Extras, Order, ServerMaker } from "./server-maker.ts";
import type { SpelledAliases } from "../catalog/spelled-alias.ts";

export interface LauncherParts {
  readonly client: ScalewayClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly views: ClassViews;
  readonly resolver: ClassResolver;
  readonly maker: ServerMaker;
  readonly remover: Remover;
  readonly refusals: Refusals;
  readonly aliases: SpelledAliases;
  readonly settings: ScalewaySettings;
  readonly spellings: Pick<ProviderSettings, "normalizedLabels" | "normalizedValues">;
}

/** Core's own launch timeout is five minutes. */
const LONGEST_MS = minutes(4);
/** After the key was refused nothing is bought for this long (§9). */
const PAUSE_MS = 60_000;
/** A volume is free some seconds after its server (§1.6). */
const LOOK_AGAIN = seconds(3);
const LOOKS = 4;

type Attempt = { readonly made: NodeClaim } | { readonly why: string };

export class Launcher {
  readonly #parts: LauncherParts;
  readonly #slots = new Map<string, RateLimiter>();
  #refused: { readonly until: number; readonly error: unknown } | undefined;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  async create(claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim> {
    const { views, clock } = this.#parts;
    const name = claim.metadata.name ?? "";
    requireReady(views.nodeClass(claim.spec.nodeClassRef.name));
    if (this.#refused !== undefined && clock.now() < this.#refused.until) throw this.#refused.error;
    try {
      return await inCoreWords(`launching nodeclaim ${name}`, () => this.#create(claim, signal));
    } catch (error) {
      if (error instanceof Unauthorized) this.#refused = { until: clock.now() + PAUSE_MS, error };
      throw error;
    }
  }

  async #create(claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim> {
    const { views, clock, settings, spellings } = this.#parts;
    const view = await views.forClaim(claim, signal);
    const known = await this.#adopt(claim, view, signal);
    if (known !== undefined) return known;
    const until = clock.now() + LONGEST_MS;
    const candidates = candidatesOf(claim, view, spellings).slice(0, settings.maxLaunchAttempts);
    if (candidates.length === 0) {
      throw new InsufficientCapacity(whyNone(claim, view, spellings), { conditionReason: "NoOffering" });
    }
    const whys: string[] = [];
    const refused: Place[] = [];
    const ruledOut = new Set<string>();
    for (const candidate of candidates) {
      if (clock.now() >= until) break;
      if (ruledOut.has(candidate.type.name) || ruledOut.has(`${candidate.type.name}/${candidate.zone}`)) continue;
      const attempt = await this.#slot(candidate.zone).run(
        () => this.#attempt(claim, view, candidate, ruledOut, signal),
        signal,
      );
      if ("made" in attempt) return attempt.made;
      whys.push(attempt.why);
      refused.push({ typeName: candidate.type.name, zone: candidate.zone });
    }
    const message = `nodeclaim ${claim.metadata.name ?? ""}: ${[...new Set(whys)].slice(0, 5).join("; ")}`;
    throw new InsufficientCapacity(message, { ...scopeOf(refused), conditionReason: "InsufficientCapacity" });
  }

  /** The one server of this claim, wherever it stands; of several the oldest, the others go (T-34). */
  async #adopt(claim: NodeClaim, view: ClassView, signal: AbortSignal): Promise<NodeClaim | undefined> {
    const { client, views, settings, remover } = this.#parts;
    const tags = claimTags(settings.clusterName, claim.metadata.uid ?? "");
    const lists = await Promise.all(views.zones().map((zone) => client.servers(zone, tags, signal)));
    const [oldest, ...others] = lists
      .flat()
      .filter((server) => hasTags(server, tags) && server.stateDetail !== "terminating")
      .toSorted((a, b) => a.createdAt - b.createdAt);
    for (const other of others) await this.#dispose(other, claim, signal);
    if (oldest === undefined) return undefined;
    const order = this.#orderOf(claim, view, oldest.zone, oldest.commercialType);
    if (order === undefined) {
      // The class no longer means such a machine.
      await remover.removeServer(oldest, claim, signal);
      return undefined;
    }
    const capacityType = this.#capacityTypeOf(claim, view, oldest);
    const attempt = await this.#finish({ claim, view, order, capacityType }, oldest, noExtras(), new Set(), signal);
    return "made" in attempt ? attempt.made : undefined;
  }

  async #attempt(
    claim: NodeClaim,
    view: ClassView,
    candidate: Candidate,
    ruledOut: Set<string>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const { zone, type, capacityType } = candidate;
    const order = this.#orderOf(claim, view, zone, type.name);
    if (order === undefined) return { why: `no image fits ${type.name} in ${zone}` };
    const extras = noExtras();
    let server: WireServer;
    try {
      server = await this.#parts.maker.make(order, extras, signal);
    } catch (error) {
      await this.#undo(order, undefined, extras, signal);
      return this.#judged(error, claim, { typeName: type.name, zone }, ruledOut);
    }
    return this.#finish({ claim, view, order, capacityType }, server, extras, ruledOut, signal);
  }

  async #finish(
    launch: {
      readonly claim: NodeClaim;
      readonly view: ClassView;
      readonly order: Order;
      readonly capacityType: string;
    },
    server: WireServer,
    extras: Extras,
    ruledOut: Set<string>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const { maker, refusals, aliases } = this.#parts;
    const { claim, view, order, capacityType } = launch;
    const type = view.types.items.find(({ name }) => name === server.commercialType);
    const about = { type, capacityType, alias: aliases.of(server.commercialType), nodeClass: view.nodeClass };
    const withLabels: Order = {
      ...order,
      labelsOf: (made) => machineLabels(claim, { ...about, server: made }),
    };
    try {
      const up = await maker.bringUp(withLabels, server, signal);
      refusals.succeeded({ typeName: up.commercialType, zone: up.zone });
      return { made: launchedClaim(claim, { ...about, server: up }) };
    } catch (error) {
      if (signal.aborted) throw error;
      await this.#undo(order, server, extras, signal);
      return this.#judged(error, claim, { typeName: order.type.name, zone: order.zone.zone }, ruledOut);
    }
  }

  #judged(error: unknown, claim: NodeClaim, place: Place, ruledOut: Set<string>): Attempt {
    const { refusals, resolver, events } = this.#parts;
    const name = claim.metadata.name ?? "";
    if (BootstrapError.is(error)) {
      const { reason, message } = error;
      throw new InvalidConfiguration(`nodeclaim ${name}: ${message}`, { cause: error, conditionReason: reason });
    }
    if (!(error instanceof FellBack) && kindOf(error) === "other") throw error;
    const judgement = refusals.judge(error, place, `nodeclaim ${name}`);
    if (!judgement.next) {
      if (judgement.classIsStale) resolver.forget(claim.spec.nodeClassRef.name);
      throw judgement.error;
    }
    ruledOut.add(kindOf(error) === "quota" ? place.typeName : placeText(place));
    if (judgement.event !== undefined) {
      const reason = kindOf(error) === "quota" ? "QuotaExceeded" : "LaunchFailed";
      events.publish({ resource: NodeClaims, object: claim, type: "Warning", reason, message: judgement.event });
    }
    return { why: judgement.why };
  }

  /** W-41: what was made goes again; what cannot be removed now carries our tags and is collected later. */
  async #undo(order: Order, server: WireServer | undefined, extras: Extras, signal: AbortSignal): Promise<void> {
    const { client, clock, remover, logger } = this.#parts;
    const { zone } = order.zone;
    try {
      const disks = [...(server?.disks ?? []), ...extras.scratch.map((id) => ({ id, type: "scratch" }))].filter(
        (disk, index, all) => all.findIndex(({ id }) => id === disk.id) === index,
      );
      if (server !== undefined) {
        const now = await client.server(zone, server.id, signal);
        await remover.removeServer(now, order.claim, signal);
      }
      const belongings = { zone, disks, ips: extras.ips };
      for (let look = 1; look <= LOOKS; look++) {
        if (!(await remover.removeBelongings(belongings, order.claim, signal))) return;
        await clock.sleep(LOOK_AGAIN, { signal });
      }
    } catch (error) {
      logger.warn("what a failed launch left behind is collected later", { error, zone, server: server?.id });
    }
  }

  async #dispose(server: WireServer, claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const { remover, logger } = this.#parts;
    logger.warn("removing a second server of one nodeclaim", { server: server.id, NodeClaim: claim.metadata.name });
    const disks = await remover.ownDisks(server, signal);
    await remover.removeServer(server, claim, signal);
    const ips = server.publicIps.filter(({ dynamic }) => !dynamic).map(({ id }) => id);
    await remover.removeBelongings({ zone: server.zone, disks, ips }, claim, signal);
  }

  /** Undefined when the class has no such place or no image for the type. */
  #orderOf(claim: NodeClaim, view: ClassView, zoneName: string, typeName: string): Order | undefined {
    const zone = view.resolved.zones.find((each) => each.zone === zoneName);
    const type: WireType | undefined = view.catalogue.zones.find((each) => each.zone === zoneName)?.types.get(typeName);
    const image = zone === undefined || type === undefined ? undefined : imageFor(zone, type);
    if (zone === undefined || type === undefined || image === undefined) return undefined;
    const { nodeClass, resolved } = view;
    return { claim, nodeClass, projectId: resolved.projectId, zone, type, imageId: image.id, labelsOf: () => ({}) };
  }

  #capacityTypeOf(claim: NodeClaim, view: ClassView, server: WireServer): string {
    const candidates = candidatesOf(claim, view, this.#parts.spellings);
    const same = candidates.find(({ type, zone }) => type.name === server.commercialType && zone === server.zone);
    return same?.capacityType ?? claim.metadata.labels?.["karpenter.sh/capacity-type"] ?? CapacityType.OnDemand;
  }

  /** W-43: only so many at once in each zone. */
  #slot(zone: string): RateLimiter {
    const known = this.#slots.get(zone);
    if (known !== undefined) return known;
    const maxInFlight = this.#parts.settings.maxConcurrentCreates;
    const slot = new RateLimiter({ perSecond: 1000, burst: 1000, maxInFlight }, this.#parts.clock);
    this.#slots.set(zone, slot);
    return slot;
  }
}

/** The cheapest type that was refused; in its zone, or everywhere when it was tried in more than one. */
function scopeOf(refused: readonly Place[]): { readonly scope?: FailureScope } {
  const [first] = refused;
  if (first === undefined) return {};
  const isEverywhere = refused.some(({ typeName, zone }) => typeName === first.typeName && zone !== first.zone);
  return { scope: { level: "type", name: first.typeName, ...(isEverywhere ? {} : { zone: first.zone }) } };
}

function noExtras(): Extras {
  return { ips: [], scratch: [] };
}

function placeText({ typeName, zone }: Place): string {
  return `${typeName}/${zone}`;
}
