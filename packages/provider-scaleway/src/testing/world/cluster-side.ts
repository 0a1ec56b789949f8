// What the cluster behind the fake is told about a server: calls for one server go out one after the other, and time waits for them.

import type { MachineHooks, NodeEdit } from "@karpenter-multicloud/core/testing";
import { bootServer, initialised, UNINITIALIZED_KEY } from "./boot.ts";
import { placeLabels, syncTags } from "./cloud-controller.ts";
import type { Ground } from "./ground.ts";
import type { Server } from "./records.ts";

export class ClusterSide {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The machine reads its own user data and joins, or says why it cannot. */
  boots(server: Server): void {
    const { hooks, durations, clock } = this.#ground;
    if (hooks === undefined) {
      server.bootNote = "completes by itself";
      return;
    }
    this.#later(server, durations.nodeJoins, () => {
      const done = clock.during(() => this.#boot(server));
      server.hookQueue = done.catch((error: unknown) => this.#note(server, error));
    });
  }

  async #boot(server: Server): Promise<void> {
    const { hooks, durations, switches } = this.#ground;
    const booted = await bootServer(this.#ground, server);
    if (hooks === undefined || server.state !== "running") return;
    if ("refused" in booted) {
      server.bootNote = booted.refused;
      return;
    }
    server.bootNote = "joins";
    const edited = hooks.nodeEdited !== undefined || !switches.cloudController;
    server.node = edited ? booted.node : initialised(booted.node, server);
    await hooks.nodeJoins(server.node);
    this.#initialise(server);
    this.#later(server, Math.max(0, durations.nodeReady - durations.nodeJoins), () => {
      this.#tell(server, (target) => target.nodeReady(nameOf(server)));
    });
  }

  notReady(server: Server): void {
    this.#tell(server, (hooks) => hooks.nodeNotReady(nameOf(server)));
  }

  leaves(server: Server): void {
    this.#tell(server, async (hooks) => {
      await hooks.nodeLeaves(nameOf(server));
      server.node = undefined;
    });
  }

  /** §1.10: the cloud controller manager finds the new Node. */
  #initialise(server: Server): void {
    const { hooks, switches, durations } = this.#ground;
    if (hooks?.nodeEdited === undefined || !switches.cloudController) return;
    this.#later(server, durations.nodeInitialised, () => {
      const { labels, taints } = syncTags(server.tags);
      const edit: NodeEdit = {
        labels: { ...placeLabels(server), ...labels },
        removeTaints: [{ key: UNINITIALIZED_KEY, effect: "NoSchedule" }],
        ...(taints.length > 0 ? { addTaints: taints } : {}),
      };
      this.#tell(server, async (target) => target.nodeEdited?.(nameOf(server), edit));
    });
  }

  #later(server: Server, ms: number, work: () => void): void {
    const cancel = this.#ground.timers.after(ms, () => {
      server.timers.delete(cancel);
      work();
    });
    server.timers.add(cancel);
  }

  #tell(server: Server, call: (hooks: MachineHooks) => Promise<void>): void {
    const { hooks, clock } = this.#ground;
    if (hooks === undefined || server.node === undefined) return;
    const before = server.hookQueue;
    const done = clock.during(() => before.then(() => call(hooks)));
    server.hookQueue = done.catch((error: unknown) => this.#note(server, error));
  }

  #note(server: Server, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the cluster refused news of a machine: ${why}`;
    this.#ground.invariants.record("HookFailed", message, { server: server.name });
  }
}

function nameOf(server: Server): string {
  return server.node?.metadata.name ?? server.name;
}
