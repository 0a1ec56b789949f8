// Where a class's machines may stand: its zones with the networks and templates there, or what is wrong with each (§5, §6).

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";

import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackCondition, zonesOf } from "../api/cloudstack-node-class.ts";
import { rootGiB } from "../offerings/capacity.ts";
import { slug } from "../offerings/names.ts";
import type { WireNetwork, WireTemplate, WireZone } from "../client/wire.ts";
import { chooseTemplates } from "./templates.ts";
import { fitsTerm, select } from "./terms.ts";
import { ClassProblem } from "./class-problem.ts";
import type { Named } from "./named-parts.ts";
import type { Problem, ResolvedZone, SelectedOffering } from "./resolved-class.ts";

export interface ZoneQuestion {
  readonly offerings: readonly SelectedOffering[];
  /** Found so far. */
  readonly problems: readonly Problem[];
  readonly remarks: Remark[];
}

/** Reasons for which there is nothing to look into. */
const OF_SCOPE = ["ProjectNotFound", "ProjectSuspended", "DomainNotFound", "AccountNotFound", "Unauthorized"];
const USABLE = ["Allocated", "Setup", "Implementing", "Implemented"];

export async function resolveZones(
  { spec, client, scope, signal }: Named,
  { offerings, problems, remarks }: ZoneQuestion,
): Promise<readonly (ResolvedZone | Problem)[]> {
  // A scope that is broken has nothing to list.
  if (problems.some(({ reason }) => OF_SCOPE.includes(reason))) return [];
  const known = await client.zones(signal);
  const [networks, templates] = [await client.networks(scope, signal), await client.templates(scope, signal)];
  return zonesOf(spec).map((wanted) => {
    try {
      const zone = zoneNamed(wanted, known);
      const isAlike = zone.name !== wanted && zone.id !== wanted.toLowerCase();
      if (isAlike) remarks.push({ reason: "ZoneSpelling", message: `zone ${wanted} is written ${zone.name}` });
      return resolveZone(spec, zone, { networks, templates, offerings });
    } catch (error) {
      if (!(error instanceof ClassProblem)) throw error;
      return error.problem;
    }
  });
}

/** C-31 */
function zoneNamed(wanted: string, known: readonly WireZone[]): WireZone {
  const exact = known.find(({ id, name }) => id === wanted.toLowerCase() || name === wanted);
  const alike = known.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const found = exact ?? (alike.length === 1 ? alike[0] : undefined);
  const condition = CloudStackCondition.ZonesReady;
  if (found === undefined) throw new ClassProblem(condition, "ZoneNotFound", `zone ${wanted} does not exist`);
  if (!found.enabled) throw new ClassProblem(condition, "ZoneDisabled", `zone ${found.name} is disabled`);
  return found;
}

interface Lists {
  readonly networks: readonly WireNetwork[];
  readonly templates: readonly WireTemplate[];
  readonly offerings: readonly SelectedOffering[];
}

function resolveZone(spec: CloudStackNodeClassSpec, zone: WireZone, lists: Lists): ResolvedZone {
  const { id, name, isBasic } = zone;
  checkSecurityGroups(spec, zone);
  const here = lists.networks.filter(({ zoneId }) => zoneId === id);
  const networks = usableNetworks(here, spec.networkSelectorTerms, name);
  const moreNetworks = (spec.additionalNetworkSelectorTerms ?? []).flatMap((terms) =>
    usableNetworks(here, terms, name).slice(0, 1),
  );
  const rows = lists.templates.filter(({ zoneId }) => zoneId === id);
  const { byPlace, notReady } = chooseTemplates(rows, spec.templateSelectorTerms, spec.templatePolicy ?? "Newest");
  const condition = CloudStackCondition.TemplatesReady;
  if (notReady !== undefined)
    throw new ClassProblem(condition, "TemplateNotReady", `template ${notReady.name} in ${name}: ${notReady.status}`);
  if (byPlace.size === 0)
    throw new ClassProblem(condition, "TemplateNotFound", `no template of templateSelectorTerms exists in ${name}`);
  const templates = new Map([...byPlace.values()].map((template) => [template.arch as string, template]));
  checkRootDisk(spec, templates, lists.offerings, name);
  const denied = [...templates.values()].find(({ userDataPolicy }) => /^DENYOVERRIDE$/i.test(userDataPolicy));
  if (denied !== undefined) {
    const message = `template ${denied.name} takes no user data but its own`;
    throw new ClassProblem(CloudStackCondition.BootstrapReady, "UserDataDenied", message);
  }
  return { id, name, label: slug(name) || id, isBasic, networks, moreNetworks, templates };
}

/** A machine that should be behind a security group is not made where there are none. */
function checkSecurityGroups(
  { securityGroups = [] }: CloudStackNodeClassSpec,
  { name, securityGroups: has }: WireZone,
): void {
  if (securityGroups.length === 0 || has) return;
  const message = `zone ${name} has no security groups: leave securityGroups out, or the zone`;
  throw new ClassProblem(CloudStackCondition.ZonesReady, "SecurityGroupsNotEnabled", message);
}

/** C-33: an isolated network that sleeps is fine. */
function usableNetworks(
  here: readonly WireNetwork[],
  terms: CloudStackNodeClassSpec["networkSelectorTerms"],
  zone: string,
): readonly WireNetwork[] {
  const picked = select(here, terms, fitsTerm);
  const condition = CloudStackCondition.NetworksReady;
  if (picked.length === 0)
    throw new ClassProblem(condition, "NetworkNotFound", `no network of networkSelectorTerms exists in ${zone}`);
  const usable = picked.filter(
    ({ state, canUseForDeploy, trafficType }) => USABLE.includes(state) && canUseForDeploy && trafficType === "Guest",
  );
  if (usable.length > 0) return usable;
  const states = picked.map(({ name, state }) => `${name} is ${state}`).join(", ");
  throw new ClassProblem(
    condition,
    "NetworkUnusable",
    `no network of networkSelectorTerms can be used in ${zone}: ${states}`,
  );
}

function checkRootDisk(
  spec: CloudStackNodeClassSpec,
  templates: ReadonlyMap<string, WireTemplate>,
  offerings: readonly SelectedOffering[],
  zone: string,
): void {
  if (spec.rootDiskSize === undefined) return;
  for (const template of templates.values()) {
    const least = Math.ceil(template.sizeBytes / 1024 ** 3);
    const fits = offerings.length === 0 || offerings.some(({ offering }) => rootGiB(spec, offering, template) >= least);
    if (fits) continue;
    const message = `rootDiskSize ${spec.rootDiskSize} GiB is less than the ${least} GiB of template ${template.name} in ${zone}`;
    throw new ClassProblem(CloudStackCondition.DisksReady, "RootDiskTooSmall", message);
  }
}
