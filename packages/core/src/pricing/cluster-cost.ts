// What the nodes of a cluster cost per hour, one sum per currency.

import type { InstanceType } from "../provider/index.ts";
import { compareText, sumRates } from "../units/index.ts";
import type { HourlyRate } from "../units/index.ts";
import { rateOfNode } from "./offering-price.ts";

export interface CostedNode {
  readonly name: string;
  readonly nodePool?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ClusterCost {
  /** In currency order; amounts of two currencies are never added. */
  readonly totals: readonly HourlyRate[];
  /** Names of nodes that nobody knows the price of; they are missing in the totals. */
  readonly unpriced: readonly string[];
}

export function clusterCost(
  nodes: readonly CostedNode[],
  instanceTypesByPool: ReadonlyMap<string, readonly InstanceType[]>,
): ClusterCost {
  const byCurrency = new Map<string, HourlyRate[]>();
  const unpriced: string[] = [];
  for (const node of nodes) {
    const rate = rateOfNode(node.labels, instanceTypesByPool.get(node.nodePool ?? "") ?? []);
    if (rate === undefined) unpriced.push(node.name);
    else byCurrency.set(rate.currency, [...(byCurrency.get(rate.currency) ?? []), rate]);
  }
  const totals = [...byCurrency.values()].flatMap((rates) => sumRates(rates) ?? []);
  return {
    totals: totals.toSorted((a, b) => compareText(a.currency, b.currency)),
    unpriced: unpriced.toSorted(compareText),
  };
}
