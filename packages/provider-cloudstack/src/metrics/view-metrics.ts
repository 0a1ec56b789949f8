// Shows what looking at a class tells of prices and of what is left of limits (§12).

import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import { compareText } from "@karpenter-multicloud/core/units";

import type { BuyableTypes } from "../catalog/instance-types.ts";
import type { Account } from "../client/wire-account.ts";

type Prices = ReadonlyMap<string, { readonly labels: Readonly<Record<string, string>>; readonly value: number }>;

export class ViewMetrics {
  readonly #metrics: Metrics;
  readonly #shown = new Map<string, BuyableTypes>();
  readonly #byClass = new Map<string, Prices>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Only of what is limited; by the name of the account or project. */
  limits({ name, remaining }: Account): void {
    if (name === "") return;
    const { vm, cpu, memoryMiB, gpu } = remaining;
    const series = Object.entries({ vm, cpu, memory: memoryMiB, gpu })
      .filter(([, value]) => Number.isFinite(value))
      .map(([resource, value]) => ({ labels: { scope: name, resource }, value }));
    this.#metrics.hold("karpenter_cloudstack_limit_available", name, series);
  }

  /** Classes may price the same type differently: the lowest is shown. */
  prices(className: string, types: BuyableTypes, classes: ReadonlySet<string>): void {
    const gone = [...this.#byClass.keys()].filter((name) => !classes.has(name) && name !== className);
    for (const name of gone) {
      this.#shown.delete(name);
      this.#byClass.delete(name);
    }
    if (this.#shown.get(className) !== types) this.#byClass.set(className, pricesOf(types));
    else if (gone.length === 0) return;
    this.#shown.set(className, types);
    this.#show();
  }

  #show(): void {
    const lowest = new Map<string, { readonly labels: Readonly<Record<string, string>>; readonly value: number }>();
    for (const prices of this.#byClass.values()) {
      for (const [key, price] of prices) {
        if (price.value < (lowest.get(key)?.value ?? Number.POSITIVE_INFINITY)) lowest.set(key, price);
      }
    }
    const series = [...lowest.keys()].toSorted(compareText).flatMap((key) => lowest.get(key) ?? []);
    this.#metrics.hold("karpenter_cloudstack_offering_price", "", series);
  }
}

function pricesOf({ items }: BuyableTypes): Prices {
  return new Map(
    items.flatMap(({ name, offerings }) =>
      offerings.map(({ requirements, price }) => {
        const zone = requirements.get("topology.kubernetes.io/zone").any();
        const labels = { instance_type: name, zone };
        return [`${name} ${zone}`, { labels, value: price?.amount ?? 0 }] as const;
      }),
    ),
  );
}
