// Builds the provider and its controllers from the ports of the process.

import { readFileSync } from "node:fs";

import { Nodes } from "@karpenter-multicloud/core/api";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import type { BuiltProvider, Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";

import { OVH_CUSTOM_RESOURCES } from "./api/ovh-node-class.schema.ts";
import { FlavorCatalog } from "./catalog/flavors.ts";
import { fetchCatalogue, Pricing } from "./catalog/pricing.ts";
import { RegionMemory } from "./catalog/region-memory.ts";
import { parseEndpoint } from "./client/endpoints.ts";
import { transportFor } from "./client/transports.ts";
import { trustCertificate } from "./client/trust.ts";
import { situationOf } from "./machines/class-view.ts";
import { earlyTaintController } from "./machines/early-taint-controller.ts";
import { launchWatchController } from "./machines/launch-watch-controller.ts";
import { buildMachinery } from "./machines/machinery.ts";
import type { Machinery, MachineryParts } from "./machines/machinery.ts";
import { nodeNoticesController } from "./machines/node-notices-controller.ts";
import { nodeSyncController } from "./machines/node-sync-controller.ts";
import { declareOvhMetrics } from "./metrics/ovh-metrics.ts";
import { ApiClients } from "./access/api-clients.ts";
import { ClusterAccesses } from "./access/cluster-access.ts";
import { Inspector } from "./node-class/inspection.ts";
import { ownAddresses, TOKEN_FILE } from "./node-class/own-address.ts";
import { nodePoolCheckController } from "./node-class/node-pool-check-controller.ts";
import { priceController } from "./node-class/price-controller.ts";
import { ovhStatusController } from "./node-class/status-controller.ts";
import { OvhProvider } from "./ovh-provider.ts";
import { ovhSettings } from "./settings.ts";

/** @throws SettingsError naming every variable that is wrong */
export function createOvhProvider(ports: Ports, env: Environment, tokenFile = TOKEN_FILE): BuiltProvider {
  const settings = ovhSettings(env);
  if (settings.caFile !== undefined) trustCertificate(readFileSync(settings.caFile, "utf8"));
  const { clock, gate, random, kube, cache, metrics } = ports;
  declareOvhMetrics(metrics);
  const logger = ports.logger.with({ provider: "ovh" });
  const endpoint = parseEndpoint(settings.endpoint);
  const onTimeDelta = (seconds: number): void =>
    metrics.hold("karpenter_ovh_api_time_delta_seconds", "", [{ labels: {}, value: seconds }]);
  const clients = new ApiClients({ clock, gate, logger, metrics, random, kube }, settings, (...who) =>
    transportFor({ ...settings.transport, onTimeDelta }, ...who),
  );
  const accesses = new ClusterAccesses(clients, settings, cache);
  const flavors = new FlavorCatalog(clock, logger);
  const { pricingInterval } = settings;
  const pricing = new Pricing({
    clock,
    logger,
    random,
    fetch: fetchCatalogue,
    shop: { endpoint, subsidiary: settings.subsidiary ?? endpoint.subsidiary },
    ...(pricingInterval === undefined ? {} : { interval: pricingInterval }),
  });
  const nodes = cache.informer(Nodes);
  const addresses = (signal: AbortSignal): Promise<string> => ownAddresses({ kube, tokenFile }, signal);
  const regions = new RegionMemory();
  const seen = { nodes: () => nodes.list(), hasZones: (region: string) => regions.hasZones(region) };
  const inspector = new Inspector({ clients, addresses, ...seen, flavors, pricing, settings });
  const parts = { ports: { ...ports, logger }, settings, accesses, flavors, pricing, regions };
  const machinery = buildMachinery(parts);
  return {
    provider: new OvhProvider(parts, machinery),
    controllers: ovhControllers(parts, machinery, inspector),
  };
}

function ovhControllers(
  { ports, settings, accesses, pricing }: MachineryParts,
  machinery: Machinery,
  inspector: Inspector,
): readonly Controller[] {
  const { kube, cache, events, clock, metrics, logger } = ports;
  return [
    ovhStatusController({
      kube,
      cache,
      events,
      clock,
      inspector,
      leave: (signal) => machinery.collector.leave(signal),
    }),
    nodePoolCheckController({
      cache,
      events,
      situationOf,
      instanceTypes: async (nodeClass, signal) =>
        machinery.views.instanceTypes(nodeClass, await accesses.of(nodeClass, signal), signal),
    }),
    ...(settings.pricingInterval === undefined ? [] : [priceController({ pricing, metrics, clock })]),
    launchWatchController({ kube, logger, ...machinery }),
    nodeSyncController({ kube, cache, logger }),
    nodeNoticesController({ cache, clock, ...machinery, nodeClass: (name) => accesses.find(name) }),
    ...(settings.earlyTaint ? [earlyTaintController({ kube, cache, clock })] : []),
  ];
}

export const ovhProviderFactory: ProviderFactory = {
  name: "ovh",
  customResources: OVH_CUSTOM_RESOURCES,
  build: (ports, env) => createOvhProvider(ports, env),
};
