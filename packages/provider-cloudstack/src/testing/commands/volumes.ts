// Volumes: a machine's root and data disks, and those that lie about.

import { invalid, unknownId } from "../api-error.ts";
import { amount } from "../world/ground.ts";
import type { Volume } from "../world/records.ts";
import { volumeView } from "../world/views.ts";
import type { Call, Command, Json } from "./command.ts";
import { filtered, groundOf, isInScope, listed, ownerFor, requireRight, rowById } from "./command.ts";

const GIB = 1024 ** 3;

export const VOLUME_COMMANDS: readonly Command[] = [
  {
    name: "listVolumes",
    params: [
      "id",
      "name",
      "keyword",
      "type",
      "virtualmachineid",
      "zoneid",
      "tags",
      "projectid",
      "listall",
      "page",
      "pagesize",
    ],
    handle: list,
  },
  {
    name: "createVolume",
    isAsync: true,
    params: ["name", "diskofferingid!", "zoneid!", "size", "projectid"],
    handle: create,
  },
  {
    name: "attachVolume",
    isAsync: true,
    params: ["id!", "virtualmachineid!"],
    handle: (call) => {
      const ground = groundOf(call);
      const volume = ownVolume(call);
      const machine = rowById(call, "virtualmachineid", [...ground.machines.values()]);
      return job(call, "volume.AttachVolumeCmd", volume, () => {
        Object.assign(volume, { machineId: machine.id, state: "Ready" });
      });
    },
  },
  {
    name: "detachVolume",
    isAsync: true,
    params: ["id!"],
    handle: (call) => {
      const volume = ownVolume(call);
      return job(call, "volume.DetachVolumeCmd", volume, () => {
        Object.assign(volume, { machineId: undefined, freeSince: groundOf(call).clock.now() });
      });
    },
  },
  { name: "deleteVolume", params: ["id!"], handle: (call) => (drop(call, ownVolume(call)), { success: true }) },
  {
    name: "destroyVolume",
    isAsync: true,
    params: ["id!", "expunge"],
    handle: (call) => {
      const volume = ownVolume(call);
      return job(call, "volume.DestroyVolumeCmd", volume, () => drop(call, volume));
    },
  },
];

function list(call: Call): Json {
  const { params } = call;
  const ground = groundOf(call);
  const [type, machine, zone] = [params.text("type"), params.text("virtualmachineid"), params.text("zoneid")];
  if (machine !== undefined && !ground.machines.has(machine) && !ground.removed.has(machine)) {
    throw unknownId(params.command, "virtualmachineid", machine);
  }
  const wanted = params.pairs("tags");
  const rows = filtered(call, [...ground.volumes.values()]).filter(
    (volume) =>
      isInScope(call, volume.owner) &&
      (type === undefined || volume.type === type) &&
      (machine === undefined || volume.machineId === machine) &&
      (zone === undefined || volume.zoneId === zone) &&
      (wanted.length === 0 || wanted.some(([key, value]) => volume.tags.get(key) === value)),
  );
  return listed(
    call,
    "volume",
    rows.map((volume) => volumeView(ground, volume)),
  );
}

function create(call: Call): Json {
  const { params } = call;
  const ground = groundOf(call);
  const offering = rowById(call, "diskofferingid", ground.diskOfferings);
  const zone = rowById(call, "zoneid", ground.zones);
  const now = ground.clock.now();
  const volume: Volume = {
    id: ground.random.uuid(),
    name: params.text("name") ?? `volume-${ground.volumes.size + 1}`,
    type: "DATADISK",
    bytes: (amount(offering, "disksize") || (params.number("size") ?? 1)) * GIB,
    owner: ownerFor(call),
    zoneId: zone.id,
    diskOfferingId: offering.id,
    createdAt: now,
    tags: new Map(),
    foreign: false,
    isOurs: false,
    machineId: undefined,
    state: "Allocated",
    freeSince: now,
  };
  ground.volumes.set(volume.id, volume);
  return { id: volume.id, ...job(call, "volume.CreateVolumeCmd", volume, () => {}) };
}

function job(call: Call, cmd: string, volume: Volume, work: () => void): Json {
  const order = { cmd, caller: call.caller, instanceType: "Volume", instanceId: volume.id, fault: call.jobFault };
  const jobid = call.backend.world.jobs.start(order, (running) => {
    work();
    running.done(() => ({ volume: volumeView(groundOf(call), volume) }));
  });
  return { jobid };
}

function ownVolume(call: Call): Volume {
  const volume = rowById(call, "id", [...groundOf(call).volumes.values()]);
  requireRight(call, volume.owner, "Volume");
  return volume;
}

function drop(call: Call, volume: Volume): void {
  const ground = groundOf(call);
  if (volume.machineId !== undefined) throw invalid("Please specify a volume that is not attached to any VM.");
  if (volume.foreign) ground.invariants.record("ForeignDeleted", `volume ${volume.name} is somebody else's`);
  ground.volumes.delete(volume.id);
  ground.removed.add(volume.id);
}
