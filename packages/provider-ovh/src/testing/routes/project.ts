// The routes of a project around its clusters: flavors, regions, quota and what the service offers where.

import { badRequest, notFound } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { planCodesOf } from "../seed/catalogue.ts";
import type { SeedRegion } from "../seed/regions.ts";
import { SEED_REGIONS } from "../seed/regions.ts";
import type { Ground } from "../world/ground.ts";
import { usage } from "../world/ground.ts";
import { askedRegion, param, regionNamed, serviceName } from "./call-context.ts";
import { kubeFlavors, projectFlavors } from "./flavor-views.ts";

type View = Readonly<Record<string, unknown>>;

const PROJECT = "/cloud/project/{serviceName}";
const CAPABILITIES = `${PROJECT}/capabilities`;
const REFERENCE = "/v2/publicCloud/project/{serviceName}/reference/region";

export const PROJECT_ROUTES: readonly Route[] = [
  route("listProjects", "/cloud/project", (call) => [
    ...new Set(call.backend.seed.clusters.map((cluster) => cluster.serviceName)),
  ]),
  route("getProject", PROJECT, (call) => ({
    project_id: serviceName(call),
    projectName: "fake",
    description: "fake",
    planCode: "project.2018",
    status: "ok",
    access: "full",
    unleash: true,
  })),
  route("listKubeFlavors", `${CAPABILITIES}/kube/flavors`, (call) => {
    askedRegion(call);
    return kubeFlavors(ground(call));
  }),
  route("listKubeRegions", `${CAPABILITIES}/kube/regions`, (call) => {
    serviceName(call);
    return SEED_REGIONS.map(({ name }) => name);
  }),
  route("productAvailability", `${CAPABILITIES}/productAvailability`, (call) => {
    serviceName(call);
    if (call.query.get("ovhSubsidiary") === null) throw badRequest("ovhSubsidiary is mandatory");
    return { plans: availablePlans(call), products: availableProducts(call) };
  }),
  route("listProjectFlavors", `${PROJECT}/flavor`, (call) => {
    const asked = call.query.get("region");
    const regions = asked === null ? SEED_REGIONS : [regionNamed(asked)];
    return regions.flatMap((region) => projectFlavors(ground(call), serviceName(call), region));
  }),
  route("getProjectFlavor", `${PROJECT}/flavor/{flavorId}`, (call) => {
    const flavors = SEED_REGIONS.flatMap((region) => projectFlavors(ground(call), serviceName(call), region));
    const flavor = flavors.find(({ id }) => id === param(call, "flavorId"));
    if (flavor === undefined) throw notFound("Flavor");
    return flavor;
  }),
  route("listRegions", `${PROJECT}/region`, (call) => {
    serviceName(call);
    return SEED_REGIONS.map(({ name }) => name);
  }),
  route("getRegion", `${PROJECT}/region/{regionName}`, (call) => {
    serviceName(call);
    return regionView(regionNamed(param(call, "regionName")));
  }),
  route("listQuotas", `${PROJECT}/quota`, (call) => {
    const regions = new Set(call.backend.seed.clusters.map(({ region }) => region));
    return [...regions].map((region) => quotaView(ground(call), serviceName(call), region));
  }),
  route("listReferenceRegions", REFERENCE, (call) => {
    serviceName(call);
    return SEED_REGIONS.map(referenceView);
  }),
  route("getReferenceRegion", `${REFERENCE}/{regionName}`, (call) => {
    serviceName(call);
    return referenceView(regionNamed(param(call, "regionName")));
  }),
];

function route(operation: string, path: string, handle: Route["handle"]): Route {
  return { operation, method: "GET", path, access: "ruled", handle };
}

function ground(call: Call): Ground {
  return call.backend.world.ground;
}

function regionView(region: SeedRegion): View {
  return {
    name: region.name,
    type: region.type,
    status: "UP",
    continentCode: region.continentCode,
    countryCode: region.countryCode,
    datacenterLocation: region.name,
    availabilityZones: region.zones,
    ipCountries: [],
    services: [
      { name: "instance", status: "UP", endpoint: `https://nova.${region.name.toLowerCase()}.cloud.example.invalid` },
    ],
  };
}

function referenceView(region: SeedRegion): View {
  const { name, type, countryCode, datacenter, zones } = region;
  return { name, type, status: "ENABLED", countryCode, datacenter, availabilityZones: zones };
}

function offeredIn(region: SeedRegion): View {
  return {
    name: region.name,
    datacenter: region.datacenter,
    continentCode: region.continentCode,
    enabled: true,
    type: region.type,
    availabilityZones: region.zones,
  };
}

function availableProducts(call: Call): View[] {
  const product = call.query.get("product");
  if (call.query.get("planCode") !== null || (product !== null && product !== "kubernetes")) return [];
  return [{ name: "kubernetes", regions: SEED_REGIONS.map(offeredIn) }];
}

function availablePlans(call: Call): View[] {
  const family = call.query.get("addonFamily");
  const wanted = call.query.get("planCode");
  if (call.query.get("product") !== null || (family !== null && family !== "instance")) return [];
  const regionsByPlan = new Map<string, SeedRegion[]>();
  for (const region of SEED_REGIONS) {
    for (const flavor of ground(call).flavors.values()) {
      const { hourly, monthly } = planCodesOf(flavor, region.type === "region-3-az");
      for (const code of [hourly, monthly]) {
        if (code !== null) regionsByPlan.set(code, [...(regionsByPlan.get(code) ?? []), region]);
      }
    }
  }
  return [...regionsByPlan]
    .filter(([code]) => wanted === null || code === wanted)
    .map(([code, regions]) => ({ code, regions: regions.map(offeredIn) }));
}

function quotaView(of: Ground, service: string, region: string): View {
  const used = usage(of, service, region);
  return {
    region,
    instance: {
      maxInstances: of.quotas.instances ?? 1000,
      maxCores: of.quotas.cores ?? 10_000,
      maxRam: (of.quotas.ramGB ?? 40_000) * 1000,
      usedInstances: used.instances,
      usedCores: used.cores,
      usedRAM: used.ramGB * 1000,
    },
    keypair: { maxCount: 100 },
  };
}
