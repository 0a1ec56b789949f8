// What is on offer: zones, service and disk offerings, networks, templates.

import type { Call, Command } from "./command.ts";
import { filtered, groundOf, isInScope, listed, rowById, rowOwner } from "./command.ts";
import { unknownId } from "../api-error.ts";
import { field } from "../world/ground.ts";
import type { Row } from "../world/records.ts";
import { rowView } from "../world/views.ts";
import { ApiError, invalid } from "../api-error.ts";

const FILTERS = ["featured", "self", "selfexecutable", "sharedexecutable", "executable", "community", "all", "system"];
const PAGED = ["id", "name", "keyword", "page", "pagesize"];

export const CATALOGUE_COMMANDS: readonly Command[] = [
  {
    name: "listZones",
    params: [...PAGED, "available"],
    handle: (call) => {
      const rows = filtered(call, groundOf(call).zones);
      const available = call.params.flag("available") === true;
      const shown = rows.filter((row) => !available || field(row, "allocationstate") === "Enabled");
      return listed(
        call,
        "zone",
        shown.map((row) => rowView(row)),
      );
    },
  },
  {
    name: "listServiceOfferings",
    params: [...PAGED, "zoneid", "cpunumber", "memory", "gpuenabled", "state", "issystem", "listall"],
    handle: listServiceOfferings,
  },
  {
    name: "listDiskOfferings",
    params: [...PAGED, "zoneid", "listall"],
    handle: (call) => {
      const rows = filtered(call, groundOf(call).diskOfferings).filter((row) => field(row, "state") === "Active");
      return listed(
        call,
        "diskoffering",
        rows.map((row) => rowView(row)),
      );
    },
  },
  {
    name: "listNetworks",
    params: [...PAGED, "zoneid", "type", "projectid", "listall", "canusefordeploy", "networkfilter"],
    handle: listNetworks,
  },
  {
    name: "listTemplates",
    params: [...PAGED, "templatefilter!", "zoneid", "projectid", "listall"],
    handle: listTemplates,
  },
  {
    name: "createServiceOffering",
    access: "admin",
    params: ["name!", "displaytext!", "cpunumber", "cpuspeed", "memory", "serviceofferingdetails", "hosttags"],
    handle: createServiceOffering,
  },
  {
    name: "updateServiceOffering",
    access: "admin",
    params: ["id!", "name", "displaytext", "state"],
    handle: (call) => {
      const row = rowById(call, "id", groundOf(call).offerings);
      for (const key of ["name", "displaytext", "state"]) {
        const value = call.params.text(key);
        if (value !== undefined) Object.assign(row, { [key]: value });
      }
      return { serviceoffering: rowView(row) };
    },
  },
  {
    name: "deleteServiceOffering",
    access: "admin",
    params: ["id!"],
    handle: (call) => {
      const { offerings, removed } = groundOf(call);
      const row = rowById(call, "id", offerings);
      offerings.splice(offerings.indexOf(row), 1);
      removed.add(row.id);
      return { success: true };
    },
  },
];

function listServiceOfferings(call: Call) {
  const { params, caller } = call;
  const { offerings } = groundOf(call);
  const isAdmin = caller.type === 1;
  const wantsSystem = params.flag("issystem") === true;
  if (wantsSystem && !isAdmin) throw new ApiError(531, "Only ROOT admins can access system's offering", 4365);
  const state = params.text("state") ?? "Active";
  const zone = params.text("zoneid");
  const rows = filtered(call, offerings).filter(
    (row) =>
      (row["issystem"] === true) === wantsSystem &&
      (state.toLowerCase() === "all" || field(row, "state") === state) &&
      (isAdmin || field(row, "domain") === "" || field(row, "domain").split(",").includes(caller.domain)) &&
      (zone === undefined || field(row, "zoneid") === "" || field(row, "zoneid").split(",").includes(zone)) &&
      atLeast(row, "cpunumber", params.number("cpunumber")) &&
      atLeast(row, "memory", params.number("memory")) &&
      (params.flag("gpuenabled") !== true || field(row, "gpucardname") !== ""),
  );
  return listed(
    call,
    "serviceoffering",
    rows.map((row) => rowView(row)),
  );
}

function atLeast(row: Row, key: string, wanted: number | undefined): boolean {
  return wanted === undefined || (typeof row[key] === "number" && row[key] >= wanted);
}

function listNetworks(call: Call) {
  const { params } = call;
  const [zone, type, usable] = [params.text("zoneid"), params.text("type"), params.flag("canusefordeploy")];
  const rows = filtered(call, groundOf(call).networks).filter(
    (row) =>
      isInScope(call, rowOwner(row)) &&
      (zone === undefined || field(row, "zoneid") === zone) &&
      (type === undefined || field(row, "type").toLowerCase() === type.toLowerCase()) &&
      (usable !== true || row["canusefordeploy"] !== false),
  );
  return listed(
    call,
    "network",
    rows.map((row) => rowView(row, "Network")),
  );
}

function listTemplates(call: Call) {
  const { params, caller } = call;
  const filter = params.required("templatefilter");
  if (!FILTERS.includes(filter)) throw invalid(`the template filter ${filter} is not known`);
  const { templates } = groundOf(call);
  const id = params.text("id");
  if (id !== undefined && !templates.some((row) => row.id === id) && !groundOf(call).removed.has(id)) {
    throw unknownId(params.command, "id", id);
  }
  const zone = params.text("zoneid");
  const rows = filtered(call, templates).filter((row) => {
    if (zone !== undefined && field(row, "zoneid") !== zone) return false;
    const isOwn = isInScope(call, rowOwner(row));
    if (field(row, "templatetype") === "SYSTEM") return filter === "system" && caller.type === 1;
    const isPublic = row["ispublic"] === true && field(row, "projectid") === "";
    if (filter === "featured") return isPublic && row["isfeatured"] === true;
    if (filter === "community") return isPublic && row["isfeatured"] !== true;
    if (filter === "self" || filter === "selfexecutable") return isOwn;
    if (filter === "sharedexecutable") return false;
    if (filter === "executable") return (isOwn || isPublic) && row["isready"] === true;
    return filter === "all" && caller.type === 1;
  });
  return listed(
    call,
    "template",
    rows.map((row) => rowView(row, "Template")),
  );
}

function createServiceOffering(call: Call) {
  const { params } = call;
  const ground = groundOf(call);
  const numbers = ["cpunumber", "cpuspeed", "memory"].flatMap((key) => {
    const value = params.number(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const usual: Record<string, unknown> = ground.offerings[0] ?? {};
  const { cpunumber: _c, cpuspeed: _s, memory: _m, serviceofferingdetails: _d, hosttags: _h, ...rest } = usual;
  const hosttags = params.text("hosttags");
  const row = {
    ...rest,
    id: ground.random.uuid(),
    name: params.required("name"),
    displaytext: params.required("displaytext"),
    ...Object.fromEntries(numbers),
    iscustomized: numbers.length < 3,
    ...(hosttags === undefined ? {} : { hosttags }),
    serviceofferingdetails: Object.fromEntries(params.pairs("serviceofferingdetails")),
  } as Row;
  ground.offerings.push(row);
  return { serviceoffering: rowView(row) };
}
