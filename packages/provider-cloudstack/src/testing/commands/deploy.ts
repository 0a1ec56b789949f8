// deployVirtualMachine: everything that is checked before a job is given, in the server's order (§13).

import { ApiError, invalid, missingParameter, unknownId } from "../api-error.ts";
import { noteDoubles } from "../world/dump.ts";
import type { Ground } from "../world/ground.ts";
import { amount, field, rowOf } from "../world/ground.ts";
import { checkLimits } from "../world/limits.ts";
import { cardsOf } from "../world/planner.ts";
import { blankMachine, isOwned } from "../world/records.ts";
import type { Machine, Nic, Owner, Row, Volume } from "../world/records.ts";
import type { Call, Json } from "./command.ts";
import { groundOf, ownerFor, rowById } from "./command.ts";

const GIB = 1024 ** 3;
const GET_LIMIT = 4096;
const HOST_NAME = /^(?![0-9-])[A-Za-z0-9-]{1,63}(?<!-)$/;

interface Size {
  readonly cpu: number;
  readonly speed: number;
  readonly memoryMiB: number;
}

interface Disk {
  readonly offering: Row;
  readonly gib: number;
}

export function deploy(call: Call): Json {
  const { params, backend, caller } = call;
  const ground = groundOf(call);
  const { networks, disks, rootGiB, ...order } = checkedOrder(call, ground);
  const nics = networks.map((network, index) => nicIn(ground, network, index === 0));
  const machine = newMachine(call, { ...order, nics });
  ground.machines.set(machine.id, machine);
  for (const nic of nics) ground.nics.set(nic.id, { ...nic, machineId: machine.id });
  for (const [index, disk] of [undefined, ...disks].entries()) addVolume(ground, machine, index, disk, rootGiB);
  noteDoubles(ground, machine);
  const { life } = backend.world;
  const isStarted = params.flag("startvm") !== false;
  const jobid = isStarted
    ? life.begin(machine, caller, call.jobFault)
    : life.keepStopped(machine, caller, call.jobFault);
  return { id: machine.id, jobid };
}

interface Order extends Omit<Parts, "nics"> {
  readonly networks: readonly Row[];
  readonly disks: readonly Disk[];
  readonly rootGiB: number;
}

/** In the order in which the server checks it. */
function checkedOrder(call: Call, ground: Ground): Order {
  const { params, caller } = call;
  for (const name of ["serviceofferingid", "templateid", "zoneid"]) params.required(name);
  const offering = rowById(call, "serviceofferingid", ground.offerings);
  const template = rowById(call, "templateid", ground.templates);
  const zone = rowById(call, "zoneid", ground.zones);
  const owner = ownerFor(call);
  if (field(zone, "allocationstate") !== "Enabled" && caller.type !== 1) {
    throw new ApiError(531, `Cannot perform this operation, Zone is currently disabled: ${zone.name}`, 4365);
  }
  checkOffering(offering, zone, owner.domain);
  const size = sizeOf(offering, params.details("details"));
  checkTemplate(ground, template, zone);
  const rootGiB = rootSize(ground, call, offering, template);
  const networks = networksFor(call, ground, zone, owner);
  const name = params.text("name") ?? `VM-${ground.random.uuid()}`;
  checkName(ground, name, networks);
  const userData = params.text("userdata") ?? "";
  checkUserData(call, userData);
  if (userData !== "" && params.text("userdataid") !== undefined)
    throw invalid("Both userdata and userdata ID inputs are not allowed, please provide only one");
  const disks = disksOf(call, ground);
  const affinityGroupIds = idsOf(call, "affinitygroupids", ground.affinityGroups);
  checkKeyPairs(call, ground);
  const securityGroupIds = securityGroupsOf(call, ground, zone);
  checkFaultyLimit(call);
  const volumeGiB = disks.reduce((sum, { gib }) => sum + gib, rootGiB);
  checkLimits(ground, owner.account, 2, {
    "0": 1,
    "2": 1 + disks.length,
    "8": size.cpu,
    "9": size.memoryMiB,
    "10": volumeGiB,
    "12": cardsOf(offering).count,
  });
  const groups = { affinityGroupIds, securityGroupIds };
  return { offering, template, zone, owner, size, networks, name, userData, disks, rootGiB, ...groups };
}

