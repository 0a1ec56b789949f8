// The way back from a command: its nodes are open again, what nobody needs is given back, and none of it is tried again at once (D-125, D-126, DX-31, DX-35).

import { NodePools } from "../../api/index.ts";
import { consolidateAfter, type ProposedCommand } from "../../disruption/index.ts";
import type { StateNode } from "../../state/index.ts";
import { milliseconds, minutes, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { attempt } from "./attempt.ts";
import type { ClusterStamp } from "./cluster-stamp.ts";
import type { RunningCommand } from "./command.ts";
import type { DriftBackOff } from "./drift-back-off.ts";
import type { DriftWaves } from "./drift-waves.ts";
import type { NodeBackOff } from "./node-back-off.ts";
import { giveBackUnused } from "./replacements.ts";
import type { StartedNodes } from "./started-nodes.ts";
import { isMarked, unmarkDisrupted } from "./taints.ts";

/** The first one after a failure (DX-35). */
const PAUSE: Duration = minutes(5);

/** Of an empty node that could not be tainted or deleted. */
const REFUSED: Duration = seconds(30);

export interface RetreatParts {
  readonly stamp: ClusterStamp;
  readonly nodeBackOff: NodeBackOff;
  readonly driftBackOff: DriftBackOff;
  readonly waves: DriftWaves;
  readonly started: StartedNodes;
}

export class Retreat {
  readonly #deps: ControllerDeps;
  readonly #parts: RetreatParts;

  constructor(deps: ControllerDeps, parts: RetreatParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /** Of what was ordered only that stays which is of use. */
  async rollBack(command: RunningCommand, why: string, signal: AbortSignal): Promise<void> {
    this.pause(command.proposed, why);
    if (command.phase === "starting") await this.giveBack(command.replacements, signal);
    const deleted = command.phase === "starting" ? command.deleted : new Set<string>();
    this.#parts.started.kept(command.proposed.nodes.filter((name) => !deleted.has(name)));
    for (const name of command.proposed.nodes) {
      const node = this.#deps.state.nodeByName(name);
      this.#parts.waves.kept(name);
      if (!node || deleted.has(name)) continue;
      await this.release(node, signal);
    }
  }

  /** DX-35: what works by now is there for a while, so that what comes next can be planned onto it. */
  async giveBack(names: readonly string[], signal: AbortSignal): Promise<void> {
    for (const { name, nodePool } of await giveBackUnused(this.#deps, names, signal)) {
      const pool = this.#deps.cache.informer(NodePools).get({ name: nodePool ?? "" });
      const time = milliseconds(((pool && consolidateAfter(pool)) ?? 0) + PAUSE);
      this.#parts.nodeBackOff.hold(name, "it was started in place of a node that stays", time);
    }
  }

  /** An empty node has nothing to lose: it is tried again soon. */
  pause({ method, nodes }: ProposedCommand, why: string): void {
    if (method !== "emptiness") this.#parts.nodeBackOff.failed(nodes, why, PAUSE);
  }

  /** An empty node that the API server would not let go: the others of its NodePool, whose budget may be one, have their turn first. */
  refused(name: string, why: string): void {
    this.#parts.nodeBackOff.hold(name, `the last command for it failed (${why})`, REFUSED);
  }

  async release(node: StateNode, signal: AbortSignal): Promise<void> {
    this.#deps.state.unmarkForDeletion(node.providerID);
    this.#parts.stamp.renew();
    if (node.nodeClaim?.metadata.deletionTimestamp || node.node?.metadata.deletionTimestamp) return;
    // What cannot be taken back now, or is not seen yet, is taken back in the next pass (D-14).
    if (!isMarked(node)) return;
    await attempt(this.#deps, "taking the disruption mark off a node failed", node.name, async () => {
      await unmarkDisrupted(this.#deps, node, signal);
      this.#deps.logger.info("untainted node", { Node: node.name });
    });
  }

  /** DX-31. */
  driftFailed({ reason, nodes }: ProposedCommand, why: string): void {
    if (reason !== "Drifted") return;
    for (const pool of this.poolsOf(nodes)) {
      this.#parts.driftBackOff.failed(pool, why);
      this.#parts.waves.failed(pool, why);
    }
  }

  poolsOf(nodes: readonly string[]): ReadonlySet<string> {
    return new Set(nodes.map((name) => this.#deps.state.nodeByName(name)?.nodePool ?? ""));
  }
}
