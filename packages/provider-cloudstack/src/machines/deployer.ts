// Orders one machine and sees it up: user data, the deploy call, tags at once, then its job (C-61, C-62).

import { NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster, patchObject } from "@karpenter-multicloud/core/kube";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { seconds } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { CloudStackAnnotation } from "../api/labels.ts";
import { sentRootGiB } from "../offerings/capacity.ts";
import type { ApiClients } from "../client/api-clients.ts";
import { outcomeUnknown } from "../client/failure-kind.ts";
import type { JobOutcome } from "../client/jobs.ts";
import type { Parameters } from "../client/parameters.ts";
import type { WireNetwork, WireVm } from "../client/wire.ts";
import { ownerOf } from "../client/scope.ts";
import { keyPairsOf } from "../selection/named-parts.ts";
import type { Candidate } from "./candidates.ts";
import type { ClassView } from "./class-view.ts";
import type { MachineFinder } from "./finder.ts";
import type { Joining, JoiningMachine } from "./joining.ts";
import { machineLabels } from "./machine-claim.ts";
import { displayName, ownerTags } from "./ownership.ts";
import type { Tagger } from "./tagger.ts";

export interface DeployerParts {
  readonly clients: ApiClients;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly finder: MachineFinder;
  readonly joining: Joining;
  readonly tagger: Tagger;
  readonly clusterName: string;
  readonly deployWait: Duration;
}

/** Everything about one attempt. */
export interface Order {
  readonly claim: NodeClaim;
  readonly view: ClassView;
  readonly candidate: Candidate;
  readonly network: WireNetwork;
  readonly name: string;
  readonly affinityGroupIds: readonly string[];
}

export interface Ordered {
  readonly id: string;
  /** Absent for a machine that was found instead. */
  readonly jobId?: string;
}

const LOOK_AGAIN = seconds(2);
const LOOKS = 3;

export class Deployer {
  readonly #parts: DeployerParts;

  constructor(parts: DeployerParts) {
    this.#parts = parts;
  }

