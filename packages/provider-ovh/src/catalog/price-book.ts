// What an hour of a flavor costs: live list, else the bundled table, else an estimate; never zero, never two currencies (O-35, O-37).

import type { HourlyRate } from "@karpenter-multicloud/core/units";

import type { Flavor } from "./flavor.ts";
import { FLAVOR_TABLE } from "./flavor-table.ts";
import { monthlyAsHourly } from "./price-list.ts";
import type { PriceList } from "./price-list.ts";

export type PriceSource = "live" | "bundled";
export type Place = "1az" | "3az" | "localzone";

export interface Quote {
  readonly rate: HourlyRate;
  /** Neither the list nor the table had it. */
  readonly estimated: boolean;
}

const ESTIMATE_EUR = { vCPU: 0.0125, ramGB: 0.0035, gpu: 0.7 };

const BUNDLED: PriceList = {
  currency: "EUR",
  hourly: new Map(FLAVOR_TABLE.map((flavor) => [flavor.planCodes.hourly, flavor.hourlyEUR])),
  monthly: new Map(
    FLAVOR_TABLE.flatMap(({ planCodes, monthlyEUR }) =>
      planCodes.monthly === undefined || monthlyEUR === undefined ? [] : [[planCodes.monthly, monthlyEUR] as const],
    ),
  ),
};

export class PriceBook {
  readonly source: PriceSource;
  readonly currency: string;
  readonly #list: PriceList;

  /** Without a list, the bundled one. */
  constructor(live?: PriceList) {
    this.source = live === undefined ? "bundled" : "live";
    this.#list = live ?? BUNDLED;
    this.currency = this.#list.currency;
  }

  hourly(flavor: Flavor, place: Place, family: readonly Flavor[] = []): Quote {
    const listed = this.#listedHourly(flavor, place);
    if (listed !== undefined) return { rate: { amount: listed, currency: this.currency }, estimated: false };
    return { rate: { amount: this.#estimate(flavor, place, family), currency: this.currency }, estimated: true };
  }

  /** Undefined when the flavor has no monthly plan. */
  monthly(flavor: Flavor): Quote | undefined {
    const plans = [flavor.planMonthly, `${flavor.name}.monthly.postpaid`];
    const amount = plans.map((plan) => (plan === undefined ? undefined : this.#list.monthly.get(plan))).find(isPrice);
    return amount === undefined ? undefined : { rate: monthlyAsHourly(amount, this.currency), estimated: false };
  }

  #listedHourly(flavor: Flavor, place: Place): number | undefined {
    const { name } = flavor;
    const plans = [flavor.planHourly, ...(place === "3az" ? [`${name}.consumption.3AZ`] : [])];
    if (place === "localzone") {
      const local = [...this.#list.hourly].find(([plan]) => plan.startsWith(`${name}.consumption.LZ`));
      if (local) return local[1];
    }
    return [...plans, `${name}.consumption`]
      .map((plan) => (plan === undefined ? undefined : this.#list.hourly.get(plan)))
      .find(isPrice);
  }

  /** From a sister flavor by vCPUs, else from what such machines usually cost. */
  #estimate(flavor: Flavor, place: Place, family: readonly Flavor[]): number {
    for (const sister of family) {
      if (sister.family !== flavor.family || sister.name === flavor.name) continue;
      const known = this.#listedHourly(sister, place);
      if (known !== undefined && sister.vCPUs > 0) return (known * flavor.vCPUs) / sister.vCPUs;
    }
    return ESTIMATE_EUR.vCPU * flavor.vCPUs + ESTIMATE_EUR.ramGB * flavor.ramGB + ESTIMATE_EUR.gpu * flavor.gpus;
  }
}

function isPrice(amount: number | undefined): amount is number {
  return amount !== undefined && amount > 0;
}
