// Finds out what a class means in the cloud: zones, networks, templates, offerings, disks, groups (§5, §6). Lists are the client's to keep.

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { compareText } from "@karpenter-multicloud/core/units";

import type { CloudStackNodeClass, CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackCondition, zonesOf } from "../api/cloudstack-node-class.ts";
import { instanceTypeNames, slug } from "../catalog/names.ts";
import { rootGiB } from "../catalog/capacity.ts";
import { entryFor } from "../catalog/offerings-file.ts";
import type { OfferingsFile } from "../catalog/offerings-file.ts";
import { shapesOf } from "../catalog/shapes.ts";
import type { CloudStackClient, Scope } from "../client/cloudstack-client.ts";
import type { WireDiskOffering, WireNetwork, WireOffering, WireTemplate, WireZone } from "../client/wire.ts";
import { chooseTemplates } from "../selection/templates.ts";
import { fitsOfferingTerm, fitsTerm, select } from "../selection/terms.ts";
import type { CloudStackSettings } from "../settings.ts";
import type { GroupFinder } from "./group-finder.ts";
import type { Problem, ResolvedClass, ResolvedDisk, ResolvedZone, SelectedOffering } from "./resolved-class.ts";

export interface ResolverParts {
  readonly client: CloudStackClient;
  readonly file: OfferingsFile;
  readonly groups: GroupFinder;
  readonly settings: CloudStackSettings;
}

const USABLE = ["Allocated", "Setup", "Implementing", "Implemented"];
const TAG_HELP =
  "CloudStack's offerings have no tags: add details with addResourceDetail resourcetype=ServiceOffering, or list the offerings in cloudstack.offerings";

/** A part of the class that cannot be used at all. */
class ClassProblem extends Error {
  readonly problem: Problem;

  constructor(condition: string, reason: string, message: string) {
    super(message);
    this.problem = { condition, reason, message };
  }
}

