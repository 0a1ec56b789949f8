// Reads prices of flavors out of OVHcloud's order catalogue, and nothing else out of it (O-33, O-34).

import type { HourlyRate } from "@karpenter-multicloud/core/units";

/** Hours of a month, for spreading a monthly price. */
export const HOURS_PER_MONTH = 730;
const UNITS_PER_CURRENCY = 1e8;

/** Plan code → amount per hour or per month, in one currency. */
export interface PriceList {
  readonly currency: string;
  readonly hourly: ReadonlyMap<string, number>;
  readonly monthly: ReadonlyMap<string, number>;
}

type Json = Readonly<Record<string, unknown>>;

const INSTANCE_PRODUCT = "publiccloud-instance";
const PLAN = /\.(consumption(\.3AZ|\.LZ(\.[A-Z]+)?)?|monthly\.postpaid)$/;

/** @throws Error when the answer is no catalogue */
export function parseCatalogue(data: unknown): PriceList {
  const catalogue = asObject(data);
  const currency = asObject(catalogue?.["locale"])?.["currencyCode"];
  const addons = catalogue?.["addons"];
  if (typeof currency !== "string" || !Array.isArray(addons))
    throw new Error("the order catalogue has no currency or no add-ons");
  const hourly = new Map<string, number>();
  const monthly = new Map<string, number>();
  for (const addon of addons.map(asObject)) {
    const planCode = addon?.["planCode"];
    if (addon === undefined || typeof planCode !== "string" || !isFlavorPlan(addon, planCode)) continue;
    const isMonthly = planCode.endsWith(".monthly.postpaid");
    const amount = priceOf(addon, isMonthly ? "month" : "hour");
    if (amount !== undefined && amount > 0) (isMonthly ? monthly : hourly).set(planCode, amount);
  }
  return { currency, hourly, monthly };
}

export function monthlyAsHourly(monthly: number, currency: string): HourlyRate {
  return { amount: monthly / HOURS_PER_MONTH, currency };
}

function isFlavorPlan(addon: Json, planCode: string): boolean {
  return (
    addon["product"] === INSTANCE_PRODUCT &&
    asObject(addon["blobs"]) !== undefined &&
    !planCode.startsWith("win-") &&
    PLAN.test(planCode)
  );
}

/** Of several prices of one plan the first phase counts. */
function priceOf(addon: Json, unit: "hour" | "month"): number | undefined {
  const pricings = Array.isArray(addon["pricings"]) ? addon["pricings"].map(asObject) : [];
  let best: { phase: number; amount: number } | undefined;
  for (const pricing of pricings) {
    if (pricing === undefined || pricing["intervalUnit"] !== unit || pricing["mode"] !== "default") continue;
    if (!Array.isArray(pricing["capacities"]) || !pricing["capacities"].includes("consumption")) continue;
    const { price, interval, phase } = pricing;
    if (typeof price !== "number" || typeof interval !== "number" || interval <= 0) continue;
    const order = typeof phase === "number" ? phase : 0;
    if (best === undefined || order < best.phase)
      best = { phase: order, amount: price / UNITS_PER_CURRENCY / interval };
  }
  return best?.amount;
}

function asObject(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}
