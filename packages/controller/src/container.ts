// The composition root: which class stands behind which port. Nothing asks the container for anything once the process runs.

import { OPTIONAL_RESOURCES } from "@karpenter-multicloud/core/api";
import { allControllers, type Environment, type Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { DecisionLedger } from "@karpenter-multicloud/core/decisions";
import {
  createGatedClient,
  KubeEventRecorder,
  Mirror,
  type KubeClient,
  type ObjectKey,
  type OwnCluster,
} from "@karpenter-multicloud/core/kube";
import type { Settings } from "@karpenter-multicloud/core/options";
import {
  LearnedMachines,
  learnedProvider,
  normalizationOf,
  UnavailableOfferings,
} from "@karpenter-multicloud/core/provider";
import { ControllerManager, Gate, type Clock } from "@karpenter-multicloud/core/runtime";
import { MirroredClusterState, PoolLedger } from "@karpenter-multicloud/core/state";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import { seconds, type Duration } from "@karpenter-multicloud/core/units";
import { Container, type ContainerModule } from "inversify";
import { Token } from "./tokens.ts";

/** What differs between a real process, a demo and a test. */
export interface ProcessPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** What the cluster's own time is measured with: watches and their silence. @defaultValue clock */
  readonly clusterClock?: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly settings: Settings;
  readonly env: Environment;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Asked before every write to the cluster or the cloud (RT-36). @defaultValue always true */
  readonly permitted?: () => boolean;
  /** ConfigMap that keeps what is learned of machines. @defaultValue the process forgets it */
  readonly learnedPlace?: ObjectKey;
  /** Lets the rest of the process run in the middle of long work (S-1016). @defaultValue such work is done in one piece */
  readonly giveWay?: () => Promise<void>;
  /** Told to machines that join, where the cluster itself does not say where its API server is. */
  readonly ownCluster?: OwnCluster;
}

/** `providerModule` binds core's ProviderFactory token to the chosen cloud. */
export function createContainer(given: ProcessPorts, providerModule: ContainerModule): Container {
  const container = new Container({ defaultScope: "Singleton" });
  container.bind(Token.RawKubeClient).toConstantValue(given.client);
  container.bind(Token.Clock).toConstantValue(given.clock);
  container.bind(Token.ClusterClock).toConstantValue(given.clusterClock ?? given.clock);
  container.bind(Token.Logger).toConstantValue(given.logger);
  container.bind(Token.Metrics).toConstantValue(given.metrics);
  container.bind(Token.Settings).toConstantValue(given.settings);
  container.bind(Token.Environment).toConstantValue(given.env);
  container.bind(Token.Random).toConstantValue(given.random);
  container.bind(Token.Decisions).toConstantValue(new DecisionLedger());
  container.load(providerModule);
  bindKubernetes(container, given);
  bindProvider(container, given);
  bindControllers(container, given.learnedPlace);
  return container;
}

function bindKubernetes(container: Container, { permitted = () => true, giveWay }: ProcessPorts): void {
  container
    .bind(Token.ActionGate)
    .toResolvedValue(
      (settings: Settings, clock: Clock, logger: Logger) => new Gate({ mode: settings.mode, clock, logger, permitted }),
      [Token.Settings, Token.Clock, Token.Logger],
    );
  container.bind(Token.KubeCache).toResolvedValue(
    (client: KubeClient, clock: Clock, logger: Logger, random: () => number, metrics: Metrics) =>
      new Mirror({
        client,
        clock,
        logger,
        random,
        metrics,
        optional: OPTIONAL_RESOURCES,
        ...(giveWay && { giveWay }),
      }),
    [Token.RawKubeClient, Token.ClusterClock, Token.Logger, Token.Random, Token.Metrics],
  );
  container
    .bind(Token.KubeClient)
    .toResolvedValue(
      (client, gate, cache) => createGatedClient({ client, gate, cache }),
      [Token.RawKubeClient, Token.ActionGate, Token.KubeCache],
    );
  container
    .bind(Token.Events)
    .toResolvedValue(
      (client: KubeClient, clock: Clock, logger: Logger, metrics: Metrics) =>
        new KubeEventRecorder({ client, clock, logger, metrics, component: "karpenter" }),
      [Token.KubeClient, Token.Clock, Token.Logger, Token.Metrics],
    );
}

function bindProvider(container: Container, { giveWay, ownCluster }: ProcessPorts): void {
  container.bind(Token.Ports).toResolvedValue(
    (kube, cache, gate, clock, logger, metrics, events, decisions, settings, random): Ports => ({
      kube,
      cache,
      gate,
      clock,
      logger,
      metrics,
      events,
      decisions,
      settings,
      random,
      unavailable: new UnavailableOfferings(() => clock.now()),
      ...(giveWay && { giveWay }),
      ...(ownCluster && { ownCluster }),
    }),
    [
      Token.KubeClient,
      Token.KubeCache,
      Token.ActionGate,
      Token.Clock,
      Token.Logger,
      Token.Metrics,
      Token.Events,
      Token.Decisions,
      Token.Settings,
      Token.Random,
    ],
  );
  container
    .bind(Token.NodeClasses)
    .toResolvedValue((factory: ProviderFactory) => factory.customResources, [ProviderFactory]);
  container
    .bind(Token.Learned)
    .toResolvedValue((clock: Clock) => new LearnedMachines(() => clock.now()), [Token.Clock]);
  container.bind(Token.Provider).toResolvedValue(
    (factory: ProviderFactory, ports: Ports, env: Environment, learned: LearnedMachines) => {
      const built = factory.build(ports, env);
      return { ...built, provider: learnedProvider(built.provider, learned, ports.settings) };
    },
    [ProviderFactory, Token.Ports, Token.Environment, Token.Learned],
  );
}

function bindControllers(container: Container, place: ProcessPorts["learnedPlace"]): void {
  container.bind(Token.ClusterState).toResolvedValue(
    (ports, { provider }) =>
      new MirroredClusterState({
        cache: ports.cache,
        clock: ports.clock,
        supportedNodeClasses: provider.supportedNodeClasses(),
        nominationWindow: Math.max(2 * ports.settings.batchMaxDuration, seconds(10)) as Duration,
        unlaunchedGrace: seconds(30),
        normalization: normalizationOf(provider.settings()),
      }),
    [Token.Ports, Token.Provider],
  );
  container.bind(Token.ControllerDeps).toResolvedValue(
    (ports, { provider }, state, machines) => ({
      ...ports,
      provider,
      state,
      poolLedger: new PoolLedger({ state, clock: ports.clock, maxNodes: ports.settings.maxNodes }),
      learned: { machines, ...(place && { place }) },
    }),
    [Token.Ports, Token.Provider, Token.ClusterState, Token.Learned],
  );
  container.bind(Token.Manager).toResolvedValue(
    (deps, built, nodeClasses) => {
      const { cache, clock, logger, metrics, random } = deps;
      const manager = new ControllerManager({ cache, clock, logger, metrics, random });
      manager.add(...built.controllers, ...allControllers(deps, nodeClasses));
      return manager;
    },
    [Token.ControllerDeps, Token.Provider, Token.NodeClasses],
  );
}
