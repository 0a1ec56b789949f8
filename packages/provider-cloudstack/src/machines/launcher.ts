// Launches one machine for a claim: finds the one it already has, or tries offerings from the cheapest up (§7.2).

import { Label, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { DecisionLedger } from "@karpenter-multicloud/core/decisions";
import type { EventRecorder } from "@karpenter-multicloud/core/kube";
import {
  InsufficientCapacity,
  NodeClassNotReady,
  QuotaExceeded,
  RateLimiter,
  Transient,
  Unauthorized,
} from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import { minutes } from "@karpenter-multicloud/core/units";

import type { ApiClients } from "../client/api-clients.ts";
import { inCoreWords } from "../client/core-words.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { WireNetwork, WireVm } from "../client/wire.ts";
import type { GroupFinder } from "../selection/group-finder.ts";
import type { CloudStackSettings } from "../settings.ts";
import { candidatesOf, whyNone } from "./candidates.ts";
import type { Candidate } from "./candidates.ts";
import { requireReady } from "./class-view.ts";
import type { ClassView, ClassViews } from "./class-view.ts";
import type { Deployer, Order, Ordered } from "./deployer.ts";
import type { MachineFinder } from "./finder.ts";
import { launchedClaim } from "./machine-claim.ts";
import { machineName, retryName } from "./machine-id.ts";
import type { Refusal, Refusals } from "./refusals.ts";
import type { Remover } from "./remover.ts";

export interface LauncherParts {
  readonly clients: ApiClients;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly decisions: Pick<DecisionLedger, "record">;
  readonly views: ClassViews;
  readonly groups: GroupFinder;
  readonly finder: MachineFinder;
  readonly deployer: Deployer;
  readonly remover: Remover;
  readonly refusals: Refusals;
  readonly settings: CloudStackSettings;
}

type Attempt = { readonly made: NodeClaim } | Refusal;

/** Of one claim: what is left of the names, and what was tried. */
interface Launch {
  readonly claim: NodeClaim;
  readonly view: ClassView;
  readonly names: Set<string>;
  /** What was refused on the way. */
  readonly refused: Refusal[];
}

const MOST_CANDIDATES = 3;
const LONGEST_MS = minutes(3);
const CLEANING_MS = 60_000;
const MOST_RETRY_NAMES = 9;
/** After the key was refused nothing is bought for this long. */
const PAUSE_MS = 30_000;
const DEAD = ["Error", "Destroyed", "Expunging", "Expunged"];

export class Launcher {
  readonly #parts: LauncherParts;
  readonly #slots = new Map<string, RateLimiter>();
  /** Keys that were refused a moment ago. */
  readonly #refused = new Map<string, { readonly until: number; readonly error: unknown }>();

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  async create(claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim> {
    const { views, clock, clients } = this.#parts;
    const nodeClass = views.nodeClass(claim.spec.nodeClassRef.name);
    requireReady(nodeClass);
    const source = clients.sourceOf(nodeClass.spec);
    const refused = this.#refused.get(source);
    if (refused !== undefined && clock.now() < refused.until) throw refused.error;
    try {
      return await inCoreWords(`launching nodeclaim ${claim.metadata.name ?? ""}`, () => this.#create(claim, signal));
    } catch (error) {
      if (error instanceof Unauthorized && kindOf(error.cause) === "auth")
        this.#refused.set(source, { until: clock.now() + PAUSE_MS, error });
      throw error;
    }
  }

  async #create(claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim> {
    const { views, finder, clock } = this.#parts;
    const view = await views.forClaim(claim, signal);
    const { own, names } = await finder.ofClaim(claim, view.resolved.scope, signal);
    const launch: Launch = { claim, view, names: new Set(names), refused: [] };
    const adopted = await this.#adopt(launch, own, signal);
    if (adopted !== undefined) return adopted;
    const candidates = candidatesOf(claim, view);
    if (candidates.length === 0)
      throw new InsufficientCapacity(whyNone(claim, view), { conditionReason: "NoOffering" });
    const until = clock.now() + LONGEST_MS;
    let tried = 0;
    for (const candidate of candidates) {
      if (tried >= MOST_CANDIDATES || clock.now() >= until) break;
      if (!this.#isStillOpen(candidate, view)) continue;
      tried++;
      const attempt = await this.#slot(candidate, view).run(() => this.#tryNetworks(launch, candidate, signal), signal);
      if (attempt !== undefined) {
        this.#tellFallback(launch, candidate);
        return attempt;
      }
    }
    throw failureOf(launch);
  }

  /** Somebody who watches sees why it is not what was planned first. */
  #tellFallback({ claim, refused }: Launch, { buyable, zone }: Candidate): void {
    if (refused.length === 0) return;
    const { decisions, clock, logger } = this.#parts;
    const { name = "" } = claim.metadata;
    const reasons = [...new Set(refused.map(({ why, reason }) => `${why.split(": ")[0] ?? ""} (${reason})`))];
    const detail = `its machine is ${buyable.type.name} in ${zone.name}, because ${reasons.join(", and ")}`;
    const subject = `NodeClaim ${name}`;
    decisions.record({
      at: clock.now(),
      controller: "nodeclaim.lifecycle",
      verdict: "LaunchElsewhere",
      subject,
      detail,
    });
    logger.info("launched elsewhere than planned first", { NodeClaim: name, detail });
  }

  /** What a refusal a moment ago ruled out is not tried again. */
  #isStillOpen({ buyable, zone }: Candidate, view: ClassView): boolean {
    return this.#parts.views.isOpen(view, buyable, zone.label);
  }

  /** The machine the claim already has (C-61); remains of failed attempts go. */
  async #adopt(launch: Launch, own: readonly WireVm[], signal: AbortSignal): Promise<NodeClaim | undefined> {
    const { claim, view, names } = launch;
    const [oldest, ...others] = own
      .filter(({ state }) => !DEAD.includes(state))
      .toSorted((a, b) => a.created - b.created);
    for (const other of [...others, ...own.filter(({ state }) => DEAD.includes(state))]) {
      await this.#dispose(other, launch, signal);
    }
    if (oldest === undefined) return undefined;
    const order = this.#orderOf(claim, view, oldest);
    if (order === undefined) {
      // The class no longer means such a machine.
      await this.#dispose(oldest, launch, signal);
      names.add(oldest.name);
      return undefined;
    }
    const attempt = await this.#finish(launch, order, { id: oldest.id }, signal);
    return "made" in attempt ? attempt.made : undefined;
  }

  async #tryNetworks(launch: Launch, candidate: Candidate, signal: AbortSignal): Promise<NodeClaim | undefined> {
    const { refusals, views } = this.#parts;
    const open = candidate.networks.filter((network) => views.hasAddresses(network));
    if (open.length === 0) launch.refused.push(refusals.noAddress(candidate));
    for (const network of open) {
      const attempt = await this.#attempt(launch, candidate, network, signal);
      if ("made" in attempt) return attempt.made;
      launch.refused.push(attempt);
      // Nothing else of this account can be had either.
      if (attempt.scope.level === "account" && !attempt.mayBeSmaller) throw failureOf(launch);
      if (!attempt.nextNetwork) break;
    }
    return undefined;
  }

  async #attempt(launch: Launch, candidate: Candidate, network: WireNetwork, signal: AbortSignal): Promise<Attempt> {
    const { deployer, clients } = this.#parts;
    const { claim, view } = launch;
    const affinityGroupIds = await this.#affinityGroups(claim, view, signal);
    for (;;) {
      const order: Order = { claim, view, candidate, network, name: this.#freeName(launch), affinityGroupIds };
      let ordered: Ordered;
      try {
        ordered = await deployer.order(order, signal);
      } catch (error) {
        if (kindOf(error) === "name-taken") {
          launch.names.add(order.name);
          continue;
        }
        if (kindOf(error) === "not-found") {
          // What the lists say is no longer so (T-62): they are read anew by the next attempt.
          clients.of(view.resolved.scope).forget();
          throw new NodeClassNotReady((error as Error).message, { cause: error });
        }
        return this.#judged(error, order);
      }
      launch.names.add(order.name);
      return this.#finish(launch, order, ordered, signal);
    }
  }

  async #finish(launch: Launch, order: Order, ordered: Ordered, signal: AbortSignal): Promise<Attempt> {
    const { deployer, refusals, logger } = this.#parts;
    const { claim, view, candidate, network } = order;
    const { projectId } = view.resolved.scope;
    try {
      const outcome = await deployer.bringUp(order, ordered, signal);
      if (outcome.state === "failed") throw outcome.error;
      if (outcome.state === "unknown") throw new Transient(`machine ${order.name} did not start`);
      if (outcome.state === "pending") logger.info("a machine is still starting", { machine: order.name });
      else refusals.succeeded(candidate, view);
      const { buyable, zone, template } = candidate;
      const about = { machineId: ordered.id, buyable, zone, network, template, nodeClass: view.nodeClass };
      return { made: launchedClaim(claim, { ...about, ...(projectId === undefined ? {} : { projectId }) }) };
    } catch (error) {
      signal.throwIfAborted();
      await this.#clean(launch, order.name, ordered.id, signal);
      return this.#judged(error, order);
    }
  }

  /** The way back from a failed attempt: what cannot be removed now is collected later. */
  async #clean(launch: Launch, name: string, id: string, signal: AbortSignal): Promise<void> {
    const { finder, remover, logger } = this.#parts;
    try {
      const found = await finder.byId(id, signal, launch.claim);
      const isGone = found === undefined || (await remover.removeNow(found, launch.claim, CLEANING_MS, signal));
      if (isGone) launch.names.delete(name);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn("what a failed launch left behind is collected later", { error, machine: id });
    }
  }

  async #dispose(machine: WireVm, { claim, view, names }: Launch, signal: AbortSignal): Promise<void> {
    const { remover } = this.#parts;
    const isGone = await remover.removeNow({ machine, scope: view.resolved.scope }, claim, CLEANING_MS, signal);
    if (isGone) names.delete(machine.name);
  }

  /** @throws what no other candidate can help with */
  #judged(error: unknown, { claim, candidate, network, view }: Order): Attempt {
    const { refusals, events, metrics, clients } = this.#parts;
    // Other classes of the same account read anew what is left of it (C-49).
    if (kindOf(error) === "limit") clients.of(view.resolved.scope).forget("account/");
    const refusal = refusals.judge(error, candidate, network.id, view);
    const place = { zone: candidate.zone.label, instance_type: candidate.buyable.type.name };
    const labels = { ...place, reason: refusal?.reason ?? kindOf(error) };
    metrics.count("karpenter_cloudstack_deploy_failures_total", labels);
    if (refusal === undefined) throw error;
    const { why, reason } = refusal;
    events.publish({ resource: NodeClaims, object: claim, type: "Warning", reason, message: why });
    return refusal;
  }

  /** The claim's own name, unless something that cannot be removed holds it (C-65). */
  #freeName({ claim, names }: Launch): string {
    const { name = "", uid = "" } = claim.metadata;
    const first = machineName(name, uid);
    if (!names.has(first)) return first;
    for (let attempt = 1; attempt <= MOST_RETRY_NAMES; attempt++) {
      const next = retryName(first, attempt);
      if (!names.has(next)) return next;
    }
    throw new InsufficientCapacity(`nodeclaim ${name}: every name for its machine is taken`, {
      conditionReason: "NamesTaken",
    });
  }

  async #affinityGroups(claim: NodeClaim, view: ClassView, signal: AbortSignal): Promise<readonly string[]> {
    const { resolved, nodeClass } = view;
    const pool = claim.metadata.labels?.[Label.NodePool] ?? "";
    const managed =
      resolved.managedGroup === undefined
        ? undefined
        : await this.#parts.groups.managed(nodeClass, pool, resolved.scope, signal);
    return [...resolved.affinityGroups.map(({ id }) => id), ...(managed === undefined ? [] : [managed.id])];
  }

  /** A machine that exists, as if it had just been ordered. */
  #orderOf(claim: NodeClaim, view: ClassView, machine: WireVm): Order | undefined {
    const zone = view.resolved.zones.find(({ id }) => id === machine.zoneId);
    const wanted = candidatesOf(claim, view).filter(
      ({ buyable }) => buyable.selected.offering.id === machine.offeringId,
    );
    const all = [...view.types.buyables.values()].filter(({ selected }) => selected.offering.id === machine.offeringId);
    const buyable = wanted[0]?.buyable ?? all[0];
    const template = buyable === undefined ? undefined : zone?.templates.get(buyable.arch);
    const networkId = machine.nics.find(({ isDefault }) => isDefault)?.networkId;
    const network = zone?.networks.find(({ id }) => id === networkId);
    const [offering] = buyable?.type.offerings ?? [];
    if (
      zone === undefined ||
      buyable === undefined ||
      template === undefined ||
      network === undefined ||
      offering === undefined
    ) {
      return undefined;
    }
    const candidate = {
      buyable,
      offering,
      zone,
      template: { ...template, id: machine.templateId },
      networks: [network],
    };
    return { claim, view, candidate, network, name: machine.name, affinityGroupIds: [] };
  }

  /** Only so many at once in each zone, and one by one where an affinity group could be broken (C-63). */
  #slot({ zone }: Candidate, { nodeClass }: ClassView): RateLimiter {
    const isSerial = nodeClass.spec.affinityGroups !== undefined;
    const key = isSerial ? `class/${nodeClass.metadata.name ?? ""}` : `zone/${zone.id}`;
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const maxInFlight = isSerial ? 1 : this.#parts.settings.maxConcurrentDeploys;
    const slot = new RateLimiter({ perSecond: 1000, burst: 1000, maxInFlight }, this.#parts.clock);
    this.#slots.set(key, slot);
    return slot;
  }
}

/** Every reason once, with the scope of the last. */
function failureOf({ claim, refused }: Launch): Error {
  const last = refused.at(-1);
  const message = `nodeclaim ${claim.metadata.name ?? ""}: ${[...new Set(refused.map(({ why }) => why))].slice(0, 5).join("; ")}`;
  const scope = last === undefined ? {} : { scope: last.scope };
  if (last?.reason === "ResourceLimitExceeded")
    return new QuotaExceeded(message, { conditionReason: last.reason, ...scope });
  return new InsufficientCapacity(message, { conditionReason: "InsufficientCapacity", ...scope });
}
