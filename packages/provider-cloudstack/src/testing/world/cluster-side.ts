// What the cluster behind the fake is told about a machine: calls for one machine go out one after the other, and time waits for them.

import type { MachineHooks, NodeEdit } from "@karpenter-multicloud/core/testing";
import { bootVm } from "./boot.ts";
import type { Ground } from "./ground.ts";
import { rowOf, zoneNameOf } from "./ground.ts";
import type { Machine } from "./records.ts";

const UNINITIALIZED = { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" } as const;
const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

export class ClusterSide {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The machine reads its own user data and joins, or says why it cannot. */
  boots(machine: Machine): void {
    const { hooks, durations, clock } = this.#ground;
    if (hooks === undefined) {
      machine.bootNote = "completes by itself";
      return;
    }
    this.#later(machine, durations.nodeJoins, () => {
      const done = clock.during(() => this.#boot(machine));
      machine.hookQueue = done.catch((error: unknown) => this.#note(machine, error));
    });
  }

  async #boot(machine: Machine): Promise<void> {
    const { hooks, durations } = this.#ground;
    const booted = await bootVm(this.#ground, machine);
    if (hooks === undefined || machine.state !== "Running") return;
    if ("refused" in booted) {
      machine.bootNote = booted.refused;
      return;
    }
    machine.bootNote = "joins";
    machine.node = booted.node;
    await hooks.nodeJoins(machine.node);
    this.#controllerManager(machine);
    this.#later(machine, Math.max(0, durations.nodeReady - durations.nodeJoins), () => {
      this.#tell(machine, (target) => target.nodeReady(nameOf(machine)));
    });
  }

  notReady(machine: Machine): void {
    this.#tell(machine, (hooks) => hooks.nodeNotReady(nameOf(machine)));
  }

  leaves(machine: Machine): void {
    this.#tell(machine, async (hooks) => {
      await hooks.nodeLeaves(nameOf(machine));
      machine.node = undefined;
    });
  }

  /** §8: it finds the machine by the Node's name, and writes its own labels: the offering without punctuation, the zone's raw name. */
  #controllerManager(machine: Machine): void {
    const { hooks, switches, durations, offerings } = this.#ground;
    if (hooks?.nodeEdited === undefined || !switches.cloudController) return;
    this.#later(machine, durations.nodeInitialised, () => {
      const zone = zoneNameOf(this.#ground, machine.zoneId);
      const offering = (rowOf(offerings, machine.offeringId)?.name ?? "").replaceAll(/[^A-Za-z0-9]/g, "");
      const labels = {
        "node.kubernetes.io/instance-type": offering,
        ...(LABEL_VALUE.test(zone) ? { "topology.kubernetes.io/zone": zone } : {}),
      };
      const edit: NodeEdit = { labels, removeTaints: [UNINITIALIZED] };
      this.#tell(machine, async (target) => target.nodeEdited?.(nameOf(machine), edit));
    });
  }

  #later(machine: Machine, ms: number, work: () => void): void {
    const cancel = this.#ground.timers.after(ms, () => {
      machine.timers.delete(cancel);
      work();
    });
    machine.timers.add(cancel);
  }

  #tell(machine: Machine, call: (hooks: MachineHooks) => Promise<void>): void {
    const { hooks, clock } = this.#ground;
    if (hooks === undefined || machine.node === undefined) return;
    const before = machine.hookQueue;
    const done = clock.during(() => before.then(() => call(hooks)));
    machine.hookQueue = done.catch((error: unknown) => this.#note(machine, error));
  }

  #note(machine: Machine, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the cluster refused news of a machine: ${why}`;
    this.#ground.invariants.record("HookFailed", message, { machine: machine.name });
  }
}

function nameOf(machine: Machine): string {
  return machine.node?.metadata.name ?? machine.name;
}
