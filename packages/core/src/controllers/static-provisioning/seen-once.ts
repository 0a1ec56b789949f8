// Whether the whole cluster has been seen since the start. Afterwards the mirror is trusted: own writes are in it at once (RT-11).

import type { ClusterState } from "../../state/index.ts";

export class SeenOnce {
  readonly #state: Pick<ClusterState, "unsynced">;
  #whole = false;

  constructor(state: Pick<ClusterState, "unsynced">) {
    this.#state = state;
  }

  whole(): boolean {
    this.#whole ||= this.#state.unsynced().length === 0;
    return this.#whole;
  }
}
