// Builds the provider and its controllers from the ports of the process.

import {
  BootstrapTokens,
  bootstrapTokenController,
  servingCertificateController,
  systemRandom,
} from "@karpenter-multicloud/core/bootstrap";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import type { BuiltProvider, Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { RecentTroubles } from "@karpenter-multicloud/core/controllers/nodeclass-status";

import { SCALEWAY_GROUP } from "./api/labels.ts";
import { SCALEWAY_CUSTOM_RESOURCES } from "./api/scaleway-node-class.schema.ts";
import { spellings } from "./catalog/aliases.ts";
import { podNoticesController } from "./catalog/pod-notices-controller.ts";
import { ServerCatalog } from "./catalog/server-catalog.ts";
import { GuardedApi } from "./client/guarded-api.ts";
import { ScalewayClient } from "./client/scaleway-client.ts";
import { SdkTransport } from "./client/sdk-transport.ts";
import { agentNodesController } from "./machines/agent-nodes-controller.ts";
import { ClusterEntries } from "./machines/cluster-entries.ts";
import { ClassViews, isOurs } from "./machines/class-view.ts";
import { Collector } from "./machines/collector.ts";
import { Inventory } from "./machines/inventory.ts";
import { Joining } from "./machines/joining.ts";
import { Launcher } from "./machines/launcher.ts";
import { machineAddresses } from "./machines/machine-addresses.ts";
import { machineName } from "./machines/machine-id.ts";
import { nodeNoticesController } from "./machines/node-notices-controller.ts";
import { clusterTags } from "./machines/owner-tags.ts";
import { Refusals } from "./machines/refusals.ts";
import { Remover } from "./machines/remover.ts";
import { ServerMaker } from "./machines/server-maker.ts";
import { SpelledAliases } from "./catalog/spelled-alias.ts";
import { userDataController } from "./machines/user-data-controller.ts";
import { declareScalewayMetrics } from "./metrics/scaleway-metrics.ts";
import { ClassResolver } from "./selection/class-resolver.ts";
import { Inspector } from "./node-class/inspection.ts";
import { scalewayProblemReporter } from "./node-class/report-problem.ts";
import { scalewayStatusController } from "./node-class/status-controller.ts";
import { ScalewayProvider } from "./scaleway-provider.ts";
import { scalewaySettings } from "./settings.ts";
import type { ScalewaySettings } from "./settings.ts";

const VERSION = "0.1.0";
const REQUEST_TIMEOUT_MS = 30_000;

/** @throws SettingsError naming every variable that is missing or wrong */
export function createScalewayProvider(ports: Ports, env: Environment): BuiltProvider {
  const settings = scalewaySettings(env, ports.settings.clusterName);
  declareScalewayMetrics(ports.metrics);
  const kit = kitOf({ ...ports, logger: ports.logger.with({ provider: "scaleway" }) }, settings);
  return { provider: providerOf(kit), controllers: controllersOf(kit) };
}

/** What the parts of the provider share. */
type Kit = ReturnType<typeof kitOf>;

function kitOf(ports: Ports, settings: ScalewaySettings) {
  const { clock, gate, random, kube, cache, events, metrics, unavailable, logger } = ports;
  const { clusterName } = settings;
  const transport = new SdkTransport({
    ...settings,
    version: VERSION,
    timeoutMs: REQUEST_TIMEOUT_MS,
    now: () => clock.now(),
  });
  const client = new ScalewayClient(new GuardedApi(transport, settings.pace, { clock, gate, logger, metrics, random }));
  const tokens = new BootstrapTokens({ kube, clock, random: systemRandom, labelDomain: SCALEWAY_GROUP });
  const resolver = new ClassResolver(client, { clock, logger }, settings);
  const catalog = new ServerCatalog({ ...settings, client, clock, logger, metrics });
  const views = new ClassViews({ catalog, resolver, unavailable, settings, cache, logger });
  const joining = new Joining({
    kube,
    clock,
    tokens,
    settings,
    ...(ports.ownCluster && { ownCluster: ports.ownCluster }),
  });
  const refusals = new Refusals(unavailable);
  const troubles = new RecentTroubles(clock);
  const entries = new ClusterEntries({ client, joining, logger, nodeClass: (name) => views.nodeClass(name) });
  const remover = new Remover({ client, kube, clock, events, logger, metrics, views, tokens, entries, clusterName });
  const inventory = new Inventory({ client, clock, views, clusterName });
  return {
    clock,
    kube,
    cache,
    events,
    metrics,
    unavailable,
    logger,
    settings,
    clusterName,
    client,
    tokens,
    resolver,
    views,
    joining,
    refusals,
    troubles,
    remover,
    inventory,
  };
}

function providerOf(kit: Kit): ScalewayProvider {
  const { clock, kube, cache, logger, settings, troubles } = kit;
  const launcher = new Launcher({
    ...kit,
    maker: new ServerMaker(kit),
    aliases: new SpelledAliases(cache, settings.aliases),
    spellings: spellings(settings.aliases),
  });
  return new ScalewayProvider({
    ...kit,
    launcher,
    collector: new Collector(kit),
    reportProblem: scalewayProblemReporter({ kube, clock, logger, troubles }),
  });
}

function controllersOf(kit: Kit): readonly Controller[] {
  const { client, resolver, settings, clusterName, tokens, clock, cache, logger, views, events } = kit;
  return [
    scalewayStatusController({
      ...kit,
      inspector: new Inspector({
        ...kit,
        checkKey: async (signal) => void (await client.servers(settings.zone, clusterTags(clusterName), signal)),
      }),
      leave: async (nodeClass, { signal }) => {
        await resolver.removePlacementGroups(nodeClass, signal);
      },
    }),
    bootstrapTokenController({
      tokens,
      cache,
      clock,
      logger,
      onRemoved: (reason) => kit.metrics.count("karpenter_scaleway_gc_deleted_total", { kind: "secret", reason }),
    }),
    ...servingCertificates(kit),
    userDataController(kit),
    agentNodesController(kit),
    nodeNoticesController(kit),
    podNoticesController({
      cache,
      events,
      aliases: settings.aliases,
      offered: (signal) => views.offered(signal),
    }),
  ];
}

/** Not unasked: it needs rights that a controller of nodes else does without. */
function servingCertificates(kit: Kit): readonly Controller[] {
  if (!kit.settings.approveServingCertificates) return [];
  const controller = servingCertificateController({
    ...kit,
    isOurs,
    nodeNameOf: ({ metadata }) => machineName(metadata.name ?? ""),
    addressesOf: (claim, signal) => machineAddresses(kit, claim, signal),
  });
  return [controller];
}

export const scalewayProviderFactory: ProviderFactory = {
  name: "scaleway",
  customResources: SCALEWAY_CUSTOM_RESOURCES,
  build: createScalewayProvider,
};