function checkOffering(offering: Row, zone: Row, domain: string): void {
  const zones = field(offering, "zoneid");
  const domains = field(offering, "domain");
  if (field(offering, "state") !== "Active" || offering["issystem"] === true) {
    throw invalid(`the service offering ${offering.name} is not active`);
  }
  if (zones !== "" && !zones.split(",").includes(zone.id)) {
    throw invalid(`Service offering ${offering.name} is not available in zone ${zone.name}`);
  }
  if (domains !== "" && !domains.split(",").includes(domain)) {
    throw new ApiError(531, `Acct does not have permission to operate with resource ${offering.name}`, 4365);
  }
}

/** Custom offerings leave open what the request must say, and nothing else (§1.9). */
function sizeOf(offering: Row, details: Readonly<Record<string, string>>): Size {
  const { cpuNumber, cpuSpeed, memory } = details;
  if (offering["cpunumber"] !== undefined) {
    if (cpuNumber !== undefined || memory !== undefined) {
      throw invalid("cpuNumber is not customizable. This is predefined in the template.");
    }
    return {
      cpu: amount(offering, "cpunumber"),
      speed: amount(offering, "cpuspeed"),
      memoryMiB: amount(offering, "memory"),
    };
  }
  const hasSpeed = offering["cpuspeed"] !== undefined;
  if (hasSpeed && cpuSpeed !== undefined)
    throw invalid("cpuSpeed is not customizable. This is predefined in the template.");
  if (cpuNumber === undefined || memory === undefined || (!hasSpeed && cpuSpeed === undefined)) {
    throw invalid("Need to specify custom parameter values cpu, cpu speed and memory when using custom offering");
  }
  const bounds = (offering["serviceofferingdetails"] ?? {}) as Readonly<Record<string, string>>;
  checkBounds("cpu cores", Number(cpuNumber), bounds["mincpunumber"], bounds["maxcpunumber"]);
  checkBounds("memory", Number(memory), bounds["minmemory"], bounds["maxmemory"]);
  const speed = hasSpeed ? amount(offering, "cpuspeed") : Number(cpuSpeed);
  return { cpu: Number(cpuNumber), speed, memoryMiB: Number(memory) };
}

function checkBounds(what: string, value: number, min = "1", max = "1000000000"): void {
  if (value >= Number(min) && value <= Number(max)) return;
  throw invalid(`Invalid ${what} value, specify a value between ${min} and ${max}`);
}

function checkTemplate({ templates }: Ground, template: Row, zone: Row): void {
  const here = templates.find((row) => row.id === template.id && field(row, "zoneid") === zone.id);
  if (here === undefined) throw invalid(`Template ${template.name} is not available in zone ${zone.name}`);
  if (here["isready"] !== true) throw invalid(`Template ${template.name} is not ready in zone ${zone.name}`);
}

function rootSize(ground: Ground, { params }: Call, offering: Row, template: Row): number {
  const least = Math.ceil(amount(template, "size") / GIB);
  const override = params.text("overridediskofferingid");
  const overridden = override === undefined ? 0 : amount(rowOf(ground.diskOfferings, override), "disksize");
  const asked = params.number("rootdisksize") ?? (overridden || amount(offering, "rootdisksize") || least);
  if (asked < least) {
    throw invalid(`Root disk size ${asked} GB is smaller than the size ${least} GB of the template`);
  }
  return asked;
}

