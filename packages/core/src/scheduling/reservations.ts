// Machines that are paid for already: how many of each reservation the claims of one plan may still take (S-512…S-514).

import type { InstanceType, Offering } from "../provider/index.ts";
import type { Requirements } from "../requirements/index.ts";
import { compareText } from "../units/index.ts";
import { isReserved } from "./placement/builds.ts";

export class ReservationManager {
  readonly #left = new Map<string, number>();
  readonly #held = new Map<string, Set<string>>();
  readonly #idLabel: string | undefined;

  /** S-513: seen more than once, the smallest count is believed. Without a label nothing is known to be reserved. */
  constructor(instanceTypes: Iterable<InstanceType>, idLabel: string | undefined) {
    this.#idLabel = idLabel;
    for (const { offerings } of instanceTypes) {
      for (const offering of offerings) {
        const id = this.idOf(offering);
        if (id === undefined) continue;
        this.#left.set(id, Math.min(this.#left.get(id) ?? Infinity, offering.reservationCapacity ?? 0));
      }
    }
  }

  idOf(offering: Offering): string | undefined {
    if (this.#idLabel === undefined || !isReserved(offering)) return undefined;
    return offering.requirements.get(this.#idLabel).single();
  }

  /** In name order: what could be taken by a claim that may become one of these types. */
  idsFor(
    types: readonly InstanceType[],
    requirements: Requirements,
    wellKnown: ReadonlySet<string>,
  ): readonly string[] {
    if (this.#left.size === 0) return [];
    const ids = new Set<string>();
    for (const offering of types.flatMap(({ offerings }) => offerings)) {
      const id = this.idOf(offering);
      if (id === undefined || !offering.availability.available) continue;
      if (requirements.isCompatible(offering.requirements, wellKnown)) ids.add(id);
    }
    return [...ids].toSorted(compareText);
  }

  /** Also true for what the host has already. */
  canReserve(host: string, id: string): boolean {
    return this.#held.get(host)?.has(id) === true || this.remaining(id) > 0;
  }

  /** Once per host. RangeError when none is left. */
  reserve(host: string, ...ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.canReserve(host, id)) throw new RangeError(`reservation ${id} has no room for ${host}`);
      const held = this.#held.get(host) ?? new Set();
      this.#held.set(host, held);
      if (held.has(id)) continue;
      held.add(id);
      this.#left.set(id, this.remaining(id) - 1);
    }
  }

  /** What the host does not have is nothing to give back. */
  release(host: string, ...ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#held.get(host)?.delete(id)) this.#left.set(id, this.remaining(id) + 1);
    }
  }

  /** Exactly these from now on. */
  hold(host: string, ids: readonly string[]): void {
    this.reserve(host, ...ids);
    this.release(host, ...this.heldBy(host).filter((id) => !ids.includes(id)));
  }

  heldBy(host: string): readonly string[] {
    return [...(this.#held.get(host) ?? [])];
  }

  /** RangeError for a reservation that no offering names. */
  remaining(id: string): number {
    const left = this.#left.get(id);
    if (left === undefined) throw new RangeError(`no offering belongs to reservation ${id}`);
    return left;
  }
}
