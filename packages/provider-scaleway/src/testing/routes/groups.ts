// Security groups and placement groups, which exist per zone, the latter in two versions of the API.

import { invalid } from "../api-error.ts";
import { ApiError } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { defaultSecurityGroup, inZone } from "../world/ground.ts";
import type { PlacementGroup, SecurityGroup } from "../world/records.ts";
import { plainTime } from "../world/timestamps.ts";
import { placementGroupView, securityGroupView } from "../world/views.ts";
import {
  asked,
  bodyOf,
  created,
  flag,
  ground,
  instanceList,
  param,
  plainList,
  required,
  tagFilter,
  text,
  texts,
  zoneOf,
} from "./call-context.ts";

const SECURITY = "/instance/v1/zones/{zone}/security_groups";
const PLACEMENT = "/instance/v1/zones/{zone}/placement_groups";
const PLACEMENT_V2 = "/instance/v2alpha1/zones/{zone}/placement-groups";
const POLICY_TYPES: readonly string[] = ["max_availability", "low_latency"];
const POLICY_MODES: readonly string[] = ["optional", "enforced"];

export const GROUP_ROUTES: readonly Route[] = routesOf("instance", [
  ["listSecurityGroups", "GET", SECURITY, listSecurity],
  ["createSecurityGroup", "POST", SECURITY, createSecurity],
  ["getSecurityGroup", "GET", `${SECURITY}/{group}`, (call) => ({ security_group: security(call, securityIn(call)) })],
  ["updateSecurityGroup", "PATCH", `${SECURITY}/{group}`, updateSecurity],
  ["deleteSecurityGroup", "DELETE", `${SECURITY}/{group}`, removeSecurity],
  ["listSecurityGroupRules", "GET", `${SECURITY}/{group}/rules`, (call) => ({ rules: securityIn(call).rules })],
  ["setSecurityGroupRules", "PUT", `${SECURITY}/{group}/rules`, setRules],
  ["listPlacementGroups", "GET", PLACEMENT, listPlacement],
  ["createPlacementGroup", "POST", PLACEMENT, createPlacement],
  ["getPlacementGroup", "GET", `${PLACEMENT}/{group}`, (call) => ({ placement_group: placement(call) })],
  ["deletePlacementGroup", "DELETE", `${PLACEMENT}/{group}`, removePlacement],
  ["listPlacementGroupsV2", "GET", PLACEMENT_V2, listPlacementV2],
  ["createPlacementGroupV2", "POST", PLACEMENT_V2, (call) => placementViewV2(newPlacement(call))],
  ["getPlacementGroupV2", "GET", `${PLACEMENT_V2}/{group}`, (call) => placementViewV2(placementIn(call))],
  ["deletePlacementGroupV2", "DELETE", `${PLACEMENT_V2}/{group}`, removePlacement],
]);

function securityIn(call: Call): SecurityGroup {
  return inZone(ground(call).securityGroups, zoneOf(call), param(call, "group"), "instance_security_group");
}

function security(call: Call, group: SecurityGroup): unknown {
  return securityGroupView(ground(call), group);
}

function listSecurity(call: Call): unknown {
  const zone = zoneOf(call);
  const hasTags = tagFilter(call);
  defaultSecurityGroup(ground(call), zone);
  const groups = [...ground(call).securityGroups.values()].filter(
    (group) =>
      group.zone === zone &&
      hasTags(group) &&
      group.name.includes(call.query.get("name") ?? "") &&
      asked(call, "project", group.projectId),
  );
  return instanceList(
    call,
    "security_groups",
    groups.toReversed().map((group) => security(call, group)),
  );
}

function createSecurity(call: Call): unknown {
  const body = bodyOf(call);
  const { clock, random, projectId, securityGroups } = ground(call);
  const group: SecurityGroup = {
    id: random.uuid(),
    zone: zoneOf(call),
    projectId: text(body, "project") ?? projectId,
    createdAt: clock.now(),
    updatedAt: clock.now(),
    tags: texts(body, "tags") ?? [],
    foreign: false,
    name: required(body, "name"),
    isProjectDefault: flag(body, "project_default") ?? false,
    description: text(body, "description") ?? null,
    stateful: flag(body, "stateful") ?? true,
    inboundDefaultPolicy: text(body, "inbound_default_policy") ?? "accept",
    outboundDefaultPolicy: text(body, "outbound_default_policy") ?? "accept",
    rules: [],
  };
  securityGroups.set(group.id, group);
  return created(call, "security_group", group.id, security(call, group));
}

