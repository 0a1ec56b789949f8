// disruption: nodes that are empty, drifted or dearer than need be are given back. Decide, wait, decide again, taint, look at the live pods, replace, delete.

import { CapacityBuffers, NodePools, PodDisruptionBudgets } from "../../api/index.ts";
import type { MethodName, ProposedCommand } from "../../disruption/index.ts";
import { isConflict, keyOf, keyText } from "../../kube/index.ts";
import { singletonController, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { CompileCache } from "../../scheduling/index.ts";
import { errorText } from "../../telemetry/index.ts";
import { milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { managedPools } from "../managed-pools.ts";
import { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { watchProblemInput } from "../provisioning/problem-input.ts";
import { Turn } from "../provisioning/turn.ts";
import { WaitingPods } from "../provisioning/waiting-pods.ts";
import { cleanUp } from "./clean-up.ts";
import { CommandRecords } from "./command-records.ts";
import { ClusterStamp } from "./cluster-stamp.ts";
import { isEarly, ownReplacements, type RunningCommand } from "./command.ts";
import { DriftBackOff } from "./drift-back-off.ts";
import { DriftWaves } from "./drift-waves.ts";
import { Executor } from "./execute.ts";
import { kindOf, type MethodKind } from "./method-turns.ts";
import { NodeBackOff } from "./node-back-off.ts";
import { resumed } from "./resume.ts";
import { Retreat } from "./retreat.ts";
import { RunTimes } from "./run-times.ts";
import { Searches } from "./searches.ts";
import { poolsWithTypes, snapshotOf } from "./snapshot-of.ts";
import { LONGEST_STALE, StaleInputs } from "./stale-inputs.ts";
import { StartedNodes } from "./started-nodes.ts";
import { recordVerdict, tellAnnotations, tellCandidate } from "./tell.ts";

const AT_ONCE: Duration = milliseconds(1);
/** What looked right must still be so after this time (D-107). */
const VALIDATION_DELAY: Duration = seconds(15);
/** Commands of one kind that have not begun to launch or delete anything (DX-32). */
const MOST_EARLY = 10;
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
  readonly #driftBackOff: DriftBackOff;
  readonly #started: StartedNodes;
  readonly #waves: DriftWaves;
  readonly #waiting: WaitingPods;
  readonly #executor: Executor;
  readonly #retreat: Retreat;
  readonly #searches: Searches;
  readonly #stamp: ClusterStamp;
  readonly #records: CommandRecords;
  readonly #runs: RunTimes;
  readonly #inputs: StaleInputs;
  readonly #cache = new CompileCache();
  /** By the id they were given, the oldest first. */
  readonly #commands = new Map<string, RunningCommand>();
  #hasResumed = false;
  #hadNodes = false;

  constructor(deps: ControllerDeps, backOff: PoolBackOff) {
    this.#deps = deps;
    this.#backOff = backOff;
    this.#nodeBackOff = new NodeBackOff(deps);
    this.#driftBackOff = new DriftBackOff(deps);
    this.#started = new StartedNodes(deps);
    this.#waves = new DriftWaves(deps, () => [...this.#commands.values()]);
    this.#waiting = new WaitingPods(deps);
    this.#stamp = new ClusterStamp(deps);
    this.#records = new CommandRecords(deps);
    this.#runs = new RunTimes(deps);
    this.#inputs = new StaleInputs(deps);
    this.#searches = new Searches(deps, this.#stamp, this.#runs);
    this.#retreat = new Retreat(deps, {
      stamp: this.#stamp,
      nodeBackOff: this.#nodeBackOff,
      driftBackOff: this.#driftBackOff,
      waves: this.#waves,
      started: this.#started,
    });
    this.#executor = new Executor(deps, {
      waiting: this.#waiting,
      backOff,
      stamp: this.#stamp,
      driftBackOff: this.#driftBackOff,
      retreat: this.#retreat,
      started: this.#started,
      waves: this.#waves,
      areInputsStale: () => this.#inputs.areStale(),
      commands: () => [...this.#commands.values()],
      cache: this.#cache,
    });
  }

  async run(signal: AbortSignal, id: string): Promise<ReconcileResult> {
    this.#runs.look();
    this.#runs.ran("disruption-loop");
    try {
      return await this.#pass(signal, id);
    } finally {
      this.#count();
    }
  }

  /** DM-45 to DM-47. */
  #count(): void {
    this.#searches.forgetPools();
    const pools = managedPools(this.#deps).map(({ metadata: { name = "" } }) => name);
    this.#driftBackOff.show(new Set(pools));
    const commands = [...this.#commands.values()];
    for (const reason of ["Empty", "Drifted", "Underutilized"] as const) {
      const value = commands.filter(({ proposed }) => proposed.reason === reason).length;
      this.#deps.metrics.set("kmc_disruption_commands_inflight", { reason: reason.toLowerCase() }, value);
    }
  }

  async #pass(signal: AbortSignal, id: string): Promise<ReconcileResult> {
    // What is ordered already is followed also while something else is not known yet.
    await this.#advance((command) => !isEarly(command), signal);
    this.#records.look();
    // DX-22: a machine that is ordered and not launched yet is part of the picture, and holds up nothing else.
    if (this.#inputs.areStale() || this.#deps.state.unlisted().length > 0 || buffersUnplanned(this.#deps)) {
      await this.#giveUpStale(signal);
      return { requeueAfter: seconds(1) };
    }
    if (!this.#deps.gate.observeOnly) {
      this.#resume();
      await cleanUp(this.#deps, { nodes: this.#nodes(), commands: new Set(this.#commands.keys()) }, signal);
    }
    await this.#advance(isEarly, signal);
    await this.#search(signal, id);
    return { requeueAfter: this.#untilNext() };
  }

  /** DX-36: once, before anything is cleaned up or decided. */
  #resume(): void {
    if (this.#hasResumed) return;
    this.#hasResumed = true;
    for (const command of resumed(this.#deps)) {
      this.#commands.set(command.id, command);
      this.#records.follow(command);
      this.#deps.logger.info("disruption command goes on after a restart", {
        "command-id": command.id,
        nodes: command.proposed.nodes,
        replacements: command.replacements,
      });
    }
  }

  async #search(signal: AbortSignal, id: string): Promise<void> {
    const hasNodes = this.#deps.state.nodes().length > 0;
    if (!hasNodes && this.#hadNodes) this.#searches.noNodes();
    this.#hadNodes = hasNodes;
    // Without nodes the cloud need not be asked for its prices.
    if (!hasNodes) return;
    const found = await this.#searches.go({
      snapshot: async () => {
        const pools = await poolsWithTypes(this.#deps, this.#backOff, signal);
        tellAnnotations(this.#deps, this.#deps.state.nodes());
        return snapshotOf(this.#deps, {
          pools,
          waiting: this.#waiting,
          started: this.#started,
          waves: this.#waves,
          inCommand: this.#nodes(),
          paused: this.#nodeBackOff.paused(),
          ahead: [...this.#commands.values()],
          cache: this.#cache,
        });
      },
      turn: new Turn(this.#deps, signal),
      full: this.#full(),
      drift: {
        driftPauses: this.#driftBackOff.pauses(),
        started: this.#startedDrift(),
        failed: this.#nodeBackOff.haveFailed(),
      },
    });
    for (const [index, proposed] of found.entries()) this.#accept(proposed, index === 0 ? id : `${id}-${index}`);
  }

  #accept(given: ProposedCommand, id: string): void {
    const taken = this.#nodes();
    // A long search may end with nodes that another method has chosen meanwhile.
    if (given.nodes.some((name) => taken.has(name))) return;
    const proposed = ownReplacements(given);
    const now = this.#deps.clock.now();
    const nodes = proposed.nodes.flatMap((name) => this.#deps.state.nodeByName(name) ?? []);
    tellCandidate(this.#deps, proposed, nodes);
    const wait = proposed.reason === "Drifted" ? 0 : VALIDATION_DELAY;
    const command: RunningCommand = { id, phase: "waiting", proposed, createdAt: now, dueAt: now + wait };
    this.#commands.set(id, command);
    this.#records.follow(command);
  }

  /** A node is not kept closed for long only because the picture does not get whole (DX-24). */
  async #giveUpStale(signal: AbortSignal): Promise<void> {
    const now = this.#deps.clock.now();
    for (const command of this.#early()) {
      if (now < command.dueAt + LONGEST_STALE) continue;
      this.#commands.delete(command.id);
      if (command.phase === "tainted") {
        await this.#retreat.rollBack(command, "the state of the cluster was not known", signal);
      }
      this.#records.ended(command);
    }
  }

  async #advance(which: (command: RunningCommand) => boolean, signal: AbortSignal): Promise<void> {
    for (const command of [...this.#commands.values()].filter(which)) {
      if (this.#deps.clock.now() < command.dueAt) continue;
      const next = await this.#step(command, signal);
      if (next) {
        this.#commands.set(command.id, next);
        this.#records.follow(next);
        continue;
      }
      this.#commands.delete(command.id);
      this.#records.ended(command);
      // What it would have changed, and what was kept for it, may matter to any method.
      this.#stamp.renew();
      if (command.phase === "waiting") this.#searches.rejected(command.proposed.method);
      else if (isEarly(command)) this.#searches.wake();
    }
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
      const why = errorText(error);
      for (const name of command.proposed.nodes) recordVerdict(this.#deps, "Backoff", name, `kept: ${why}`);
      await this.#retreat.rollBack(command, why, signal);
      return undefined;
    }
  }

  #untilNext(): Duration {
    const times = [...this.#commands.values()].map(({ dueAt }) => dueAt);
    if (this.#deps.state.nodes().length > 0) times.push(this.#searches.dueAt(this.#full()));
    const wait = Math.min(this.#deps.clock.now() + seconds(10), ...times) - this.#deps.clock.now();
    return wait > 0 ? milliseconds(wait) : AT_ONCE;
  }

  #early(): readonly RunningCommand[] {
    return [...this.#commands.values()].filter(isEarly);
  }

  /** Kinds of methods that have enough commands waiting. */
  #full(): ReadonlySet<MethodKind> {
    const kinds = Map.groupBy(this.#early(), ({ proposed }) => kindOf(proposed.method));
    return new Set([...kinds].flatMap(([kind, commands]) => (commands.length >= MOST_EARLY ? [kind] : [])));
  }

  /** DX-32: by pool. */
  #startedDrift(): ReadonlyMap<string, number> {
    const drift: readonly MethodName[] = ["drift", "staticDrift"];
    const started = new Map<string, number>();
    for (const { proposed } of this.#commands.values()) {
      if (!drift.includes(proposed.method)) continue;
      for (const name of proposed.nodes) {
        const pool = this.#deps.state.nodeByName(name)?.nodePool ?? "";
        started.set(pool, (started.get(pool) ?? 0) + 1);
      }
    }
    return started;
  }

  #nodes(): ReadonlySet<string> {
    return new Set([...this.#commands.values()].flatMap(({ proposed }) => proposed.nodes));
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
