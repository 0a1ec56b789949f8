// Every controller of core, in the order in which they start.

import type { CustomResource } from "../api/index.ts";
import type { Controller } from "../runtime/index.ts";
import { BufferStore } from "./buffer-store.ts";
import { capacityBufferController } from "./capacity-buffer/controller.ts";
import { clusterStateController } from "./cluster-state/controller.ts";
import type { ControllerDeps } from "./deps.ts";
import { disruptionController } from "./disruption/controller.ts";
import { instanceGarbageCollectionController } from "./instance-gc/controller.ts";
import { Catalogue } from "./metrics-cloud/catalogue.ts";
import { nodeMetricsController } from "./metrics-node/controller.ts";
import { nodePoolMetricsController } from "./metrics-nodepool/controller.ts";
import { podMetricsController } from "./metrics-pod/controller.ts";
import { learnedMachinesController } from "./learned-machines/controller.ts";
import { learnedStoreController } from "./learned-machines/store.ts";
import { nodeHealthController } from "./node-health/controller.ts";
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
import { PodEventTimes } from "./pod-event-times.ts";
import { provisioningController } from "./provisioning/controller.ts";
import { PodTimes } from "./provisioning/pod-times.ts";
import { PoolBackOff } from "./provisioning/pool-back-off.ts";
import { staticDeprovisioningController } from "./static-deprovisioning/controller.ts";
import { staticProvisioningController } from "./static-provisioning/controller.ts";
import { staticCapacityOffController } from "./static-provisioning/switched-off.ts";
import { statusEventControllers } from "./status-events/controller.ts";

/** `nodeClasses` are the chosen provider's. */
export function allControllers(given: ControllerDeps, nodeClasses: readonly CustomResource[]): readonly Controller[] {
  const overlays = given.settings.featureGates.NodeOverlay ? new OverlayStore() : undefined;
  const buffers = given.settings.featureGates.CapacityBuffer ? new BufferStore() : undefined;
  const catalogue = new Catalogue(given);
  const podTimes = new PodTimes(given);
  const podEvents = new PodEventTimes();
  // OP-15: whoever calls the provider often does so under its own name.
  const named = (controller: string): ControllerDeps => ({
    ...given,
    ...(overlays && { overlays }),
    ...(buffers && { buffers }),
    podTimes,
    podEvents,
    provider: catalogue.seenThrough(given.provider, controller),
  });
  const deps = named("");
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
    ...(overlays ? [nodeOverlayController(named("nodeoverlay.controller"), overlays, nodeClasses)] : []),
    ...(buffers ? [capacityBufferController(deps, buffers)] : []),
    provisioningController(named("provisioner"), backOff),
    ...(given.settings.featureGates.StaticCapacity
      ? [
          staticProvisioningController(named("static.provisioning"), backOff),
          staticDeprovisioningController(named("static.deprovisioning")),
        ]
      : [staticCapacityOffController(deps)]),
    nodeClaimHydrationController(deps),
    nodeHydrationController(deps),
    nodeClaimLifecycleController(named("nodeclaim.lifecycle"), health, backOff),
    nodeClaimPodEventsController(deps),
    nodeClaimDisruptionController(named("nodeclaim.disruption"), nodeClasses),
    nodeClaimConsistencyController(deps),
    nodeClaimExpirationController(deps),
    disruptionController(named("disruption"), backOff),
    evictions.controller(),
    nodeTerminationController(named("node.termination"), evictions),
    ...(given.settings.featureGates.NodeRepair && given.provider.repairPolicies().length > 0
      ? [nodeHealthController(named("node.health"), backOff)]
      : []),
    nodeClaimGarbageCollectionController(named("nodeclaim.garbagecollection")),
    instanceGarbageCollectionController(named("instance.garbagecollection")),
    ...learningControllers(deps),
    nodePoolMetricsController(named("metrics.nodepool"), catalogue),
    ...(given.settings.disableClusterStateObservability
      ? []
      : [podMetricsController(deps), nodeMetricsController(deps), ...statusEventControllers(deps, nodeClasses)]),
  ];
}

function learningControllers(deps: ControllerDeps): readonly Controller[] {
  const { machines, place } = deps.learned ?? {};
  if (!machines) return [];
  return [learnedMachinesController(deps, machines), ...(place ? [learnedStoreController(deps, machines, place)] : [])];
}
