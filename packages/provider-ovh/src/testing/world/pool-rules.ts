// Which pools the API accepts (F-4): names, flavors, zones, sizes, billing, limits and quota. Each refusal says what is wrong.

import { ApiError, badRequest } from "../api-error.ts";
import type { Switches } from "../switches.ts";
import type { Cluster } from "./cluster.ts";
import { isThreeAz, NODE_LIMITS, POOL_LIMIT } from "./cluster.ts";
import type { Ground } from "./ground.ts";
import { exceedsQuota } from "./ground.ts";
import type { Pool, PoolTemplate } from "./pool.ts";
import { EMPTY_TEMPLATE } from "./pool.ts";
import { booleanField, integerField, recordField, textField } from "./body-fields.ts";
import type { Body } from "./body-fields.ts";
import { templateFrom } from "./template-rules.ts";

const POOL_NAME = /^[a-z](?:[a-z0-9-]{0,49}[a-z0-9])?$/;
const MAX_NODES = 100;
const MAX_NODES_APART = 5;

export interface PoolOrder {
  readonly name: string;
  readonly flavor: string;
  readonly desiredNodes: number;
  readonly minNodes: number;
  readonly maxNodes: number;
  readonly autoscale: boolean;
  readonly autoscaling: Body | undefined;
  readonly monthlyBilled: boolean;
  readonly antiAffinity: boolean;
  readonly availabilityZones: readonly string[] | null;
  readonly attachFloatingIps: { readonly enabled: boolean } | null;
  readonly template: PoolTemplate;
}

export function poolOrder(ground: Ground, cluster: Cluster, body: Body): PoolOrder {
  const flavor = orderedFlavor(ground, body);
  const name = textField(body, "name") ?? `nodepool-${ground.random.hex(8)}`;
  checkName(ground.switches, cluster, name);
  const antiAffinity = booleanField(body, "antiAffinity") ?? false;
  const monthlyBilled = booleanField(body, "monthlyBilled") ?? false;
  checkMonthly(ground, flavor, monthlyBilled);
  const limit = antiAffinity ? MAX_NODES_APART : MAX_NODES;
  const order: PoolOrder = {
    name,
    flavor,
    desiredNodes: integerField(body, "desiredNodes") ?? 1,
    minNodes: integerField(body, "minNodes") ?? 0,
    maxNodes: integerField(body, "maxNodes") ?? limit,
    autoscale: booleanField(body, "autoscale") ?? false,
    autoscaling: recordField(body, "autoscaling"),
    monthlyBilled,
    antiAffinity,
    availabilityZones: orderedZones(ground.switches, cluster, body),
    attachFloatingIps: floatingIps(cluster, body),
    template: templateFrom(body) ?? EMPTY_TEMPLATE,
  };
  checkSizes(order, limit);
  if (cluster.pools.size >= POOL_LIMIT) throw badRequest(`Maximum number of NodePools reached: ${POOL_LIMIT}`);
  checkGrowth(ground, cluster, flavor, order.desiredNodes);
  return order;
}

/** The pool as it would be after the update; throws for what the API refuses. */
export function poolUpdate(ground: Ground, cluster: Cluster, pool: Pool, body: Body): PoolOrder {
  checkImmutable(pool, body);
  const monthlyBilled = booleanField(body, "monthlyBilled") ?? pool.monthlyBilled;
  if (pool.monthlyBilled && !monthlyBilled) throw badRequest("monthlyBilled cannot go back to hourly");
  if (!pool.monthlyBilled) checkMonthly(ground, pool.flavor, monthlyBilled);
  const update: PoolOrder = {
    name: pool.name,
    flavor: pool.flavor,
    desiredNodes: integerField(body, "desiredNodes") ?? pool.desiredNodes,
    minNodes: integerField(body, "minNodes") ?? pool.minNodes,
    maxNodes: integerField(body, "maxNodes") ?? pool.maxNodes,
    autoscale: booleanField(body, "autoscale") ?? pool.autoscale,
    autoscaling: recordField(body, "autoscaling"),
    monthlyBilled,
    antiAffinity: pool.antiAffinity,
    availabilityZones: pool.availabilityZones,
    attachFloatingIps: floatingIps(cluster, body) ?? pool.attachFloatingIps,
    template: templateFrom(body) ?? pool.template,
  };
  checkSizes(update, pool.antiAffinity ? MAX_NODES_APART : MAX_NODES);
  checkGrowth(ground, cluster, pool.flavor, update.desiredNodes - pool.desiredNodes);
  return update;
}

