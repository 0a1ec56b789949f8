// disruption: nodes that are empty, drifted or dearer than need be are given back. Decide, wait, decide again, taint, look at the live pods, replace, delete.

import { CapacityBuffers, NodePools, PodDisruptionBudgets } from "../../api/index.ts";
import type { ProposedCommand } from "../../disruption/index.ts";
import { isConflict, keyOf, keyText } from "../../kube/index.ts";
import { singletonController, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { CompileCache } from "../../scheduling/index.ts";
import { milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { watchProblemInput } from "../provisioning/problem-input.ts";
import { Turn } from "../provisioning/turn.ts";
import { WaitingPods } from "../provisioning/waiting-pods.ts";
import { ClusterStamp } from "./cluster-stamp.ts";
import { isEarly, type RunningCommand } from "./command.ts";
import { Executor } from "./execute.ts";
import { Proposer } from "./propose.ts";
import { NodeBackOff } from "./node-back-off.ts";
import { poolsWithTypes, snapshotOf } from "./snapshot-of.ts";
import { isMarked, unmarkDisrupted } from "./taints.ts";
import { tellCandidate } from "./tell.ts";

const POLL: Duration = seconds(10);
const AT_ONCE: Duration = milliseconds(1);
/** What looked right must still be so after this time (D-107). */
const VALIDATION_DELAY: Duration = seconds(15);
/** DX-24. */
const LONGEST_STALE: Duration = seconds(60);
const NAME = "disruption";

/** `backOff` says which pools get no new machines for a while. */
export function disruptionController(deps: ControllerDeps, backOff = new PoolBackOff(deps)): Controller {
  watchProblemInput(deps);
  deps.cache.informer(NodePools);
  deps.cache.informer(PodDisruptionBudgets);
  const loop = new Loop(deps, backOff);
  return singletonController({ name: NAME, run: ({ signal, reconcileId }) => loop.run(signal, reconcileId) });
}

class Loop {
  readonly #deps: ControllerDeps;
  readonly #backOff: PoolBackOff;
  readonly #nodeBackOff: NodeBackOff;
  readonly #waiting: WaitingPods;
  readonly #executor: Executor;
  readonly #proposer: Proposer;
  readonly #cache = new CompileCache();
  /** By the id they were given; at most one of them is early. */
  readonly #commands = new Map<string, RunningCommand>();
  #lookAgainAt = 0;

  constructor(deps: ControllerDeps, backOff: PoolBackOff) {
    this.#deps = deps;
    this.#backOff = backOff;
    this.#nodeBackOff = new NodeBackOff(deps);
    this.#waiting = new WaitingPods(deps);
    const stamp = new ClusterStamp(deps);
    this.#proposer = new Proposer(deps, stamp);
    this.#executor = new Executor(deps, {
      waiting: this.#waiting,
      backOff,
      stamp,
      nodeBackOff: this.#nodeBackOff,
      cache: this.#cache,
      inOthers: ({ id }) => this.#nodes((command) => command.id !== id),
      queued: () => this.#nodes(() => true).size,
    });
  }

  async run(signal: AbortSignal, id: string): Promise<ReconcileResult> {
    // What is ordered already is followed also while something else is not known yet.
    await this.#advance((command) => !isEarly(command), signal);
    if (this.#deps.state.unsynced().length > 0 || buffersUnplanned(this.#deps)) {
      await this.#giveUpStale(signal);
      return { requeueAfter: seconds(1) };
    }
    const { clock, gate } = this.#deps;
    if (!gate.observeOnly)
      await cleanUp(
        this.#deps,
        this.#nodes(() => true),
        signal,
      );
    if (await this.#advance(isEarly, signal)) this.#lookAgainAt = 0;
    const isBusy = [...this.#commands.values()].some(isEarly);
    if (!isBusy && clock.now() >= this.#lookAgainAt) {
      const proposed = await this.#propose(signal);
      this.#lookAgainAt = proposed ? 0 : clock.now() + POLL;
      if (proposed) this.#accept(proposed, id);
    }
    return { requeueAfter: this.#untilNext() };
  }

  #accept(proposed: ProposedCommand, id: string): void {
    const now = this.#deps.clock.now();
    const nodes = proposed.nodes.flatMap((name) => this.#deps.state.nodeByName(name) ?? []);
    tellCandidate(this.#deps, proposed, nodes);
    const wait = proposed.method === "drift" ? 0 : VALIDATION_DELAY;
    this.#commands.set(id, { id, phase: "waiting", proposed, createdAt: now, dueAt: now + wait });
  }

  async #propose(signal: AbortSignal): Promise<ProposedCommand | undefined> {
    // Without nodes the cloud need not be asked for its prices.
    if (this.#deps.state.nodes().length === 0) return undefined;
    const pools = await poolsWithTypes(this.#deps, this.#backOff, signal);
    const inCommand = this.#nodes(() => true);
    const snapshot = snapshotOf(this.#deps, {
      pools,
      waiting: this.#waiting,
      inCommand,
      paused: this.#nodeBackOff.paused(),
      cache: this.#cache,
    });
    return await this.#proposer.round(snapshot, new Turn(this.#deps, signal));
  }

  /** A node is not kept closed for long only because the picture does not get whole (DX-24). */
  async #giveUpStale(signal: AbortSignal): Promise<void> {
    const now = this.#deps.clock.now();
    for (const command of [...this.#commands.values()].filter(isEarly)) {
      if (now < command.dueAt + LONGEST_STALE) continue;
      this.#commands.delete(command.id);
      if (command.phase === "tainted") {
        await this.#executor.rollBack(command, "the state of the cluster was not known", signal);
      }
    }
  }

  /** Answers whether one of them came to an end. */
  async #advance(which: (command: RunningCommand) => boolean, signal: AbortSignal): Promise<boolean> {
    let ended = false;
    const now = this.#deps.clock.now();
    for (const command of [...this.#commands.values()].filter(which)) {
      if (now < command.dueAt) continue;
      const next = await this.#step(command, signal);
      if (next) this.#commands.set(command.id, next);
      else this.#commands.delete(command.id);
      ended ||= next === undefined;
    }
    return ended;
  }

  async #step(command: RunningCommand, signal: AbortSignal): Promise<RunningCommand | undefined> {
    try {
      return await this.#executor.advance(command, signal);
    } catch (error) {
      const fields = { "command-id": command.id, nodes: command.proposed.nodes, error };
      if (isConflict(error)) this.#deps.logger.debug("disruption command failed", fields);
      else this.#deps.logger.error("disruption command failed", fields);
      // What is ordered is followed until it is there or late; anything else is given up and judged anew.
      if (command.phase === "starting") return { ...command, dueAt: this.#deps.clock.now() + seconds(1) };
      await this.#executor.rollBack(command, error instanceof Error ? error.message : String(error), signal);
      return undefined;
    }
  }

  #untilNext(): Duration {
    const times = [...this.#commands.values()].map(({ dueAt }) => dueAt);
    if (![...this.#commands.values()].some(isEarly)) times.push(this.#lookAgainAt);
    const wait = Math.min(...times) - this.#deps.clock.now();
    return wait > 0 ? milliseconds(wait) : AT_ONCE;
  }

  #nodes(of: (command: RunningCommand) => boolean): ReadonlySet<string> {
    return new Set([...this.#commands.values()].filter(of).flatMap(({ proposed }) => proposed.nodes));
  }
}

/** Which nodes a buffer needs is not known before its first plan; until then none is given back. */
function buffersUnplanned({ buffers, cache }: Pick<ControllerDeps, "buffers" | "cache">): boolean {
  return (
    buffers?.awaitsPlan(
      cache
        .informer(CapacityBuffers)
        .list()
        .map((buffer) => keyText(keyOf(buffer))),
    ) ?? false
  );
}

/** D-14: whatever a former process or a failed command left marked goes back into service. */
async function cleanUp(deps: ControllerDeps, inCommand: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  for (const node of deps.state.nodes()) {
    if (!node.managed || !node.node || node.markedForDeletion || node.node.metadata.deletionTimestamp) continue;
    if (inCommand.has(node.name) || !isMarked(node)) continue;
    try {
      await unmarkDisrupted(deps, node, signal);
      deps.logger.info("untainted node", { Node: node.name });
    } catch (error) {
      const failure = "taking the disruption mark off a node failed";
      if (isConflict(error)) deps.logger.debug(failure, { Node: node.name, error });
      else deps.logger.error(failure, { Node: node.name, error });
    }
  }
}
