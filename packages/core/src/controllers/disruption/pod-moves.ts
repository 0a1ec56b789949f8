// How many pods disruption moves, and how many of them belong to somebody whose pods it has moved within the hour already (DM-43).

import { isReschedulable, type ProposedCommand } from "../../disruption/index.ts";
import type { StateNode } from "../../state/index.ts";
import { hours } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ownerOf } from "./actual-placement.ts";

const AGAIN_WITHIN = hours(1);

interface Move {
  readonly at: number;
  readonly command: string;
}

export class PodMoves {
  readonly #deps: Pick<ControllerDeps, "clock" | "metrics">;
  /** By uid of the owner: its last move. */
  readonly #last = new Map<string, Move>();

  constructor(deps: Pick<ControllerDeps, "clock" | "metrics">) {
    this.#deps = deps;
  }

  /** The node goes now. What one command moves of the same owner is one move of it. */
  moved(command: string, { reason }: ProposedCommand, { nodePool: nodepool = "", pods }: StateNode): void {
    const { clock, metrics } = this.#deps;
    const now = clock.now();
    for (const [owner, { at }] of this.#last) if (now - at >= AGAIN_WITHIN) this.#last.delete(owner);
    const moving = pods.filter(isReschedulable);
    const labels = { nodepool, reason: reason.toLowerCase() };
    const owners = moving.flatMap((pod) => ownerOf(pod) ?? []);
    const repeats = owners.filter((owner) => (this.#last.get(owner)?.command ?? command) !== command).length;
    if (moving.length > 0) metrics.count("kmc_disruption_pod_moves_total", labels, moving.length);
    if (repeats > 0) metrics.count("kmc_disruption_repeat_moves_total", labels, repeats);
    for (const owner of owners) this.#last.set(owner, { at: now, command });
  }
}
