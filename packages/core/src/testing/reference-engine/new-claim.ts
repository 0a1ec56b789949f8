// A node that is only imagined yet: each pod that joins narrows its requirements and its instance types (S-309…S-311).

import { Label, untolerated } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { Requirement } from "../../requirements/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { addResources, fits, maxResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { portConflict } from "../../scheduling/host-ports.ts";
import type { HostPort } from "../../scheduling/host-ports.ts";
import type { LimitLedger } from "../../scheduling/limits.ts";
import type { Attempt, PodToPlace } from "../../scheduling/pod-to-place.ts";
import type { Template } from "../../scheduling/templates.ts";
import type { TopologyTracker } from "./topology-tracker.ts";
import { AttachedVolumes, volumeOverrun } from "../../scheduling/volumes/attached-volumes.ts";
import { cheapestDomain } from "../../scheduling/placement/cheapest-domain.ts";
import { keep, largeEnough, onOffer, typesOf } from "../../scheduling/placement/instance-filter.ts";
import type { TypeGroup, TypeQuestion } from "../../scheduling/placement/instance-filter.ts";
import type { ClaimState } from "../../scheduling/placement/listing.ts";
import { REJECTED } from "../../scheduling/placement/rejection.ts";
import type { Rejection } from "../../scheduling/placement/rejection.ts";
import { settled } from "../../scheduling/placement/settle-claim.ts";
import type { ClaimRules } from "../../scheduling/placement/settle-claim.ts";

/** How a claim looks with one more pod. */
export type NarrowedClaim = ClaimState;

/** What is left to decide once it is known that a machine could attach the pod's volumes. */
interface ReachableClaim {
  readonly place: Requirements;
  readonly groups: readonly TypeGroup[];
  readonly requests: Resources;
}

export interface ClaimSurroundings extends ClaimRules {
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
  /** Ids of the reservations it holds (S-514). */
  reservations: readonly string[] = [];
  #booked: Resources = {};
  /** The most of each resource that any of its types has: a cheap way to see that it is full. */
  #most: Resources;
  readonly #ports: HostPort[] = [];
  readonly #attached = new AttachedVolumes();

  constructor(template: Template, groups: readonly TypeGroup[], host: string) {
    this.template = template;
    this.host = host;
    this.requirements = template.requirements.with(Requirement.of(Label.Hostname, "In", [host]));
    this.groups = groups;
    this.#most = mostOf(groups);
  }

  tryPod(pod: PodToPlace, attempt: Attempt, surroundings: ClaimSurroundings): NarrowedClaim | Rejection {
    const { wellKnown } = surroundings;
    const refused = rejectByTemplate(this.template, attempt, wellKnown);
    if (refused !== undefined) return refused;
    if (!this.requirements.overlaps(attempt.requirements)) return REJECTED.mismatch;
    const groups = this.#groupsThatAttach(pod);
    if (groups.length === 0) return REJECTED.volumeLimit;
    if (portConflict(pod.hostPorts, this.#ports) !== undefined) return REJECTED.hostPort;
    const requests = addResources(this.requests, pod.requests);
    if (!fits(requests, this.#most)) return REJECTED.resources;
    let answer: NarrowedClaim | Rejection = REJECTED.volumeTopology;
    for (const place of pod.volumes.alternatives) {
      answer = this.#tryPlace(pod, attempt, { place, groups, requests }, surroundings);
      if (!("rejected" in answer)) return answer;
    }
    return answer;
  }

  /** S-309, for one of the places from which the pod's volumes can be reached. */
  #tryPlace(
    pod: PodToPlace,
    attempt: Attempt,
    { place, groups: possible, requests }: ReachableClaim,
    surroundings: ClaimSurroundings,
  ): NarrowedClaim | Rejection {
    const { wellKnown, topology } = surroundings;
    const own = this.requirements.merge(attempt.requirements);
    if (!this.template.requirements.isCompatible(place, wellKnown) || !own.overlaps(place)) {
      return REJECTED.volumeTopology;
    }
    const merged = own.merge(place);
    const bookable = possible.filter(({ hostPorts }) => portConflict(pod.hostPorts, hostPorts) === undefined);
    const narrowed = topology.narrow(pod.topology, attempt, {
      host: this.host,
      requirements: merged,
      cheapest: (key, domains) =>
        cheapestDomain(key, domains, { groups: bookable, requirements: merged, requests, wellKnown }),
    });
    if ("rejected" in narrowed) return narrowed;
    if (!this.template.requirements.isCompatible(narrowed, wellKnown)) return REJECTED.unknownLabel;
    const requirements = merged.merge(narrowed);
    const groups = filterTypes(possible, pod.hostPorts, { requirements, requests, wellKnown });
    if ("rejected" in groups) return groups;
    const isOpening = this.pods.length === 0;
    return settled({ host: this.host, isOpening, state: { requirements, groups, requests } }, surroundings);
  }

  add(pod: PodToPlace, narrowed: NarrowedClaim, limits: LimitLedger): void {
    this.pods.push(pod);
    this.requirements = narrowed.requirements;
    this.groups = narrowed.groups;
    this.requests = narrowed.requests;
    this.reservations = narrowed.reservations;
    this.#ports.push(...pod.hostPorts);
    this.#attached.add(pod.volumes.mounts);
    this.#most = mostOf(narrowed.groups);
    this.#booked = limits.rebook(this.template.name, this.#booked, typesOf(narrowed.groups));
  }

  /** S-236. */
  #groupsThatAttach({ volumes }: PodToPlace): readonly TypeGroup[] {
    if (volumes.mounts.length === 0) return this.groups;
    const counts = this.#attached.countsWith(volumes.mounts);
    return keep(this.groups, ({ type }) => volumeOverrun(counts, type.volumeLimits) === undefined);
  }

  get podObjects(): readonly Pod[] {
    return this.pods.map(({ pod }) => pod);
  }
}

/** The groups that still have a type, or the check that none passed. */
function filterTypes(
  groups: readonly TypeGroup[],
  hostPorts: readonly HostPort[],
  question: TypeQuestion,
): readonly TypeGroup[] | Rejection {
  const { requirements, requests } = question;
  const free = groups.filter((group) => portConflict(hostPorts, group.hostPorts) === undefined);
  if (free.length === 0) return REJECTED.hostPort;
  const suited = keep(free, ({ type }) => type.requirements.overlaps(requirements));
  if (suited.length === 0) return REJECTED.noType;
  const large = largeEnough(suited, requests);
  if (large.length === 0) return REJECTED.resources;
  const offered = onOffer(large, question);
  return offered.length === 0 ? REJECTED.offering : offered;
}

/**
 * Taints and requirements of the template alone. "Defined" means defined by the template: keys that other pods brought
 * along only narrow, they never make a label (S-114a).
 */
function rejectByTemplate(template: Template, attempt: Attempt, wellKnown: ReadonlySet<string>): Rejection | undefined {
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
  return maxResources(
    ...groups.flatMap((group) => group.options.flatMap(({ builds }) => builds.map(({ allocatable }) => allocatable))),
  );
}
