// daemon: the diverse mix on nodes that 20 DaemonSets run on, five of them on large machines only (S-907).

import type { DaemonSetInput } from "@karpenter-multicloud/core/scheduling";
import { aDaemonSetInput, FIXTURE_LABELS } from "@karpenter-multicloud/core/testing";
import { benchProblem } from "./cluster.ts";
import { diversePods } from "./diverse.ts";
import { seededRandom } from "./random.ts";
import type { Workload } from "./workload.ts";

const DAEMON_SETS = 20;
const ON_LARGE_MACHINES = 5;

export const daemon: Workload = {
  name: "daemon",
  about: "the diverse mix with 20 DaemonSets, 5 of them on large machines only",
  unit: "pending pods",
  sizes: [1000, 5000],
  quickSizes: [100],
  places: "every pod",
  problems: (size) => {
    const daemonSets = Array.from({ length: DAEMON_SETS }, (_, index) => agent(index));
    return [benchProblem({ pods: diversePods(size, seededRandom()), daemonSets })];
  },
};

function agent(index: number): DaemonSetInput {
  const large = [[[FIXTURE_LABELS.Size, "In", "large"]]] as const;
  return aDaemonSetInput({
    name: `agent-${String(index).padStart(2, "0")}`,
    requests: { cpu: "20m", memory: "32Mi" },
    ...(index < ON_LARGE_MACHINES && { requiredTerms: large }),
  });
}
