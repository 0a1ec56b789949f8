// Carries commands out, one phase at a time: validate and taint, look again and order, wait, and only then delete (D-107 to D-126).

import { NodeClaims, NodePools } from "../../api/index.ts";
import { revalidateSteps, type ProposedCommand } from "../../disruption/index.ts";
import type { PoolInput } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import { Turn } from "../provisioning/turn.ts";
import { attempt } from "./attempt.ts";
import type { ClusterStamp } from "./cluster-stamp.ts";
import {
  progressOf,
  type RunningCommand,
  type StartingCommand,
  type TaintedCommand,
  type WaitingCommand,
} from "./command.ts";
import { destinationsOf, lostDestination, type Reprieve } from "./last-look.ts";
import type { DriftBackOff } from "./drift-back-off.ts";
import { Looks, type LooksParts } from "./looks.ts";
import { whyLost } from "./lost-replacement.ts";
import { recordOf, writeRecord } from "./persisted-command.ts";
import { orderReplacements, patienceFor } from "./replacements.ts";
import type { Retreat } from "./retreat.ts";
import { PodMoves } from "./pod-moves.ts";
import { Savings } from "./savings.ts";
import { withTimes } from "./simulation-times.ts";
import { markDisrupted } from "./taints.ts";
import {
  countDecision,
  logCommand,
  METHOD_NAMES,
  methodLabels,
  recordVerdict,
  tellDeleted,
  tellNominations,
  tellRejected,
} from "./tell.ts";
import { driftedReplacement, withdrawn } from "./withdrawn.ts";

const POLL: Duration = seconds(1);

export interface ExecutorParts extends LooksParts {
  readonly stamp: ClusterStamp;
  readonly driftBackOff: DriftBackOff;
  readonly retreat: Retreat;
  /** DX-24: then nothing is deleted. */
  readonly areInputsStale: () => boolean;
}

export class Executor {
  readonly #deps: ControllerDeps;
  readonly #parts: ExecutorParts;
  readonly #retreat: Retreat;
  readonly #looks: Looks;
  readonly #savings: Savings;
  readonly #moves: PodMoves;

  constructor(deps: ControllerDeps, parts: ExecutorParts) {
    this.#deps = deps;
    this.#parts = parts;
    this.#retreat = parts.retreat;
    this.#looks = new Looks(deps, parts);
    this.#savings = new Savings(deps);
    this.#moves = new PodMoves(deps);
  }

  /** The command in its next phase; undefined when it is over, in whatever way. */
  async advance(command: RunningCommand, signal: AbortSignal): Promise<RunningCommand | undefined> {
    switch (command.phase) {
      case "waiting":
        return await this.#taint(command, signal);
      case "tainted":
        return command.proposed.method === "emptiness"
          ? await this.#deleteEmpty(command, signal)
          : await this.#order(command, signal);
      case "starting":
        return await this.#watch(command, signal);
    }
  }

