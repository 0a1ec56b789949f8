// A node that is only imagined yet: each pod that joins narrows its requirements and its instance types (S-309…S-311).

import { Label, untolerated } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { Requirement } from "../../requirements/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { addResources, fits, maxResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { portConflict } from "../host-ports.ts";
import type { HostPort } from "../host-ports.ts";
import type { LimitLedger } from "../limits.ts";
import type { Attempt, PodToPlace } from "../pod-to-place.ts";
import type { Template } from "../templates.ts";
import type { TopologyTracker } from "../topology/tracker.ts";
import { cheapestDomain } from "./cheapest-domain.ts";
import { filterTypes, keep, typesOf } from "./instance-filter.ts";
import type { TypeGroup } from "./instance-filter.ts";
import { missingValues } from "./min-values.ts";
import { REJECTED } from "./rejection.ts";
import type { Rejection } from "./rejection.ts";

/** How a claim looks with one more pod. */
export interface NarrowedClaim {
  readonly requirements: Requirements;
  readonly groups: readonly TypeGroup[];
  readonly requests: Resources;
}

export interface ClaimSurroundings {
  readonly wellKnown: ReadonlySet<string>;
  readonly topology: TopologyTracker;
}

export class NewClaim {
  readonly template: Template;
  /** Stands for the name the node will have. */
  readonly host: string;
  readonly pods: PodToPlace[] = [];
  requirements: Requirements;
  groups: readonly TypeGroup[];
  /** Of its pods, without DaemonSets (S-229). */
  requests: Resources = {};
  #booked: Resources = {};
  /** The most of each resource that any of its types has: a cheap way to see that it is full. */
  #most: Resources;
  readonly #ports: HostPort[] = [];

  constructor(template: Template, groups: readonly TypeGroup[], host: string) {
    this.template = template;
    this.host = host;
    this.requirements = template.requirements.with(Requirement.of(Label.Hostname, "In", [host]));
    this.groups = groups;
    this.#most = mostOf(groups);
  }

  tryPod(pod: PodToPlace, attempt: Attempt, { wellKnown, topology }: ClaimSurroundings): NarrowedClaim | Rejection {
    const refused = rejectByTemplate(this.template, attempt, wellKnown);
    if (refused !== undefined) return refused;
    if (!this.requirements.overlaps(attempt.requirements)) return REJECTED.mismatch;
    if (portConflict(pod.hostPorts, this.#ports) !== undefined) return REJECTED.hostPort;
    const requests = addResources(this.requests, pod.requests);
    if (!fits(requests, this.#most)) return REJECTED.resources;
    const merged = this.requirements.merge(attempt.requirements);
    const narrowed = topology.narrow(pod.topology, attempt, {
      host: this.host,
      requirements: merged,
      cheapest: (key, domains) =>
        cheapestDomain(key, domains, { groups: this.groups, requirements: merged, requests, wellKnown }),
    });
    if ("rejected" in narrowed) return narrowed;
    if (!this.template.requirements.isCompatible(narrowed, wellKnown)) return REJECTED.unknownLabel;
    const requirements = merged.merge(narrowed);
    const groups = filterTypes(this.groups, { requirements, requests, hostPorts: pod.hostPorts, wellKnown });
    if ("rejected" in groups) return groups;
    if (missingValues(typesOf(groups), requirements).length > 0) return REJECTED.minValues;
    return { requirements, groups, requests };
  }

  add(pod: PodToPlace, narrowed: NarrowedClaim, limits: LimitLedger): void {
    this.pods.push(pod);
    this.requirements = narrowed.requirements;
    this.groups = narrowed.groups;
    this.requests = narrowed.requests;
    this.#ports.push(...pod.hostPorts);
    this.#most = mostOf(narrowed.groups);
    this.#booked = limits.rebook(this.template.name, this.#booked, typesOf(narrowed.groups));
  }

  get podObjects(): readonly Pod[] {
    return this.pods.map(({ pod }) => pod);
  }
}

/**
 * Taints and requirements of the template alone. "Defined" means defined by the template: keys that other pods brought
 * along only narrow, they never make a label (S-114a).
 */
export function rejectByTemplate(
  template: Template,
  attempt: Attempt,
  wellKnown: ReadonlySet<string>,
): Rejection | undefined {
  if (untolerated(template.taints, attempt.tolerations) !== undefined) return REJECTED.taint;
  if (template.requirements.isCompatible(attempt.requirements, wellKnown)) return undefined;
  const conflict = template.requirements.compatible(attempt.requirements, wellKnown);
  return conflict?.kind === "Undefined" ? REJECTED.unknownLabel : REJECTED.mismatch;
}

/** S-311, S-312: the types a new claim of this pool may still become. */
export function groupsWithinLimits(template: Template, limits: LimitLedger): readonly TypeGroup[] | Rejection {
  const groups = keep(template.groups, ({ type }) => limits.exceededBy(template.name, type).length === 0);
  if (groups.length > 0 || template.groups.length === 0) return groups;
  const byNodes = typesOf(template.groups).every((type) => limits.exceededBy(template.name, type).includes("nodes"));
  return byNodes ? REJECTED.nodeLimit : REJECTED.limit;
}

function mostOf(groups: readonly TypeGroup[]): Resources {
  return maxResources(...groups.flatMap((group) => group.options.map(({ allocatable }) => allocatable)));
}
