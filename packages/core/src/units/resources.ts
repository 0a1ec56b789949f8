// How much of each resource, as plain numbers the planner can add quickly: cpu in millicores, everything else in base units (bytes, counts).
// Needs round up and supplies round down when text becomes numbers, so a plan never promises what a node does not have.

import { sortedKeys } from "./order.ts";
import { parseQuantity, Quantity, QuantityError } from "./quantity.ts";

/** Resource name → safe integer. */
export type Resources = Readonly<Record<string, number>>;

/** The shape of a Kubernetes ResourceList. */
export type ResourceListLike = Readonly<Record<string, string | number>>;

const CPU = "cpu";
const BINARY_UNITS: readonly string[] = ["Ki", "Mi", "Gi", "Ti", "Pi"];

/** Rounded up. QuantityError for a text that is no quantity, RangeError for an amount no machine has. */
export function requestsFrom(list: ResourceListLike | undefined): Resources {
  return mapList(list, (resource, quantity) => (resource === CPU ? quantity.toMillisUp() : quantity.toNumberUp()));
}

/** Rounded down. QuantityError for a text that is no quantity, RangeError for an amount no machine has. */
export function allocatableFrom(list: ResourceListLike | undefined): Resources {
  return mapList(list, (resource, quantity) => (resource === CPU ? quantity.toMillisDown() : quantity.toNumberDown()));
}

/** Canonical texts, in name order. */
export function toResourceList(resources: Resources): Record<string, string> {
  const list: Record<string, string> = {};
  for (const resource of sortedKeys(resources))
    list[resource] = quantityOf(resource, resources[resource] ?? 0).toString();
  return list;
}

export function addResources(...all: readonly Resources[]): Resources {
  const sum: Record<string, number> = {};
  for (const resources of all) {
    for (const resource in resources)
      sum[resource] = checked(resource, (sum[resource] ?? 0) + (resources[resource] ?? 0));
  }
  return sum;
}

/** a − b for the resources of a. What only b names is left out: using something a node does not report makes no debt there. */
export function subtractResources(a: Resources, b: Resources): Resources {
  const rest: Record<string, number> = {};
  for (const resource in a) rest[resource] = checked(resource, (a[resource] ?? 0) - (b[resource] ?? 0));
  return rest;
}

/** The larger one of each resource. */
export function maxResources(...all: readonly Resources[]): Resources {
  const result: Record<string, number> = {};
  for (const resources of all) {
    for (const resource in resources) {
      const amount = resources[resource] ?? 0;
      const known = result[resource];
      if (known === undefined || amount > known) result[resource] = amount;
    }
  }
  return result;
}

/** The smallest one of each resource that all of them name (S-229); one without resources makes it empty. */
export function minCommonResources(all: readonly Resources[]): Resources {
  const [first = {}, ...others] = all;
  const result: Record<string, number> = {};
  for (const resource in first) {
    if (others.every((other) => other[resource] !== undefined)) {
      result[resource] = Math.min(...all.map((each) => each[resource] ?? 0));
    }
  }
  return result;
}

/** S-232: nothing fits what is overdrawn; otherwise each request is covered, and what is missing counts as 0. */
export function fits(request: Resources, available: Resources): boolean {
  for (const resource in available) {
    if ((available[resource] ?? 0) < 0) return false;
  }
  for (const resource in request) {
    if ((request[resource] ?? 0) > (available[resource] ?? 0)) return false;
  }
  return true;
}

/** NP-16: the resources of which more is used than the limit says, in name order; reaching the limit is allowed. */
export function exceeded(usage: Resources, limits: Resources): string[] {
  return sortedKeys(limits).filter((resource) => (usage[resource] ?? 0) > (limits[resource] ?? 0));
}

/** For people, at most one decimal of the largest fitting unit: "1.5" cores, "14.2Gi". */
export function formatAmount(resource: string, amount: number): string {
  if (resource === CPU) return String(amount / 1000);
  if (!isBytes(resource) || Math.abs(amount) < 1024) return String(amount);
  let value = amount / 1024;
  let unit = 0;
  // 1023.95 and more would round to 1024.
  while (Math.abs(value) >= 1023.95 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(1))}${BINARY_UNITS[unit] ?? ""}`;
}

function mapList(
  list: ResourceListLike | undefined,
  read: (resource: string, quantity: Quantity) => number,
): Resources {
  const resources: Record<string, number> = {};
  for (const [resource, text] of Object.entries(list ?? {})) {
    // "constructor" and the like would be found in every record.
    if (resource in Object.prototype) throw new QuantityError(`resource name ${resource} cannot be used`);
    resources[resource] = read(resource, parseQuantity(text));
  }
  return resources;
}

function quantityOf(resource: string, amount: number): Quantity {
  if (resource === CPU) return Quantity.ofMillis(amount);
  return Quantity.ofUnits(amount, isBytes(resource) ? "binary" : "decimal");
}

function isBytes(resource: string): boolean {
  return resource === "memory" || resource.endsWith("storage") || resource.startsWith("hugepages-");
}

function checked(resource: string, amount: number): number {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${resource} adds up to more than can be counted`);
  return amount;
}
