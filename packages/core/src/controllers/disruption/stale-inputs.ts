// Whether what disruption decides on is still what there is: a watch that has not been followed for a minute is not believed (DX-24).

import { NodeClaims, NodePools, Nodes, PodDisruptionBudgets, Pods } from "../../api/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { recordVerdict } from "./tell.ts";

/** DX-24. */
export const LONGEST_STALE: Duration = seconds(60);
const INPUTS = [NodePools, NodeClaims, Nodes, Pods, PodDisruptionBudgets] as const;

export class StaleInputs {
  readonly #deps: Pick<ControllerDeps, "cache" | "clock" | "decisions" | "logger" | "state">;
  #told = "";

  constructor(deps: Pick<ControllerDeps, "cache" | "clock" | "decisions" | "logger" | "state">) {
    this.#deps = deps;
  }

  /** Told once when it begins, on every node. */
  areStale(): boolean {
    const { cache, clock, logger, state } = this.#deps;
    const now = clock.now();
    const stale = INPUTS.filter((resource) => now - (cache.behindSince(resource) ?? now) >= LONGEST_STALE);
    const names = stale.map(({ plural }) => plural).join(", ");
    if (names !== this.#told && names !== "") {
      logger.warn("what the API server has of some resources is not known, no node is disrupted", { resources: names });
      const detail = `${names} cannot be watched at the moment, so that nobody knows what is true of it`;
      for (const { name, managed } of state.nodes()) if (managed) recordVerdict(this.#deps, "StaleState", name, detail);
    }
    this.#told = names;
    return stale.length > 0;
  }
}
