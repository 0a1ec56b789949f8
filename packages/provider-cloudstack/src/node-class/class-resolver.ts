// Finds out what a class means in the cloud: zones, networks, templates, offerings, disks, groups (§5, §6). Lists are the client's to keep.

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { compareText } from "@karpenter-multicloud/core/units";

import type { CloudStackNodeClass, CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackCondition, zonesOf } from "../api/cloudstack-node-class.ts";
import { archOf } from "../catalog/instance-types.ts";
import { instanceTypeNames, slug } from "../catalog/names.ts";
import { rootGiB } from "../catalog/capacity.ts";
import { entryFor } from "../catalog/offerings-file.ts";
import type { OfferingsFile } from "../catalog/offerings-file.ts";
import { PRICE_DETAIL, readPrice } from "../catalog/prices.ts";
import { shapesOf } from "../catalog/shapes.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import type { Scope } from "../client/scope.ts";
import type { WireNetwork, WireOffering, WireTemplate, WireZone } from "../client/wire.ts";
import { chooseTemplates } from "../selection/templates.ts";
import { fitsOfferingTerm, fitsTerm, select } from "../selection/terms.ts";
import type { CloudStackSettings } from "../settings.ts";
import { ClassProblem } from "./class-problem.ts";
import { disksOf, rootDiskOf } from "./disks.ts";
import type { GroupFinder } from "./group-finder.ts";
import { affinityGroupsOf, checkKeyPairs, managedGroupOf, securityGroupIdsOf, userDataIdOf } from "./named-parts.ts";
import type { Named } from "./named-parts.ts";
import { scopeOf } from "./owner-scope.ts";
import { siteRemarks } from "./site-remarks.ts";
import type { Problem, ResolvedClass, ResolvedZone, SelectedOffering } from "./resolved-class.ts";

export interface ResolverParts {
  readonly file: OfferingsFile;
  readonly groups: GroupFinder;
  readonly settings: CloudStackSettings;
}

/** Reasons for which there is nothing to look into. */
const OF_SCOPE = ["ProjectNotFound", "ProjectSuspended", "DomainNotFound", "AccountNotFound", "Unauthorized"];
const USABLE = ["Allocated", "Setup", "Implementing", "Implemented"];
const TAG_HELP =
  "CloudStack's offerings have no tags: add details with addResourceDetail resourcetype=ServiceOffering, or list the offerings in cloudstack.offerings";

