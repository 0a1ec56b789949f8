// How a machine starts, runs, stops and goes (§1.8): each change at its time, unless the planner or a fault decide otherwise.

import { ApiError, internal, invalid } from "../api-error.ts";
import type { Caller } from "../auth.ts";
import type { FakeFault } from "../faults.ts";
import type { ClusterSide } from "./cluster-side.ts";
import type { Ground } from "./ground.ts";
import { amount, field, rowOf } from "./ground.ts";
import type { JobHandle, Jobs } from "./jobs.ts";
import { place } from "./planner.ts";
import { isOwned } from "./records.ts";
import type { Machine, MachineState, Volume } from "./records.ts";
import { machineView } from "./views.ts";

export interface Removal {
  readonly caller: Caller;
  readonly expunge: boolean;
  readonly volumeIds: readonly string[];
  readonly fault: FakeFault | undefined;
}

export class MachineLife {
  readonly #ground: Ground;
  readonly #jobs: Jobs;
  readonly #side: ClusterSide;

  constructor(ground: Ground, jobs: Jobs, side: ClusterSide) {
    this.#ground = ground;
    this.#jobs = jobs;
    this.#side = side;
  }

  /** The job that starts a machine for the first time. */
  begin(machine: Machine, caller: Caller, fault: FakeFault | undefined): string {
    const { durations } = this.#ground;
    const order = {
      cmd: "vm.DeployVMCmd",
      caller,
      instanceType: "VirtualMachine",
      instanceId: machine.id,
      startsAfter: durations.jobStart,
      fault,
      onFault: () => this.#failStart(machine),
    };
    return this.#jobs.start(order, (job) => this.#plan(machine, job, true));
  }

