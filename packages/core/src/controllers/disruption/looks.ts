// What a running command sees when it looks again: the cluster beside the other commands, its pods live at the API server, and the room that is left (DX-23).

import type { DisruptionSnapshot } from "../../disruption/index.ts";
import type { CompileCache, PoolInput } from "../../scheduling/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { PoolBackOff } from "../provisioning/pool-back-off.ts";
import type { WaitingPods } from "../provisioning/waiting-pods.ts";
import type { RunningCommand, StartingCommand, TaintedCommand } from "./command.ts";
import type { DriftWaves } from "./drift-waves.ts";
import {
  asBefore,
  blockOf,
  lateArrival,
  livePodsOn,
  reprieveOf,
  withLivePods,
  type LivePods,
  type Reprieve,
} from "./last-look.ts";
import { roomNow } from "./last-room.ts";
import { poolsWithTypes, snapshotOf } from "./snapshot-of.ts";
import type { StartedNodes } from "./started-nodes.ts";

export interface LooksParts {
  readonly waiting: WaitingPods;
  readonly backOff: PoolBackOff;
  readonly started: StartedNodes;
  readonly waves: DriftWaves;
  /** All of them, the oldest first. */
  readonly commands: () => readonly RunningCommand[];
  readonly cache: CompileCache;
}

export class Looks {
  readonly #deps: ControllerDeps;
  readonly #parts: LooksParts;

  constructor(deps: ControllerDeps, parts: LooksParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /** With their types as they are sold now. */
  async pools(signal: AbortSignal): Promise<readonly PoolInput[]> {
    return await poolsWithTypes(this.#deps, this.#parts.backOff, signal);
  }

  /** The cluster as this command finds it: other commands as if they were carried out, nodes with the pods that are live on them. */
  picture(command: RunningCommand, pools: readonly PoolInput[], live: LivePods = new Map()): DisruptionSnapshot {
    const others = this.#parts.commands().filter(({ id }) => id !== command.id);
    const inCommand = new Set(others.flatMap(({ proposed }) => proposed.nodes));
    const nodes = withLivePods(this.#deps.state.nodes(), live);
    // Those that came later were planned with this one in mind, not the other way round.
    const ahead = others.filter((other) => other.phase !== "waiting" || other.createdAt < command.createdAt);
    const { waiting, cache, started, waves } = this.#parts;
    return snapshotOf(this.#deps, { pools, waiting, started, waves, inCommand, nodes, ahead, cache });
  }

  /** Before replacements are ordered, or an empty node goes: what came meanwhile, and whether the plan still holds. */
  async beforeOrder(
    command: TaintedCommand,
    pools: readonly PoolInput[],
    signal: AbortSignal,
  ): Promise<Reprieve | undefined> {
    const live = await livePodsOn(this.#deps, command.proposed.nodes, signal);
    for (const pods of live.values()) {
      const late = lateArrival(pods, command.knownPods);
      if (late) return late;
    }
    return reprieveOf(command.proposed, this.picture(command, pools, live), live);
  }

  /** DX-23: a node or pod that became protected while the replacements started. */
  async protection(
    command: StartingCommand,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<Reprieve | undefined> {
    const pools = await this.pools(signal);
    const live = await livePodsOn(this.#deps, names, signal);
    const snapshot = this.picture(command, pools, live);
    const own = new Set(names);
    const nodes = snapshot.nodes.map((node) => (own.has(node.name) ? asBefore(node) : node));
    const disruptionClass = command.proposed.reason === "Drifted" ? "eventual" : "graceful";
    for (const name of names) {
      const node = this.#deps.state.nodeByName(name);
      if (node?.nodeClaim?.metadata.deletionTimestamp) continue;
      const found = blockOf(name, { ...snapshot, nodes }, disruptionClass);
      if (found?.verdict === "StaleState") return found;
      if (found) return { verdict: "TaintRace", detail: found.detail };
    }
    return undefined;
  }

  /** DX-23: right before the deletion. Answers why the pods have no room; undefined: they have. */
  async roomGone(
    { proposed }: StartingCommand,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    // A static pool replaces node by node, wherever the pods then go (D-64).
    if (proposed.method === "staticDrift" || names.length === 0) return undefined;
    const parts = { ...this.#parts, pools: await this.pools(signal) };
    const { gone, destinations } = await roomNow(this.#deps, parts, names, signal);
    for (const node of gone === undefined ? destinations : []) this.#deps.state.nominate(node);
    return gone;
  }
}
