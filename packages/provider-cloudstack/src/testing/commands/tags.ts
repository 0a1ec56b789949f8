// Tags of things that can have them, and the details of those that cannot (§1.7).

import { ApiError, internal, invalid, unknownId } from "../api-error.ts";
import { rowOf } from "../world/ground.ts";
import type { Owner, Row } from "../world/records.ts";
import { tagViews } from "../world/views.ts";
import type { Call, Command, Json } from "./command.ts";
import { groundOf, isInScope, listed, requireRight, rowOwner } from "./command.ts";

const WITHOUT_TAGS = ["serviceoffering", "diskoffering", "zone", "nic", "networkoffering", "domainrouter"];
const SPELLED: Readonly<Record<string, string>> = {
  uservm: "UserVm",
  volume: "Volume",
  network: "Network",
  template: "Template",
  serviceoffering: "ServiceOffering",
  zone: "Zone",
  nic: "Nic",
  diskoffering: "DiskOffering",
};

interface Tagged {
  readonly id: string;
  readonly type: string;
  readonly owner: Owner;
  readonly tags: Map<string, string>;
  /** Writes the tags of a row back. */
  readonly store: () => void;
}

export const TAG_COMMANDS: readonly Command[] = [
  { name: "createTags", isAsync: true, params: ["resourceids!", "resourcetype!", "tags!"], handle: create },
  { name: "deleteTags", isAsync: true, params: ["resourceids!", "resourcetype!", "tags"], handle: remove },
  {
    name: "listTags",
    params: ["resourceid", "resourcetype", "key", "value", "projectid", "listall", "page", "pagesize"],
    handle: list,
  },
  {
    name: "addResourceDetail",
    isAsync: true,
    access: "admin",
    params: ["resourceid!", "resourcetype!", "details!", "fordisplay"],
    handle: (call) =>
      job(call, "volume.AddResourceDetailCmd", () =>
        editDetails(call, Object.fromEntries(call.params.pairs("details"))),
      ),
  },
  {
    name: "removeResourceDetail",
    isAsync: true,
    access: "admin",
    params: ["resourceid!", "resourcetype!", "key"],
    handle: (call) =>
      job(call, "volume.RemoveResourceDetailCmd", () =>
        editDetails(call, { [call.params.text("key") ?? ""]: undefined }),
      ),
  },
  {
    name: "listResourceDetails",
    params: ["resourceid", "resourcetype!", "key"],
    handle: (call) => {
      const id = call.params.text("resourceid") ?? "";
      const details = (rowOf(groundOf(call).offerings, id)?.["serviceofferingdetails"] ?? {}) as Readonly<
        Record<string, string>
      >;
      const rows = Object.entries(details).map(([key, value]) => ({
        key,
        value,
        resourcetype: "ServiceOffering",
        resourceid: id,
      }));
      return listed(call, "resourcedetail", rows);
    },
  },
];

function create(call: Call): Json {
  const { params } = call;
  const type = typeOf(call);
  const pairs = params.pairs("tags");
  if (pairs.some(([key, value]) => key === "" || value === ""))
    throw invalid("Value for the key can't be null or empty");
  const targets = params.list("resourceids").map((id) => target(call, type, id));
  return job(call, "tag.CreateTagsCmd", () => {
    refuseUntaggable(type);
    for (const { tags, type: spelled, id } of targets) {
      // One transaction: a single key that exists undoes them all.
      const known = pairs.find(([key]) => tags.has(key));
      if (known !== undefined) throw internal(`tag ${known[0]} already on ${spelled} with id ${id}`);
    }
    for (const { tags, store } of targets) {
      for (const [key, value] of pairs) tags.set(key, value);
      store();
    }
  });
}

