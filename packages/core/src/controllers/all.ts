// Every controller of core, in the order in which they start.

import type { CustomResource } from "../api/index.ts";
import type { Controller } from "../runtime/index.ts";
import type { ControllerDeps } from "./deps.ts";
import { disruptionController } from "./disruption/controller.ts";
import { instanceGarbageCollectionController } from "./instance-gc/controller.ts";
import { EvictionQueue } from "./node-termination/eviction-queue.ts";
import { nodeTerminationController } from "./node-termination/controller.ts";
import { nodeClaimDisruptionController } from "./nodeclaim-disruption/controller.ts";
import { nodeClaimGarbageCollectionController } from "./nodeclaim-gc/controller.ts";
import { nodeClaimLifecycleController } from "./nodeclaim-lifecycle/controller.ts";
import { nodeClaimPodEventsController } from "./nodeclaim-pod-events/controller.ts";
import { nodePoolCounterController } from "./nodepool-counter/controller.ts";
import { nodePoolHashController } from "./nodepool-hash/controller.ts";
import { nodePoolReadinessController } from "./nodepool-readiness/controller.ts";
import { nodePoolValidationController } from "./nodepool-validation/controller.ts";
import { provisioningController } from "./provisioning/controller.ts";

/** `nodeClasses` are the chosen provider's. */
export function allControllers(deps: ControllerDeps, nodeClasses: readonly CustomResource[]): readonly Controller[] {
  const evictions = new EvictionQueue(deps);
  return [
    nodePoolHashController(deps),
    nodePoolValidationController(deps),
    nodePoolReadinessController(deps, nodeClasses),
    nodePoolCounterController(deps),
    provisioningController(deps),
    nodeClaimLifecycleController(deps),
    nodeClaimPodEventsController(deps),
    nodeClaimDisruptionController(deps),
    disruptionController(deps),
    evictions.controller(),
    nodeTerminationController(deps, evictions),
    nodeClaimGarbageCollectionController(deps),
    instanceGarbageCollectionController(deps),
  ];
}
