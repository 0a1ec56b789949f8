// What a kubelet leaves to pods: capacity without what its configuration reserves and where it begins to evict.

import type { ResourceList } from "../../api/index.ts";
import { isJsonObject } from "../../api/index.ts";
import { allocatableFrom, parseQuantity, requestsFrom, subtractResources, toResourceList } from "../../units/index.ts";
import { demand } from "./surroundings.ts";

const RESERVABLE = new Set(["cpu", "memory", "ephemeral-storage", "pid"]);
const SIGNALS: Readonly<Record<string, string>> = {
  "memory.available": "memory",
  "nodefs.available": "ephemeral-storage",
};

export function allocatableOf(capacity: ResourceList, config: Readonly<Record<string, unknown>>): ResourceList {
  const whole = allocatableFrom(capacity);
  const kube = requestsFrom(reservation(config["kubeReserved"], "kubeReserved"));
  const system = requestsFrom(reservation(config["systemReserved"], "systemReserved"));
  const eviction = requestsFrom(thresholds(config["evictionHard"], whole));
  checkSoftEviction(config);
  const left = [kube, system, eviction].reduce((rest, part) => subtractResources(rest, part), whole);
  const kept = Object.fromEntries(Object.entries(left).filter(([name]) => name in whole));
  const negative = Object.entries(kept).find(([, amount]) => amount < 0);
  demand(negative === undefined, `more ${negative?.[0]} is reserved than there is`);
  return toResourceList(kept);
}

function reservation(value: unknown, field: string): Readonly<Record<string, string>> {
  const entries = Object.entries(isJsonObject(value) ? value : {}).map(([name, amount]) => {
    demand(RESERVABLE.has(name), `${field} cannot hold ${name}`);
    return [name, checkedQuantity(amount, `${field}.${name}`)] as const;
  });
  return Object.fromEntries(entries.filter(([name]) => name !== "pid"));
}

function thresholds(value: unknown, whole: Readonly<Record<string, number>>): Readonly<Record<string, string>> {
  const entries = Object.entries(isJsonObject(value) ? value : {}).flatMap(([signal, amount]) => {
    const resource = SIGNALS[signal];
    if (resource === undefined) return [];
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(String(amount))?.[1];
    if (percent === undefined) return [[resource, checkedQuantity(amount, signal)] as const];
    return [[resource, String(Math.floor(((whole[resource] ?? 0) * Number(percent)) / 100))] as const];
  });
  return Object.fromEntries(entries);
}

function checkSoftEviction(config: Readonly<Record<string, unknown>>): void {
  const soft = isJsonObject(config["evictionSoft"]) ? config["evictionSoft"] : {};
  const grace = isJsonObject(config["evictionSoftGracePeriod"]) ? config["evictionSoftGracePeriod"] : {};
  const missing = Object.keys(soft).find((signal) => !(signal in grace));
  demand(missing === undefined, `evictionSoft ${missing} has no grace period`);
}

function checkedQuantity(value: unknown, field: string): string {
  const text = String(value);
  try {
    parseQuantity(text);
  } catch {
    demand(false, `${field}: ${text} is no quantity`);
  }
  return text;
}
