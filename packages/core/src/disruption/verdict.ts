// The answer about one node: every node that was looked at gets exactly one (DX-1).

import type { NodeVerdictCode } from "../reasons/index.ts";

/** How near the node came to going. */
export interface Nearest {
  /** Per hour, of what would take its place; absent where nothing would, or no price is known. */
  readonly cost?: number;
  /** What it lacks. */
  readonly missing: string;
}

export interface NodeVerdict {
  readonly node: string;
  readonly nodePool?: string;
  readonly code: NodeVerdictCode;
  /** For people: what holds the node, and what would release it. */
  readonly detail: string;
  /** Epoch milliseconds when this changes by itself, if it does. */
  readonly until?: number;
  readonly nearest?: Nearest;
}
