// Who there is and what they may have: accounts, users, domains, projects, limits, capacity, settings of the site.

import { SEED_TARIFFS } from "../seed/groups-and-tariffs.ts";
import { CPU_OVERCOMMIT } from "../seed/hosts.ts";
import { SEED_ACCOUNTS, SEED_DOMAINS, SEED_PROJECTS } from "../seed/identities.ts";
import { notForUser, unverified } from "../api-error.ts";
import { amount, field, zoneNameOf } from "../world/ground.ts";
import { availability, RESOURCES } from "../world/limits.ts";
import { PLACED } from "../world/records.ts";
import type { Call, Command, Json } from "./command.ts";
import { groundOf, listed, requireProject } from "./command.ts";

const PAGED = ["id", "name", "keyword", "listall", "page", "pagesize"];
const MIB = 1024 ** 2;

export const ACCOUNT_COMMANDS: readonly Command[] = [
  { name: "listCapabilities", params: [], handle: capabilities },
  { name: "listAccounts", params: [...PAGED, "domainid"], handle: listAccounts },
  { name: "listUsers", params: [...PAGED, "account", "username"], handle: (call) => listed(call, "user", users(call)) },
  {
    name: "getUser",
    access: "admin",
    params: ["userapikey!"],
    handle: (call) => {
      const user = call.backend.users.find(({ apiKey }) => apiKey === call.params.required("userapikey"));
      if (user === undefined) throw unverified();
      return {
        user: {
          id: user.caller.userId,
          username: user.username,
          account: user.caller.account,
          accounttype: user.caller.type,
        },
      };
    },
  },
  {
    name: "listDomains",
    params: PAGED,
    handle: (call) =>
      listed(
        call,
        "domain",
        SEED_DOMAINS.filter((row) => call.caller.type === 1 || row.name === call.caller.domain),
      ),
  },
  { name: "listProjects", params: [...PAGED, "state"], handle: listProjects },
  {
    name: "listResourceLimits",
    params: ["account", "domainid", "projectid", "resourcetype", "page", "pagesize"],
    handle: listLimits,
  },
  {
    name: "updateResourceLimit",
    access: "admin",
    params: ["account", "domainid", "resourcetype!", "max"],
    handle: updateLimit,
  },
  { name: "listCapacity", access: "admin", params: ["zoneid", "type", "page", "pagesize"], handle: capacity },
  {
    name: "listConfigurations",
    access: "admin",
    params: ["name", "keyword", "page", "pagesize"],
    handle: (call) => listed(call, "configuration", configurations(call)),
  },
  {
    name: "listPublicIpAddresses",
    params: ["zoneid", "state", "projectid", "listall", "page", "pagesize"],
    handle: (call) =>
      listed(call, "publicipaddress", [
        { id: "9d1c0a0e-0000-4000-8000-000000000001", ipaddress: "203.0.113.10", state: "Free" },
      ]),
  },
  {
    name: "quotaTariffList",
    params: ["usagetype", "name", "page", "pagesize"],
    handle: (call) => {
      if (!groundOf(call).switches.quotaPlugin) throw notForUser("quotaTariffList");
      const type = call.params.number("usagetype");
      return listed(
        call,
        "quotatariff",
        SEED_TARIFFS.filter((row) => type === undefined || row["usageType"] === type),
      );
    },
  },
  {
    name: "listManagementServersMetrics",
    params: ["page", "pagesize"],
    handle: (call) =>
      listed(call, "managementserver", [
        {
          id: "7dc2bc3d-0708-5605-934d-a2a017b538cf",
          name: "mgmt-1",
          state: "Up",
          version: groundOf(call).switches.version,
        },
      ]),
  },
];

function capabilities(call: Call): Json {
  const { version, allowUserExpunge, allowUserViewDestroyed, apiLimit } = groundOf(call).switches;
  return {
    capability: {
      securitygroupsenabled: false,
      dynamicrolesenabled: true,
      cloudstackversion: version,
      userpublictemplateenabled: true,
      supportELB: "false",
      projectinviterequired: false,
      allowusercreateprojects: true,
      customdiskofferingminsize: 1,
      customdiskofferingmaxsize: 1024,
      regionsecondaryenabled: false,
      kvmsnapshotenabled: true,
      allowuserviewdestroyedvm: allowUserViewDestroyed,
      allowuserexpungerecovervm: allowUserExpunge,
      allowuserexpungerecovervolume: allowUserExpunge,
      allowuserviewalldomainaccounts: false,
      allowuserforcestopvm: true,
      kubernetesserviceenabled: true,
      kubernetesclusterexperimentalfeaturesenabled: true,
      defaultuipagesize: 20,
      ...(apiLimit === undefined ? {} : { apilimitinterval: apiLimit.intervalSeconds, apilimitmax: apiLimit.max }),
      instanceleaseenabled: false,
      dynamicscalingenabled: true,
    },
  };
}