export class ClassResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** @throws CloudStackError when the API cannot tell */
  async resolve(nodeClass: CloudStackNodeClass, client: CloudStackClient, signal: AbortSignal): Promise<ResolvedClass> {
    const problems: Problem[] = [];
    const remarks: Remark[] = [];
    const collect = async <T>(work: () => T | Promise<T>, otherwise: T): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ClassProblem)) throw error;
        problems.push(error.problem);
        return otherwise;
      }
    };
    const { spec } = nodeClass;
    const { groups } = this.#parts;
    const server = await client.facts(signal);
    await collect(() => checkRights(server.missing.needed), undefined);
    const scope = await collect(() => this.scopeOf(spec, client, signal), { source: client.source });
    const named: Named = { spec, client, scope, version: server.version, signal };
    const offerings = await collect(() => this.#offerings(client, spec, remarks, signal), []);
    const zones = await collect(() => this.#zones(named, offerings, problems, remarks), []);
    const disks = await collect(() => disksOf(named), []);
    const root = await collect(() => rootDiskOf(named), undefined);
    await collect(() => checkKeyPairs(named), undefined);
    const userDataId = await collect(() => userDataIdOf(named), undefined);
    const affinityGroups = await collect(() => affinityGroupsOf(named, groups), []);
    const managedGroup = managedGroupOf(named, remarks);
    const securityGroupIds = await collect(() => securityGroupIdsOf(named), []);
    const open = zones.filter((zone): zone is ResolvedZone => "label" in zone);
    const dropped = zones.filter((zone): zone is Problem => "condition" in zone);
    if (open.length === 0) problems.push(...dropped);
    else await collect(() => checkArch(offerings, open), undefined);
    const usable = problems.length === 0 ? open : [];
    remarks.push(...siteRemarks(offerings, usable));
    const content = {
      scope,
      server,
      zones: usable,
      offerings,
      disks,
      ...(root === undefined ? {} : { rootDiskOfferingId: root }),
      affinityGroups,
      ...(managedGroup === undefined ? {} : { managedGroup }),
      securityGroupIds,
      ...(userDataId === undefined ? {} : { userDataId }),
    };
    return {
      version: JSON.stringify(content, (_, value: unknown) => (value instanceof Map ? [...value] : value)),
      ...content,
      problems,
      dropped: open.length === 0 ? [] : dropped,
      remarks,
    };
  }

  /** @throws ClassProblem */
  scopeOf(spec: CloudStackNodeClassSpec, client: CloudStackClient, signal: AbortSignal): Promise<Scope> {
    return scopeOf(spec, client, this.#parts.settings.projectId, signal);
  }

  async #offerings(
    client: CloudStackClient,
    spec: CloudStackNodeClassSpec,
    remarks: Remark[],
    signal: AbortSignal,
  ): Promise<readonly SelectedOffering[]> {
    const { file, settings } = this.#parts;
    const entries = await file.entries();
    const rows = (await client.offerings(signal))
      .filter(
        ({ isSystem, isActive, isVolatile }) => !isSystem && isActive && (!isVolatile || spec.allowVolatile === true),
      )
      .map((offering) => ({ ...offering, filed: entryFor(entries, offering) }))
      .filter(({ filed }) => filed?.exclude !== true)
      .map((row) => ({ ...row, tags: { ...row.details, ...hostTagPairs(row), ...row.filed?.tags } }));
    const picked = select(rows, spec.serviceOfferingSelectorTerms, fitsOfferingTerm);
    if (picked.length === 0) {
      const byTags = spec.serviceOfferingSelectorTerms.some(({ tags }) => tags !== undefined);
      const message = `no service offering fits serviceOfferingSelectorTerms${byTags ? `; ${TAG_HELP}` : ""}`;
      throw new ClassProblem(CloudStackCondition.ServiceOfferingsReady, "ServiceOfferingNotFound", message);
    }
    const filedNames = picked.flatMap(({ name, filed }) =>
      filed?.instanceType === undefined ? [] : [[name, filed.instanceType]],
    );
    const { byId, conflicts } = instanceTypeNames(picked, { ...settings.aliases, ...Object.fromEntries(filedNames) });
    for (const name of conflicts)
      remarks.push({ reason: "AliasConflict", message: `the alias of offering ${name} is no usable name, or taken` });
    for (const { name, filed, details } of picked) {
      for (const [where, price] of [
        ["cloudstack.offerings", filed?.price] as const,
        [PRICE_DETAIL, details[PRICE_DETAIL]] as const,
      ]) {
        if (price === undefined || readPrice(price) !== undefined) continue;
        remarks.push({
          reason: "InvalidPrice",
          message: `the price of offering ${name} in ${where} is none: ${price}`,
        });
      }
    }
    const usable = picked.filter((row) => this.#hasShapes(row, spec, remarks));
    if (usable.length === 0) {
      const message = `custom offerings need customOfferingShapes: ${picked.map(({ name }) => name).join(", ")}`;
      throw new ClassProblem(CloudStackCondition.ServiceOfferingsReady, "CustomOfferingNeedsShapes", message);
    }
    return usable.map(({ filed, ...offering }) => ({
      offering,
      name: byId.get(offering.id) ?? "",
      ...(filed === undefined ? {} : { filed }),
    }));
  }

  /** C-45 */
  #hasShapes(offering: WireOffering, spec: CloudStackNodeClassSpec, remarks: Remark[]): boolean {
    const { shapes, needsShapes, outside } = shapesOf(offering, spec.customOfferingShapes);
    if (needsShapes) {
      const message = `offering ${offering.name} has no size of its own: give customOfferingShapes`;
      remarks.push({ reason: "CustomOfferingNeedsShapes", message });
    }
    if (outside.length > 0) {
      const sizes = outside.map(({ cpu, memoryMiB }) => `${cpu} CPUs with ${memoryMiB} MiB`).join(", ");
      remarks.push({ reason: "ShapeOutsideLimits", message: `offering ${offering.name} does not allow ${sizes}` });
    }
    return shapes.length > 0;
  }

  async #zones(
    { spec, client, scope, signal }: Named,
    offerings: readonly SelectedOffering[],
    problems: readonly Problem[],
    remarks: Remark[],
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
}

/** Better now than at the first launch (§12). */
function checkRights(needed: readonly string[]): undefined {
  if (needed.length === 0) return undefined;
  const message = `the account's role lacks the APIs ${needed.join(", ")}: allow them in the role`;
  throw new ClassProblem(CloudStackCondition.ValidationSucceeded, "Unauthorized", message);
}

/** C-43: an offering is of use only where a template has its architecture. */
function checkArch(offerings: readonly SelectedOffering[], zones: readonly ResolvedZone[]): undefined {
  const wanted = [...new Set(offerings.map(archOf))];
  const there = [...new Set(zones.flatMap(({ templates }) => [...templates.keys()]))];
  if (wanted.length === 0 || wanted.some((arch) => there.includes(arch))) return undefined;
  const message = `the service offerings are ${wanted.join(" and ")}, the templates ${there.join(" and ")}`;
  throw new ClassProblem(CloudStackCondition.TemplatesReady, "ArchMismatch", message);
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

/** C-30: host tags can be selected like tags. */
function hostTagPairs({ hostTags }: WireOffering): Readonly<Record<string, string>> {
  return Object.fromEntries(hostTags.toSorted(compareText).map((tag) => [`hosttag/${tag}`, "true"]));
}
