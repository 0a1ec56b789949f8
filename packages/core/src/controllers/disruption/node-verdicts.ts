// One verdict per node and round: what is done with it, or else what the last of the methods says that looked at it (DX-1).

import {
  evictionCost,
  indexPdbs,
  isReschedulable,
  nodeBlockers,
  rescheduleCost,
  type DisruptionSnapshot,
  type MethodName,
  type NodeVerdict,
} from "../../disruption/index.ts";
import { rateOfNode } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { HourlyRate } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { recordVerdict } from "./tell.ts";

/** Whose word stands when several have something to say about a node that stays: the last one's. */
const LAST_WORD: readonly MethodName[] = ["emptiness", "multi", "single", "staticDrift", "drift"];
/** Said once when it begins, and told by what follows. */
const NO_NEWS: ReadonlySet<string> = new Set(["InCommand"]);
const GAUGE = "kmc_node_verdicts";

type Deps = Pick<ControllerDeps, "clock" | "decisions" | "gate" | "metrics" | "state">;

export class NodeVerdicts {
  readonly #deps: Deps;
  readonly #said = new Map<MethodName, readonly NodeVerdict[]>();
  #selected = new Map<string, NodeVerdict>();
  #counted: ReadonlySet<string> = new Set();
  #rounds = 0;

  /** Prices and budgets of pods as of the last look. */
  #picture: Pick<DisruptionSnapshot, "pools" | "pdbs"> = { pools: [], pdbs: [] };

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  looksAt({ pools, pdbs }: DisruptionSnapshot): void {
    this.#picture = { pools, pdbs };
  }

  say(method: MethodName, verdicts: readonly NodeVerdict[]): void {
    this.#said.set(method, verdicts);
    for (const verdict of verdicts) {
      if (verdict.code !== "Selected") continue;
      this.#selected.set(verdict.node, verdict);
      if (!this.#deps.gate.observeOnly) this.#record(verdict);
    }
  }

  /** Every method has had its say: a round is over. */
  conclude(): void {
    const byNode = new Map<string, NodeVerdict>();
    for (const method of LAST_WORD) {
      for (const verdict of this.#said.get(method) ?? []) {
        if (verdict.code !== "Selected") byNode.set(verdict.node, verdict);
      }
    }
    // What was selected and is not carried out is told by what came of it.
    if (this.#deps.gate.observeOnly) for (const [node, verdict] of this.#selected) byNode.set(node, verdict);
    this.#selected = new Map();
    const nodes = this.#deps.state.nodes();
    const verdicts = nodes.flatMap(({ name }) => byNode.get(name) ?? []);
    for (const verdict of verdicts) if (!NO_NEWS.has(verdict.code)) this.#record(verdict);
    this.#judge(nodes, byNode);
  }

  noNodes(): void {
    this.#said.clear();
    this.#selected = new Map();
    this.#judge([], new Map());
  }

  #record({ node, code, detail }: NodeVerdict): void {
    const { verdict, text } = this.#worded(code, detail);
    recordVerdict(this.#deps, verdict, node, text);
  }

  /** In observe mode what was selected is only said. */
  #worded(code: string, detail: string): { readonly verdict: string; readonly text: string } {
    if (!this.#deps.gate.observeOnly || code !== "Selected") return { verdict: code, text: detail };
    return { verdict: "ObserveOnly", text: `observe mode: ${detail.replace("goes now", "would go now")}` };
  }

  #judge(nodes: readonly StateNode[], byNode: ReadonlyMap<string, NodeVerdict>): void {
    const { clock, decisions } = this.#deps;
    const since = clock.now();
    this.#rounds += 1;
    const pdbs = indexPdbs(this.#picture.pdbs);
    const types = new Map(this.#picture.pools.map((pool) => [pool.nodePool.metadata.name, pool.instanceTypes]));
    decisions.judge(
      nodes.flatMap((node) => {
        const { name, nodePool, nodeClaim } = node;
        const found = byNode.get(name);
        if (!found) return [];
        const { verdict, text: detail } = this.#worded(found.code, found.detail);
        const claim = nodeClaim?.metadata.name;
        return [
          {
            node: name,
            ...(claim !== undefined && { nodeClaim: claim }),
            ...(nodePool !== undefined && { nodePool }),
            verdict,
            detail,
            ...(found.until !== undefined && { until: found.until }),
            since,
            round: this.#rounds,
            time: since,
            ...(found.nearest && { nearest: found.nearest }),
            emptinessPods: node.pods.filter((pod) => isReschedulable(pod) && evictionCost(pod) > 0).length,
            ...priceOf(rateOfNode(node.labels, types.get(nodePool ?? "") ?? [])),
            rescheduleCost: rescheduleCost(node.pods),
            blockers: nodeBlockers(node, found, { pdbs, nowMs: since }),
          },
        ];
      }),
    );
    this.#count();
  }

  /** DM-40. */
  #count(): void {
    const { decisions, metrics } = this.#deps;
    const groups = Map.groupBy(decisions.judgements(), ({ nodePool = "", verdict }) => `${nodePool} ${verdict}`);
    for (const [key, [first, ...others]] of groups) {
      if (!first) continue;
      const labels = { nodepool: first.nodePool ?? "", verdict: first.verdict };
      metrics.hold(GAUGE, key, [{ labels, value: others.length + 1 }]);
    }
    for (const key of this.#counted) if (!groups.has(key)) metrics.hold(GAUGE, key, []);
    this.#counted = new Set(groups.keys());
  }
}

function priceOf(rate: HourlyRate | undefined): { readonly pricePerHour?: number; readonly currency?: string } {
  return rate ? { pricePerHour: rate.amount, currency: rate.currency } : {};
}
