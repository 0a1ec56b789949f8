// Which pods are alike to every selector: same namespace, same labels. A plan has far fewer kinds of pods than pods.

import type { Pod } from "../../api/index.ts";
import type { Place } from "./place.ts";
import { namespaceOf } from "./pod-selection.ts";

export interface Seat {
  readonly pod: Pod;
  readonly place: Place;
  /** Put there by the plan. */
  readonly isNew: boolean;
  /** Place by place, what the plan put there first. */
  readonly index: number;
}

export interface PodKind {
  /** Stands for all of them where only namespace and labels matter. */
  readonly sample: Pod;
  readonly seats: Seat[];
}

/** Lives as long as one check. */
export class PodKinds {
  readonly seats: readonly Seat[];
  readonly #byId = new Map<string, PodKind>();
  readonly #byPod = new Map<Pod, PodKind>();

  constructor(places: readonly Place[]) {
    const seats: Seat[] = [];
    const take = (pod: Pod, place: Place, isNew: boolean): void => {
      const seat: Seat = { pod, place, isNew, index: seats.length };
      seats.push(seat);
      this.of(pod).seats.push(seat);
    };
    for (const place of places) {
      for (const pod of place.placed) take(pod, place, true);
      for (const pod of place.bound) take(pod, place, false);
    }
    this.seats = seats;
  }

  get all(): readonly PodKind[] {
    return [...this.#byId.values()];
  }

  of(pod: Pod): PodKind {
    const known = this.#byPod.get(pod);
    if (known) return known;
    const id = JSON.stringify([namespaceOf(pod), pod.metadata.labels]);
    const kind = this.#byId.get(id) ?? { sample: pod, seats: [] };
    this.#byId.set(id, kind);
    this.#byPod.set(pod, kind);
    return kind;
  }
}
