// What keeps a node where it is, and until when as far as is known.

import type { NodeVerdictCode } from "../reasons/index.ts";
import type { Nearest } from "./verdict.ts";

export interface Obstacle {
  readonly code: NodeVerdictCode;
  readonly detail: string;
  readonly until?: number;
  readonly nearest?: Nearest;
}
