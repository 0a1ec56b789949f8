// The alarm for nodes that have been leaving for long and do not get any further (DX-27): nothing is forced, somebody is told.

import { Nodes, type Node } from "../../api/index.ts";
import { minutes, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { DRAIN_CAUSES, type DrainCause } from "./blockers.ts";

const ALARM_AFTER: Duration = minutes(30);

type Deps = Pick<ControllerDeps, "clock" | "events" | "logger" | "metrics">;

export class BlockedDrains {
  readonly #deps: Deps;
  /** By node name. */
  readonly #held = new Map<string, DrainCause>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#count();
  }

  /**
   * `since`: when what holds it now began, RFC 3339, as something stored tells it, which a restart does not change.
   * Absent: the deletion of the Node. A long drain is no reason for an alarm about what comes after it.
   */
  held(node: Node, cause: DrainCause, message: string, since?: string): void {
    const { clock, events, logger } = this.#deps;
    const { name = "", uid, deletionTimestamp = "" } = node.metadata;
    if (!(clock.now() - Date.parse(since ?? deletionTimestamp) >= ALARM_AFTER)) return this.free(name);
    const isNews = this.#held.get(name) !== cause;
    this.#held.set(name, cause);
    const text = `has been leaving since ${deletionTimestamp} and is held: ${message}`;
    const dedupeKey = `DrainBlocked/${uid}/${cause}`;
    const note = { type: "Warning", reason: "DrainBlocked", message: text, dedupeKey, dedupeFor: ALARM_AFTER } as const;
    events.publish({ ...note, resource: Nodes, object: node });
    if (!isNews) return;
    logger.warn("a node that is leaving is held", { Node: name, cause, since: deletionTimestamp, held: message });
    this.#count();
  }

  /** It goes on, or is gone. */
  free(name: string): void {
    if (this.#held.delete(name)) this.#count();
  }

  #count(): void {
    const held = [...this.#held.values()];
    for (const cause of DRAIN_CAUSES) {
      const value = held.filter((each) => each === cause).length;
      this.#deps.metrics.set("kmc_blocked_drains", { cause }, value);
    }
  }
}
