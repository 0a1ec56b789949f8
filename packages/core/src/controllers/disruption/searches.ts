// Asks the methods what they would do now, each when its turn has come; a long search is put down in between and goes on later (D-15, D-16, DX-21).

import {
  decideSteps,
  METHODS,
  poolBudgets,
  type DecideOptions,
  type DisruptionSnapshot,
  type MethodDecision,
  type MethodName,
  type ProposedCommand,
  type Steps,
} from "../../disruption/index.ts";
import { milliseconds, minutes, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { managedPools } from "../managed-pools.ts";
import type { Turn } from "../provisioning/turn.ts";
import type { ClusterStamp } from "./cluster-stamp.ts";
import { MethodTurns, type MethodKind } from "./method-turns.ts";
import { NodeVerdicts } from "./node-verdicts.ts";
import { RunTimes } from "./run-times.ts";
import { withTimes } from "./simulation-times.ts";
import {
  CONSOLIDATION_TYPES,
  METHOD_NAMES,
  methodLabels,
  publishVerdicts,
  REASONS,
  showBudgets,
  tellBudgets,
} from "./tell.ts";
import { tellScores } from "./tell-scores.ts";

/** D-11: after nothing was found. */
const POLL: Duration = seconds(10);
/** After so long the commands that run are looked after, and somebody else may have a turn. */
const SLICE: Duration = milliseconds(500);
/** D-93, D-95. What is found by then counts. */
const LIMITS: Readonly<Partial<Record<MethodName, Duration>>> = { multi: minutes(1), single: minutes(3) };
/** D-56. */
const MEMORY: Duration = minutes(5);

interface Memo {
  readonly stamp: number;
  readonly until: number;
}

interface Search {
  readonly steps: Steps<MethodDecision>;
  readonly snapshotAt: number;
  readonly stamp: number;
  /** Time it had, without that of others. */
  used: number;
  resumedAt: number;
}

export interface SearchRound {
  /** As it is at that moment. */
  readonly snapshot: () => Promise<DisruptionSnapshot>;
  readonly turn: Turn;
  /** Kinds of which enough commands wait already. */
  readonly full: ReadonlySet<MethodKind>;
  readonly drift: Pick<DecideOptions, "driftPauses" | "started" | "failed">;
}

export class Searches {
  readonly #deps: ControllerDeps;
  readonly #stamp: ClusterStamp;
  readonly #runs: RunTimes;
  readonly #turns = new MethodTurns();
  readonly #memos = new Map<MethodName, Memo>();
  readonly #running = new Map<MethodName, Search>();
  readonly #verdicts: NodeVerdicts;
  readonly #answered = new Set<MethodName>();
  #unseenPools: ReadonlySet<string> = new Set();
  /** NodePools whose budgets are among the gauges. */
  readonly #shown = new Set<string>();

  constructor(deps: ControllerDeps, stamp: ClusterStamp, runs = new RunTimes(deps)) {
    this.#deps = deps;
    this.#stamp = stamp;
    this.#runs = runs;
    this.#verdicts = new NodeVerdicts(deps);
    this.wake();
    for (const consolidation_type of ["multi", "single"]) {
      deps.metrics.count("karpenter_voluntary_disruption_consolidation_timeouts_total", { consolidation_type }, 0);
    }
  }

  /** Something has changed that may let any of them find something. Single-node waits for multi-node (D-15). */
  wake(): void {
    this.#turns.askAt(this.#deps.clock.now(), ...METHODS.filter((method) => method !== "single"));
  }

  /** What multi-node finds again and again and nothing comes of must not keep single-node from its turn (DT-70). */
  rejected(method: MethodName): void {
    this.wake();
    if (method !== "multi" || this.#running.has("multi")) return;
    this.#turns.rest("multi");
    this.#turns.askAt(this.#deps.clock.now(), "single");
  }

  dueAt(full: ReadonlySet<MethodKind>): number {
    return this.#turns.dueAt(full);
  }

  /** Lets one method work for a while. In observe mode nothing comes of what it finds. */
  async go(round: SearchRound): Promise<readonly ProposedCommand[]> {
    const { clock } = this.#deps;
    const method = this.#turns.next(clock.now(), round.full);
    if (method === undefined) return [];
    this.#runs.ran(method);
    if (this.#remembers(method)) {
      this.#showBudgets(method);
      this.#done(method, []);
      return [];
    }
    const search = this.#running.get(method) ?? (await this.#begin(method, round));
    this.#running.set(method, search);
    const decision = await this.#work(method, search, round.turn);
    if (!decision) return [];
    this.#running.delete(method);
    this.#tell(decision, search);
    this.#remember(decision, search);
    const commands = this.#deps.gate.observeOnly ? [] : decision.commands;
    this.#done(method, commands);
    return commands;
  }

  /** The last node is gone: what was said of nodes holds of none any more, and what was looked for is not there. */
  noNodes(): void {
    this.#running.clear();
    this.#answered.clear();
    for (const method of METHODS) {
      this.#showBudgets(method);
      const reason = REASONS[method].toLowerCase();
      this.#deps.metrics.set("karpenter_voluntary_disruption_eligible_nodes", { reason }, 0);
    }
    this.#verdicts.noNodes();
  }

  /** What is shown of NodePools that are gone by now is taken away. */
  forgetPools(): void {
    const pools = new Set(managedPools(this.#deps).map(({ metadata: { name = "" } }) => name));
    for (const nodepool of this.#shown) {
      if (pools.has(nodepool)) continue;
      this.#shown.delete(nodepool);
      this.#deps.metrics.remove("karpenter_nodepools_allowed_disruptions", { nodepool });
      this.#deps.metrics.remove("karpenter_nodepools_nodes_consuming_budgets", { nodepool });
    }
  }

  /** Budgets open, close and are used up also while nothing is looked for (DM-6). */
  #showBudgets(method: MethodName): void {
    const { clock, state } = this.#deps;
    const reason = REASONS[method];
    const budgets = poolBudgets(managedPools(this.#deps), state.nodes(), reason, clock.now());
    for (const pool of budgets.keys()) this.#shown.add(pool);
    showBudgets(this.#deps, reason, budgets);
  }

  async #begin(method: MethodName, { snapshot, drift }: SearchRound): Promise<Search> {
    const { clock } = this.#deps;
    const picture = await snapshot();
    this.#verdicts.looksAt(picture);
    const search: Omit<Search, "steps"> & { steps?: Steps<MethodDecision> } = {
      snapshotAt: picture.nowMs,
      stamp: this.#stamp.current(),
      used: 0,
      resumedAt: clock.now(),
    };
    const limit = LIMITS[method];
    if (method === "single" && this.#unseenPools.size > 0) {
      const nodepools = [...this.#unseenPools].join(", ");
      const message = "prioritizing nodepools that have not yet been considered due to timeouts in previous runs";
      this.#deps.logger.debug(message, { nodepools });
    }
    const asked = decideSteps(method, picture, {
      ...(limit !== undefined && { shouldStop: () => search.used + clock.now() - search.resumedAt >= limit }),
      unseenPools: this.#unseenPools,
      ...drift,
    });
    return Object.assign(search, { steps: withTimes(asked, this.#deps) });
  }

  /** Undefined: it is not finished. */
  async #work(method: MethodName, search: Search, turn: Turn): Promise<MethodDecision | undefined> {
    const { clock } = this.#deps;
    search.resumedAt = clock.now();
    try {
      for (;;) {
        const step = search.steps.next();
        if (step.done === true) return step.value;
        if (turn.isOver()) await turn.next();
        if (clock.now() - search.resumedAt >= SLICE) return undefined;
      }
    } catch (error) {
      this.#running.delete(method);
      this.#turns.askAt(clock.now() + POLL, method);
      throw error;
    } finally {
      const took = clock.now() - search.resumedAt;
      search.used += took;
      search.resumedAt = clock.now();
      this.#turns.took(method, took);
    }
  }

  /** D-11, D-15: who has found something is asked again at once, single-node only where multi-node found nothing. */
  #done(method: MethodName, commands: readonly ProposedCommand[]): void {
    const now = this.#deps.clock.now();
    const found = commands.length > 0;
    if (method === "multi") {
      if (found) this.#turns.askAt(now, "multi");
      else this.#turns.rest("multi");
      if (found) this.#turns.rest("single");
      else this.#turns.askAt(now, "single");
    } else if (method === "single") {
      this.#turns.rest("single");
      this.#turns.askAt(found ? now : now + POLL, "multi");
    } else this.#turns.askAt(found ? now : now + POLL, method);
    this.#answered.add(method);
    if (method === "multi" && found) this.#answered.add("single");
    if (this.#answered.size < METHODS.length) return;
    this.#answered.clear();
    this.#verdicts.conclude();
  }

  #tell(decision: MethodDecision, { used }: Search): void {
    const { logger, metrics, state } = this.#deps;
    const { method } = decision;
    metrics.observe(
      "karpenter_voluntary_disruption_decision_evaluation_duration_seconds",
      methodLabels(method),
      used / 1000,
    );
    const reason = REASONS[method].toLowerCase();
    metrics.set("karpenter_voluntary_disruption_eligible_nodes", { reason }, decision.eligible.length);
    if (decision.timedOut) {
      logger.debug(`abandoning ${METHOD_NAMES[method]} due to timeout`, { nodes: decision.eligible.length });
      const consolidation_type = CONSOLIDATION_TYPES[method];
      metrics.count("karpenter_voluntary_disruption_consolidation_timeouts_total", { consolidation_type });
    }
    if (method === "single") this.#unseenPools = new Set(decision.unseenPools);
    for (const pool of decision.budgets.keys()) this.#shown.add(pool);
    tellBudgets(this.#deps, decision);
    tellScores(this.#deps, decision, (name) => state.nodeByName(name));
    publishVerdicts(this.#deps, method, decision.verdicts, (name) => state.nodeByName(name));
    this.#verdicts.say(method, decision.verdicts);
    if (method !== "emptiness") return;
    for (const [NodePool, { errors }] of decision.budgets) {
      if (errors.length === 0) continue;
      const message = "nodepool has a budget that cannot be read, nothing of it is disrupted";
      logger.error(message, { NodePool, errors });
    }
  }

  /** D-57: that nothing was found, unless a budget or the time was what stopped it. */
  #remember(decision: MethodDecision, { stamp, snapshotAt }: Search): void {
    const { method, commands, constrained, timedOut, verdicts } = decision;
    if (method !== "multi" && method !== "single") return;
    if (commands.length > 0 || constrained || timedOut) return void this.#memos.delete(method);
    const until = Math.min(snapshotAt + MEMORY, ...verdicts.flatMap((verdict) => verdict.until ?? []));
    this.#memos.set(method, { stamp, until });
  }

  #remembers(method: MethodName): boolean {
    const memo = this.#memos.get(method);
    if (memo === undefined || this.#running.has(method)) return false;
    return memo.stamp === this.#stamp.current() && this.#deps.clock.now() < memo.until;
  }
}