  /** D-108, D-109, D-114, D-115. */
  async #taint(command: WaitingCommand, signal: AbortSignal): Promise<RunningCommand | undefined> {
    const { state, clock, settings } = this.#deps;
    const pools = await this.#looks.pools(signal);
    const turn = new Turn(this.#deps, signal);
    const steps = revalidateSteps(command.proposed, this.#looks.picture(command, pools));
    const found = await turn.through(withTimes(steps, this.#deps));
    if (!found.valid) {
      const fields = { "command-id": command.id, category: found.category, why: found.detail };
      const given = `abandoning ${METHOD_NAMES[command.proposed.method]}, the command is no longer valid`;
      this.#deps.logger.debug(given, fields);
      tellRejected(this.#deps, command.proposed, this.#nodesOf(command.proposed), found);
      const blocked = `${found.category}: ${found.detail}`;
      for (const name of command.proposed.nodes) recordVerdict(this.#deps, REJECTED[found.category], name, blocked);
      return undefined;
    }
    if (found.failed > 0) tellRejected(this.#deps, command.proposed, [], { category: "budget", failed: found.failed });
    const confirmed = this.#nodesOf(found.command);
    logCommand(this.#deps, found.command, confirmed, command.id);
    const knownPods = new Set(confirmed.flatMap((node) => node.pods.map((pod) => pod.metadata.uid ?? "")));
    const nodes = await this.#mark(confirmed, found.command.reason, signal);
    const proposed = { ...found.command, nodes };
    const tainted: TaintedCommand = {
      ...command,
      phase: "tainted",
      proposed,
      // The scheduler has to see the taint before the pods are counted for the last time (DX-23).
      dueAt: clock.now() + settings.taintSettleTime,
      knownPods,
    };
    this.#promise(proposed);
    if (nodes.length === found.command.nodes.length) return tainted;
    // D-115: what is only deleted goes on with those that are marked.
    if (nodes.length > 0 && proposed.decision === "delete") return tainted;
    const why = "not all nodes of its command could be marked as leaving";
    this.#retreat.pause(found.command, why);
    for (const { name } of confirmed) {
      if (nodes.includes(name)) recordVerdict(this.#deps, "Backoff", name, `kept: ${why}`);
      const node = state.nodeByName(name);
      if (node) await this.#retreat.release(node, signal);
    }
    return undefined;
  }

  /** Answers the names of those that are marked. */
  async #mark(nodes: readonly StateNode[], reason: string, signal: AbortSignal): Promise<readonly string[]> {
    const marked: string[] = [];
    for (const node of nodes) {
      const { name } = node;
      const mark = async (): Promise<void> => {
        if (await markDisrupted(this.#deps, node, reason, signal)) marked.push(name);
      };
      await attempt(this.#deps, "marking a node failed", name, mark, (cause) => {
        const why = `it could not be marked as leaving: ${cause}`;
        recordVerdict(this.#deps, "Backoff", name, `kept: ${why}`);
        if (reason === "Empty") this.#retreat.refused(name, why);
      });
    }
    return marked;
  }

  /** D-119: nobody else may remove the nodes that its pods go to, from the moment that its own nodes are closed until they are empty. */
  #promise(proposed: ProposedCommand, replacements: Iterable<string> = []): void {
    for (const node of destinationsOf(proposed)) this.#deps.state.nominate(node);
    for (const name of replacements) this.#deps.state.nominate(name);
  }

  /** D-115: each empty node stands for itself. */
  async #deleteEmpty(command: TaintedCommand, signal: AbortSignal): Promise<undefined> {
    const done: StateNode[] = [];
    const pools = await this.#looks.pools(signal);
    for (const name of command.proposed.nodes) {
      const gone = await attempt(
        this.#deps,
        "disrupting a node failed",
        name,
        async () => {
          const proposed = { ...command.proposed, nodes: [name] };
          const reprieve = await this.#looks.beforeOrder({ ...command, proposed }, pools, signal);
          const node = this.#deps.state.nodeByName(name);
          if (!node || (node.markedForDeletion && !reprieve)) return;
          if (reprieve) {
            this.#tellKept(command.id, [name], reprieve);
            await this.#retreat.release(node, signal);
            return;
          }
          await this.#parts.started.started([node], "Empty", signal);
          if (await this.#delete({ ...command, proposed }, node, signal)) done.push(node);
        },
        (why) => {
          recordVerdict(this.#deps, "Backoff", name, `kept: ${why}`);
          this.#retreat.refused(name, why);
        },
      );
      const node = this.#deps.state.nodeByName(name);
      if (gone || !node || node.nodeClaim?.metadata.deletionTimestamp) continue;
      this.#parts.started.kept([name]);
      await this.#retreat.release(node, signal);
    }
    if (done.length === 0) return undefined;
    countDecision(this.#deps, command.proposed, done);
    this.#savings.started(command.id, command.proposed, done, pools);
    this.#savings.completed(command.id, []);
    if (done.length === command.proposed.nodes.length) this.#succeeded(command);
    return undefined;
  }

  /** D-117, D-118: replacements first, and only then the nodes count as leaving, or their pods would get a second one. */
  async #order(command: TaintedCommand, signal: AbortSignal): Promise<RunningCommand | undefined> {
    const { proposed } = command;
    const pools = await this.#looks.pools(signal);
    const reprieve =
      withdrawn(this.#deps, proposed) ??
      lostDestination(this.#deps, proposed) ??
      (await this.#looks.beforeOrder(command, pools, signal));
    if (reprieve) return await this.#spare(command, reprieve, signal);
    const nodes = this.#nodesOf(proposed);
    const isStatic = proposed.method === "staticDrift";
    // Nobody may take the replacement for one too many (D-116).
    if (isStatic) for (const { providerID } of nodes) this.#deps.state.markForDeletion(providerID);
    await this.#parts.started.started(nodes, proposed.reason, signal);
    const ordered = await this.#replace(command, nodes, pools, signal);
    if (ordered === undefined) return undefined;
    for (const { providerID } of nodes) this.#deps.state.markForDeletion(providerID);
    this.#parts.stamp.renew();
    this.#promise(proposed);
    tellNominations(this.#deps, proposed, ordered);
    countDecision(this.#deps, proposed, nodes);
    this.#savings.started(command.id, proposed, nodes, pools);
    if (proposed.reason === "Drifted") {
      for (const { name, nodePool = "" } of nodes) this.#parts.waves.started(name, nodePool, ordered);
    }
    const starting = { replacements: ordered, initialized: new Set<string>(), deleted: new Set<string>() };
    const { id, createdAt } = command;
    return { id, proposed, createdAt, dueAt: this.#deps.clock.now(), phase: "starting", ...starting };
  }

  /** Names of the claims; undefined when one could not be had. What is under way is written down first (DX-36). */
  async #replace(
    { id, createdAt, proposed, ...rest }: TaintedCommand,
    nodes: readonly StateNode[],
    pools: readonly PoolInput[],
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const replacements = proposed.replacements.length + (proposed.fromTemplate?.length ?? 0);
    if (replacements === 0) return [];
    const candidates = nodes.flatMap(({ nodeClaim }) => nodeClaim ?? []);
    const claims = candidates.map(({ metadata: { name = "" } }) => name);
    const record = recordOf({ id, method: proposed.method, createdAt, claims, replacements });
    await writeRecord(this.#deps, candidates, record, signal);
    const { claims: ordered, missing } = await orderReplacements(this.#deps, { id, proposed, pools }, signal);
    const names = ordered.map(({ metadata: { name = "" } }) => name);
    if (missing === undefined) return names;
    const command = { id, createdAt, proposed, ...rest };
    await this.#retreat.giveBack(names, signal);
    this.#retreat.driftFailed(proposed, missing);
    return await this.#spare(
      command,
      { verdict: "NodeLimit", detail: `kept: its replacement could not be ordered: ${missing}` },
      signal,
    );
  }

  /** D-121 to D-124. */
  async #watch(command: StartingCommand, signal: AbortSignal): Promise<RunningCommand | undefined> {
    const { cache, clock, events } = this.#deps;
    const reprieve = withdrawn(this.#deps, command.proposed) ?? driftedReplacement(this.#deps, command.replacements);
    if (reprieve) return await this.#spare(command, reprieve, signal);
    const claims = cache.informer(NodeClaims);
    const { initialized, waitingFor, lost } = progressOf(command, (name) => claims.get({ name }));
    const queued = new Set(this.#parts.commands().flatMap(({ proposed }) => proposed.nodes)).size;
    const late = clock.now() - command.createdAt > patienceFor(this.#deps, command.replacements, queued);
    // What has just become ready is not given up; what could not be deleted for so long is (D-124).
    const stuck = waitingFor.length > 0 || command.initialized.size === command.replacements.length;
    if (lost.length > 0 || (late && stuck)) {
      const failed = waitingFor.length + lost.length;
      const why = lost.map((name) => whyLost(this.#deps, name)).join("; ") || "it took too long";
      return await this.#fail({ ...command, initialized }, { failed, why }, signal);
    }
    this.#promise(command.proposed, initialized);
    const again = { ...command, initialized, dueAt: clock.now() + POLL };
    for (const name of waitingFor) {
      const object = claims.get({ name });
      const message = "waits until the replacement is Initialized";
      const note = { type: "Normal", reason: "DisruptionWaitingReadiness", message } as const;
      if (object) events.publish({ ...note, resource: NodeClaims, object });
    }
    return waitingFor.length > 0 ? again : await this.#deleteAll(again, signal);
  }

  /** D-123, DX-23: what became protected while the replacement started keeps all of the command that is not deleted yet. */
  async #deleteAll(command: StartingCommand, signal: AbortSignal): Promise<RunningCommand | undefined> {
    const { state } = this.#deps;
    if (this.#parts.areInputsStale()) return command;
    const left = command.proposed.nodes.filter((name) => !command.deleted.has(name) && state.nodeByName(name));
    const found: Reprieve[] = [];
    const isKnown = await attempt(this.#deps, "looking at a leaving node failed", left.join(", "), async () => {
      const reprieve =
        lostDestination(this.#deps, command.proposed) ?? (await this.#looks.protection(command, left, signal));
      if (reprieve) found.push(reprieve);
    });
    const [reprieve] = found;
    // What nobody knows at the moment is no reason to go on, and none to give up.
    if (!isKnown || reprieve?.verdict === "StaleState") return command;
    if (reprieve) return await this.#spare(command, reprieve, signal);
    const gone = await this.#looks.roomGone(command, left, signal);
    if (gone !== undefined) return await this.#withoutRoom(command, gone, signal);
    const deleted = new Set(command.deleted);
    const pools = this.#retreat.poolsOf(command.proposed.nodes);
    for (const name of left) {
      await attempt(this.#deps, "disrupting a node failed", name, async () => {
        const node = state.nodeByName(name);
        if (node) await this.#delete(command, node, signal);
        deleted.add(name);
      });
    }
    const open = left.filter((name) => !deleted.has(name));
    if (open.length > 0) return { ...command, deleted };
    if (command.proposed.reason === "Drifted") {
      for (const pool of pools) this.#parts.driftBackOff.succeeded(pool);
    }
    const claims = this.#deps.cache.informer(NodeClaims);
    this.#savings.completed(
      command.id,
      command.replacements.flatMap((name) => claims.get({ name }) ?? []),
    );
    this.#succeeded(command);
    return undefined;
  }

  #succeeded({ id, proposed }: RunningCommand): void {
    this.#deps.logger.debug("command succeeded", { "command-id": id, nodes: proposed.nodes });
  }

  /** What would save money saves none with one more machine; a node that has to go waits for the machine that the provisioner orders for its pods. */
  async #withoutRoom(command: StartingCommand, gone: string, signal: AbortSignal): Promise<RunningCommand | undefined> {
    const { proposed, replacements } = command;
    if (proposed.reason !== "Drifted" || replacements.length === 0) {
      return await this.#spare(command, { verdict: "PodsUnschedulable", detail: `kept: ${gone}` }, signal);
    }
    for (const name of proposed.nodes) recordVerdict(this.#deps, "PodsUnschedulable", name, `waits: ${gone}`);
    return command;
  }

  /** Answers whether there was something to delete. */
  async #delete({ id, proposed }: RunningCommand, node: StateNode, signal: AbortSignal): Promise<boolean> {
    const { state, cache } = this.#deps;
    const { nodeClaim, providerID } = node;
    if (!nodeClaim) return false;
    const wasMarked = node.markedForDeletion;
    state.markForDeletion(providerID);
    try {
      await deleteClaim(this.#deps, nodeClaim, signal);
    } catch (error) {
      if (!wasMarked) state.unmarkForDeletion(providerID);
      throw error;
    }
    const why = proposed.method === "emptiness" ? "still empty after the wait" : `${proposed.reason}, all is ready`;
    recordVerdict(this.#deps, "DeleteNodeClaim", node.name, `${why}, its machine is given back`);
    const pool = cache.informer(NodePools).get({ name: node.nodePool ?? "" });
    tellDeleted(this.#deps, proposed, node, pool?.spec.disruption?.consolidationPolicy);
    this.#moves.moved(id, proposed, node);
    return true;
  }

  async #fail(
    command: StartingCommand,
    { failed, why }: { readonly failed: number; readonly why: string },
    signal: AbortSignal,
  ): Promise<undefined> {
    const { decision, method, nodes } = command.proposed;
    this.#savings.failed(command.id);
    const labels = { decision, ...methodLabels(method) };
    this.#deps.metrics.count("karpenter_voluntary_disruption_queue_failures_total", labels, failed);
    this.#deps.logger.error("disruption command failed, its nodes stay", { "command-id": command.id, nodes, why });
    for (const name of nodes) recordVerdict(this.#deps, "Backoff", name, `kept: ${why}`);
    this.#retreat.driftFailed(command.proposed, why);
    await this.#retreat.rollBack(command, why, signal);
    return undefined;
  }

  async #spare(command: RunningCommand, reprieve: Reprieve, signal: AbortSignal): Promise<undefined> {
    this.#savings.failed(command.id);
    this.#tellKept(command.id, command.proposed.nodes, reprieve);
    await this.#retreat.rollBack(command, reprieve.detail, signal);
    return undefined;
  }

  #tellKept(id: string, nodes: readonly string[], { verdict, detail }: Reprieve): void {
    const fields = { "command-id": id, nodes, verdict, why: detail };
    this.#deps.logger.info("disruption command given up, its nodes stay", fields);
    for (const name of nodes) recordVerdict(this.#deps, verdict, name, detail);
  }

  #nodesOf({ nodes }: ProposedCommand): readonly StateNode[] {
    return nodes.flatMap((name) => this.#deps.state.nodeByName(name) ?? []);
  }
}

const REJECTED = {
  churn: "ValidationChurn",
  budget: "ValidationBudget",
  scheduling: "ValidationScheduling",
  unknown: "StaleState",
} as const;
