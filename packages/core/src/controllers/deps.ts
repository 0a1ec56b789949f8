// What controllers and providers are built from. Everything that leaves the process is a port.

import type { CustomResource } from "../api/index.ts";
import type { DecisionLedger } from "../decisions/index.ts";
import type { EventRecorder, KubeCache, KubeClient, ObjectKey } from "../kube/index.ts";
import type { Settings } from "../options/index.ts";
import type { CloudProvider, LearnedMachines, UnavailableOfferings } from "../provider/index.ts";
import type { ActionGate, Clock, Controller } from "../runtime/index.ts";
import type { ClusterState, PoolLedger } from "../state/index.ts";
import type { Logger, Metrics } from "../telemetry/index.ts";
import type { BufferStore } from "./buffer-store.ts";
import type { OverlayStore } from "./overlay-store.ts";
import type { PodEventTimes } from "./pod-event-times.ts";
import type { PodTimes } from "./provisioning/pod-times.ts";
import type { Environment } from "../options/index.ts";

/** Ports of the process, before a provider is chosen. */
export interface Ports {
  /** Every write through it passes the gate and is seen by the cache at once. */
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  /** For writes to the cloud; writes to the cluster pass it inside `kube`. */
  readonly gate: ActionGate;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  readonly decisions: DecisionLedger;
  readonly settings: Settings;
  /** 0 ≤ x < 1; seeded in tests. */
  readonly random: () => number;
  readonly unavailable: UnavailableOfferings;
  /**
   * Lets everything else that is due in this process run, then goes on: long work calls it every few milliseconds
   * (S-1016). Without it such work is done in one piece, and no time can pass in the middle of it.
   */
  readonly giveWay?: () => Promise<void>;
}

export interface ControllerDeps extends Ports {
  readonly provider: CloudProvider;
  readonly state: ClusterState;
  /** Asked before every create of a NodeClaim (LC-11). */
  readonly poolLedger: PoolLedger;
  /** What machines turned out to be, which `provider` already tells; kept in this ConfigMap, if anywhere. */
  readonly learned?: { readonly machines: LearnedMachines; readonly place?: ObjectKey };
  /** With the feature gate NodeOverlay: prices and capacity of the provider's types are read through it. */
  readonly overlays?: OverlayStore;
  /** With the feature gate CapacityBuffer: the room that is kept, by whom and where. */
  readonly buffers?: BufferStore;
  /** Shared by who notes the events of pods and who decides on them; without it only what is written counts. */
  readonly podEvents?: PodEventTimes;
  /** Shared with whoever shows how long pods wait; the provisioner keeps its own otherwise. */
  readonly podTimes?: PodTimes;
}

/** A provider and the controllers that keep its NodeClass up to date. */
export interface BuiltProvider {
  readonly provider: CloudProvider;
  readonly controllers: readonly Controller[];
}

export type { Environment };

/** What a provider package hands to the process that chose it by name. */
export interface ProviderFactory {
  readonly name: string;
  /** Its NodeClass kinds, with schema. */
  readonly customResources: readonly CustomResource[];
  /** @throws SettingsError naming every variable that is missing or wrong */
  build(ports: Ports, env: Environment): BuiltProvider;
}

/** Container token of the chosen ProviderFactory; Symbol.for, so that two copies of core agree. */
export const ProviderFactory = Symbol.for("@karpenter-multicloud/core/ProviderFactory");