  /** @throws CloudStackError when nothing was ordered */
  async order(order: Order, signal: AbortSignal): Promise<Ordered> {
    const { clients, logger } = this.#parts;
    const { claim, candidate, name, view } = order;
    const client = clients.of(view.resolved.scope);
    const parameters = await this.#parameters(order, signal);
    logger.info("deploying virtual machine", {
      NodeClaim: claim.metadata.name,
      instanceType: candidate.buyable.type.name,
      zone: candidate.zone.name,
      template: candidate.template.name,
    });
    try {
      const { id, jobId } = await client.deploy(parameters, name, signal);
      // What is left of the limits is less by this machine already (C-49).
      client.forget("account/");
      await this.#remember(order, id, jobId, signal);
      return { id, jobId };
    } catch (error) {
      if (!outcomeUnknown(error)) throw error;
      return { id: (await this.#lost(order, error, signal)).id };
    }
  }

  /** Tags and job go side by side; a machine that cannot be tagged is not kept. @throws what the tags failed with */
  async bringUp(order: Order, ordered: Ordered, signal: AbortSignal): Promise<JobOutcome> {
    const { clients, tagger, clusterName, deployWait } = this.#parts;
    const client = clients.of(order.view.resolved.scope);
    const tags = ownerTags(order.claim, order.view.nodeClass, clusterName);
    const read = async () => (await this.#machine(ordered.id, order, signal))?.tags;
    const tagging = tagger.tag({ client, type: "UserVm", id: ordered.id }, tags, read, signal);
    const running =
      order.view.nodeClass.spec.startVM === "twoPhase"
        ? this.#startInTwo(order, ordered, signal)
        : ordered.jobId === undefined
          ? this.#watch(ordered.id, order, signal)
          : client.waitForJob("deployVirtualMachine", ordered.jobId, deployWait, signal);
    // The tags' failure comes first where both fail: it decides what becomes of the machine.
    const [tagged, outcome] = await Promise.allSettled([tagging, running]);
    if (outcome.status === "fulfilled" && outcome.value.state === "failed") return outcome.value;
    if (tagged.status === "rejected") throw tagged.reason;
    if (outcome.status === "rejected") throw outcome.reason;
    if (outcome.value.state === "done") await this.#tagDisks(order, ordered.id, tags, signal);
    return outcome.value.state === "unknown" ? this.#watch(ordered.id, order, signal) : outcome.value;
  }

  /** C-70: made but not started, the machine has an id, which its user data can tell. What an earlier process began is ended. */
  async #startInTwo(order: Order, { id, jobId }: Ordered, signal: AbortSignal): Promise<JobOutcome> {
    const { clients, deployWait } = this.#parts;
    const client = clients.of(order.view.resolved.scope);
    if (jobId !== undefined) {
      const made = await client.waitForJob("deployVirtualMachine", jobId, deployWait, signal);
      if (made.state === "failed" || made.state === "pending") return made;
    }
    const machine = await this.#machine(id, order, signal);
    if (machine?.state !== "Stopped") return this.#watch(id, order, signal);
    const userdata = await this.#userData(order, signal, id);
    if (userdata !== "") await client.setUserData(id, userdata, order.name, signal);
    const startJob = await client.start(id, order.name, signal);
    return client.waitForJob("startVirtualMachine", startJob, deployWait, signal);
  }

  /** Without its job the machine itself tells how it is. */
  async #watch(id: string, order: Order, signal: AbortSignal): Promise<JobOutcome> {
    const { clock, deployWait } = this.#parts;
    const until = clock.now() + deployWait;
    for (;;) {
      const machine = await this.#machine(id, order, signal);
      if (machine === undefined || machine.state === "Error") return { state: "unknown" };
      if (machine.state === "Running") return { state: "done", result: {} };
      if (clock.now() >= until) return { state: "pending" };
      await clock.sleep(LOOK_AGAIN, { signal });
    }
  }

  async #machine(id: string, { claim }: Order, signal: AbortSignal): Promise<WireVm | undefined> {
    return (await this.#parts.finder.byId(id, signal, claim))?.machine;
  }

  /** The answer was lost; the mark in the display name tells whether there is a machine (T-47). */
  async #lost({ claim, view }: Order, error: unknown, signal: AbortSignal): Promise<WireVm> {
    const { clock, finder } = this.#parts;
    for (let look = 1; look <= LOOKS; look++) {
      await clock.sleep(LOOK_AGAIN, { signal });
      const { own } = await finder.ofClaim(claim, view.resolved.scope, signal);
      const [found] = own.filter(({ state }) => !["Error", "Destroyed", "Expunging"].includes(state));
      if (found !== undefined) return found;
    }
    throw error;
  }

  /** Best effort: without tags the disks are still known by their name and age. */
  async #tagDisks(
    { view }: Order,
    id: string,
    tags: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    if (view.resolved.disks.length === 0) return;
    const { clients, tagger, logger } = this.#parts;
    const client = clients.of(view.resolved.scope);
    try {
      for (const volume of await client.volumes(
        view.resolved.scope,
        { virtualmachineid: id, type: "DATADISK" },
        signal,
      )) {
        if (!volume.name.startsWith("DATA-")) continue;
        await tagger.tag({ client, type: "Volume", id: volume.id }, tags, () => Promise.resolve(volume.tags), signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      logger.warn("data disks could not be tagged", { error, machine: id });
    }
  }

  /** So that another process finds the machine and its job. */
  async #remember({ claim, view }: Order, id: string, jobId: string, signal: AbortSignal): Promise<void> {
    const { kube, logger } = this.#parts;
    const { projectId } = view.resolved.scope;
    const annotations = {
      ...claim.metadata.annotations,
      [CloudStackAnnotation.InstanceId]: id,
      [CloudStackAnnotation.JobId]: jobId,
      ...(projectId === undefined ? {} : { [CloudStackAnnotation.ProjectId]: projectId }),
    };
    const after: NodeClaim = { ...claim, metadata: { ...claim.metadata, annotations } };
    try {
      await patchObject(kube, NodeClaims, { before: claim, after }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isGoneFromCluster(error))
        logger.warn("the order could not be noted on its nodeclaim", { error, machine: id });
    }
  }

