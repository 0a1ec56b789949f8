// What an account or project may have, what it has, and what is left (§1.9): always counted anew from what is there.

import { ApiError, GENERIC } from "../api-error.ts";
import type { Ground } from "./ground.ts";
import { cardsOf } from "./planner.ts";
import { rowOf } from "./ground.ts";
import { COUNTED } from "./records.ts";

/** The number of each resource type, its name in limits, and its name in the fields of accounts and projects. */
export const RESOURCES = [
  { type: "0", name: "user_vm", field: "vm" },
  { type: "1", name: "public_ip", field: "ip" },
  { type: "2", name: "volume", field: "volume" },
  { type: "8", name: "cpu", field: "cpu" },
  { type: "9", name: "memory", field: "memory" },
  { type: "10", name: "primary_storage", field: "primarystorage" },
  { type: "12", name: "gpu", field: "gpu" },
] as const;

export type Amounts = Readonly<Record<string, number>>;

const GIB = 1024 ** 3;

export function usedBy(ground: Ground, account: string): Amounts {
  const machines = [...ground.machines.values()].filter(
    ({ owner, state }) => owner.account === account && COUNTED.includes(state),
  );
  const volumes = [...ground.volumes.values()].filter(({ owner }) => owner.account === account);
  const sum = <T>(things: readonly T[], of: (thing: T) => number): number =>
    things.reduce((total, thing) => total + of(thing), 0);
  return {
    "0": machines.length,
    "1": 0,
    "2": volumes.length,
    "8": sum(machines, ({ cpu }) => cpu),
    "9": sum(machines, ({ memoryMiB }) => memoryMiB),
    "10": sum(volumes, ({ bytes }) => Math.ceil(bytes / GIB)),
    "12": sum(machines, ({ offeringId }) => cardsOf(rowOf(ground.offerings, offeringId)).count),
  };
}

/** @throws ApiError 535 naming the resource */
export function checkLimits(ground: Ground, account: string, domain: number, wanted: Amounts): void {
  const limits = ground.limits.get(account) ?? {};
  const used = usedBy(ground, account);
  for (const { type, name } of RESOURCES) {
    const limit = limits[type] ?? -1;
    const [has = 0, wants = 0] = [used[type], wanted[type]];
    if (limit < 0 || has + wants <= limit) continue;
    const text = `Maximum amount of resources of Type = '${name}' for Account Name = ${account} in Domain Id = ${domain} is exceeded: Account Resource Limit = ${limit}, Current Account Resource Amount = ${has}, Current Account Resource Reservation = 0, Requested Resource Amount = ${wants}.`;
    throw new ApiError(535, text, GENERIC);
  }
}

/** The fields of listAccounts and listProjects: limits and remains are texts, "Unlimited" among them. */
export function availability(ground: Ground, account: string): Readonly<Record<string, unknown>> {
  const limits = ground.limits.get(account) ?? {};
  const used = usedBy(ground, account);
  return Object.fromEntries(
    RESOURCES.flatMap(({ type, field }) => {
      const limit = limits[type] ?? -1;
      const total = used[type] ?? 0;
      const text = (value: number): string => (limit < 0 ? "Unlimited" : String(value));
      return [
        [`${field}limit`, text(limit)],
        [`${field}total`, total],
        [`${field}available`, text(Math.max(0, limit - total))],
      ];
    }),
  );
}
