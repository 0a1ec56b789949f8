// The order catalogue in the shape of GET /order/catalog/public/cloud: one add-on per plan code, plus decoys that a parser must skip.

import type { SeedFlavor } from "./flavors.ts";

/** EUR for an hour or a month; what was changed at run time comes before the list price. */
export type PriceOf = (planCode: string, listEUR: number) => number;

const CURRENCIES: Readonly<Record<string, string>> = {
  CA: "CAD",
  QC: "CAD",
  US: "USD",
  WE: "USD",
  WS: "EUR",
  AU: "AUD",
  SG: "SGD",
  IN: "INR",
  GB: "GBP",
  PL: "PLN",
  CZ: "CZK",
};

type Unit = "hour" | "month";

interface AddonRequest {
  readonly planCode: string;
  readonly flavor: SeedFlavor;
  readonly unit: Unit;
  readonly price: number;
  readonly osFamily?: string;
}

export function currencyOf(subsidiary: string): string {
  return CURRENCIES[subsidiary] ?? "EUR";
}

export function planCodesOf(flavor: SeedFlavor, threeAz: boolean): { hourly: string; monthly: string | null } {
  return {
    hourly: `${flavor.name}.consumption${threeAz && flavor.threeAzPlan ? ".3AZ" : ""}`,
    monthly: flavor.monthlyEUR === undefined ? null : `${flavor.name}.monthly.postpaid`,
  };
}

export function catalogue(
  flavors: readonly SeedFlavor[],
  subsidiary: string,
  priceOf: PriceOf,
): Readonly<Record<string, unknown>> {
  const instances = flavors.flatMap((flavor) => addonsOf(flavor, priceOf)).concat(decoys(flavors));
  const volumes = [volumeAddon()];
  return {
    catalogId: 1,
    locale: { currencyCode: currencyOf(subsidiary), subsidiary, taxRate: 20 },
    plans: [
      {
        planCode: "project",
        invoiceName: "Public Cloud Project",
        addonFamilies: [family("instance", instances), family("volume", volumes)],
      },
    ],
    products: [],
    addons: [...instances, ...volumes],
    planFamilies: [],
  };
}

type Addon = Readonly<Record<string, unknown>> & { readonly planCode: string };

function family(name: string, addons: readonly Addon[]): Readonly<Record<string, unknown>> {
  return { name, exclusive: false, mandatory: false, addons: addons.map((addon) => addon.planCode) };
}

function addonsOf(flavor: SeedFlavor, priceOf: PriceOf): Addon[] {
  const hourly = [...new Set([planCodesOf(flavor, false).hourly, planCodesOf(flavor, true).hourly])];
  const addons = hourly.map((planCode) =>
    instanceAddon({ planCode, flavor, unit: "hour", price: priceOf(planCode, flavor.hourlyEUR) }),
  );
  const { monthly } = planCodesOf(flavor, false);
  if (monthly === null || flavor.monthlyEUR === undefined) return addons;
  const price = priceOf(monthly, flavor.monthlyEUR);
  return [...addons, instanceAddon({ planCode: monthly, flavor, unit: "month", price })];
}

/** Made-up prices: a local zone and a Windows image of b3-8 must never be taken for b3-8 (T-62). */
function decoys(flavors: readonly SeedFlavor[]): Addon[] {
  const flavor = flavors.find(({ name }) => name === "b3-8");
  if (flavor === undefined) return [];
  const hour = (planCode: string, price: number, osFamily?: string): Addon =>
    instanceAddon({ planCode, flavor, unit: "hour", price, ...(osFamily === undefined ? {} : { osFamily }) });
  return [
    hour("b3-8.consumption.LZ.AF", 0.093),
    hour("b3-8.consumption.LZ.EU", 0.0696),
    hour("win-b3-8.consumption", 0.1, "windows"),
  ];
}

function instanceAddon(request: AddonRequest): Addon {
  const { flavor, unit } = request;
  return {
    planCode: request.planCode,
    invoiceName: request.planCode,
    product: "publiccloud-instance",
    addonFamilies: [],
    pricingType: "consumption",
    consumptionConfiguration: {
      billingStrategy: "ping",
      prorataUnit: unit === "hour" ? "second" : "hour",
      pingEndPolicy: "prorata",
    },
    pricings: [pricing(unit, request.price)],
    configurations: [],
    family: null,
    blobs: {
      commercial: {
        brick: flavor.gpus > 0 ? "gpu" : "guaranteed-resources",
        brickSubtype: flavor.gpus > 0 ? "gpu" : "general-purpose",
        name: flavor.name,
        price: { interval: unit === "hour" ? "PT1H" : "P1M", precision: 4, unit: unit.charAt(0) },
      },
      tags: ["active"],
      technical: technical(flavor, request.osFamily ?? "linux"),
    },
  };
}

/** Prices are whole numbers of 1e-8 of the currency, without tax. */
function pricing(unit: Unit, price: number): Readonly<Record<string, unknown>> {
  return {
    phase: 0,
    capacities: ["consumption"],
    commitment: 0,
    description: unit === "hour" ? "hourly prices" : "monthly prices",
    interval: 1,
    intervalUnit: unit,
    quantity: { min: 1, max: null },
    repeat: { min: 1, max: null },
    price: Math.round(price * 1e8),
    formattedPrice: `${price.toFixed(4)} €`,
    tax: 0,
    mode: "default",
    strategy: "tiered",
    mustBeCompleted: false,
    type: "consumption",
    promotions: [],
    engagementConfiguration: null,
  };
}

function technical(flavor: SeedFlavor, osFamily: string): Readonly<Record<string, unknown>> {
  return {
    cpu: { cores: flavor.vCPUs, model: "vCore", type: "vCore" },
    memory: { size: flavor.ramGB },
    name: flavor.name,
    os: { family: osFamily },
    storage: { disks: [{ capacity: flavor.diskGB, number: 1, technology: "SSD" }], raid: "local" },
    ...(flavor.gpuModel === undefined ? {} : { gpu: { model: flavor.gpuModel, number: flavor.gpus } }),
  };
}

function volumeAddon(): Addon {
  return {
    planCode: "volume.classic.consumption",
    invoiceName: "volume.classic",
    product: "publiccloud-volume",
    addonFamilies: [],
    pricingType: "consumption",
    consumptionConfiguration: null,
    pricings: [pricing("hour", 0.0000576)],
    configurations: [],
    family: null,
    blobs: null,
  };
}
