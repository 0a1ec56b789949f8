// What a refused launch means for the plans after it (§10): which offerings to avoid, how long, and whether another may serve.

import type { FailureScope, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { milliseconds } from "@karpenter-multicloud/core/units";

import { sizesOf } from "../catalog/instance-types.ts";
import { CloudStackError } from "../client/cloudstack-api.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { WireOffering } from "../client/wire.ts";
import type { Candidate } from "./candidates.ts";
import type { ClassView } from "./class-view.ts";
import { holderOfNetwork, holderOfStorage } from "../catalog/closed-offerings.ts";
import type { ClosedOfferings, Holder, Sizes } from "../catalog/closed-offerings.ts";

export interface Refusal {
  readonly why: string;
  /** Of an event that is worth telling people. */
  readonly reason:
    | "LaunchFailed"
    | "ResourceLimitExceeded"
    | "ResourceUnavailable"
    | "AffinityUnsatisfiable"
    | "AddressesExhausted";
  /** What is sold out or used up, for core. */
  readonly scope: FailureScope;
  /** A limit of processors, memory or GPUs: a smaller offering may do. */
  readonly mayBeSmaller?: boolean;
  /** Only the network is to blame: the same offering may do in another. */
  readonly nextNetwork: boolean;
}

/** An offering in a zone, as one scope is sold it. */
export interface Place {
  readonly holder: Holder;
  readonly instanceType: string;
  readonly zone: string;
}

const MINUTE = 60_000;
const SHORT_MS = 3 * MINUTE;
const LONG_MS = 5 * MINUTE;
const LONGEST_MS = 30 * MINUTE;
const INTERNAL_IN_A_ROW = 3;

export class Refusals {
  readonly #unavailable: UnavailableOfferings;
  readonly #closed: ClosedOfferings;
  readonly #misses = new Map<string, number>();
  readonly #internal = new Map<string, number>();

  constructor(unavailable: UnavailableOfferings, closed: ClosedOfferings) {
    this.#unavailable = unavailable;
    this.#closed = closed;
  }

  /** Undefined when no other candidate can help. */
  judge(error: unknown, candidate: Candidate, networkId: string, view: ClassView): Refusal | undefined {
    const { buyable, zone } = candidate;
    const place = { holder: view.scopeHolder, instanceType: buyable.type.name, zone: zone.label };
    const said = error instanceof CloudStackError ? error.facts.said : "";
    const where = `${buyable.type.name} in ${zone.name}`;
    const type: FailureScope = { level: "type", name: place.instanceType, zone: place.zone };
    switch (kindOf(error)) {
      case "no-capacity":
        this.#miss(place, "CloudStack found no host for it");
        return refusal("LaunchFailed", `no host or storage takes ${where}: ${said}${hint(candidate, view)}`, type);
      case "no-storage": {
        const { offering } = buyable.selected;
        const why = `no ${storageOf(offering)} of ${zone.name} has room left`;
        this.#closed.mark(holderOfStorage(offering), { zone: place.zone }, why, milliseconds(SHORT_MS));
        return refusal("LaunchFailed", `no storage takes ${where}: ${said}`, type);
      }
      case "affinity":
        return this.#affinity(place, view, `${where}: ${said}`);
      case "no-address": {
        const full = `no network of ${zone.name} has an address left`;
        this.#closed.mark(holderOfNetwork({ id: networkId }), {}, full, milliseconds(LONG_MS));
        const why = `a network of ${zone.name} has no address left: ${said}`;
        return { ...refusal("AddressesExhausted", why, type), nextNetwork: true };
      }
      case "unavailable": {
        this.#unavailable.mark({ zone: zone.label }, "the zone is not available", milliseconds(SHORT_MS));
        const scope: FailureScope = { level: "zone", name: place.zone };
        return refusal("ResourceUnavailable", `${zone.name} is not available: ${said}`, scope);
      }
      case "limit": {
        this.#limit(said, candidate, view);
        const mayBeSmaller = isSized(limitedBy(said));
        const told = refusal("ResourceLimitExceeded", `${where}: ${said}`, { level: "account" });
        return { ...told, mayBeSmaller };
      }
      case "transient":
        return this.#internalError(place, where, said);
      default:
        return undefined;
    }
  }

  /** Its networks are known to be full. */
  noAddress({ buyable, zone }: Candidate): Refusal {
    const scope: FailureScope = { level: "type", name: buyable.type.name, zone: zone.label };
    return refusal("AddressesExhausted", `no network of ${zone.name} has an address left`, scope);
  }

  succeeded({ buyable, zone }: Candidate, { scopeHolder }: ClassView): void {
    const key = keyOf({ holder: scopeHolder, instanceType: buyable.type.name, zone: zone.label });
    this.#misses.delete(key);
    this.#internal.delete(key);
  }

  /** A machine that was ordered before has failed in the end. */
  failedLater(place: Place): void {
    this.#miss(place, "a machine of it did not start");
  }

  /** Three minutes, and twice as long each time again; only to the scope that was refused: others may have hosts of their own. */
  #miss(place: Place, why: string): void {
    const key = keyOf(place);
    const misses = this.#misses.get(key) ?? 0;
    this.#misses.set(key, misses + 1);
    const pause = Math.min(LONGEST_MS, SHORT_MS * 2 ** misses);
    const { holder, instanceType, zone } = place;
    this.#closed.mark(holder, { instanceType, zone }, why, milliseconds(pause));
  }

  /** Machines of other groups, or of none, may still be had. */
  #affinity({ holder, ...place }: Place, { groupsHolder }: ClassView, why: string): Refusal {
    const reason = "its affinity group takes no more";
    // Without a group of ours it is one that CloudStack itself puts all of the account's machines into.
    this.#closed.mark(groupsHolder ?? holder, place, reason, milliseconds(LONG_MS));
    const scope: FailureScope =
      groupsHolder === undefined ? { level: "type", name: place.instanceType, zone: place.zone } : { level: "machine" };
    return refusal("AffinityUnsatisfiable", why, scope);
  }

  /** Processors, memory and GPUs: what asks for at least as much is out too, in every class of the scope; of anything else, all is. */
  #limit(said: string, { buyable }: Candidate, view: ClassView): void {
    const type = limitedBy(said);
    const why = `LimitReached: the account's limit of ${type === "" ? "a resource" : type}`;
    const duration = milliseconds(LONG_MS);
    if (!isSized(type)) return this.#closed.mark(view.scopeHolder, {}, why, duration);
    const from = { resource: type, amount: sizesOf(buyable)[type] };
    this.#closed.markFrom(view.scopeHolder, from, why, duration);
  }

  /** Once may be chance; three times in a row it is the offering. */
  #internalError(place: Place, where: string, said: string): Refusal | undefined {
    const key = keyOf(place);
    const inARow = (this.#internal.get(key) ?? 0) + 1;
    this.#internal.set(key, inARow);
    if (inARow < INTERNAL_IN_A_ROW) return undefined;
    this.#internal.delete(key);
    const type: FailureScope = { level: "type", name: place.instanceType, zone: place.zone };
    this.#miss(place, "CloudStack fails with internal errors");
    return { why: `${where}: ${said}`, reason: "LaunchFailed", scope: type, nextNetwork: false };
  }
}

