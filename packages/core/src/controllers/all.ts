// Every controller of core, in the order in which they start.

import type { CustomResource } from "../api/index.ts";
import type { Controller } from "../runtime/index.ts";
import { clusterStateController } from "./cluster-state/controller.ts";
import type { ControllerDeps } from "./deps.ts";
import { disruptionController } from "./disruption/controller.ts";
import { instanceGarbageCollectionController } from "./instance-gc/controller.ts";
import { nodeHydrationController } from "./node-hydration/controller.ts";
import { EvictionQueue } from "./node-termination/eviction-queue.ts";
import { nodeTerminationController } from "./node-termination/controller.ts";
import { nodeClaimConsistencyController } from "./nodeclaim-consistency/controller.ts";
import { nodeClaimDisruptionController } from "./nodeclaim-disruption/controller.ts";
import { nodeClaimExpirationController } from "./nodeclaim-expiration/controller.ts";
import { nodeClaimGarbageCollectionController } from "./nodeclaim-gc/controller.ts";
import { nodeClaimHydrationController } from "./nodeclaim-hydration/controller.ts";
import { nodeClaimLifecycleController } from "./nodeclaim-lifecycle/controller.ts";
import { nodeClaimPodEventsController } from "./nodeclaim-pod-events/controller.ts";
import { nodeOverlayController } from "./nodeoverlay-validation/controller.ts";
import { nodePoolCounterController } from "./nodepool-counter/controller.ts";
import { nodePoolHashController } from "./nodepool-hash/controller.ts";
import { nodePoolReadinessController } from "./nodepool-readiness/controller.ts";
import { nodePoolRegistrationHealthController } from "./nodepool-registration-health/controller.ts";
import { RegistrationHealth } from "./nodepool-registration-health/registration-health.ts";
import { nodePoolValidationController } from "./nodepool-validation/controller.ts";
import { OverlayStore } from "./overlay-store.ts";
import { provisioningController } from "./provisioning/controller.ts";
import { PoolBackOff } from "./provisioning/pool-back-off.ts";
import { statusEventControllers } from "./status-events/controller.ts";

/** `nodeClasses` are the chosen provider's. */
export function allControllers(given: ControllerDeps, nodeClasses: readonly CustomResource[]): readonly Controller[] {
  const overlays = given.settings.featureGates.NodeOverlay ? new OverlayStore() : undefined;
  const deps: ControllerDeps = overlays ? { ...given, overlays } : given;
  const evictions = new EvictionQueue(deps);
  const health = new RegistrationHealth();
  const backOff = new PoolBackOff(deps);
  return [
    nodePoolHashController(deps),
    nodePoolValidationController(deps),
    nodePoolReadinessController(deps, nodeClasses),
    nodePoolCounterController(deps),
    nodePoolRegistrationHealthController(deps, health, nodeClasses),
    clusterStateController(deps),
    ...(overlays ? [nodeOverlayController(deps, overlays, nodeClasses)] : []),
    provisioningController(deps, backOff),
    nodeClaimHydrationController(deps),
    nodeHydrationController(deps),
    nodeClaimLifecycleController(deps, health, backOff),
    nodeClaimPodEventsController(deps),
    nodeClaimDisruptionController(deps),
    nodeClaimConsistencyController(deps),
    nodeClaimExpirationController(deps),
    disruptionController(deps),
    evictions.controller(),
    nodeTerminationController(deps, evictions),
    nodeClaimGarbageCollectionController(deps),
    instanceGarbageCollectionController(deps),
    ...statusEventControllers(deps),
  ];
}