/** Keys and values are compared without regard to case. */
function remove(call: Call): Json {
  const { params } = call;
  const type = typeOf(call);
  const pairs = params.pairs("tags");
  const targets = params.list("resourceids").map((id) => target(call, type, id));
  return job(call, "tag.DeleteTagsCmd", () => {
    for (const { tags, store } of targets) {
      for (const [key, value] of tags) {
        const matchesRequirements = pairs.some(
          ([k, v]) => k.toLowerCase() === key.toLowerCase() && (v === "" || v.toLowerCase() === value.toLowerCase()),
        );
        if (pairs.length === 0 || matchesRequirements) tags.delete(key);
      }
      store();
    }
  });
}

function list(call: Call): Json {
  const { params } = call;
  const [id, type, key] = [params.text("resourceid"), params.text("resourcetype")?.toLowerCase(), params.text("key")];
  const things = allTagged(call).filter(
    (thing) =>
      isInScope(call, thing.owner) &&
      (id === undefined || thing.id === id) &&
      (type === undefined || thing.type.toLowerCase() === type),
  );
  const rows = things.flatMap(({ tags, type: spelled, id: resource, owner }) =>
    tagViews(tags, spelled, resource, owner),
  );
  return listed(
    call,
    "tag",
    rows.filter((row) => key === undefined || row["key"] === key),
  );
}

function typeOf({ params }: Call): string {
  const type = params.required("resourcetype").toLowerCase();
  if (SPELLED[type] === undefined) throw invalid(`resource type ${type} is not known`);
  return type;
}

function refuseUntaggable(type: string): void {
  if (!WITHOUT_TAGS.includes(type)) return;
  throw new ApiError(431, `The resource type ${SPELLED[type] ?? type} doesn't support resource tags`);
}

function target(call: Call, type: string, id: string): Tagged {
  if (WITHOUT_TAGS.includes(type)) return { id, type, owner: NOBODY, tags: new Map(), store: () => {} };
  const found = allTagged(call).find((thing) => thing.type.toLowerCase() === type && thing.id === id.toLowerCase());
  if (found === undefined) throw unknownId(call.params.command, "resourceids", id);
  requireRight(call, found.owner, found.type);
  return found;
}

function allTagged(call: Call): readonly Tagged[] {
  const { machines, volumes, networks, templates } = groundOf(call);
  const nothing = (): void => {};
  return [
    ...[...machines.values()].map(({ id, owner, tags }) => ({ id, type: "UserVm", owner, tags, store: nothing })),
    ...[...volumes.values()].map(({ id, owner, tags }) => ({ id, type: "Volume", owner, tags, store: nothing })),
    ...networks.map((row) => ofRows(row, "Network", [row])),
    ...templates.map((row) =>
      ofRows(
        row,
        "Template",
        templates.filter(({ id }) => id === row.id),
      ),
    ),
  ];
}

function ofRows(row: Row, type: string, all: readonly Row[]): Tagged {
  const pairs = (row["tags"] ?? []) as readonly { readonly key: string; readonly value: string }[];
  const tags = new Map(pairs.map(({ key, value }) => [key, value]));
  const owner = { ...NOBODY, ...rowOwner(row) };
  const store = (): void => {
    for (const each of all) each["tags"] = [...tags].map(([key, value]) => ({ key, value }));
  };
  return { id: row.id, type, owner, tags, store };
}

const NOBODY: Owner = { account: "", domain: "", domainId: "", domainPath: "", projectId: undefined };

function editDetails(call: Call, changes: Readonly<Record<string, string | undefined>>): void {
  const id = call.params.required("resourceid");
  const row = rowOf(groundOf(call).offerings, id);
  if (row === undefined) throw unknownId(call.params.command, "resourceid", id);
  const details = { ...(row["serviceofferingdetails"] as object | undefined), ...changes };
  row["serviceofferingdetails"] = Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== undefined),
  );
}

function job(call: Call, cmd: string, work: () => void): Json {
  const { durations } = groundOf(call);
  const { params, caller, jobFault: fault } = call;
  const instanceId = params.list("resourceids")[0] ?? params.text("resourceid") ?? "";
  const order = { cmd, caller, fault, instanceId, startsAfter: durations.tagging };
  const jobid = call.backend.world.jobs.start(order, (running) => {
    work();
    running.done({ success: true });
  });
  return { jobid };
}