function keyOf({ holder, instanceType, zone }: Place): string {
  return `${holder}/${instanceType}/${zone}`;
}

function isSized(resource: string): resource is keyof Sizes {
  return resource === "cpu" || resource === "memory" || resource === "gpu";
}

function storageOf({ storageType, storageTags }: WireOffering): string {
  return `${storageType} storage${storageTags.length === 0 ? "" : ` with the tags ${storageTags.join(", ")}`}`;
}

/** The resource that a limit's text names. */
function limitedBy(said: string): string {
  return /Type = '?(\w+)'?/.exec(said)?.[1] ?? "";
}

/** The server never says why; these are the usual hidden reasons (§1.9). */
function hint({ buyable, zone }: Candidate, { crowded }: ClassView): string {
  const { hostTags, storageType } = buyable.selected.offering;
  const reasons = [
    ...(hostTags.length === 0 ? [] : [`host tags ${hostTags.join(", ")}`]),
    ...(storageType === "local" ? ["local storage"] : []),
  ];
  const asks = reasons.length === 0 ? [] : [`it asks for ${reasons.join(" and ")}`];
  const full = crowded.has(zone.id) ? [`more than 95 % of the hosts of ${zone.name} are in use`] : [];
  const all = [...asks, ...full];
  return all.length === 0 ? "" : ` (${all.join("; ")})`;
}

/** One that another network would not mend. */
function refusal(reason: Refusal["reason"], why: string, scope: FailureScope): Refusal {
  return { why, reason, scope, nextNetwork: false };
}
