// One life of the process between a cluster and a cloud: the provider, its own controllers and, where wanted, all of core's.

import { OPTIONAL_RESOURCES } from "@karpenter-multicloud/core/api";
import {
  allControllers,
  type BuiltProvider,
  type Environment,
  type Ports,
  type ProviderFactory,
} from "@karpenter-multicloud/core/controllers";
import { DecisionLedger } from "@karpenter-multicloud/core/decisions";
import { createGatedClient, Mirror, type EventRecorder, type KubeClient } from "@karpenter-multicloud/core/kube";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import {
  LearnedMachines,
  learnedProvider,
  normalizationOf,
  UnavailableOfferings,
  type CloudProvider,
} from "@karpenter-multicloud/core/provider";
import { ControllerManager, Gate, type Clock, type Controller } from "@karpenter-multicloud/core/runtime";
import { MirroredClusterState, PoolLedger } from "@karpenter-multicloud/core/state";
import { silentMetrics, type Logger } from "@karpenter-multicloud/core/telemetry";
import { seconds, type Duration } from "@karpenter-multicloud/core/units";

/** "none": nobody answers to changes. "provider": its own controllers. "all": core's as well. */
export type RunningControllers = "none" | "provider" | "all";

export interface LifeOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly random: () => number;
  readonly factory: ProviderFactory;
  readonly env: Environment;
  readonly running: RunningControllers;
}

/** Written on the machines: the checks' own cluster. */
export const CLUSTER_NAME = "conformance";

export class ControllerLife {
  readonly provider: CloudProvider;
  readonly #stop = new AbortController();

  constructor(options: LifeOptions) {
    const { clock, logger, random, factory } = options;
    const cache = new Mirror({
      client: options.client,
      clock,
      logger,
      random,
      metrics: silentMetrics,
      optional: OPTIONAL_RESOURCES,
    });
    const ports = portsOf(options, cache);
    const built = factory.build(ports, options.env);
    this.provider = built.provider;
    const manager = new ControllerManager({ cache, clock, logger, metrics: silentMetrics, random });
    manager.add(...controllersOf(options, ports, built));
    cache.start(this.signal);
    manager.start(this.signal).catch((error: unknown) => logger.error("the controllers stopped", { error }));
  }

  /** Aborted at its end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  end(): void {
    this.#stop.abort(new Error("the process ended"));
  }
}

function portsOf({ client, clock, logger, events, random }: LifeOptions, cache: Mirror): Ports {
  const settings = defaultSettings({ clusterName: CLUSTER_NAME });
  const gate = new Gate({ mode: settings.mode, clock, logger });
  return {
    kube: createGatedClient({ client, gate, cache }),
    cache,
    gate,
    clock,
    logger,
    metrics: silentMetrics,
    events,
    decisions: new DecisionLedger(),
    settings,
    random,
    unavailable: new UnavailableOfferings(() => clock.now()),
  };
}

function controllersOf({ running, factory }: LifeOptions, ports: Ports, built: BuiltProvider): readonly Controller[] {
  if (running === "none") return [];
  if (running === "provider") return built.controllers;
  const { cache, clock, settings } = ports;
  const machines = new LearnedMachines(() => clock.now());
  const provider = learnedProvider(built.provider, machines, settings);
  const state = new MirroredClusterState({
    cache,
    clock,
    supportedNodeClasses: provider.supportedNodeClasses(),
    nominationWindow: Math.max(2 * settings.batchMaxDuration, seconds(10)) as Duration,
    unlaunchedGrace: seconds(30),
    normalization: normalizationOf(provider.settings()),
  });
  const deps = { ...ports, provider, state, poolLedger: new PoolLedger({ state, clock }), learned: { machines } };
  return [...built.controllers, ...allControllers(deps, factory.customResources)];
}
