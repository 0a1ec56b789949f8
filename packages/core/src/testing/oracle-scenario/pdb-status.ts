// PodDisruptionBudgets of a scenario with the status that their controller would compute from the listed pods.

import { matchesSelector } from "../../api/index.ts";
import type { Pod, PodDisruptionBudget } from "../../api/index.ts";
import { isTerminal } from "../../disruption/index.ts";
import type { Scenario } from "./scenario.ts";

export function pdbsOf({ pdbs, pods, nodes }: Scenario): readonly PodDisruptionBudget[] {
  const all = [...pods, ...nodes.flatMap((entry) => entry.pods)];
  return pdbs.map((pdb) => withStatus(pdb, all));
}

/** A status that is given stands. */
function withStatus(pdb: PodDisruptionBudget, pods: readonly Pod[]): PodDisruptionBudget {
  if (Object.values(pdb.status ?? {}).some((count) => count !== 0)) return pdb;
  const chosen = pods.filter(
    (pod) =>
      pod.metadata.namespace === pdb.metadata.namespace &&
      !isTerminal(pod) &&
      matchesSelector(pdb.spec.selector, pod.metadata.labels),
  );
  const ready = chosen.filter((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  const { maxUnavailable, minAvailable } = pdb.spec;
  const desired =
    maxUnavailable === undefined
      ? scaled(minAvailable ?? 0, chosen.length)
      : Math.max(0, chosen.length - scaled(maxUnavailable, chosen.length));
  return {
    ...pdb,
    status: {
      expectedPods: chosen.length,
      currentHealthy: ready.length,
      desiredHealthy: desired,
      disruptionsAllowed: Math.max(0, ready.length - desired),
    },
  };
}

/** Percentages round up. */
function scaled(amount: number | string, total: number): number {
  if (typeof amount === "number") return amount;
  return amount.endsWith("%") ? Math.ceil((Number.parseInt(amount, 10) * total) / 100) : Number.parseInt(amount, 10);
}
