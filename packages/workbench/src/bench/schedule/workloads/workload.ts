// What a workload of the schedule bench is: a name, sizes to measure, and the problems of one size.

import type { ProblemInput } from "@karpenter-multicloud/core/scheduling";

export interface Workload {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  /** What a size counts. */
  readonly unit: "pending pods" | "existing nodes";
  readonly sizes: readonly number[];
  /** With --quick. */
  readonly quickSizes: readonly number[];
  /** S-905: every pod finds a place; the one workload that is about pods without a place says "no pod". */
  readonly places: "every pod" | "no pod";
  /** Solved one after the other; a single one except where a workload is about repetition. The same size gives the same problems. */
  readonly problems: (size: number) => readonly ProblemInput[];
}
