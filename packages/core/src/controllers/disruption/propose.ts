// Asks the methods in turn what they would do now; the first that has something to do ends the round (D-15, D-16, DX-21).

import {
  decide,
  type MethodDecision,
  type MethodName,
  type NodeVerdict,
  type ProposedCommand,
  type DisruptionSnapshot,
} from "../../disruption/index.ts";
import { minutes, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { Turn } from "../provisioning/turn.ts";
import type { ClusterStamp } from "./cluster-stamp.ts";
import {
  CONSOLIDATION_TYPES,
  methodLabels,
  publishVerdicts,
  recordVerdicts,
  REASONS,
  tellBudgets,
  tellScores,
} from "./tell.ts";

/** In the order in which they are asked first. */
const ASKED = ["emptiness", "drift", "multi", "single"] as const satisfies readonly MethodName[];
/** Whose word stands when several have something to say about a node that stays. */
const LAST_WORD: readonly MethodName[] = ["emptiness", "multi", "single", "drift"];
/** A search keeps everybody else waiting, so it is not given what Karpenter's are (D-93, D-95). */
const SEARCH: Duration = seconds(10);
/** D-56. */
const MEMORY: Duration = minutes(5);

interface Memo {
  readonly stamp: number;
  readonly until: number;
}

export class Proposer {
  readonly #deps: ControllerDeps;
  readonly #stamp: ClusterStamp;
  readonly #memos = new Map<MethodName, Memo>();
  readonly #said = new Map<MethodName, readonly NodeVerdict[]>();
  #unseenPools: ReadonlySet<string> = new Set();
  #next = 0;

  constructor(deps: ControllerDeps, stamp: ClusterStamp) {
    this.#deps = deps;
    this.#stamp = stamp;
    for (const consolidation_type of ["multi", "single"]) {
      deps.metrics.count("karpenter_voluntary_disruption_consolidation_timeouts_total", { consolidation_type }, 0);
    }
  }

  /** In observe mode all methods are asked, and nothing comes of it. */
  async round(snapshot: DisruptionSnapshot, turn: Turn): Promise<ProposedCommand | undefined> {
    const first = this.#next;
    const invalid = new Map<string, readonly string[]>();
    const found: NodeVerdict[] = [];
    let command: ProposedCommand | undefined;
    for (let step = 0; step < ASKED.length && command === undefined; step++) {
      if (step > 0 && turn.isOver()) await turn.next();
      const method = ASKED[(first + step) % ASKED.length];
      if (method === undefined || this.#remembers(method, snapshot.nowMs)) continue;
      const decision = this.#ask(method, snapshot);
      for (const [pool, { errors }] of decision.budgets) if (errors.length > 0) invalid.set(pool, errors);
      const selected = decision.verdicts.filter(({ code }) => code === "Selected");
      found.push(...selected.filter(({ node }) => !found.some((each) => each.node === node)));
      if (this.#deps.gate.observeOnly) continue;
      [command] = decision.commands;
      if (command) this.#next = (first + step + 1) % ASKED.length;
    }
    for (const [NodePool, errors] of invalid) {
      this.#deps.logger.error("nodepool has a budget that cannot be read, nothing of it is disrupted", {
        NodePool,
        errors,
      });
    }
    recordVerdicts(this.#deps, this.#verdicts(snapshot, found));
    return command;
  }

  #ask(method: MethodName, snapshot: DisruptionSnapshot): MethodDecision {
    const { clock, metrics, state } = this.#deps;
    const started = clock.now();
    const stamp = this.#stamp.current();
    const decision = decide(method, snapshot, {
      shouldStop: () => clock.now() - started >= SEARCH,
      unseenPools: this.#unseenPools,
    });
    const took = (clock.now() - started) / 1000;
    metrics.observe("karpenter_voluntary_disruption_decision_evaluation_duration_seconds", methodLabels(method), took);
    const reason = REASONS[method].toLowerCase();
    metrics.set("karpenter_voluntary_disruption_eligible_nodes", { reason }, decision.eligible.length);
    if (decision.timedOut) {
      const consolidation_type = CONSOLIDATION_TYPES[method];
      metrics.count("karpenter_voluntary_disruption_consolidation_timeouts_total", { consolidation_type });
    }
    if (method === "single") this.#unseenPools = new Set(decision.unseenPools);
    tellBudgets(this.#deps, decision);
    tellScores(this.#deps, decision, (name) => state.nodeByName(name));
    publishVerdicts(this.#deps, method, decision.verdicts, (name) => state.nodeByName(name));
    this.#said.set(method, decision.verdicts);
    this.#remember(decision, { stamp, now: snapshot.nowMs });
    return decision;
  }

  /** D-57: that nothing was found, unless a budget or the time was what stopped it. */
  #remember(decision: MethodDecision, { stamp, now }: { readonly stamp: number; readonly now: number }): void {
    const { method, commands, constrained, timedOut, verdicts } = decision;
    if (method !== "multi" && method !== "single") return;
    if (commands.length > 0 || constrained || timedOut) return void this.#memos.delete(method);
    const until = Math.min(now + MEMORY, ...verdicts.flatMap((verdict) => verdict.until ?? []));
    this.#memos.set(method, { stamp, until });
  }

  #remembers(method: MethodName, now: number): boolean {
    const memo = this.#memos.get(method);
    return memo !== undefined && memo.stamp === this.#stamp.current() && now < memo.until;
  }

  /** One per node: what is done with it, or else what the last of the methods says that looked at it. */
  #verdicts(snapshot: DisruptionSnapshot, selected: readonly NodeVerdict[]): readonly NodeVerdict[] {
    const byNode = new Map<string, NodeVerdict>();
    for (const method of LAST_WORD) {
      for (const verdict of this.#said.get(method) ?? []) {
        if (verdict.code !== "Selected") byNode.set(verdict.node, verdict);
      }
    }
    for (const verdict of selected) byNode.set(verdict.node, verdict);
    return snapshot.nodes.flatMap(({ name }) => byNode.get(name) ?? []);
  }
}