function orderedFlavor(ground: Ground, body: Body): string {
  const name = textField(body, "flavorName") ?? textField(body, "flavor");
  if (name === undefined) throw badRequest("flavorName is mandatory");
  const flavor = ground.flavors.get(name);
  if (flavor === undefined || !flavor.kubernetes) throw badRequest(`Flavor ${name} does not exist in this region`);
  if (ground.unavailableFlavors.has(name)) throw badRequest(`Flavor ${name} is not available in this region`);
  return name;
}

function checkName(switches: Switches, cluster: Cluster, name: string): void {
  if (!POOL_NAME.test(name)) throw badRequest(`Invalid NodePool name: ${name}`);
  const taken = [...cluster.pools.values()].some((pool) => pool.name === name);
  if (taken) throw new ApiError(switches.nameConflictStatus, `NodePool with name ${name} already exists`);
}

function checkMonthly(ground: Ground, flavor: string, monthlyBilled: boolean): void {
  if (!monthlyBilled || ground.flavors.get(flavor)?.monthlyPools === true) return;
  throw badRequest(`Flavor ${flavor} cannot be billed monthly`);
}

/** Three-zone regions: exactly one known zone. One-zone regions: none, whether the field may be absent is open (O-32). */
function orderedZones(switches: Switches, cluster: Cluster, body: Body): readonly string[] | null {
  const value = body["availabilityZones"];
  const given = value === undefined || value === null ? undefined : value;
  if (given !== undefined && !isTextList(given)) throw badRequest("availabilityZones must be a list of names");
  if (!isThreeAz(cluster)) {
    if (given === undefined && switches.oneAzZones === "required") throw badRequest("availabilityZones is mandatory");
    if (given !== undefined && given.length > 0) throw badRequest(`${cluster.region} has no availability zones`);
    return given ?? null;
  }
  if (given === undefined || given.length === 0) throw badRequest("availabilityZones is mandatory");
  if (given.length > 1) throw badRequest("Only one availability zone is supported");
  const unknown = given.find((zone) => !cluster.place.zones.includes(zone));
  if (unknown !== undefined) throw badRequest(`Availability zone ${unknown} does not exist in ${cluster.region}`);
  return given;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function floatingIps(cluster: Cluster, body: Body): { readonly enabled: boolean } | null {
  const given = recordField(body, "attachFloatingIps");
  if (given === undefined) return null;
  const enabled = booleanField(given, "enabled") ?? false;
  if (enabled && cluster.plan === "free") throw badRequest("attachFloatingIps needs the standard plan");
  return { enabled };
}

function checkSizes(order: PoolOrder, limit: number): void {
  const { desiredNodes, minNodes, maxNodes } = order;
  if (maxNodes > limit) throw badRequest(`maxNodes cannot exceed ${limit}`);
  if (minNodes < 0 || minNodes > maxNodes) throw badRequest("minNodes must be between 0 and maxNodes");
  if (desiredNodes < minNodes || desiredNodes > maxNodes) {
    throw badRequest(`desiredNodes must be between minNodes (${minNodes}) and maxNodes (${maxNodes})`);
  }
}

function checkGrowth(ground: Ground, cluster: Cluster, flavorName: string, growth: number): void {
  if (growth <= 0) return;
  const wanted = [...cluster.pools.values()].reduce((sum, pool) => sum + pool.desiredNodes, 0);
  const limit = NODE_LIMITS[cluster.plan];
  if (wanted + growth > limit) throw badRequest(`Maximum number of nodes reached for this cluster: ${limit}`);
  const flavor = ground.flavors.get(flavorName);
  if (ground.switches.quotaAt === "request" && flavor !== undefined && exceedsQuota(ground, cluster, flavor, growth)) {
    throw badRequest(`Quota exceeded for region ${cluster.region}`);
  }
}

function checkImmutable(pool: Pool, body: Body): void {
  const actual: Readonly<Record<string, unknown>> = {
    name: pool.name,
    flavor: pool.flavor,
    flavorName: pool.flavor,
    antiAffinity: pool.antiAffinity,
    availabilityZones: pool.availabilityZones,
  };
  for (const [field, value] of Object.entries(actual)) {
    const given = body[field];
    if (given === undefined || given === null || JSON.stringify(given) === JSON.stringify(value)) continue;
    throw badRequest(`${field} cannot be changed`);
  }
}
