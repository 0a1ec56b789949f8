// Whether a sick node is to be replaced now: how long it may be sick, and how many others are (D-153, D-154).

import { fromRfc3339 } from "../api/index.ts";
import type { Node, PartialCondition } from "../api/index.ts";
import type { RepairPolicy } from "../provider/index.ts";
import type { RepairSettings } from "./repair-settings.ts";

export interface Ailment {
  readonly condition: string;
  /** Epoch milliseconds: until then it may recover by itself. */
  readonly repairAt: number;
}

export interface Sickness {
  readonly nodes: number;
  readonly unhealthy: number;
  /** More unhealthy nodes than this look like something that new machines do not cure. */
  readonly most: number;
}

/** The condition whose time is up first. A condition that does not say since when it holds is not judged. */
export function ailmentOf(node: Node, policies: readonly RepairPolicy[]): Ailment | undefined {
  let first: Ailment | undefined;
  for (const { conditionType, conditionStatus, tolerationDuration } of policies) {
    const since = conditionLike(node, conditionType, conditionStatus)?.lastTransitionTime;
    if (!since) continue;
    const repairAt = fromRfc3339(since) + tolerationDuration;
    if (first === undefined || repairAt < first.repairAt) first = { condition: conditionType, repairAt };
  }
  return first;
}

/** Counted from the first moment, whatever each policy tolerates. */
export function sicknessOf(nodes: readonly Node[], { policies, most }: RepairSettings): Sickness {
  const isSick = (node: Node): boolean =>
    policies.some(({ conditionType, conditionStatus }) => conditionLike(node, conditionType, conditionStatus));
  return { nodes: nodes.length, unhealthy: nodes.filter(isSick).length, most: most(nodes.length) };
}

function conditionLike(node: Node, type: string, status: string): PartialCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type && condition.status === status);
}
