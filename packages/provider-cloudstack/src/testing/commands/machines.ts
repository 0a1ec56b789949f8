// Virtual machines: listing, starting, stopping, changing and removing them.

import { invalid } from "../api-error.ts";
import type { Ground } from "../world/ground.ts";
import type { Machine } from "../world/records.ts";
import { machineView, nicView } from "../world/views.ts";
import type { Call, Command, Json } from "./command.ts";
import { groundOf, isInScope, listed, mustExist, requireRight, rowById } from "./command.ts";
import { deploy } from "./deploy.ts";

const LIST = [
  "id",
  "ids",
  "name",
  "keyword",
  "zoneid",
  "state",
  "tags",
  "projectid",
  "listall",
  "details",
  "networkid",
];
const DEPLOY = [
  "serviceofferingid!",
  "templateid!",
  "zoneid!",
  "name",
  "displayname",
  "networkids",
  "userdata",
  "userdataid",
  "userdatadetails",
  "rootdisksize",
  "overridediskofferingid",
  "diskofferingid",
  "size",
  "datadisksdetails",
  "keypair",
  "keypairs",
  "affinitygroupids",
  "securitygroupids",
  "details",
  "projectid",
  "account",
  "domainid",
  "group",
  "boottype",
  "bootmode",
  "startvm",
];

export const MACHINE_COMMANDS: readonly Command[] = [
  { name: "deployVirtualMachine", isAsync: true, params: DEPLOY, handle: deploy },
  { name: "listVirtualMachines", params: [...LIST, "page", "pagesize"], handle: list },
  { name: "listVirtualMachinesMetrics", params: [...LIST, "page", "pagesize"], handle: list },
  job("startVirtualMachine", ["id!"], (call, machine) =>
    call.backend.world.life.start(machine, call.caller, call.jobFault),
  ),
  job("stopVirtualMachine", ["id!", "forced"], (call, machine) =>
    call.backend.world.life.stop(machine, call.caller, call.jobFault),
  ),
  job("rebootVirtualMachine", ["id!"], (call, machine) =>
    call.backend.world.jobs.start({ cmd: "vm.RebootVMCmd", caller: call.caller, fault: call.jobFault }, (running) => {
      running.done({ virtualmachine: machineView(groundOf(call), machine) });
    }),
  ),
  job("destroyVirtualMachine", ["id!", "expunge", "volumeids"], (call, machine) =>
    call.backend.world.life.destroy(machine, {
      caller: call.caller,
      expunge: call.params.flag("expunge") === true,
      volumeIds: call.params.list("volumeids"),
      fault: call.jobFault,
    }),
  ),
  job("expungeVirtualMachine", ["id!"], (call, machine) =>
    call.backend.world.life.expunge(machine, call.caller, call.jobFault),
  ),
  {
    name: "recoverVirtualMachine",
    params: ["id!"],
    handle: (call) => {
      const machine = visibleMachine(call);
      call.backend.world.life.recover(machine);
      return { virtualmachine: machineView(groundOf(call), machine) };
    },
  },
  {
    name: "updateVirtualMachine",
    params: ["id!", "displayname", "userdata", "deleteprotection", "name"],
    handle: update,
  },
  {
    name: "listNics",
    params: ["virtualmachineid!"],
    handle: (call) => {
      const ground = groundOf(call);
      const machine = rowById(call, "virtualmachineid", [...ground.machines.values()]);
      requireRight(call, machine.owner, "VM");
      return listed(
        call,
        "nic",
        machine.nics.map((nic) => nicView(ground, nic)),
      );
    },
  },
];

function job(name: string, params: readonly string[], run: (call: Call, machine: Machine) => string): Command {
  return { name, isAsync: true, params, handle: (call) => ({ jobid: run(call, visibleMachine(call)) }) };
}

function visibleMachine(call: Call): Machine {
  const machine = rowById(call, "id", [...groundOf(call).machines.values()]);
  requireRight(call, machine.owner, "VM");
  return machine;
}

function list(call: Call): Json {
  const { params } = call;
  const ground = groundOf(call);
  if (ground.switches.hideMachines) return {};
  const all = [...(ground.lists.frozen ?? ground.machines.values())];
  const id = params.text("id");
  if (id !== undefined) mustExist(call, "id", id, [...ground.machines.values()]);
  const hidden = hiddenNow(ground);
  const wanted = params.pairs("tags");
  if (wanted.some(([key, value]) => key === "" || value === "")) throw invalid("tags need a key and a value");
  const rows = all.filter(
    (machine) =>
      !hidden.has(machine.id) &&
      isInScope(call, machine.owner) &&
      isShown(call, ground, machine) &&
      matches(call, machine) &&
      // §1.6: any of the tags will do.
      (wanted.length === 0 || wanted.some(([key, value]) => machine.tags.get(key) === value)),
  );
  return listed(
    call,
    "virtualmachine",
    rows.map((machine) => machineView(ground, machine)),
  );
}

/** Each list uses up one of the times that a machine stays away. */
function hiddenNow({ lists }: Ground): ReadonlySet<string> {
  const hidden = new Set(lists.hidden.keys());
  for (const [id, left] of lists.hidden) {
    if (left > 1) lists.hidden.set(id, left - 1);
    else lists.hidden.delete(id);
  }
  return hidden;
}

/** A name is found as a part of the name, unlike everywhere else (§1.6). */
function matches({ params }: Call, machine: Machine): boolean {
  const [id, name, keyword] = [params.text("id"), params.text("name"), params.text("keyword")?.toLowerCase()];
  const [zone, state, network, ids] = [
    params.text("zoneid"),
    params.text("state"),
    params.text("networkid"),
    params.list("ids"),
  ];
  const text = `${machine.name} ${machine.displayName}`.toLowerCase();
  return (
    (id === undefined || machine.id === id.toLowerCase()) &&
    (ids.length === 0 || ids.includes(machine.id)) &&
    (name === undefined || machine.name.includes(name)) &&
    (keyword === undefined || text.includes(keyword)) &&
    (zone === undefined || machine.zoneId === zone) &&
    (network === undefined || machine.nics.some(({ networkId }) => networkId === network)) &&
    (state === undefined || machine.state === state)
  );
}

function isShown({ caller }: Call, { switches }: Ground, { state }: Machine): boolean {
  if (state !== "Destroyed" && state !== "Expunging") return true;
  return caller.type === 1 || switches.allowUserViewDestroyed;
}

function update(call: Call): Json {
  const { params } = call;
  const machine = visibleMachine(call);
  const [display, data, protection] = [
    params.text("displayname"),
    params.text("userdata"),
    params.flag("deleteprotection"),
  ];
  if (display !== undefined) machine.displayName = display;
  if (data !== undefined) machine.userData = data;
  if (protection !== undefined) machine.deleteProtection = protection;
  return { virtualmachine: machineView(groundOf(call), machine) };
}
