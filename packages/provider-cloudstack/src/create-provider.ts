// Builds the provider and its controllers from the ports of the process.

import { BootstrapTokens, bootstrapTokenController, systemRandom } from "@karpenter-multicloud/core/bootstrap";
import type { BuiltProvider, Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { RecentTroubles } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { CLOUDSTACK_CUSTOM_RESOURCES } from "./api/cloudstack-node-class.schema.ts";
import { CLOUDSTACK_GROUP } from "./api/labels.ts";
import { OfferingsFile } from "./offerings/offerings-file.ts";
import { ApiClients } from "./client/api-clients.ts";
import { ApiPace } from "./client/api-pace.ts";
import { CloudStackClient } from "./client/cloudstack-client.ts";
import { GuardedApi } from "./client/guarded-api.ts";
import { KeptAnswers } from "./client/kept-answers.ts";
import { HttpTransport } from "./client/http-transport.ts";
import type { Connection } from "./client/http-transport.ts";
import { ServerWatch } from "./client/server-facts.ts";
import { CloudStackProvider } from "./cloudstack-provider.ts";
import { MachineDrift } from "./drift.ts";
import { ClassViews } from "./machines/class-view.ts";
import { ClosedOfferings } from "./catalog/closed-offerings.ts";
import { Collector } from "./machines/collector.ts";
import { Deployer } from "./machines/deployer.ts";
import { ExpungeRight } from "./machines/expunge-right.ts";
import { MachineFinder } from "./machines/finder.ts";
import { Inventory } from "./machines/inventory.ts";
import { Joining } from "./machines/joining.ts";
import { Launcher } from "./machines/launcher.ts";
import { nodeIdController } from "./machines/node-id-controller.ts";
import { Refusals } from "./machines/refusals.ts";
import { Remover } from "./machines/remover.ts";
import { Tagger } from "./machines/tagger.ts";
import { UnexpungedMachines } from "./machines/unexpunged-machines.ts";
import { userDataController } from "./machines/user-data-controller.ts";
import { declareCloudStackMetrics } from "./metrics/cloudstack-metrics.ts";
import { ViewMetrics } from "./metrics/view-metrics.ts";
import { claimHashController } from "./node-class/claim-hash-controller.ts";
import { ClassResolver } from "./selection/class-resolver.ts";
import { GroupFinder } from "./selection/group-finder.ts";
import { Inspector } from "./node-class/inspection.ts";
import { cloudStackProblemReporter } from "./node-class/report-problem.ts";
import { serverCheckController } from "./node-class/server-check-controller.ts";
import { cloudStackStatusController } from "./node-class/status-controller.ts";
import { cloudStackSettings } from "./settings.ts";
import type { CloudStackSettings } from "./settings.ts";

/** @throws SettingsError naming every variable that is missing or wrong */
export function createCloudStackProvider(ports: Ports, env: Environment): BuiltProvider {
  const settings = cloudStackSettings(env, ports.settings.clusterName);
  declareCloudStackMetrics(ports.metrics);
  const kit = kitOf({ ...ports, logger: ports.logger.with({ provider: "cloudstack" }) }, settings);
  return { provider: providerOf(kit), controllers: controllersOf(kit) };
}

/** What the parts of the provider share. */
type Kit = ReturnType<typeof kitOf>;

function kitOf(ports: Ports, settings: CloudStackSettings) {
  const { clock, kube, cache, events, metrics, unavailable, logger, decisions } = ports;
  const { clusterName, deployWait } = settings;
  // One for all keys: what one of them removes another may see.
  const kept = new KeptAnswers(clock);
  const make = (connection: Connection, source: string): CloudStackClient =>
    clientFor(ports, settings, connection, source, () => kept.forget());
  const clients = new ApiClients({ kube, clock, settings, make });
  const tokens = new BootstrapTokens({ kube, clock, random: systemRandom, labelDomain: CLOUDSTACK_GROUP });
  const groups = new GroupFinder(clients, clusterName, () =>
    metrics.count("karpenter_cloudstack_orphans_deleted_total", { kind: "affinity_group" }),
  );
  const file = new OfferingsFile(settings.offeringsFile, clock, logger);
  const resolver = new ClassResolver({ file, groups, settings });
  const viewMetrics = new ViewMetrics(metrics);
  const closed = new ClosedOfferings(clock);
  const shown = { settings, cache, logger, metrics: viewMetrics };
  const views = new ClassViews({ clients, resolver, unavailable, closed, groups, ...shown });
  const joining = new Joining({
    kube,
    clock,
    tokens,
    settings,
    ...(ports.ownCluster && { ownCluster: ports.ownCluster }),
  });
  const finder = new MachineFinder(clients, views, clusterName);
  const tagger = new Tagger(clock);
  const refusals = new Refusals(unavailable, closed);
  const shared = { clients, kube, clock, events, logger, metrics, views, finder, tagger, refusals, clusterName };
  const right = new ExpungeRight(clock);
  const remains = new UnexpungedMachines(clock, metrics);
  return {
    ...shared,
    cache,
    decisions,
    settings,
    tokens,
    groups,
    resolver,
    joining,
    troubles: new RecentTroubles(clock),
    remover: new Remover({ ...shared, expungePolicy: settings.expungePolicy, right, remains, tokens }),
    inventory: new Inventory({ clock, events, views, finder, clusterName, kept }),
    deployer: new Deployer({ ...shared, joining, deployWait }),
  };
}

/** One for each key: its own pace, breaker and memory (C-6). */
function clientFor(
  { clock, gate, random, metrics, ...ports }: Ports,
  settings: CloudStackSettings,
  connection: Connection,
  source: string,
  onMachinesChanged: () => void,
): CloudStackClient {
  const logger = source === "" ? ports.logger : ports.logger.with({ secret: source });
  warnAbout(connection, logger);
  const transport = new HttpTransport(connection, {
    onSkew: (skewMs) =>
      logger.warn("CloudStack's clock differs from this machine's; signatures use CloudStack's", { skewMs }),
    onPath: (url) => logger.info("the API is not at the bare address; its usual path is used", { url }),
  });
  const pace = new ApiPace(settings.pace);
  return new CloudStackClient({
    api: new GuardedApi(transport, pace, { clock, gate, logger, metrics, random }),
    clock,
    random,
    source,
    onMachinesChanged,
    watch: new ServerWatch(logger, pace),
    onJob: (command, result, seconds) =>
      metrics.observe("karpenter_cloudstack_async_job_duration_seconds", { command, result }, seconds),
  });
}

function providerOf(kit: Kit): CloudStackProvider {
  const { clock, kube, logger, troubles } = kit;
  return new CloudStackProvider({
    ...kit,
    launcher: new Launcher(kit),
    collector: new Collector(kit),
    drift: new MachineDrift(clock),
    reportProblem: cloudStackProblemReporter({ kube, clock, logger, troubles }),
  });
}

function controllersOf(kit: Kit): readonly Controller[] {
  const { resolver, clients, groups, tokens, cache, clock, logger } = kit;
  return [
    cloudStackStatusController({
      ...kit,
      inspector: new Inspector(kit),
      leave: async (nodeClass, { signal }) => {
        const { spec, metadata } = nodeClass;
        // Without a managed group there is nothing to remove, and a key that is gone must not hold the class.
        if (spec.affinityGroups?.managed === undefined) return;
        const scope = await resolver.scopeOf(spec, await clients.forClass(spec, signal), signal);
        await groups.removeUnused(scope, (name) => name !== metadata.name, signal);
      },
    }),
    bootstrapTokenController({ tokens, cache, clock, logger }),
    claimHashController(kit),
    nodeIdController(kit),
    userDataController(kit),
    serverCheckController({ clients, logger }),
  ];
}

/** C-90 */
function warnAbout({ url, verifySsl }: Connection, logger: Logger): void {
  if (!verifySsl) logger.warn("certificates of the CloudStack API are not verified (CLOUDSTACK_VERIFY_SSL)", { url });
  if (url.startsWith("http:")) logger.warn("requests to the CloudStack API travel in clear text", { url });
}

export const cloudStackProviderFactory: ProviderFactory = {
  name: "cloudstack",
  customResources: CLOUDSTACK_CUSTOM_RESOURCES,
  build: createCloudStackProvider,
};