function updateSecurity(call: Call): unknown {
  const group = securityIn(call);
  const body = bodyOf(call);
  group.name = text(body, "name") ?? group.name;
  group.description = text(body, "description") ?? group.description;
  group.tags = texts(body, "tags") ?? group.tags;
  group.stateful = flag(body, "stateful") ?? group.stateful;
  group.inboundDefaultPolicy = text(body, "inbound_default_policy") ?? group.inboundDefaultPolicy;
  group.outboundDefaultPolicy = text(body, "outbound_default_policy") ?? group.outboundDefaultPolicy;
  return { security_group: security(call, group) };
}

function removeSecurity(call: Call): unknown {
  const group = securityIn(call);
  const isUsed = [...ground(call).servers.values()].some((server) => server.securityGroupId === group.id);
  if (isUsed) throw new ApiError(409, { type: "conflict", message: "group is in use. you cannot delete it." });
  ground(call).securityGroups.delete(group.id);
  return undefined;
}

function setRules(call: Call): unknown {
  const group = securityIn(call);
  const rules = bodyOf(call)["rules"];
  if (!Array.isArray(rules)) throw invalid("rules", "must be a list", "format");
  group.rules = (rules as readonly Readonly<Record<string, unknown>>[]).map((rule) => ({
    ...rule,
    id: ground(call).random.uuid(),
    zone: group.zone,
  }));
  return { rules: group.rules };
}

function placementIn(call: Call): PlacementGroup {
  return inZone(ground(call).placementGroups, zoneOf(call), param(call, "group"), "instance_placement_group");
}

function placement(call: Call): unknown {
  return placementGroupView(ground(call), placementIn(call));
}

function placements(call: Call): readonly PlacementGroup[] {
  const zone = zoneOf(call);
  const hasTags = tagFilter(call);
  return [...ground(call).placementGroups.values()]
    .filter((group) => group.zone === zone && hasTags(group) && group.name.includes(call.query.get("name") ?? ""))
    .toReversed();
}

function listPlacement(call: Call): unknown {
  return instanceList(
    call,
    "placement_groups",
    placements(call).map((group) => placementGroupView(ground(call), group)),
  );
}

function listPlacementV2(call: Call): unknown {
  return plainList(call, "placement_groups", placements(call).map(placementViewV2));
}

function newPlacement(call: Call): PlacementGroup {
  const body = bodyOf(call);
  const policyType = text(body, "policy_type") ?? "max_availability";
  const policyMode = text(body, "policy_mode") ?? "optional";
  if (!POLICY_TYPES.includes(policyType)) throw invalid("policy_type", `must be one of ${POLICY_TYPES.join(", ")}`);
  if (!POLICY_MODES.includes(policyMode)) throw invalid("policy_mode", `must be one of ${POLICY_MODES.join(", ")}`);
  const { clock, random, projectId, placementGroups } = ground(call);
  const group: PlacementGroup = {
    id: random.uuid(),
    zone: zoneOf(call),
    projectId: text(body, "project") ?? text(body, "project_id") ?? projectId,
    createdAt: clock.now(),
    updatedAt: clock.now(),
    tags: texts(body, "tags") ?? [],
    foreign: false,
    name: text(body, "name") ?? `pg-${random.hex(6)}`,
    policyType,
    policyMode,
  };
  placementGroups.set(group.id, group);
  return group;
}

function createPlacement(call: Call): unknown {
  const group = newPlacement(call);
  return created(call, "placement_group", group.id, placementGroupView(ground(call), group));
}

function removePlacement(call: Call): unknown {
  const group = placementIn(call);
  ground(call).placementGroups.delete(group.id);
  for (const server of ground(call).servers.values()) {
    if (server.placementGroupId === group.id) server.placementGroupId = undefined;
  }
  return undefined;
}

function placementViewV2(group: PlacementGroup): unknown {
  return {
    project_id: group.projectId,
    name: group.name,
    id: group.id,
    policy_type: group.policyType,
    tags: group.tags,
    created_at: plainTime(group.createdAt),
    updated_at: plainTime(group.updatedAt),
    zone: group.zone,
  };
}
