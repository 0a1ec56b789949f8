// Affinity groups, key pairs, registered user data, instance groups.

import { invalid } from "../api-error.ts";
import { AFFINITY_TYPES } from "../seed/groups-and-tariffs.ts";
import type { Row } from "../world/records.ts";
import { rowView } from "../world/views.ts";
import type { Call, Command, Json } from "./command.ts";
import { filtered, groundOf, isInScope, listed, ownerFor, rowById, rowOwner } from "./command.ts";

const PAGED = ["id", "name", "keyword", "projectid", "listall", "account", "domainid", "page", "pagesize"];

export const GROUP_COMMANDS: readonly Command[] = [
  { name: "listAffinityGroups", params: [...PAGED, "type"], handle: listAffinityGroups },
  {
    name: "listAffinityGroupTypes",
    params: ["page", "pagesize"],
    handle: (call) =>
      listed(
        call,
        "affinitygrouptype",
        AFFINITY_TYPES.map((type) => ({ type })),
      ),
  },
  {
    name: "createAffinityGroup",
    isAsync: true,
    params: ["name!", "type!", "description", "projectid"],
    handle: createAffinityGroup,
  },
  { name: "deleteAffinityGroup", isAsync: true, params: ["id", "name"], handle: deleteAffinityGroup },
  {
    name: "listSSHKeyPairs",
    params: PAGED,
    handle: (call) => listed(call, "sshkeypair", own(call, groundOf(call).keyPairs)),
  },
  {
    name: "listSecurityGroups",
    params: PAGED,
    handle: (call) => listed(call, "securitygroup", own(call, groundOf(call).securityGroups)),
  },
  {
    name: "registerSSHKeyPair",
    params: ["name!", "publickey!"],
    handle: (call) => {
      const row = made(call, { fingerprint: "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff" });
      groundOf(call).keyPairs.push(row);
      return { keypair: rowView(row) };
    },
  },
  {
    name: "deleteSSHKeyPair",
    params: ["name!"],
    handle: (call) => {
      const { keyPairs } = groundOf(call);
      const at = keyPairs.findIndex(({ name }) => name === call.params.required("name"));
      if (at < 0) throw invalid(`A key pair with name ${call.params.required("name")} does not exist`);
      keyPairs.splice(at, 1);
      return { success: true };
    },
  },
  {
    name: "listUserData",
    params: PAGED,
    handle: (call) => listed(call, "userdata", own(call, groundOf(call).userData)),
  },
  {
    name: "registerUserData",
    params: ["name!", "userdata!", "params"],
    handle: (call) => {
      const row = made(call, {
        userdata: call.params.required("userdata"),
        hasannotations: false,
        ...(call.params.text("params") === undefined ? {} : { params: call.params.text("params") }),
      });
      groundOf(call).userData.push(row);
      return { userdata: rowView(row) };
    },
  },
  {
    name: "deleteUserData",
    params: ["id!"],
    handle: (call) => {
      const { userData } = groundOf(call);
      userData.splice(userData.indexOf(rowById(call, "id", userData)), 1);
      return { success: true };
    },
  },
  {
    name: "listInstanceGroups",
    params: PAGED,
    handle: (call) => {
      const { machines } = groundOf(call);
      const names = new Set([...machines.values()].flatMap(({ group }) => (group === undefined ? [] : [group])));
      return listed(
        call,
        "instancegroup",
        [...names].map((name) => ({ id: name, name })),
      );
    },
  },
];

function own(call: Call, rows: readonly Row[]): readonly Json[] {
  return filtered(call, rows)
    .filter((row) => isInScope(call, rowOwner(row)))
    .map((row) => rowView(row));
}

function listAffinityGroups(call: Call): Json {
  const { machines, affinityGroups } = groundOf(call);
  const members = (id: string): readonly string[] =>
    [...machines.values()].filter((machine) => machine.affinityGroupIds.includes(id)).map((machine) => machine.id);
  const rows = own(call, affinityGroups).map((row) => ({ ...row, virtualmachineIds: members(String(row["id"])) }));
  return listed(call, "affinitygroup", rows);
}

function createAffinityGroup(call: Call): Json {
  const { params, caller, backend } = call;
  const ground = groundOf(call);
  const [name, type] = [params.required("name"), params.required("type")];
  if (!AFFINITY_TYPES.includes(type))
    throw invalid(`Unable to create affinity group, invalid affinity group type ${type}`);
  const owner = ownerFor(call);
  const taken = ground.affinityGroups.some((row) => row.name === name && rowOwner(row).account === owner.account);
  if (taken) throw invalid(`Unable to create affinity group, a group with name ${name} already exists.`);
  const row = made(call, { type, description: params.text("description") ?? name, virtualmachineIds: [] });
  ground.affinityGroups.push(row);
  const order = {
    cmd: "affinitygroup.CreateAffinityGroupCmd",
    caller,
    instanceType: "AffinityGroup",
    instanceId: row.id,
    fault: call.jobFault,
  };
  const jobid = backend.world.jobs.start(order, (running) => running.done({ affinitygroup: rowView(row) }));
  return { id: row.id, jobid };
}

function deleteAffinityGroup(call: Call): Json {
  const { params, caller, backend } = call;
  const { affinityGroups, machines } = groundOf(call);
  const name = params.text("name");
  const row =
    name === undefined ? rowById(call, "id", affinityGroups) : affinityGroups.find((each) => each.name === name);
  if (row === undefined) throw invalid(`Unable to find affinity group ${name ?? ""}`);
  if ([...machines.values()].some(({ affinityGroupIds }) => affinityGroupIds.includes(row.id))) {
    throw invalid("Cannot delete affinity group when it's in use by virtual machines");
  }
  const order = { cmd: "affinitygroup.DeleteAffinityGroupCmd", caller, fault: call.jobFault };
  const jobid = backend.world.jobs.start(order, (running) => {
    affinityGroups.splice(affinityGroups.indexOf(row), 1);
    running.done({ success: true });
  });
  return { jobid };
}

function made(call: Call, fields: Json): Row {
  const { account, domain, domainId, domainPath, projectId } = ownerFor(call);
  return {
    id: groundOf(call).random.uuid(),
    name: call.params.required("name"),
    account,
    ...(projectId === undefined ? {} : { projectid: projectId }),
    domain,
    domainid: domainId,
    domainpath: domainPath,
    ...fields,
  };
}
