// Builds the provider and its controllers from the ports of the process.

import { BootstrapTokens, bootstrapTokenController, systemRandom } from "@karpenter-multicloud/core/bootstrap";
import type { BuiltProvider, Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { RecentTroubles } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { CLOUDSTACK_CUSTOM_RESOURCES } from "./api/cloudstack-node-class.schema.ts";
import { CLOUDSTACK_GROUP } from "./api/labels.ts";
import { OfferingsFile } from "./catalog/offerings-file.ts";
import { CloudStackClient } from "./client/cloudstack-client.ts";
import { GuardedApi } from "./client/guarded-api.ts";
import { HttpTransport } from "./client/http-transport.ts";
import type { Connection } from "./client/http-transport.ts";
import { CloudStackProvider } from "./cloudstack-provider.ts";
import { MachineDrift } from "./drift.ts";
import { ClassViews } from "./machines/class-view.ts";
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
import { claimHashController } from "./node-class/claim-hash-controller.ts";
import { ClassResolver } from "./node-class/class-resolver.ts";
import { GroupFinder } from "./node-class/group-finder.ts";
import { Inspector } from "./node-class/inspection.ts";
import { cloudStackProblemReporter } from "./node-class/report-problem.ts";
import { cloudStackStatusController } from "./node-class/status-controller.ts";
import { cloudStackSettings } from "./settings.ts";

/** @throws SettingsError naming every variable that is missing or wrong */
export function createCloudStackProvider(ports: Ports, env: Environment): BuiltProvider {
  const settings = cloudStackSettings(env, ports.settings.clusterName);
  const { clock, gate, random, kube, cache, events, unavailable } = ports;
  const { clusterName, deployWait } = settings;
  const logger = ports.logger.with({ provider: "cloudstack" });
  warnAbout(settings.connection, logger);
  const transport = new HttpTransport(settings.connection, (skewMs) =>
    logger.warn("CloudStack's clock differs from this machine's; signatures use CloudStack's", { skewMs }),
  );
  const client = new CloudStackClient(
    new GuardedApi(transport, settings.pace, { clock, gate, logger, random }),
    clock,
    random,
  );
  const tokens = new BootstrapTokens({ kube, clock, random: systemRandom, labelDomain: CLOUDSTACK_GROUP });
  const groups = new GroupFinder(client, clusterName);
  const file = new OfferingsFile(settings.offeringsFile, clock, logger);
  const resolver = new ClassResolver({ client, file, groups, settings });
  const views = new ClassViews({ client, resolver, unavailable, settings, cache, logger });
  const joining = new Joining({ kube, clock, tokens, settings });
  const finder = new MachineFinder(client, views, clusterName);
  const tagger = new Tagger(client, clock);
  const refusals = new Refusals(unavailable, clock);
  const right = new ExpungeRight(client, clock);
  const troubles = new RecentTroubles(clock);
  const shared = { client, kube, clock, events, logger, views, finder, tagger, refusals, clusterName };
  const remover = new Remover({ ...shared, right, tokens });
  const inventory = new Inventory({ clock, events, views, finder, clusterName });
  const deployer = new Deployer({ ...shared, joining, deployWait });
  const provider = new CloudStackProvider({
    settings,
    views,
    launcher: new Launcher({ ...shared, groups, deployer, remover, settings, decisions: ports.decisions }),
    remover,
    inventory,
    collector: new Collector({ ...shared, groups, inventory, remover }),
    drift: new MachineDrift(clock),
    reportProblem: cloudStackProblemReporter({ kube, clock, logger, troubles }),
  });
  return {
    provider,
    controllers: [
      cloudStackStatusController({
        kube,
        cache,
        events,
        clock,
        inspector: new Inspector({ views, joining, troubles }),
        cleanUp: async (nodeClass, signal) => {
          const { scope } = await resolver.resolve(nodeClass, signal);
          await groups.removeUnused(scope, (name) => name !== nodeClass.metadata.name, signal);
        },
      }),
      bootstrapTokenController({ tokens, cache, clock, logger }),
      claimHashController({ kube, cache }),
      nodeIdController({ kube, cache, logger }),
    ],
  };
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
