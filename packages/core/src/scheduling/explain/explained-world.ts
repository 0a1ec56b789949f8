// What explanations look at: the pools as they could still grow, and how nodes and planned claims answered, at the end of a solve.

import type { InstanceType } from "../../provider/index.ts";
import type { Resources } from "../../units/index.ts";
import type { RequirementBook } from "../compile/requirement-book.ts";
import type { ClaimRules } from "../placement/settle-claim.ts";
import type { Attempt, PodToPlace } from "../pod-to-place.ts";
import type { CandidateTally } from "../solution.ts";
import type { Template } from "../templates.ts";

export interface ExplainedWorld extends ClaimRules {
  /** Where the solve has numbered requirement sets. */
  readonly book?: RequirementBook;
  /** In the order they are tried, the skipped ones too. */
  readonly templates: readonly Template[];
  readonly limits: ExplainedLimits;
  /** Of the candidates that refuse the pod; the others are left out. */
  tallyOfNodes(pod: PodToPlace, attempt: Attempt): CandidateTally;
  tallyOfClaims(pod: PodToPlace, attempt: Attempt): CandidateTally;
}

/** By NodePool name. */
export interface ExplainedLimits {
  limits(pool: string): Resources;
  used(pool: string): Resources;
  /** The limited resources that one more machine of this type would exceed. */
  exceededBy(pool: string, type: InstanceType): readonly string[];
}