  /** The job of a machine that is ordered without being started: it takes no host. */
  keepStopped(machine: Machine, caller: Caller, fault: FakeFault | undefined): string {
    const order = { cmd: "vm.DeployVMCmd", caller, instanceType: "VirtualMachine", instanceId: machine.id, fault };
    const startsAfter = this.#ground.durations.jobStart;
    return this.#jobs.start({ ...order, startsAfter }, (job) =>
      job.done(() => ({ virtualmachine: machineView(this.#ground, machine) })),
    );
  }

  /** The job that starts a stopped machine again. */
  start(machine: Machine, caller: Caller, fault: FakeFault | undefined): string {
    if (machine.state !== "Stopped") throw invalid(`unable to find a way to start VM in state ${machine.state}`);
    const order = { cmd: "vm.StartVMCmd", caller, instanceType: "VirtualMachine", instanceId: machine.id, fault };
    return this.#jobs.start(order, (job) => this.#plan(machine, job, false));
  }

  stop(machine: Machine, caller: Caller, fault: FakeFault | undefined): string {
    const order = { cmd: "vm.StopVMCmd", caller, instanceType: "VirtualMachine", instanceId: machine.id, fault };
    return this.#jobs.start(order, (job) => {
      this.#shutDown(machine, () => job.done(() => ({ virtualmachine: machineView(this.#ground, machine) })));
    });
  }

  /** @throws ApiError for a machine that is protected */
  destroy(machine: Machine, removal: Removal): string {
    if (machine.deleteProtection) {
      throw invalid(
        `Instance [id = ${machine.id}, name = ${machine.name}] has delete protection enabled and cannot be deleted.`,
      );
    }
    const { caller, fault } = removal;
    const order = { cmd: "vm.DestroyVMCmd", caller, instanceType: "VirtualMachine", instanceId: machine.id, fault };
    return this.#jobs.start({ ...order, startsAfter: this.#ground.durations.jobStart }, (job) => {
      this.#destroy(machine, removal, job);
    });
  }

  expunge(machine: Machine, caller: Caller, fault: FakeFault | undefined): string {
    const order = { cmd: "vm.ExpungeVMCmd", caller, instanceType: "VirtualMachine", instanceId: machine.id, fault };
    return this.#jobs.start(order, (job) => {
      this.#requireExpungeRight(caller);
      if (machine.state !== "Destroyed" && machine.state !== "Error") {
        throw invalid(`Please destroy vm with specified id before expunge`);
      }
      this.#expunge(machine, () => job.done({ success: true }));
    });
  }

  recover(machine: Machine): void {
    if (machine.state !== "Destroyed") throw invalid("unable to recover a vm that is not destroyed");
    clearTimers(machine);
    this.setState(machine, "Stopped");
  }

  /** Its host dies, or somebody pulls the plug. */
  drop(machine: Machine): void {
    clearTimers(machine);
    this.#freed(machine);
    this.#side.notReady(machine);
    this.setState(machine, "Stopped");
  }

  /** Gone without a trace. */
  vanish(machine: Machine): void {
    this.#side.leaves(machine);
    this.#gone(machine);
  }

  setState(machine: Machine, state: MachineState): void {
    machine.state = state;
    machine.stateSince = this.#ground.clock.now();
  }

  #plan(machine: Machine, job: JobHandle, isFirst: boolean): void {
    if (machine.state !== "Stopped") return job.fail(internal(`the machine is ${machine.state}`));
    this.setState(machine, "Starting");
    try {
      machine.hostId = place(this.#ground, machine);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isFirst) this.#failStart(machine);
      else this.setState(machine, "Stopped");
      return job.fail(error);
    }
    const { durations, ledger, clock, offerings, faults } = this.#ground;
    const boot = faults.forMachine("boot", { ...machine.order, about: machine.order.about ?? {} });
    if (boot?.failed === true) {
      this.#failStart(machine);
      return job.fail(internal(boot.message ?? `Failed to start instance ${machine.id}`));
    }
    const offering = rowOf(offerings, machine.offeringId);
    ledger.start(
      machine.id,
      { flavor: offering?.name ?? "", price: priceOf(machine, offering), monthly: false },
      clock.now(),
    );
    this.#after(machine, durations.starting + this.#implement(machine), () => {
      this.setState(machine, "Running");
      for (const volume of this.#volumesOf(machine)) volume.state = "Ready";
      job.done(() => ({ virtualmachine: machineView(this.#ground, machine) }));
      this.#boots(machine, boot);
    });
  }

  #boots(machine: Machine, boot: FakeFault | undefined): void {
    const { faults, durations } = this.#ground;
    const facts = { ...machine.order, about: machine.order.about ?? {} };
    if (boot === undefined) this.#side.boots(machine);
    else machine.bootNote = "the operating system does not start";
    const vanish = faults.forMachine("vanish", facts);
    if (vanish !== undefined) this.#after(machine, vanish.delayMs ?? durations.shortJob, () => this.vanish(machine));
  }

  /** §1.8: Starting, Stopped, Error; the record keeps its name and its address until it is expunged. */
  #failStart(machine: Machine): void {
    clearTimers(machine);
    machine.hostId = undefined;
    this.setState(machine, "Error");
    for (const volume of this.#volumesOf(machine)) this.#ground.volumes.delete(volume.id);
  }

  /** An isolated network wakes up with its first machine. */
  #implement({ nics }: Machine): number {
    const { networks, durations, timers } = this.#ground;
    const asleep = nics
      .map(({ networkId }) => rowOf(networks, networkId))
      .filter((network) => field(network, "state") === "Allocated");
    for (const network of asleep) {
      if (network === undefined) continue;
      network["state"] = "Implementing";
      timers.after(durations.implementing, () => {
        network["state"] = "Implemented";
      });
    }
    return asleep.length > 0 ? durations.implementing : 0;
  }

  #destroy(machine: Machine, removal: Removal, job: JobHandle): void {
    const { caller, expunge } = removal;
    if (expunge) this.#requireExpungeRight(caller);
    if (machine.state === "Destroyed" || machine.state === "Expunging") return job.done({ success: true });
    this.#noteForeign(machine);
    const finish = (): void => {
      this.#dropVolumes(machine, removal.volumeIds);
      const seen = (): void => job.done(() => ({ virtualmachine: this.#seenBy(caller, machine) }));
      if (expunge || machine.state === "Error") return this.#expunge(machine, seen);
      machine.wasKept = this.#mayExpunge(caller);
      this.setState(machine, "Destroyed");
      seen();
      this.#after(machine, this.#ground.durations.expungeDelay, () => this.#expunge(machine, () => {}));
    };
    if (machine.state === "Running" || machine.state === "Starting") return this.#shutDown(machine, finish);
    finish();
  }

  /** What a caller may no longer see comes back hollow. */
  #seenBy(caller: Caller, machine: Machine): Readonly<Record<string, unknown>> {
    const isVisible = caller.type === 1 || this.#ground.switches.allowUserViewDestroyed;
    return isVisible ? machineView(this.#ground, machine) : { securitygroup: [], nic: [], affinitygroup: [], tags: [] };
  }

  #mayExpunge({ type }: Caller): boolean {
    const { allowUserExpunge, expungeDenied } = this.#ground.switches;
    return type !== 0 || (allowUserExpunge && !expungeDenied);
  }

  #requireExpungeRight(caller: Caller): void {
    if (this.#mayExpunge(caller)) return;
    throw internal("Account does not have permission for expunging.");
  }

  #shutDown(machine: Machine, then: () => void): void {
    clearTimers(machine);
    this.setState(machine, "Stopping");
    this.#side.leaves(machine);
    this.#after(machine, this.#ground.durations.stopping, () => {
      this.#freed(machine);
      this.setState(machine, "Stopped");
      then();
    });
  }

  #expunge(machine: Machine, then: () => void): void {
    clearTimers(machine);
    this.setState(machine, "Expunging");
    this.#after(machine, this.#ground.durations.expunging, () => {
      this.#gone(machine);
      then();
    });
  }

  #gone(machine: Machine): void {
    const { machines, nics, removed } = this.#ground;
    clearTimers(machine);
    for (const { id } of machine.nics) nics.delete(id);
    this.#freed(machine);
    this.#dropVolumes(machine, []);
    machines.delete(machine.id);
    removed.add(machine.id);
  }

  /** The root disk goes with its machine; data disks only when they are named, else they are set free (§1.8). */
  #dropVolumes(machine: Machine, named: readonly string[]): void {
    const { volumes, invariants, clock, removed } = this.#ground;
    for (const volume of this.#volumesOf(machine)) {
      const goes = volume.type === "ROOT" || named.includes(volume.id);
      if (!goes) {
        Object.assign(volume, { machineId: undefined, freeSince: clock.now() });
        continue;
      }
      if (volume.name.startsWith("pvc-")) {
        invariants.record("CsiVolumeDeleted", `volume ${volume.name} went with ${machine.name}`, { volume: volume.id });
      }
      volumes.delete(volume.id);
      removed.add(volume.id);
    }
  }

  #volumesOf({ id }: Machine): readonly Volume[] {
    return [...this.#ground.volumes.values()].filter(({ machineId }) => machineId === id);
  }

  #freed(machine: Machine): void {
    machine.hostId = undefined;
    this.#ground.ledger.stop(machine.id, this.#ground.clock.now());
  }

  #noteForeign(machine: Machine): void {
    if (!machine.foreign && isOwned(machine)) return;
    if (!machine.foreign) return;
    this.#ground.invariants.record("ForeignDeleted", `machine ${machine.name} is somebody else's`, {
      machine: machine.id,
    });
  }

  #after(machine: Machine, ms: number, work: () => void): void {
    const cancel = this.#ground.timers.after(ms, () => {
      machine.timers.delete(cancel);
      work();
    });
    machine.timers.add(cancel);
  }
}

/** What the offering's detail says, else by size, as the provider's formula does. */
function priceOf({ cpu, memoryMiB }: Machine, offering: Readonly<Record<string, unknown>> | undefined): number {
  const details = (offering?.["serviceofferingdetails"] ?? {}) as Readonly<Record<string, string>>;
  return amount(details, "karpenter.k8s.cloudstack/price") || cpu * 0.04 + (memoryMiB / 1024) * 0.005;
}

function clearTimers(machine: Machine): void {
  for (const cancel of machine.timers) cancel();
  machine.timers.clear();
}
