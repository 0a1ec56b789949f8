// What an hour of a machine costs: the first that says something wins (C-46). CloudStack itself knows no prices.

import type { WireOffering } from "../client/wire.ts";
import type { Tariff } from "../client/wire-account.ts";
import { CLOUDSTACK_GROUP } from "../api/labels.ts";
import type { Shape } from "./shapes.ts";

export interface PriceFormula {
  readonly cpuHour: number;
  readonly memoryGiBHour: number;
  readonly gpuHour: number;
  readonly rootGiBHour: number;
}

export const DEFAULT_FORMULA: PriceFormula = { cpuHour: 0.04, memoryGiBHour: 0.005, gpuHour: 1, rootGiBHour: 0.0001 };

export interface PriceSources {
  /** Of the class: offering name or id → price per hour. */
  readonly table: readonly { readonly offering: string; readonly price: string }[];
  /** Of the offerings file. */
  readonly filed?: string | number;
  /** Of the quota plugin, per month. */
  readonly tariffs: readonly Tariff[];
  readonly formula: PriceFormula;
}

export type PriceOrigin = "table" | "file" | "detail" | "quota" | "formula";

export interface Price {
  /** Per hour, above 0. */
  readonly perHour: number;
  readonly origin: PriceOrigin;
}

export const PRICE_DETAIL = `${CLOUDSTACK_GROUP}/price`;
const HOURS_PER_MONTH = 720;
const LOWEST = 0.0001;
const RUNNING_VM = 1;
const PER_CPU = 16;
const PER_MIB = 17;

export function priceOf(offering: WireOffering, shape: Shape, rootGiB: number, sources: PriceSources): Price {
  const { table, filed, tariffs, formula } = sources;
  const listed = table.find((row) => row.offering === offering.name || row.offering === offering.id)?.price;
  const candidates: readonly (readonly [PriceOrigin, number | undefined])[] = [
    ["table", readPrice(listed)],
    ["file", readPrice(filed)],
    ["detail", readPrice(offering.details[PRICE_DETAIL])],
    ["quota", quotaPrice(offering, shape, tariffs)],
  ];
  const found = candidates.find(([, price]) => price !== undefined);
  const [origin, price = byFormula(offering, shape, rootGiB, formula)] = found ?? ["formula" as const];
  return { perHour: Math.max(LOWEST, price), origin };
}

/** Undefined for what is no price: negative, no number, or not there. */
export function readPrice(value: string | number | undefined): number | undefined {
  if (value === undefined || value === "") return undefined;
  const price = Number(value);
  return Number.isFinite(price) && price >= 0 ? price : undefined;
}

/** Only tariffs of this very offering, or per CPU and MiB; their activation rules are programs and are not run. */
function quotaPrice({ name }: WireOffering, shape: Shape, tariffs: readonly Tariff[]): number | undefined {
  const own = tariffs.find((tariff) => tariff.usageType === RUNNING_VM && tariff.name === name && tariff.value > 0);
  if (own !== undefined) return own.value / HOURS_PER_MONTH;
  const cpu = tariffs.find((tariff) => tariff.usageType === PER_CPU);
  const memory = tariffs.find((tariff) => tariff.usageType === PER_MIB);
  if (cpu === undefined || memory === undefined) return undefined;
  return (shape.cpu * cpu.value + shape.memoryMiB * memory.value) / HOURS_PER_MONTH;
}

function byFormula({ gpu }: WireOffering, { cpu, memoryMiB }: Shape, rootGiB: number, formula: PriceFormula): number {
  return (
    cpu * formula.cpuHour +
    (memoryMiB / 1024) * formula.memoryGiBHour +
    (gpu?.count ?? 0) * formula.gpuHour +
    rootGiB * formula.rootGiBHour
  );
}
