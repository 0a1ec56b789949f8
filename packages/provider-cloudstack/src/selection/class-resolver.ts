// Finds out what a class means in the cloud: zones, networks, templates, offerings, disks, groups (§5, §6). Lists are the client's to keep.

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";

import type { CloudStackNodeClass, CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackCondition } from "../api/cloudstack-node-class.ts";
import type { OfferingsFile } from "../offerings/offerings-file.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import type { Scope } from "../client/scope.ts";
import type { CloudStackSettings } from "../settings.ts";
import { ClassProblem } from "./class-problem.ts";
import { disksOf, rootDiskOf } from "./disks.ts";
import type { GroupFinder } from "./group-finder.ts";
import { affinityGroupsOf, checkKeyPairs, managedGroupOf, securityGroupIdsOf, userDataIdOf } from "./named-parts.ts";
import type { Named } from "./named-parts.ts";
import { scopeOf } from "./owner-scope.ts";
import { siteRemarks } from "./site-remarks.ts";
import { archOf } from "./resolved-class.ts";
import type { Problem, ResolvedClass, ResolvedZone, SelectedOffering } from "./resolved-class.ts";
import { resolveZones } from "./resolve-zones.ts";
import { selectOfferings } from "./select-offerings.ts";

export interface ResolverParts {
  readonly file: OfferingsFile;
  readonly groups: GroupFinder;
  readonly settings: CloudStackSettings;
}

export class ClassResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** @throws CloudStackError when the API cannot tell */
  async resolve(nodeClass: CloudStackNodeClass, client: CloudStackClient, signal: AbortSignal): Promise<ResolvedClass> {
    const problems = new ProblemList();
    const remarks: Remark[] = [];
    const { spec } = nodeClass;
    const server = await client.facts(signal);
    await problems.collect(() => checkRights(server.missing.needed), undefined);
    const scope = await problems.collect(() => this.scopeOf(spec, client, signal), { source: client.source });
    const named: Named = { spec, client, scope, version: server.version, signal };
    const offerings = await problems.collect(() => selectOfferings(this.#parts, { spec, client, remarks, signal }), []);
    const zones = await problems.collect(() => resolveZones(named, { offerings, problems: problems.all, remarks }), []);
    const parts = await this.#partsOf(named, problems, remarks);
    const open = zones.filter((zone): zone is ResolvedZone => "label" in zone);
    const dropped = zones.filter((zone): zone is Problem => "condition" in zone);
    if (open.length === 0) problems.add(...dropped);
    else await problems.collect(() => checkArch(offerings, open), undefined);
    const usable = problems.all.length === 0 ? open : [];
    remarks.push(...siteRemarks(offerings, usable));
    const content = { scope, server, zones: usable, offerings, ...parts };
    return {
      version: JSON.stringify(content, (_, value: unknown) => (value instanceof Map ? [...value] : value)),
      ...content,
      problems: problems.all,
      dropped: open.length === 0 ? [] : dropped,
      remarks,
    };
  }

  /** What a class names besides zones and offerings. */
  async #partsOf(named: Named, problems: ProblemList, remarks: Remark[]) {
    const disks = await problems.collect(() => disksOf(named), []);
    const root = await problems.collect(() => rootDiskOf(named), undefined);
    await problems.collect(() => checkKeyPairs(named), undefined);
    const userDataId = await problems.collect(() => userDataIdOf(named), undefined);
    const affinityGroups = await problems.collect(() => affinityGroupsOf(named, this.#parts.groups), []);
    const managedGroup = managedGroupOf(named, remarks);
    const securityGroupIds = await problems.collect(() => securityGroupIdsOf(named), []);
    return {
      disks,
      ...(root === undefined ? {} : { rootDiskOfferingId: root }),
      affinityGroups,
      ...(managedGroup === undefined ? {} : { managedGroup }),
      securityGroupIds,
      ...(userDataId === undefined ? {} : { userDataId }),
    };
  }

  /** @throws ClassProblem */
  scopeOf(spec: CloudStackNodeClassSpec, client: CloudStackClient, signal: AbortSignal): Promise<Scope> {
    return scopeOf(spec, client, this.#parts.settings.projectId, signal);
  }
}

/** One thing wrong does not hide the next. */
class ProblemList {
  readonly #found: Problem[] = [];

  get all(): readonly Problem[] {
    return this.#found;
  }

  add(...problems: readonly Problem[]): void {
    this.#found.push(...problems);
  }

  async collect<T>(work: () => T | Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ClassProblem)) throw error;
      this.add(error.problem);
      return otherwise;
    }
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
