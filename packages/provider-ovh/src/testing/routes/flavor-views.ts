// How flavors look in the two places that list them: the Kubernetes part of the API and the project.

import { createHash } from "node:crypto";
import { planCodesOf } from "../seed/catalogue.ts";
import type { SeedFlavor } from "../seed/flavors.ts";
import type { SeedRegion } from "../seed/regions.ts";
import type { Ground } from "../world/ground.ts";
import { usage } from "../world/ground.ts";

type View = Readonly<Record<string, unknown>>;

/** How many more may be started, when no quota is set. */
const PLENTY = 20;

export function kubeFlavors(ground: Ground): View[] {
  return [...ground.flavors.values()]
    .filter(({ kubernetes }) => kubernetes)
    .map((flavor) => ({
      name: flavor.name,
      category: flavor.category,
      state: ground.unavailableFlavors.has(flavor.name) ? "unavailable" : "available",
      vCPUs: flavor.vCPUs,
      gpus: flavor.gpus,
      ram: flavor.ramGB,
    }));
}

export function projectFlavors(ground: Ground, serviceName: string, region: SeedRegion): View[] {
  const linux = [...ground.flavors.values()].map((flavor) => projectFlavor(ground, serviceName, region, flavor));
  const decoy = ground.flavors.get("b3-8");
  if (decoy === undefined) return linux;
  const windows = projectFlavor(ground, serviceName, region, { ...decoy, name: "win-b3-8" });
  return [...linux, { ...windows, osType: "windows" }];
}

function projectFlavor(ground: Ground, serviceName: string, region: SeedRegion, flavor: SeedFlavor): View {
  const available = !ground.unavailableFlavors.has(flavor.name);
  return {
    id: stableId(`${region.name}/${flavor.name}`),
    name: flavor.name,
    region: region.name,
    ram: flavor.ramGB * 1000,
    disk: flavor.diskGB,
    vcpus: flavor.vCPUs,
    type: flavor.gpus > 0 ? "ovh.raid.gpu" : "ovh.ssd.eg",
    osType: "linux",
    inboundBandwidth: Math.min(4000, 250 * flavor.vCPUs),
    outboundBandwidth: Math.min(4000, 250 * flavor.vCPUs),
    quota: available ? left(ground, serviceName, region.name, flavor) : 0,
    available,
    planCodes: planCodesOf(flavor, region.type === "region-3-az"),
    capabilities: ["resize", "snapshot", "volume", "failoverip"].map((name) => ({ name, enabled: true })),
  };
}

function left(ground: Ground, serviceName: string, region: string, flavor: SeedFlavor): number {
  const { quotas } = ground;
  const used = usage(ground, serviceName, region);
  const limits = [
    quotas.instances === undefined ? PLENTY : quotas.instances - used.instances,
    quotas.cores === undefined ? PLENTY : Math.floor((quotas.cores - used.cores) / flavor.vCPUs),
    quotas.ramGB === undefined ? PLENTY : Math.floor((quotas.ramGB - used.ramGB) / flavor.ramGB),
  ];
  return Math.max(0, Math.min(...limits));
}

/** The same flavor has the same id in every run. */
function stableId(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
