// One question for all methods: what would this one do now, and what does it say about each node (D-15).

import type { DecideOptions } from "./decide-options.ts";
import { decideDrift } from "./methods/drift.ts";
import type { MethodDecision, MethodName } from "./method.ts";
import { decideMultiNode } from "./methods/multi-node.ts";
import { decideSingleNode } from "./methods/single-node.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import { decideSnapshotEmptiness } from "./methods/snapshot-emptiness.ts";
import { finished, type Steps } from "./steps.ts";
import { decideStaticDrift } from "./methods/static-drift.ts";

/** Nothing has happened yet: consolidation has to be validated again after a wait, see revalidate (D-107). */
export function decide(method: MethodName, snapshot: DisruptionSnapshot, options: DecideOptions = {}): MethodDecision {
  return finished(decideSteps(method, snapshot, options));
}

/** The same with a pause after each look at one set of nodes, and within long ones. */
export function* decideSteps(
  method: MethodName,
  snapshot: DisruptionSnapshot,
  options: DecideOptions = {},
): Steps<MethodDecision> {
  switch (method) {
    case "emptiness":
      return yield* decideSnapshotEmptiness(snapshot);
    case "staticDrift":
      return yield* decideStaticDrift(snapshot, options);
    case "drift":
      return yield* decideDrift(snapshot, options);
    case "multi":
      return yield* decideMultiNode(snapshot, options);
    case "single":
      return yield* decideSingleNode(snapshot, options);
  }
}
