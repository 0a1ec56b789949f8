// churn: 100 solves in a row; before each one, one pod of a hundred is replaced by another of its kind (S-907).

import type { Pod } from "@karpenter-multicloud/core/api";
import type { ProblemInput } from "@karpenter-multicloud/core/scheduling";
import { benchProblem } from "./cluster.ts";
import { diverseMaker, diversePods } from "./diverse.ts";
import { podName } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Workload } from "./workload.ts";

const SOLVES = 100;
const ONE_IN = 100;

export const churn: Workload = {
  name: "churn",
  about: "100 solves in a row of the diverse mix, 1 % of the pods replaced before each; the figures are per solve",
  unit: "pending pods",
  sizes: [1000],
  quickSizes: [100],
  places: "every pod",
  problems: (size) => {
    const random = seededRandom();
    const first = benchProblem({ pods: diversePods(size, random) });
    const problems: ProblemInput[] = [first];
    for (let round = 1; round < SOLVES; round++) {
      const before = problems.at(-1) ?? first;
      problems.push({ ...before, pods: replaced(before.pods, round, random) });
    }
    return problems;
  },
};

/** Pods that stay are the same objects: what a solve has learnt about them may be used again. */
function replaced(pods: readonly Pod[], round: number, random: Random): readonly Pod[] {
  const count = Math.max(1, Math.floor(pods.length / ONE_IN));
  const leaving = new Set<number>();
  while (leaving.size < count) leaving.add(random.below(pods.length));
  const after = [...pods];
  for (const index of leaving) {
    after[index] = diverseMaker(index, pods.length)(`${podName(index)}-${round}`, random);
  }
  return after;
}