function networksFor(call: Call, ground: Ground, zone: Row, owner: Owner): readonly Row[] {
  const ids = call.params.list("networkids");
  const isBasic = field(zone, "networktype") === "Basic";
  if (isBasic && ids.length > 0) throw invalid("Can't specify network Ids in Basic zone");
  const own = ground.networks.filter(
    (row) =>
      field(row, "zoneid") === zone.id && field(row, "account") === owner.account && field(row, "type") === "Isolated",
  );
  if (ids.length === 0) return own.slice(0, 1);
  return ids.map((id) => {
    const network = rowOf(ground.networks, id);
    if (network === undefined) throw unknownId(call.params.command, "networkids", id);
    if (field(network, "zoneid") !== zone.id) throw invalid(`Network ${network.name} is not in zone ${zone.name}`);
    if (!["Allocated", "Setup", "Implementing", "Implemented"].includes(field(network, "state"))) {
      throw invalid(`Network ${network.name} cannot be used: it is ${field(network, "state")}`);
    }
    const project = field(network, "projectid");
    if (project !== (owner.projectId ?? "") && field(network, "acltype") !== "Domain") {
      throw new ApiError(531, `Unable to use network with id ${id}, permission denied`, 4365);
    }
    return network;
  });
}

/** Among all machines with a card in the network, dead ones included (§1.8). */
function checkName({ machines }: Ground, name: string, networks: readonly Row[]): void {
  if (!HOST_NAME.test(name)) {
    throw invalid(
      "Invalid name. Vm name can contain ASCII letters 'a' through 'z', the digits '0' through '9', and the hyphen ('-'), must be between 1 and 63 characters long, and can't start or end with \"-\" and can't start with digit",
    );
  }
  for (const network of networks) {
    const taken = [...machines.values()].some(
      (machine) => machine.name === name && machine.nics.some(({ networkId }) => networkId === network.id),
    );
    if (!taken) continue;
    const domain = field(network, "networkdomain") || "cs2cloud.internal";
    throw invalid(
      `The vm with hostName ${name} already exists in the network domain: ${domain}; network=${network.name}`,
    );
  }
}

function checkUserData(call: Call, text: string): void {
  const { userDataMaxLength } = groundOf(call).switches;
  if (text === "") return;
  if (call.facts.method === "GET" && text.length > GET_LIMIT)
    throw invalid("User data is too long for an http GET request");
  if (text.length > userDataMaxLength) throw invalid(`User data is too long: its length exceeds ${userDataMaxLength}`);
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw invalid("User data is not base64 encoded");
}

function disksOf(call: Call, ground: Ground): readonly Disk[] {
  const { params } = call;
  const single = params.text("diskofferingid");
  const wanted = [
    ...(single === undefined ? [] : [{ id: single, size: params.number("size") }]),
    ...params
      .objects("datadisksdetails")
      .map((disk) => ({ id: disk["diskofferingid"] ?? "", size: Number(disk["size"] ?? 0) || undefined })),
  ];
  return wanted.map(({ id, size }) => {
    const offering = rowOf(ground.diskOfferings, id);
    if (offering === undefined) throw unknownId(params.command, "diskofferingid", id);
    const isCustom = offering["iscustomized"] === true;
    if (isCustom && size === undefined) throw missingParameter(params.command, "size");
    return { offering, gib: isCustom ? (size ?? 0) : amount(offering, "disksize") };
  });
}

function idsOf(call: Call, parameter: string, rows: readonly Row[]): readonly string[] {
  return call.params.list(parameter).map((id) => {
    if (rowOf(rows, id) === undefined) throw unknownId(call.params.command, parameter, id);
    return id;
  });
}

/** Only where the zone has them (§5). */
function securityGroupsOf(call: Call, ground: Ground, zone: Row): readonly string[] {
  const ids = idsOf(call, "securitygroupids", ground.securityGroups);
  if (ids.length > 0 && zone["securitygroupsenabled"] !== true)
    throw invalid("Can't create vm with security groups; security group feature is not enabled per zone");
  return ids;
}

function checkKeyPairs({ params, caller }: Call, { keyPairs }: Ground): void {
  const names = [...params.list("keypairs"), ...params.list("keypair")];
  const missing = names.find((name) => !keyPairs.some((row) => row.name === name));
  if (missing !== undefined)
    throw invalid(`A key pair with name ${missing} does not exist for account ${caller.account}`);
}

