// preference(n): identical pods with one preference that can be met, one that cannot, and one in between (S-904), with both policies.

import { Label } from "@karpenter-multicloud/core/api";
import type { Pod, PodSpec } from "@karpenter-multicloud/core/api";
import type { ProblemInput } from "@karpenter-multicloud/core/scheduling";
import { aPod } from "@karpenter-multicloud/core/testing";
import { benchProblem } from "./cluster.ts";
import { APART_LABELS, drawnRequests, podName } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Workload } from "./workload.ts";

const SHARED = { unit: "pending pods", sizes: [500, 4000], quickSizes: [100], places: "every pod" } as const;

export const preference: Workload = {
  ...SHARED,
  name: "preference",
  about: "identical pods that prefer one zone and to be apart by zone and by host; preferences are respected",
  problems: (size) => [preferenceProblem(size, "Respect")],
};

export const preferenceIgnored: Workload = {
  ...SHARED,
  name: "preference-ignore",
  about: "the same pods with preferencePolicy Ignore",
  problems: (size) => [preferenceProblem(size, "Ignore")],
};

function preferenceProblem(size: number, preferencePolicy: NonNullable<ProblemInput["preferencePolicy"]>) {
  const requests = drawnRequests(seededRandom());
  const pods = Array.from({ length: size }, (_, index): Pod => {
    return aPod({ name: podName(index), labels: APART_LABELS, requests, spec: PREFERENCES });
  });
  return benchProblem({ pods, preferencePolicy });
}

const PREFERENCES: Partial<PodSpec> = {
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 1,
          preference: { matchExpressions: [{ key: Label.Zone, operator: "In", values: ["test-zone-1"] }] },
        },
      ],
    },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [apart(10, Label.Zone), apart(1, Label.Hostname)],
    },
  },
};

function apart(weight: number, topologyKey: string) {
  return { weight, podAffinityTerm: { topologyKey, labelSelector: { matchLabels: APART_LABELS } } };
}
