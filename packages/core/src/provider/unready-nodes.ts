// The repair that every cloud offers: a node that is not ready, or of which nothing is heard, for too long.

import type { Duration } from "../units/index.ts";
import type { RepairPolicy } from "./cloud-provider.ts";

export function repairUnreadyNodes(tolerationDuration: Duration): readonly RepairPolicy[] {
  return [
    { conditionType: "Ready", conditionStatus: "False", tolerationDuration },
    { conditionType: "Ready", conditionStatus: "Unknown", tolerationDuration },
  ];
}