  #userData(order: Order, signal: AbortSignal, machineId?: string): Promise<string> {
    return this.#parts.joining.userData(joiningMachine(order, machineId), signal);
  }

  async #userDataDetails(order: Order, signal: AbortSignal): Promise<Parameters> {
    const details = await this.#parts.joining.userDataDetails(joiningMachine(order), signal);
    return Object.keys(details).length === 0 ? {} : { userdatadetails: [details] };
  }

  async #parameters(order: Order, signal: AbortSignal): Promise<Parameters> {
    const { claim, view, candidate, network, name, affinityGroupIds } = order;
    const { buyable, zone, template } = candidate;
    const { nodeClass, resolved } = view;
    const { spec } = nodeClass;
    const { offering } = buyable.selected;
    const keys = keyPairsOf(spec);
    const startvm = spec.startVM !== "twoPhase";
    const userdata = startvm ? await this.#userData(order, signal) : "";
    return {
      serviceofferingid: offering.id,
      templateid: template.id,
      zoneid: zone.id,
      networkids: zone.isBasic ? [] : [network.id, ...zone.moreNetworks.map(({ id }) => id)],
      name,
      displayname: displayName(name, this.#parts.clusterName, claim.metadata.uid ?? ""),
      ...(userdata === "" ? {} : { userdata }),
      userdataid: resolved.userDataId,
      ...(await this.#userDataDetails(order, signal)),
      rootdisksize: sentRootGiB(spec, offering),
      overridediskofferingid: resolved.rootDiskOfferingId,
      ...disks(view),
      ...(keys.length > 1 ? { keypairs: keys } : { keypair: keys[0] }),
      affinitygroupids: affinityGroupIds,
      securitygroupids: resolved.securityGroupIds,
      details: details(buyable, spec.details),
      ...ownerOf(resolved.scope),
      group: spec.group,
      boottype: spec.bootType,
      bootmode: spec.bootMode,
      ...(template.hypervisor === "" ? { hypervisor: "KVM" } : {}),
      startvm,
    };
  }
}

/** What its user data may say about a machine. */
function joiningMachine(order: Order, machineId?: string): JoiningMachine {
  const { claim, view, candidate, network, name } = order;
  const { buyable, zone, template } = candidate;
  const { nodeClass, resolved } = view;
  const { offering } = buyable.selected;
  return {
    claim,
    nodeClass,
    name,
    zone,
    instanceType: buyable.type.name,
    offering: offering.name,
    labels: machineLabels(claim, { buyable, zone, network, template }),
    cpus: buyable.shape.cpu,
    gpus: offering.gpu?.count ?? 0,
    ...(machineId === undefined ? {} : { machineId }),
    maxLength: resolved.server.userDataMaxLength,
  };
}

/** One disk is asked for in the way every version knows (C-64). */
function disks({ resolved }: ClassView): Parameters {
  const [only, ...more] = resolved.disks;
  if (only === undefined) return {};
  if (more.length === 0) return { diskofferingid: only.offeringId, size: only.sizeGiB };
  return {
    datadisksdetails: resolved.disks.map(({ offeringId, sizeGiB, minIops, maxIops }) => ({
      diskofferingid: offeringId,
      ...(sizeGiB === undefined ? {} : { size: sizeGiB }),
      ...(minIops === undefined ? {} : { miniops: minIops }),
      ...(maxIops === undefined ? {} : { maxiops: maxIops }),
    })),
  };
}

/** Exactly what a custom offering leaves open (C-45). */
function details(
  { shape, selected }: Candidate["buyable"],
  own: Readonly<Record<string, string>> = {},
): Parameters[string] {
  const needsSpeed = selected.offering.cpuSpeed === undefined;
  const size = shape.isCustom
    ? {
        cpuNumber: shape.cpu,
        memory: shape.memoryMiB,
        ...(needsSpeed && shape.cpuSpeed !== undefined ? { cpuSpeed: shape.cpuSpeed } : {}),
      }
    : {};
  const all: Readonly<Record<string, string | number>> = { ...own, ...size };
  return Object.keys(all).length === 0 ? undefined : [all];
}