export class ClassResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** @throws CloudStackError when the API cannot tell */
  async resolve(nodeClass: CloudStackNodeClass, signal: AbortSignal): Promise<ResolvedClass> {
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
    const scope = await collect(() => this.scopeOf(spec, signal), {});
    const offerings = await collect(() => this.#offerings(spec, remarks, signal), []);
    const zones = await collect(() => this.#zones(spec, scope, offerings, problems, signal), []);
    const disks = await collect(() => this.#disks(spec, signal), []);
    const root = await collect(() => this.#rootDisk(spec, signal), undefined);
    await collect(() => this.#keyPairs(spec, scope, signal), undefined);
    const userDataId = await collect(() => this.#userDataId(spec, scope, signal), undefined);
    const affinityGroups = await collect(() => this.#affinityGroups(nodeClass, scope, signal), []);
    const open = zones.filter((zone): zone is ResolvedZone => "label" in zone);
    const dropped = zones.filter((zone): zone is Problem => "condition" in zone);
    if (open.length === 0) problems.push(...dropped);
    const usable = problems.length === 0 ? open : [];
    const content = { scope, zones: usable, offerings, disks, root, affinityGroups, userDataId };
    return {
      version: JSON.stringify(content, (_, value: unknown) => (value instanceof Map ? [...value] : value)),
      scope,
      zones: usable,
      offerings,
      ...(root === undefined ? {} : { rootDiskOfferingId: root }),
      disks,
      affinityGroups,
      ...(userDataId === undefined ? {} : { userDataId }),
      problems,
      dropped: open.length === 0 ? [] : dropped,
      remarks,
    };
  }

  /** The class's project, the controller's, or none. @throws ClassProblem */
  async scopeOf({ project }: CloudStackNodeClassSpec, signal: AbortSignal): Promise<Scope> {
    const { client, settings } = this.#parts;
    const wanted = project ?? settings.projectId;
    if (wanted === undefined) return {};
    const found = (await client.projects(signal)).find(({ id, name }) => id === wanted || name === wanted);
    const condition = CloudStackCondition.ValidationSucceeded;
    if (found === undefined) throw new ClassProblem(condition, "ProjectNotFound", `project ${wanted} does not exist`);
    if (found.state !== "" && found.state !== "Active") {
      throw new ClassProblem(condition, "ProjectSuspended", `project ${found.name} is ${found.state}`);
    }
    return { projectId: found.id };
  }

  async #offerings(
    spec: CloudStackNodeClassSpec,
    remarks: Remark[],
    signal: AbortSignal,
  ): Promise<readonly SelectedOffering[]> {
    const { client, file, settings } = this.#parts;
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
    spec: CloudStackNodeClassSpec,
    scope: Scope,
    offerings: readonly SelectedOffering[],
    problems: readonly Problem[],
    signal: AbortSignal,
  ): Promise<readonly (ResolvedZone | Problem)[]> {
    // A scope that is broken has nothing to list.
    if (problems.some(({ reason }) => reason.startsWith("Project"))) return [];
    const { client } = this.#parts;
    const known = await client.zones(signal);
    const [networks, templates] = [await client.networks(scope, signal), await client.templates(scope, signal)];
    return zonesOf(spec).map((wanted) => {
      try {
        const zone = zoneNamed(wanted, known);
        return resolveZone(spec, zone, { networks, templates, offerings });
      } catch (error) {
        if (!(error instanceof ClassProblem)) throw error;
        return error.problem;
      }
    });
  }

  async #disks(spec: CloudStackNodeClassSpec, signal: AbortSignal): Promise<readonly ResolvedDisk[]> {
    const single = spec.diskOffering === undefined ? [] : [{ offering: spec.diskOffering, ...sized(spec.diskSize) }];
    const wanted = [...single, ...(spec.dataDisks ?? [])];
    if (wanted.length === 0) return [];
    const known = await this.#parts.client.diskOfferings(signal);
    return wanted.map(({ offering, ...disk }) => {
      const found = diskOfferingNamed(offering, known);
      if (found.isCustomized === ("sizeGiB" in disk && disk.sizeGiB !== undefined))
        return { offeringId: found.id, ...disk };
      const message = found.isCustomized
        ? `disk offering ${offering} has no size of its own: give one`
        : `disk offering ${offering} has ${found.diskSizeGiB} GiB: leave the size out`;
      throw new ClassProblem(CloudStackCondition.DisksReady, "DiskSizeRequired", message);
    });
  }

  async #rootDisk({ rootDiskOffering }: CloudStackNodeClassSpec, signal: AbortSignal): Promise<string | undefined> {
    if (rootDiskOffering === undefined) return undefined;
    return diskOfferingNamed(rootDiskOffering, await this.#parts.client.diskOfferings(signal)).id;
  }

  async #keyPairs(spec: CloudStackNodeClassSpec, scope: Scope, signal: AbortSignal): Promise<undefined> {
    const wanted = keyPairsOf(spec);
    if (wanted.length === 0) return undefined;
    const known = await this.#parts.client.keyPairs(scope, signal);
    const missing = wanted.find((name) => !known.some((row) => row.name === name));
    if (missing === undefined) return undefined;
    const message = `SSH key pair ${missing} does not exist`;
    throw new ClassProblem(CloudStackCondition.ValidationSucceeded, "KeyPairNotFound", message);
  }

  async #userDataId(spec: CloudStackNodeClassSpec, scope: Scope, signal: AbortSignal): Promise<string | undefined> {
    const { userDataRef } = spec;
    if (userDataRef === undefined) return undefined;
    const known = await this.#parts.client.registeredUserData(scope, signal);
    const found = known.find(({ id, name }) => id === userDataRef.id || name === userDataRef.name);
    if (found !== undefined) return found.id;
    const message = `user data ${userDataRef.name ?? userDataRef.id ?? ""} is not registered`;
    throw new ClassProblem(CloudStackCondition.ValidationSucceeded, "UserDataNotFound", message);
  }

  async #affinityGroups(
    nodeClass: CloudStackNodeClass,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<ResolvedClass["affinityGroups"]> {
    const wanted = nodeClass.spec.affinityGroups;
    if (wanted === undefined) return [];
    const { found, missing } = await this.#parts.groups.named(wanted, scope, signal);
    if (missing === undefined) return found;
    const message = `affinity group ${missing} does not exist`;
    throw new ClassProblem(CloudStackCondition.ValidationSucceeded, "AffinityGroupNotFound", message);
  }
}

export function keyPairsOf({ sshKeyPair, sshKeyPairs }: CloudStackNodeClassSpec): readonly string[] {
  return sshKeyPairs ?? (sshKeyPair === undefined ? [] : [sshKeyPair]);
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

function resolveZone(spec: CloudStackNodeClassSpec, { id, name }: WireZone, lists: Lists): ResolvedZone {
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
  return { id, name, label: slug(name) || id, networks, moreNetworks, templates };
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

function diskOfferingNamed(wanted: string, known: readonly WireDiskOffering[]): WireDiskOffering {
  const found = known.find(({ id, name }) => id === wanted || name === wanted);
  if (found !== undefined) return found;
  throw new ClassProblem(
    CloudStackCondition.DisksReady,
    "DiskOfferingNotFound",
    `disk offering ${wanted} does not exist`,
  );
}

/** C-30: host tags can be selected like tags. */
function hostTagPairs({ hostTags }: WireOffering): Readonly<Record<string, string>> {
  return Object.fromEntries(hostTags.toSorted(compareText).map((tag) => [`hosttag/${tag}`, "true"]));
}

function sized(sizeGiB: number | undefined): { readonly sizeGiB?: number } {
  return sizeGiB === undefined ? {} : { sizeGiB };
}
