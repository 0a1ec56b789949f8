// What the cluster behind the fake is told about a machine: calls for one machine go out one after the other, and time waits for them (F-7).

import type { MachineHooks, NodeEdit } from "@karpenter-multicloud/core/testing";
import { nodeObject, templateEdit, UNINITIALIZED } from "../node-object.ts";
import type { Cluster } from "./cluster.ts";
import type { Ground } from "./ground.ts";
import type { Machine } from "./machine.ts";
import type { Pool, PoolTemplate } from "./pool.ts";
import { EMPTY_TEMPLATE } from "./pool.ts";

export class ClusterSide {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  joins(cluster: Cluster, pool: Pool, machine: Machine, withoutPoolLabel = false): void {
    const { hooks, switches, flavors, durations } = this.#ground;
    machine.joined = true;
    const flavor = flavors.get(machine.flavor);
    if (hooks === undefined || flavor === undefined) return;
    const edited = hooks.nodeEdited !== undefined;
    const { template } = pool;
    const node = nodeObject({ machine, cluster, template, flavor, switches, edited, withoutPoolLabel });
    this.#tell(machine, (target) => target.nodeJoins(node));
    if (!edited) return;
    this.#later(machine, durations.nodeInitialised, () => this.edit(machine, { removeTaints: [UNINITIALIZED] }));
    if (switches.labelsLateSeconds <= 0) return;
    this.#later(machine, switches.labelsLateSeconds * 1000, () =>
      this.edit(machine, templateEdit(EMPTY_TEMPLATE, pool.template)),
    );
  }

  ready(machine: Machine): void {
    this.#tell(machine, (hooks) => hooks.nodeReady(machine.name));
  }

  notReady(machine: Machine): void {
    this.#tell(machine, (hooks) => hooks.nodeNotReady(machine.name));
  }

  /** Template changes reach existing machines too. */
  templateChanged(pool: Pool, before: PoolTemplate): void {
    const edit = templateEdit(before, pool.template);
    for (const machine of pool.machines) if (machine.joined) this.edit(machine, edit);
  }

  edit(machine: Machine, edit: NodeEdit): void {
    this.#tell(machine, async (hooks) => hooks.nodeEdited?.(machine.name, edit));
  }

  /** Calls `gone` when the Node object no longer holds the machine back (F-6). */
  leaves(machine: Machine, gone: () => void): void {
    if (!machine.joined || this.#ground.hooks === undefined) {
      gone();
      return;
    }
    this.#tell(machine, async (hooks) => {
      await hooks.nodeLeaves(machine.name);
      await this.#awaitNode(machine, hooks, gone);
    });
  }

  async #awaitNode(machine: Machine, hooks: MachineHooks, gone: () => void): Promise<void> {
    const { switches, durations } = this.#ground;
    if (!switches.waitForNodeObject || !(await hooks.nodeExists(machine.name))) {
      gone();
      return;
    }
    this.#later(machine, durations.nodePoll, () =>
      this.#tell(machine, (target) => this.#awaitNode(machine, target, gone)),
    );
  }

  #later(machine: Machine, ms: number, work: () => void): void {
    const cancel = this.#ground.timers.after(ms, () => {
      machine.timers.delete(cancel);
      work();
    });
    machine.timers.add(cancel);
  }

  #tell(machine: Machine, call: (hooks: MachineHooks) => Promise<void>): void {
    const { hooks, clock, invariants } = this.#ground;
    if (hooks === undefined || !machine.joined) return;
    const before = machine.hookQueue;
    const done = clock.during(() => before.then(() => call(hooks)));
    machine.hookQueue = done.catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      invariants.record("HookFailed", `the cluster refused news of a machine: ${why}`, { machine: machine.name });
    });
  }
}
