// Builds the provider and its controllers from the ports of the process.

import { readFileSync } from "node:fs";

import { Nodes } from "@karpenter-multicloud/core/api";
import type { BuiltProvider, Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";

import { OVH_CUSTOM_RESOURCES } from "./api/ovh-node-class.schema.ts";
import { FlavorCatalog } from "./catalog/flavors.ts";
import { catalogueOf, Pricing } from "./catalog/pricing.ts";
import { parseEndpoint } from "./client/endpoints.ts";
import { transportFor } from "./client/transports.ts";
import { trustCertificate } from "./client/trust.ts";
import { earlyTaintController } from "./machines/early-taint-controller.ts";
import { ApiClients } from "./node-class/api-clients.ts";
import { ClusterAccesses } from "./node-class/cluster-access.ts";
import { Inspector } from "./node-class/inspection.ts";
import { priceController } from "./node-class/price-controller.ts";
import { nodeClassStatusController } from "./node-class/status-controller.ts";
import { OvhProvider } from "./ovh-provider.ts";
import { ovhSettings } from "./settings.ts";

/** @throws SettingsError naming every variable that is wrong */
export function createOvhProvider(ports: Ports, env: Environment): BuiltProvider {
  const settings = ovhSettings(env);
  if (settings.caFile !== undefined) trustCertificate(readFileSync(settings.caFile, "utf8"));
  const { clock, gate, random, kube, cache, events } = ports;
  const logger = ports.logger.with({ provider: "ovh" });
  const endpoint = parseEndpoint(settings.endpoint);
  const clients = new ApiClients({ clock, gate, logger, random, kube }, settings, (...who) =>
    transportFor(settings.transport, ...who),
  );
  const accesses = new ClusterAccesses(clients, settings, cache);
  const flavors = new FlavorCatalog(clock, logger);
  const { pricingInterval } = settings;
  const pricing = new Pricing({
    clock,
    logger,
    random,
    fetch: catalogueOf(endpoint),
    subsidiary: settings.subsidiary ?? endpoint.subsidiary,
    ...(pricingInterval === undefined ? {} : { interval: pricingInterval }),
  });
  const nodes = cache.informer(Nodes);
  const inspector = new Inspector({ clients, kube, nodes: () => nodes.list(), flavors, pricing, settings });
  return {
    provider: new OvhProvider({ ports: { ...ports, logger }, settings, accesses, flavors, pricing }),
    controllers: [
      nodeClassStatusController({ kube, cache, events, clock, inspector }),
      ...(pricingInterval === undefined ? [] : [priceController(pricing)]),
      ...(settings.earlyTaint ? [earlyTaintController({ kube, cache, clock })] : []),
    ],
  };
}

export const ovhProviderFactory: ProviderFactory = {
  name: "ovh",
  customResources: OVH_CUSTOM_RESOURCES,
  build: createOvhProvider,
};
