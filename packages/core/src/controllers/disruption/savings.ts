// What commands were to save, and what they did save once all of it was done: price per hour, in the counters of DM-42.

import { Label, type NodeClaim } from "../../api/index.ts";
import type { ProposedCommand } from "../../disruption/index.ts";
import { rateOfNode, type PoolInput } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import { compareText, sumRates, type HourlyRate } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

interface Given {
  readonly reason: string;
  /** Of the nodes that go. */
  readonly total: HourlyRate;
  readonly byPool: ReadonlyMap<string, number>;
  /** With the prices of that moment. */
  readonly pools: readonly PoolInput[];
}

export class Savings {
  readonly #metrics: ControllerDeps["metrics"];
  /** By id of the command. */
  readonly #open = new Map<string, Given>();

  constructor({ metrics }: Pick<ControllerDeps, "metrics">) {
    this.#metrics = metrics;
  }

  /** Drift has no savings to tell of, and neither has what nobody knows the price of. */
  started(id: string, proposed: ProposedCommand, nodes: readonly StateNode[], pools: readonly PoolInput[]): void {
    const given = proposed.savings === undefined ? undefined : givenUp(proposed, nodes, pools);
    if (given === undefined) return;
    this.#open.set(id, given);
    const saved = proposed.decision === "delete" ? given.total.amount : (proposed.savings ?? 0);
    this.#count("kmc_disruption_estimated_savings_total", given, saved);
  }

  /** `claims`: what was ordered, as it was bought. */
  completed(id: string, claims: readonly NodeClaim[]): void {
    const given = this.#open.get(id);
    this.#open.delete(id);
    if (given === undefined) return;
    const rates = claims.map(({ metadata: { labels = {} } }) => rateIn(labels, given.pools));
    const spent = claims.length === 0 ? 0 : amountIn(rates, given.total.currency);
    if (spent !== undefined) this.#count("kmc_disruption_realised_savings_total", given, given.total.amount - spent);
  }

  failed(id: string): void {
    this.#open.delete(id);
  }

  /** Each NodePool is credited its share of what is given up; a counter cannot tell of what became dearer. */
  #count(
    name: "kmc_disruption_estimated_savings_total" | "kmc_disruption_realised_savings_total",
    { reason, total, byPool }: Given,
    saved: number,
  ): void {
    if (!(saved > 0) || !(total.amount > 0)) return;
    for (const [nodepool, amount] of [...byPool].toSorted(([a], [b]) => compareText(a, b))) {
      const labels = { nodepool, reason, currency: total.currency };
      this.#metrics.count(name, labels, saved * (amount / total.amount));
    }
  }
}

function givenUp(
  { reason }: ProposedCommand,
  nodes: readonly StateNode[],
  pools: readonly PoolInput[],
): Given | undefined {
  const priced = nodes.map(({ labels, nodePool = "" }) => ({ nodePool, rate: rateIn(labels, pools, nodePool) }));
  const total = sumOf(priced.map(({ rate }) => rate));
  if (total === undefined) return undefined;
  const byPool = new Map<string, number>();
  for (const { nodePool, rate } of priced) byPool.set(nodePool, (byPool.get(nodePool) ?? 0) + (rate?.amount ?? 0));
  return { reason: reason.toLowerCase(), total, byPool, pools };
}

function rateIn(
  labels: Readonly<Record<string, string>>,
  pools: readonly PoolInput[],
  pool = labels[Label.NodePool],
): HourlyRate | undefined {
  const types = pools.find(({ nodePool }) => nodePool.metadata.name === pool)?.instanceTypes ?? [];
  return rateOfNode(labels, types);
}

function amountIn(rates: readonly (HourlyRate | undefined)[], currency: string): number | undefined {
  const sum = sumOf(rates);
  return sum?.currency === currency ? sum.amount : undefined;
}

/** Undefined also where currencies differ. */
function sumOf(rates: readonly (HourlyRate | undefined)[]): HourlyRate | undefined {
  return new Set(rates.map((rate) => rate?.currency)).size === 1 ? sumRates(rates) : undefined;
}
