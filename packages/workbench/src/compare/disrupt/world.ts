// What the parts of a random scenario share, and the moment they play at: a Thursday.

import type { Draw } from "../draw.ts";
import type { SoldType } from "./random-market.ts";
import type { RandomPool } from "./random-pools.ts";
import type { Workload } from "./random-workloads.ts";
import type { Theme } from "./themes.ts";

export interface World {
  readonly draw: Draw;
  readonly theme: Theme;
  readonly market: readonly SoldType[];
  readonly pools: readonly RandomPool[];
  readonly workloads: readonly Workload[];
  readonly hasDaemons: boolean;
  /** Its nodes are nearly full, so that pods of one seldom fit on the others and something has to be bought. */
  readonly isCrowded: boolean;
  /** Karpenter computes the conditions of claims itself. */
  readonly isEvaluated: boolean;
}

export const NOW = "2026-01-01T12:00:00Z";

export function ago(seconds: number): string {
  return `${new Date(Date.parse(NOW) - seconds * 1000).toISOString().slice(0, 19)}Z`;
}