function checkFaultyLimit(call: Call): void {
  const ground = groundOf(call);
  const about = call.facts.about ?? {};
  const limit = ground.faults.forMachine("quota", { ...call.facts, about });
  if (limit === undefined) return;
  const text = `Maximum amount of resources of Type = 'user_vm' for Account Name = ${call.caller.account} in Domain Id = 2 is exceeded`;
  throw new ApiError(limit.status ?? 535, limit.message ?? text, 9999);
}

/** Addresses of a shared network may run out; those of dead machines are taken too. */
function nicIn(ground: Ground, network: Row, isDefault: boolean): Nic {
  const used = [...ground.nics.values()].filter(({ networkId }) => networkId === network.id);
  const free = typeof network["_freeips"] === "number" ? network["_freeips"] : 252;
  if (used.length >= free) {
    throw new ApiError(
      533,
      `Insufficient address capacity: unable to acquire an IP address in network ${network.name}`,
      4320,
    );
  }
  const taken = new Set(used.map(({ address }) => address));
  const base = (field(network, "gateway") || "10.99.0.1").replace(/\.\d+$/, "");
  let last = 2;
  while (taken.has(`${base}.${last}`)) last++;
  const digits = ground.random.hex(6);
  const mac = `02:01:00:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
  return { id: ground.random.uuid(), networkId: network.id, address: `${base}.${last}`, mac, isDefault };
}

interface Parts {
  readonly offering: Row;
  readonly template: Row;
  readonly zone: Row;
  readonly owner: Owner;
  readonly size: Size;
  readonly nics: readonly Nic[];
  readonly name: string;
  readonly userData: string;
  readonly affinityGroupIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

function newMachine(call: Call, parts: Parts): Machine {
  const { params, facts } = call;
  const ground = groundOf(call);
  const { offering, template, zone, owner, size, nics, name, userData, affinityGroupIds, securityGroupIds } = parts;
  const { cpuNumber: _c, cpuSpeed: _s, memory: _m, ...details } = params.details("details");
  return {
    ...blankMachine(ground.clock.now()),
    id: ground.random.uuid(),
    number: ++ground.numbers.machine,
    name,
    displayName: params.text("displayname") ?? name,
    owner,
    zoneId: zone.id,
    templateId: template.id,
    offeringId: offering.id,
    ...size,
    nics,
    state: "Stopped",
    userData,
    userDataId: params.text("userdataid"),
    userDataDetails: cutAtCommas(params.details("userdatadetails")),
    affinityGroupIds,
    securityGroupIds,
    keyPairs: [...params.list("keypairs"), ...params.list("keypair")],
    details,
    group: params.text("group"),
    boot: { type: params.text("boottype") ?? "Bios", mode: params.text("bootmode") ?? "Legacy" },
    foreign: false,
    order: facts,
  };
}

/** The server keeps them as one text, and cuts that at its commas. */
function cutAtCommas(details: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(details).map(([name, value]) => [name, value.split(",")[0] ?? ""]));
}

/** Number 0 is the root disk. */
function addVolume(ground: Ground, machine: Machine, index: number, disk: Disk | undefined, rootGiB: number): void {
  const now = ground.clock.now();
  const volume: Volume = {
    id: ground.random.uuid(),
    name: disk === undefined ? `ROOT-${machine.number}` : `DATA-${machine.number}${index > 1 ? `-${index}` : ""}`,
    type: disk === undefined ? "ROOT" : "DATADISK",
    bytes: (disk?.gib ?? rootGiB) * GIB,
    owner: machine.owner,
    zoneId: machine.zoneId,
    diskOfferingId: disk?.offering.id,
    createdAt: now,
    tags: new Map(),
    foreign: false,
    isOurs: isOwned(machine),
    machineId: machine.id,
    state: "Allocated",
    freeSince: now,
  };
  ground.volumes.set(volume.id, volume);
}
