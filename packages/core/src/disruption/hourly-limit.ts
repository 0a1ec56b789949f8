// An upper bound for how many nodes of a NodePool are disrupted per hour, besides its budgets, which only say how many at the same moment (DX-33).

import { Annotation, toRfc3339, type DisruptionReason, type NodePool } from "../api/index.ts";

const REASONS = ["Empty", "Drifted", "Underutilized"] as const satisfies readonly DisruptionReason[];

export interface HourlyLimit {
  /** As written. */
  readonly text: string;
  /** Nodes that may still go now. */
  readonly left: number;
  /** Epoch milliseconds when the next one may, once none is left. */
  readonly until?: number;
  /** What is said where it is not so many per hour that bounds them. */
  readonly detail?: string;
}

export type HourlyLimits = ReadonlyMap<string, Readonly<Partial<Record<DisruptionReason, HourlyLimit>>>>;

/** The narrower one, and of equal ones the first. */
export function narrower(limits: readonly (HourlyLimit | undefined)[]): HourlyLimit | undefined {
  return limits.reduce((best, limit) =>
    limit !== undefined && (best === undefined || limit.left < best.left) ? limit : best,
  );
}

export function hourlyDetail(pool: string, { text, until, detail }: HourlyLimit): string {
  if (detail !== undefined) return detail;
  const next = until === undefined ? "" : `; the next one may go at ${toRfc3339(until)}`;
  return `NodePool ${pool} allows ${text} disruptions per hour (${Annotation.DisruptionsPerHour})${next}`;
}

/**
 * "5", "10%", or with reasons "Underutilized=5,Drifted=10%". Undefined: there is no limit for the reason. A percentage is
 * of the pool's nodes, rounded up. @throws Error when it cannot be read: then nothing may go
 */
export function hourlyLimitOf(
  { metadata }: NodePool,
  reason: DisruptionReason,
  nodes: number,
): { readonly text: string; readonly most: number } | undefined {
  const written = metadata.annotations?.[Annotation.DisruptionsPerHour];
  if (written === undefined) return undefined;
  let found: string | undefined;
  for (const part of written.split(",").map((each) => each.trim())) {
    const [name = "", value, ...rest] = part.split("=").map((each) => each.trim());
    if (rest.length > 0) throw new Error(`${JSON.stringify(part)} is not of the form Reason=number`);
    if (value !== undefined && !REASONS.some((each) => each === name))
      throw new Error(`${JSON.stringify(name)} is none of ${REASONS.join(", ")}`);
    if (value === undefined) found ??= name;
    else if (name === reason) found = value;
    if (!/^\d+%?$/.test(value ?? name)) throw new Error(`${JSON.stringify(part)} is neither a number nor a percentage`);
  }
  if (found === undefined) return undefined;
  const most = found.endsWith("%") ? Math.ceil((Number(found.slice(0, -1)) * nodes) / 100) : Number(found);
  return { text: found, most };
}
