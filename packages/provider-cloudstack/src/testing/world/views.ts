// Machines, volumes and their tags in the shape of the API; fields that are null stay away (§1.3).

import type { Ground } from "./ground.ts";
import { field, rowOf, stamp, zoneNameOf } from "./ground.ts";
import { SEED_ACCOUNTS } from "../seed/identities.ts";
import type { Machine, Nic, Owner, Row, Volume } from "./records.ts";

type Json = Readonly<Record<string, unknown>>;

function ownerFields({ account, domain, domainId, domainPath, projectId }: Owner): Json {
  return {
    ...(projectId === undefined ? { account } : { projectid: projectId }),
    domain,
    domainid: domainId,
    domainpath: domainPath,
  };
}

export function tagViews(
  tags: ReadonlyMap<string, string>,
  resourcetype: string,
  resourceid: string,
  owner: Owner,
): readonly Json[] {
  return [...tags].map(([key, value]) => ({ key, value, resourcetype, resourceid, ...ownerFields(owner) }));
}

/** What a hypervisor that was never asked tells about the use of a machine. */
const IDLE: Json = {
  cpuused: "0%",
  networkkbsread: 0,
  networkkbswrite: 0,
  diskkbsread: 0,
  diskkbswrite: 0,
  diskioread: 0,
  diskiowrite: 0,
  memorykbs: 0,
  memoryintfreekbs: 0,
  memorytargetkbs: 0,
};
const VLAN = "vlan://1123";

/** Whose machine it is; that of a project belongs to whoever ordered it. */
function userFields({ account, projectId }: Owner): Json {
  const row = SEED_ACCOUNTS.find((each) => each.name === (projectId === undefined ? account : "k8s"));
  const { id, username } = (row?.["user"] ?? {}) as Readonly<Record<string, unknown>>;
  return { userid: id, username };
}

export function machineView(ground: Ground, machine: Machine): Json {
  const template = ground.templates.find(({ id }) => id === machine.templateId);
  const offering = rowOf(ground.offerings, machine.offeringId);
  return {
    id: machine.id,
    name: machine.name,
    displayname: machine.displayName,
    ...ownerFields(machine.owner),
    ...userFields(machine.owner),
    created: stamp(machine.createdAt),
    lastupdated: stamp(machine.stateSince),
    state: machine.state,
    haenable: offering?.["offerha"] === true,
    ...(machine.group === undefined ? {} : { group: machine.group }),
    zoneid: machine.zoneId,
    zonename: zoneNameOf(ground, machine.zoneId),
    templateid: machine.templateId,
    templatename: template?.name ?? "",
    templatedisplaytext: template?.name ?? "",
    templatetype: field(template, "templatetype"),
    templateformat: "QCOW2",
    passwordenabled: false,
    serviceofferingid: machine.offeringId,
    serviceofferingname: offering?.name ?? "",
    cpunumber: machine.cpu,
    cpuspeed: machine.speed,
    memory: machine.memoryMiB,
    ...IDLE,
    guestosid: field(template, "ostypeid"),
    rootdeviceid: 0,
    rootdevicetype: "ROOT",
    securitygroup: ground.securityGroups
      .filter(({ id }) => machine.securityGroupIds.includes(id))
      .map(({ id, name }) => ({ id, name })),
    nic: machine.nics.map((nic) => nicView(ground, nic)),
    hypervisor: field(template, "hypervisor") || "KVM",
    details: machine.details,
    readonlydetails: "",
    affinitygroup: machine.affinityGroupIds.map((id) => ({ id, name: rowOf(ground.affinityGroups, id)?.name ?? "" })),
    isdynamicallyscalable: false,
    ostypeid: field(template, "ostypeid"),
    osdisplayname: field(template, "ostypename"),
    pooltype: "NetworkFilesystem",
    bootmode: machine.boot.mode,
    boottype: machine.boot.type,
    arch: field(template, "arch") || "x86_64",
    vmtype: "User",
    hasannotations: false,
    ...(machine.keyPairs.length === 0 ? {} : { keypairs: machine.keyPairs.join(",") }),
    ...(machine.userDataId === undefined ? {} : { userdataid: machine.userDataId }),
    ...userDataDetails(machine),
    tags: tagViews(machine.tags, "UserVm", machine.id, machine.owner),
    deleteprotection: machine.deleteProtection,
  };
}

/** As a map prints itself in Java. */
function userDataDetails({ userDataDetails: details }: Machine): Json {
  const pairs = Object.entries(details).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? {} : { userdatadetails: `{${pairs.join(", ")}}` };
}

export function nicView({ networks }: Ground, nic: Nic): Json {
  const network = rowOf(networks, nic.networkId);
  return {
    id: nic.id,
    networkid: nic.networkId,
    networkname: network?.name ?? "",
    netmask: "255.255.255.0",
    ...(field(network, "gateway") === "" ? {} : { gateway: field(network, "gateway") }),
    ipaddress: nic.address,
    isolationuri: VLAN,
    broadcasturi: VLAN,
    traffictype: "Guest",
    type: field(network, "type"),
    isdefault: nic.isDefault,
    macaddress: nic.mac,
    secondaryip: [],
    extradhcpoption: [],
  };
}

export function volumeView(ground: Ground, volume: Volume): Json {
  const machine = ground.machines.get(volume.machineId ?? "");
  const offering = rowOf(ground.diskOfferings, volume.diskOfferingId ?? "");
  return {
    id: volume.id,
    name: volume.name,
    type: volume.type,
    ...(machine === undefined
      ? {}
      : {
          deviceid: volume.type === "ROOT" ? 0 : 1,
          virtualmachineid: machine.id,
          vmname: machine.name,
          vmstate: machine.state,
        }),
    size: volume.bytes,
    state: volume.state,
    ...(offering === undefined ? {} : { diskofferingid: offering.id, diskofferingname: offering.name }),
    zoneid: volume.zoneId,
    zonename: zoneNameOf(ground, volume.zoneId),
    created: stamp(volume.createdAt),
    storagetype: "shared",
    storage: "nfs-01",
    provisioningtype: "thin",
    destroyed: false,
    isextractable: true,
    tags: tagViews(volume.tags, "Volume", volume.id, volume.owner),
    ...ownerFields(volume.owner),
  };
}

/** A seed row as it goes out: without what is for the fake alone, its tags with their owner. */
export function rowView(row: Row, resourcetype?: string): Json {
  const shown = Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith("_")));
  const tags = row["tags"];
  if (resourcetype === undefined || !Array.isArray(tags)) return shown;
  const { account, domain, domainid, domainpath } = shown;
  const owner = { account, domain, domainid, domainpath };
  const pairs = tags as readonly { readonly key: string; readonly value: string }[];
  return {
    ...shown,
    tags: pairs.map(({ key, value }) => ({ key, value, resourcetype, resourceid: row.id, ...owner })),
  };
}
