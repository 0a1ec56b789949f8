// What a call is about: its project, cluster and pool, or the 404 that says which of them does not exist.

import { badRequest, notFound } from "../api-error.ts";
import type { Call } from "../router.ts";
import type { SeedRegion } from "../seed/regions.ts";
import { SEED_REGIONS } from "../seed/regions.ts";
import type { Body } from "../world/body-fields.ts";
import { isRecord } from "../world/body-fields.ts";
import type { Cluster } from "../world/cluster.ts";
import { findPool } from "../world/cluster.ts";
import type { Pool } from "../world/pool.ts";

export function param(call: Call, name: string): string {
  return call.params[name] ?? "";
}

export function now(call: Call): number {
  return call.backend.world.ground.clock.now();
}

export function serviceName(call: Call): string {
  const name = param(call, "serviceName");
  if (!call.backend.seed.clusters.some((cluster) => cluster.serviceName === name)) throw notFound("This service");
  return name;
}

export function clusterOf(call: Call): Cluster {
  const service = serviceName(call);
  const cluster = call.backend.world.ground.clusters.get(param(call, "kubeId"));
  if (cluster === undefined || cluster.serviceName !== service) throw notFound("Kube");
  return cluster;
}

export function poolOf(call: Call): { readonly cluster: Cluster; readonly pool: Pool } {
  const cluster = clusterOf(call);
  return { cluster, pool: findPool(cluster, param(call, "nodePoolId"), now(call)) };
}

export function bodyOf(call: Call): Body {
  const body = call.body ?? {};
  if (!isRecord(body)) throw badRequest("The body must be a JSON object");
  return body;
}

export function regionNamed(name: string): SeedRegion {
  const region = SEED_REGIONS.find((candidate) => candidate.name === name);
  if (region === undefined) throw notFound(`Region ${name}`);
  return region;
}

/** The region asked for, or that of the project's first cluster. */
export function askedRegion(call: Call): SeedRegion {
  const asked = call.query.get("region");
  if (asked !== null) return regionNamed(asked);
  const service = serviceName(call);
  const first = call.backend.seed.clusters.find((cluster) => cluster.serviceName === service);
  return regionNamed(first?.region ?? "");
}
