// What looking into one NodePool for one pod asks and answers.

import type { PodReason } from "../../reasons/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import type { Sales } from "./explain-sales.ts";
import type { Attempt, PodToPlace } from "../pod-to-place.ts";
import type { NearMiss, NodePoolExplanation } from "../solution.ts";
import type { Template } from "../templates.ts";
import type { ExplainedWorld } from "./explained-world.ts";

/** What a check found out about the types that did not pass it. */
export interface Finding {
  readonly reason: PodReason;
  /** For the summary; says all that is needed to act, but not which pool. */
  readonly short: string;
  readonly detail: string;
  /** What a person may change; the summary ends with it when there is room. */
  readonly fix?: string;
  readonly key?: string;
  readonly wanted?: string;
  readonly offered?: string;
  readonly closest?: NearMiss;
}

export interface PoolFinding {
  readonly explanation: NodePoolExplanation;
  readonly short: string;
  readonly fix?: string;
  /** More is closer to a place. */
  readonly rank: number;
}

export interface PoolQuestion {
  readonly template: Template;
  readonly pod: PodToPlace;
  readonly attempt: Attempt;
  readonly world: ExplainedWorld;
  readonly sales: Sales;
  /** Of the template and the pod together. */
  readonly requirements: Requirements;
  /** One of the places from which the pod's volumes can be reached. */
  readonly place: Requirements;
}