function listAccounts(call: Call): Json {
  const { caller, params } = call;
  const ground = groundOf(call);
  const [name, domain] = [params.text("name"), params.text("domainid")];
  const rows = SEED_ACCOUNTS.filter(
    (row) =>
      (row.name === caller.account ||
        (caller.type === 1 && (params.flag("listall") === true || domain !== undefined))) &&
      (domain === undefined || row["domainid"] === domain) &&
      (name === undefined || row.name === name),
  ).map((row) => {
    const { user, ...rest } = row;
    const { apikey: _k, secretkey: _s, ...shown } = user as Json;
    return { ...rest, ...availability(ground, row.name ?? ""), user: [{ ...shown, account: row.name }] };
  });
  return listed(call, "account", rows);
}

function users({ backend, caller, params }: Call): readonly Json[] {
  const account = params.text("account");
  return backend.users
    .filter((user) => caller.type === 1 || user.caller.account === caller.account)
    .filter((user) => account === undefined || user.caller.account === account)
    .map(({ caller: who, username, enabled }) => ({
      id: who.userId,
      username,
      account: who.account,
      accountid: who.accountId,
      accounttype: who.type,
      domain: who.domain,
      domainid: who.domainId,
      state: enabled ? "enabled" : "disabled",
    }));
}

function listProjects(call: Call): Json {
  const { caller, params } = call;
  const [id, name, state] = [params.text("id"), params.text("name"), params.text("state")];
  const rows = SEED_PROJECTS.filter((row) => {
    const owners = row["owner"] as readonly { readonly account: string }[];
    return (
      (caller.type === 1 || owners.some(({ account }) => account === caller.account)) &&
      (id === undefined || row.id === id) &&
      (name === undefined || row.name === name) &&
      (state === undefined || row["state"] === state)
    );
  });
  const ground = groundOf(call);
  return listed(
    call,
    "project",
    rows.map((row) => ({ ...row, ...availability(ground, field(row, "projectaccountname")) })),
  );
}

function accountMeant(call: Call): string {
  const project = call.params.text("projectid");
  if (project !== undefined) return field(requireProject(call, project), "projectaccountname");
  return call.params.text("account") ?? call.caller.account;
}

function listLimits(call: Call): Json {
  const { caller, params } = call;
  const account = accountMeant(call);
  const limits = groundOf(call).limits.get(account) ?? {};
  const type = params.text("resourcetype");
  const rows = RESOURCES.filter((each) => type === undefined || each.type === type).map((each) => ({
    account,
    domain: caller.domain,
    domainid: caller.domainId,
    domainpath: caller.domainPath,
    resourcetype: each.type,
    resourcetypename: each.name,
    max: limits[each.type] ?? -1,
  }));
  return listed(call, "resourcelimit", rows);
}

function updateLimit(call: Call): Json {
  const account = accountMeant(call);
  const { limits } = groundOf(call);
  const type = call.params.required("resourcetype");
  const max = call.params.number("max") ?? -1;
  limits.set(account, { ...limits.get(account), [type]: max });
  return { resourcelimit: { account, resourcetype: type, max } };
}

/** Memory in bytes and processors in MHz, of the hosts that are up; the part in use as a text. */
function capacity(call: Call): Json {
  const { params } = call;
  const ground = groundOf(call);
  const [zone, type] = [params.text("zoneid"), params.number("type")];
  const rows = ground.zones
    .filter(({ id }) => zone === undefined || id === zone)
    .flatMap(({ id, name }) => {
      const hosts = ground.hosts.filter(
        (host) => field(host, "zone") === name && field(host, "resourcestate") === "Enabled",
      );
      const machines = [...ground.machines.values()].filter(
        ({ zoneId, state }) => zoneId === id && PLACED.includes(state),
      );
      const sum = <T>(things: readonly T[], of: (thing: T) => number): number =>
        things.reduce((total, one) => total + of(one), 0);
      const memory = [
        sum(machines, (one) => one.memoryMiB * MIB),
        sum(hosts, (host) => amount(host, "memoryMiB") * MIB),
      ];
      const cpu = [
        sum(machines, (one) => one.cpu * one.speed),
        sum(hosts, (host) => amount(host, "cores") * amount(host, "speedMHz") * CPU_OVERCOMMIT),
      ];
      return [
        { type: 0, name: "MEMORY", pair: memory },
        { type: 1, name: "CPU", pair: cpu },
      ].map(({ type: number, name: what, pair: [used = 0, total = 0] }) => ({
        type: number,
        name: what,
        zoneid: id,
        zonename: zoneNameOf(ground, id),
        capacityallocated: used,
        capacityused: used,
        capacitytotal: total,
        percentused: total === 0 ? "0" : ((100 * used) / total).toFixed(2),
      }));
    });
  return listed(
    call,
    "capacity",
    rows.filter((row) => type === undefined || row.type === type),
  );
}

function configurations(call: Call): readonly Json[] {
  const { userDataMaxLength, maxPageSize } = groundOf(call).switches;
  const name = call.params.text("name");
  return [
    { name: "vm.userdata.max.length", value: String(userDataMaxLength) },
    { name: "default.page.size", value: String(maxPageSize) },
    { name: "expunge.delay", value: "86400" },
  ].filter((row) => name === undefined || row.name === name);
}
