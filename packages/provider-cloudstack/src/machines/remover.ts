// Removes a machine with its own data disks: destroyed, expunged where that is allowed, and followed until nothing is left (C-83, C-84).

import { NodeClaims, PersistentVolumes } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { BootstrapTokens } from "@karpenter-multicloud/core/bootstrap";
import type { EventRecorder, KubeClient } from "@karpenter-multicloud/core/kube";
import { MachineNotFound } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import { OwnerTag } from "../api/labels.ts";
import { CloudStackError } from "../client/cloudstack-api.ts";
import type { ApiClients } from "../client/api-clients.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { inCoreWords, isNotFound } from "../client/core-words.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { Scope } from "../client/scope.ts";
import type { WireVm, WireVolume } from "../client/wire.ts";
import type { ClassViews } from "./class-view.ts";
import type { ExpungePolicy } from "../api/cloudstack-node-class.ts";
import type { ExpungeRight } from "./expunge-right.ts";
import type { FoundMachine, MachineFinder } from "./finder.ts";
import type { UnexpungedMachines } from "./unexpunged-machines.ts";
import { parseProviderId } from "./machine-id.ts";
import { isOwned } from "./ownership.ts";

export interface RemoverParts {
  readonly clients: ApiClients;
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly views: ClassViews;
  readonly finder: MachineFinder;
  readonly right: ExpungeRight;
  readonly remains: UnexpungedMachines;
  readonly tokens: Pick<BootstrapTokens, "remove">;
  readonly clusterName: string;
  /** Of classes that say nothing. */
  readonly expungePolicy: ExpungePolicy;
}

interface RunningRemoval {
  readonly command: string;
  readonly jobId: string;
  readonly expunge: boolean;
}

const BORN_TOGETHER_MS = 5 * 60_000;

export class Remover {
  readonly #parts: RemoverParts;
  readonly #jobs = new Map<string, RunningRemoval>();
  readonly #steps = new Map<string, Promise<boolean>>();
  /** Destroyed, and asked to be expunged as far as it goes. */
  readonly #settled = new Set<string>();
  /** Classes whose owner was told that names and addresses stay taken. */
  readonly #told = new Set<string>();

  constructor(parts: RemoverParts) {
    this.#parts = parts;
  }

  /** Resolves while work is in progress. @throws MachineNotFound when nothing is left */
  delete(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    return inCoreWords(`removing the machine of nodeclaim ${claim.metadata.name ?? ""}`, () =>
      this.#step(claim, signal),
    );
  }

