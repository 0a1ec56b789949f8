// What nobody seems to look after any more: machines, disks, and addresses that stay taken (T-68, T-91).

import type { Violation } from "../invariants.ts";
import type { Ground } from "./ground.ts";
import { rowOf } from "./ground.ts";
import { isOwned } from "./records.ts";
import type { Machine, MachineState, Volume } from "./records.ts";

/** Left alone this long, something of ours is a leak. */
const GRACE_MS = 30 * 60_000;
const GONE: readonly MachineState[] = ["Destroyed", "Expunging"];

/** Whatever of ours has gone on costing money, or kept others from something, for too long. */
export async function leaks(ground: Ground): Promise<Violation[]> {
  return [...(await leakedMachines(ground)), ...leakedVolumes(ground), ...leakedAddresses(ground)];
}

async function leakedMachines(ground: Ground): Promise<Violation[]> {
  const at = ground.clock.now();
  const found: Violation[] = [];
  for (const machine of ground.machines.values()) {
    const why = isOwned(machine) && !machine.foreign ? await leakReason(ground, machine, at) : undefined;
    if (why === undefined) continue;
    found.push({ kind: "LeakedMachine", message: `machine ${machine.name} ${why}`, at, machine: machine.id });
  }
  return found;
}

/** Disks of ours that no machine has, also where nobody came to tag them. One whose machine is gone without letting go of it is the fake's own mistake. */
function leakedVolumes({ volumes, machines, clock }: Ground): Violation[] {
  const at = clock.now();
  const lost = ({ machineId }: Volume): boolean => machineId !== undefined && !machines.has(machineId);
  const left = ({ machineId, foreign, name, isOurs, tags, freeSince }: Volume): boolean =>
    machineId === undefined &&
    !foreign &&
    !name.startsWith("pvc-") &&
    (isOurs || tags.has("karpenter.sh/managed-by")) &&
    at - freeSince > GRACE_MS;
  return [...volumes.values()]
    .filter((volume) => lost(volume) || left(volume))
    .map((volume) => {
      const why = lost(volume) ? "belongs to a machine that is gone" : "is used by nobody";
      return { kind: "LeakedVolume", message: `volume ${volume.name} ${why}`, at, volume: volume.id };
    });
}

/** An address is free once its machine is expunged; one that could be and never was keeps its address, its card and its name from others. */
function leakedAddresses({ nics, machines, networks, clock }: Ground): Violation[] {
  const at = clock.now();
  return [...nics.values()].flatMap(({ id, networkId, address, machineId }): Violation[] => {
    const machine = machines.get(machineId);
    const where = `address ${address} of ${rowOf(networks, networkId)?.name ?? networkId}`;
    if (machine === undefined)
      return [{ kind: "LeakedAddress", message: `${where} belongs to a machine that is gone`, at, nic: id }];
    const stays = machine.state === "Destroyed" && machine.wasKept && at - machine.stateSince > GRACE_MS;
    if (!stays || machine.foreign || !isOwned(machine)) return [];
    const message = `${where} stays with ${machine.name}, which was destroyed and could have been expunged`;
    return [{ kind: "LeakedAddress", message, at, nic: id }];
  });
}

async function leakReason(ground: Ground, machine: Machine, now: number): Promise<string | undefined> {
  const { state, stateSince, node } = machine;
  if (GONE.includes(state)) return undefined;
  const isOld = now - stateSince > GRACE_MS;
  if (state !== "Running") return isOld ? `stays ${state}` : undefined;
  const { hooks } = ground;
  if (hooks === undefined) return undefined;
  if (node === undefined) return isOld ? "runs and never joined" : undefined;
  await machine.hookQueue;
  return (await hooks.nodeExists(node.metadata.name ?? "")) ? undefined : "runs without its Node";
}
