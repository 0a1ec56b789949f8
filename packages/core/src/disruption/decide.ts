// One question for all methods: what would this one do now, and what does it say about each node (D-15).

import type { DecideOptions } from "./decide-options.ts";
import { decideDrift } from "./drift.ts";
import type { MethodDecision, MethodName } from "./method.ts";
import { decideMultiNode } from "./multi-node.ts";
import { decideSingleNode } from "./single-node.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import { decideSnapshotEmptiness } from "./snapshot-emptiness.ts";
import { decideStaticDrift } from "./static-drift.ts";

/** Nothing has happened yet: consolidation has to be validated again after a wait, see revalidate (D-107). */
export function decide(method: MethodName, snapshot: DisruptionSnapshot, options: DecideOptions = {}): MethodDecision {
  switch (method) {
    case "emptiness":
      return decideSnapshotEmptiness(snapshot);
    case "staticDrift":
      return decideStaticDrift(snapshot);
    case "drift":
      return decideDrift(snapshot);
    case "multi":
      return decideMultiNode(snapshot, options);
    case "single":
      return decideSingleNode(snapshot, options);
  }
}