  async #step(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const found = await this.#machinesOf(claim, signal);
    let isBusy = false;
    for (const each of found) if (await this.remove(each, claim, signal)) isBusy = true;
    if (isBusy) return;
    await this.#parts.tokens.remove(claim.metadata.uid ?? "", signal);
    throw new MachineNotFound(`nothing is left of the machine of nodeclaim ${claim.metadata.name ?? ""}`);
  }

  /** The one it names, and whatever else was bought for it. */
  async #machinesOf(claim: NodeClaim, signal: AbortSignal): Promise<readonly FoundMachine[]> {
    const { finder, views, clusterName } = this.#parts;
    const found: FoundMachine[] = [];
    const id = parseProviderId(claim.status?.providerID);
    const named = id === undefined ? undefined : await finder.byId(id, signal, claim);
    if (named !== undefined && isOwned(named.machine, clusterName)) found.push(named);
    for (const scope of await views.scopes(signal)) {
      const { own } = await finder.ofClaim(claim, scope, signal);
      for (const machine of own) if (machine.id !== named?.machine.id) found.push({ machine, scope });
    }
    return found;
  }

  /** One step towards the end of a machine. True while something has to be waited for. Who asks at the same time shares the step. */
  remove(found: FoundMachine, claim: NodeClaim | undefined, signal: AbortSignal): Promise<boolean> {
    const { id } = found.machine;
    const known = this.#steps.get(id);
    if (known !== undefined) return known;
    const step = this.#remove(found, claim, signal).finally(() => this.#steps.delete(id));
    this.#steps.set(id, step);
    return step;
  }

  async #remove({ machine, scope }: FoundMachine, claim: NodeClaim | undefined, signal: AbortSignal): Promise<boolean> {
    if (machine.state === "Expunging" || machine.state === "Expunged") return false;
    const running = this.#jobs.get(machine.id);
    if (running !== undefined && (await this.#isStillRunning({ machine, scope }, running, claim, signal))) return true;
    // Asked by an earlier process, or by somebody: it has to stop before anything else can happen.
    if (machine.state === "Stopping") return true;
    const client = this.#parts.clients.of(scope);
    const expunge = await this.#mayExpunge({ machine, scope }, claim, signal);
    if (machine.state === "Destroyed") return this.#expungeRest(client, machine, expunge, signal);
    try {
      if (machine.deleteProtection) await client.unprotect(machine.id, machine.name, signal);
      await this.#destroy(machine, scope, expunge, signal);
    } catch (error) {
      if (isNotFound(error)) return false;
      if (/delete protection/i.test(saidBy(error)))
        this.#tell(claim, "DeleteProtected", `machine ${machine.name} is protected: ${saidBy(error)}`);
      throw error;
    }
    return true;
  }

  /** Until the machine is gone or past saving; for launches that failed. */
  async removeNow(
    found: FoundMachine,
    claim: NodeClaim | undefined,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock, finder } = this.#parts;
    const until = clock.now() + waitMs;
    let current: FoundMachine | undefined = found;
    while (current !== undefined) {
      if (!(await this.remove(current, claim, signal))) break;
      const running = this.#jobs.get(found.machine.id);
      const wait = Math.max(0, until - clock.now());
      if (running === undefined || wait === 0) return false;
      await this.#parts.clients.of(found.scope).waitForJob(running.command, running.jobId, wait as never, signal);
      current = await finder.byId(found.machine.id, signal, claim);
    }
    return current === undefined || current.machine.state === "Expunging";
  }

  /** @returns whether the job is to be waited for */
  async #isStillRunning(
    { machine, scope }: FoundMachine,
    running: RunningRemoval,
    claim: NodeClaim | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const client = this.#parts.clients.of(scope);
    const outcome = await client.pollJob(running.command, running.jobId, signal);
    if (outcome.state === "pending") return true;
    this.#jobs.delete(machine.id);
    if (outcome.state !== "failed") return false;
    const { error } = outcome;
    if (running.expunge && this.#parts.right.wasDenied(client, error)) {
      this.#tellUnexpunged(claim, error.facts.said);
      return false;
    }
    this.#parts.logger.warn("a machine could not be removed; it is tried again", { machine: machine.name, error });
    return false;
  }

  async #destroy(machine: WireVm, scope: Scope, expunge: boolean, signal: AbortSignal): Promise<void> {
    const { clients, logger } = this.#parts;
    const client = clients.of(scope);
    const volumes = await this.#ownDisks(machine, scope, signal);
    const ids = volumes.map(({ id }) => id);
    const jobId = await client.destroy(machine.id, expunge, ids, machine.name, signal);
    this.#jobs.set(machine.id, { command: "destroyVirtualMachine", jobId, expunge });
    if (!expunge) this.#parts.remains.add(machine.id);
    logger.info("destroying machine", { machine: machine.name, id: machine.id, expunge, volumes: ids.length });
  }

  /** A destroyed machine does not run any more; what is left of it holds its name, its address and its disk. */
  async #expungeRest(
    client: CloudStackClient,
    machine: WireVm,
    expunge: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (!expunge || this.#settled.has(machine.id)) return false;
    this.#settled.add(machine.id);
    try {
      const jobId = await client.expunge(machine.id, machine.name, signal);
      this.#jobs.set(machine.id, { command: "expungeVirtualMachine", jobId, expunge });
      this.#parts.remains.remove(machine.id);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      if (this.#parts.right.wasDenied(client, error)) return false;
      throw error;
    }
  }

  async #mayExpunge(
    { machine, scope }: FoundMachine,
    claim: NodeClaim | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clients, right, views } = this.#parts;
    const name = claim?.spec.nodeClassRef?.name ?? machine.tags[OwnerTag.NodeClass] ?? "";
    const policy =
      views.classes().find(({ metadata }) => metadata.name === name)?.spec.expungePolicy ?? this.#parts.expungePolicy;
    const may = await right.may(clients.of(scope), policy, signal);
    if (!may && policy !== "Never") this.#tellUnexpunged(claim, "the account has no right to expunge");
    return may;
  }

  /** C-83: disks that came with the machine go with it; what a CSI driver attached stays. */
  async #ownDisks(machine: WireVm, scope: Scope, signal: AbortSignal): Promise<readonly WireVolume[]> {
    const client = this.#parts.clients.of(scope);
    const volumes = await this.#attached(client, machine, scope, signal);
    if (volumes.length === 0) return [];
    const handles = await this.#handles(signal);
    return volumes.filter((volume) => {
      if (handles.has(volume.id) || volume.name.startsWith("pvc-")) return false;
      const isTagged = volume.tags[OwnerTag.ManagedBy] !== undefined;
      const isBornWithIt =
        volume.name.startsWith("DATA-") && Math.abs(volume.created - machine.created) <= BORN_TOGETHER_MS;
      return isTagged || isBornWithIt;
    });
  }

  async #attached(
    client: CloudStackClient,
    { id }: WireVm,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<readonly WireVolume[]> {
    try {
      const volumes = await client.volumes(scope, { virtualmachineid: id, type: "DATADISK" }, signal);
      return volumes.filter(({ type }) => type === "DATADISK");
    } catch (error) {
      // Without the right to look no disk is touched.
      if (isNotFound(error) || kindOf(error) === "permission") return [];
      throw error;
    }
  }

  /** Of all volumes that Kubernetes knows. */
  async #handles(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { items } = await this.#parts.kube.list(PersistentVolumes, { signal });
    return new Set(items.flatMap(({ spec }) => spec?.csi?.volumeHandle?.toLowerCase() ?? []));
  }

  #tellUnexpunged(claim: NodeClaim | undefined, why: string): void {
    const { events, views, logger } = this.#parts;
    const name = claim?.spec.nodeClassRef?.name ?? "";
    if (this.#told.has(name)) return;
    this.#told.add(name);
    const message = `machines cannot be expunged (${why}): names, addresses and disks stay taken until CloudStack's cleaner removes them`;
    logger.warn(message, { reason: "ExpungeNotPermitted", NodeClass: name });
    const nodeClass = views.classes().find(({ metadata }) => metadata.name === name);
    if (nodeClass === undefined) return;
    events.publish({
      resource: CloudStackNodeClasses,
      object: nodeClass,
      type: "Warning",
      reason: "ExpungeNotPermitted",
      message,
    });
  }

  #tell(claim: NodeClaim | undefined, reason: string, message: string): void {
    this.#parts.logger.warn(message, { reason, NodeClaim: claim?.metadata.name });
    if (claim?.metadata.uid === undefined) return;
    this.#parts.events.publish({ resource: NodeClaims, object: claim, type: "Warning", reason, message });
  }
}

function saidBy(error: unknown): string {
  return error instanceof CloudStackError ? error.facts.said : "";
}
