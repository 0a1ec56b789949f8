// What is on sale (§2): types with prices by zone, availability, and kinds of volumes.

import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import type { SeedType, SeedZone } from "../seed/server-types.ts";
import { ground, instanceMap, zoneOf } from "./call-context.ts";

const PREFIX = "/instance/v1/zones/{zone}";
const HOURS_PER_MONTH = 730;

export const PRODUCT_ROUTES: readonly Route[] = routesOf("instance", [
  ["listServerTypes", "GET", `${PREFIX}/products/servers`, listServerTypes],
  ["listAvailability", "GET", `${PREFIX}/products/servers/availability`, listAvailability],
  ["listVolumeTypes", "GET", `${PREFIX}/products/volumes`, (call) => instanceMap(call, "volumes", VOLUME_TYPES)],
]);

function sold(call: Call): readonly (readonly [SeedType, SeedZone])[] {
  const zone = zoneOf(call);
  return [...ground(call).types.values()]
    .flatMap((type) => type.zones.filter((each) => each.zone === zone).map((each) => [type, each] as const))
    .toSorted(([a], [b]) => (a.name < b.name ? -1 : 1));
}

function listServerTypes(call: Call): unknown {
  return instanceMap(
    call,
    "servers",
    sold(call).map(([type, zone]) => [type.name, typeView(type, zone)] as const),
  );
}

function listAvailability(call: Call): unknown {
  const { availability } = ground(call);
  const entries = sold(call).flatMap(([type, zone]) => {
    const stock = availability.get(`${type.name}/${zone.zone}`) ?? zone.stock;
    return stock === undefined ? [] : [[type.name, { availability: stock }] as const];
  });
  return instanceMap(call, "servers", entries);
}

function typeView(type: SeedType, { hourlyPrice, endOfService }: SeedZone): unknown {
  const { gpu, localDisk } = type;
  const hasDisk = localDisk.max > 0;
  const perVolume = hasDisk ? { min_size: 1e9, max_size: 800e9 } : { min_size: 0, max_size: 0 };
  const bandwidth = { internal_bandwidth: type.internalBandwidth, internet_bandwidth: type.internetBandwidth };
  return {
    alt_names: [],
    arch: type.arch,
    ncpus: type.cpus,
    ram: type.ramBytes,
    gpu: gpu?.count ?? 0,
    gpu_info:
      gpu === undefined ? null : { gpu_manufacturer: "NVIDIA", gpu_name: gpu.name, gpu_memory: gpu.memoryBytes },
    mig_profile: null,
    hourly_price: hourlyPrice,
    monthly_price: Number((hourlyPrice * HOURS_PER_MONTH).toFixed(6)),
    volumes_constraint: { min_size: localDisk.min, max_size: localDisk.max },
    per_volume_constraint: { l_ssd: perVolume },
    scratch_storage_max_size: type.scratch.bytes,
    scratch_storage_max_volumes_count: type.scratch.volumes,
    network: {
      interfaces: [bandwidth],
      sum_internal_bandwidth: type.internalBandwidth,
      sum_internet_bandwidth: type.internetBandwidth,
      ipv6_support: true,
    },
    block_bandwidth: type.blockBandwidth,
    capabilities: {
      boot_types: ["local", "rescue"],
      placement_groups: true,
      block_storage: true,
      hot_snapshots_local_volume: hasDisk,
      private_network: 8,
      max_file_systems: type.fileSystems,
    },
    baremetal: false,
    end_of_service: endOfService,
  };
}

const VOLUME_TYPES: readonly (readonly [string, unknown])[] = [
  [
    "l_ssd",
    {
      display_name: "Local SSD",
      capabilities: { snapshot: true },
      constraints: { min: 1e9, max: 800e9 },
    },
  ],
  [
    "scratch",
    {
      display_name: "Scratch SSD",
      capabilities: { snapshot: false },
      constraints: { min: 1e9, max: 12.8e12 },
    },
  ],
];
