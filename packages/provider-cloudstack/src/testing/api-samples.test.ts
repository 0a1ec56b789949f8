// Each sample of CloudStack's API against what the fake answers: envelope, codes, keys and types.

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startWithCallers } from "./callers.ts";
import type { FakeWithCallers } from "./callers.ts";
import { TinyClient } from "./tiny-client.ts";
import type { TinyAnswer } from "./tiny-client.ts";

interface Sample {
  readonly name: string;
  readonly request: { readonly method: "GET" | "POST"; readonly params: Readonly<Record<string, string>> };
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const SAMPLES = JSON.parse(
  readFileSync(new URL("./test-data/api-samples.json", import.meta.url), "utf8"),
) as readonly Sample[];

const named = (name: string): Sample => {
  const found = SAMPLES.find((sample) => sample.name === name);
  if (found === undefined) throw new Error(`there is no sample ${name}`);
  return found;
};

const DISK = "33c1c11c-fae7-5ffa-b262-9b9a06bbc104";
const ANTI = "k8s-anti";

let { clock, fake, user, admin } = {} as FakeWithCallers;

beforeEach(async () => {
  ({ clock, fake, user, admin } = await startWithCallers());
});

afterEach(() => fake.close());

/** The sample's own request, with other parameters where its ids are made up. */
const asked = (name: string, over: Readonly<Record<string, string>> = {}, by = user): Promise<TinyAnswer> => {
  const { method, params } = named(name).request;
  const { command = "", ...rest } = params;
  return by.call(command, { ...rest, ...over }, method);
};

const ORDER = named("deploy accepted").request.params;

const deployed = async (over: Readonly<Record<string, string>> = {}, by = user): Promise<TinyAnswer> => {
  const { command: _, ...order } = { ...ORDER, ...over };
  return by.call("deployVirtualMachine", order, "POST");
};

const running = async (over: Readonly<Record<string, string>> = {}, by = user): Promise<string> => {
  const { payload } = await deployed(over, by);
  await clock.advance(1000);
  return String(payload["id"]);
};

const jobOf = async ({ payload }: TinyAnswer, by = user): Promise<TinyAnswer> => {
  await clock.advance(1000);
  return by.call("queryAsyncJobResult", { jobid: String(payload["jobid"]) });
};

const tagging = async (over: Readonly<Record<string, string>> = {}, by = user): Promise<TinyAnswer> =>
  asked("create tags accepted", { resourceids: await running(), ...over }, by);

/** Brings the fake to where it gives the answer of each sample. */
const STORIES: Readonly<Record<string, () => Promise<TinyAnswer>>> = {
  "deploy accepted": () => deployed(),
  "job pending": async () => {
    const { payload } = await deployed();
    return user.call("queryAsyncJobResult", { jobid: String(payload["jobid"]) });
  },
  "job succeeded": async () => jobOf(await deployed()),
  "job failed: capacity": async () => {
    fake.outside.setCapacity("zone-01", 0);
    return jobOf(await deployed());
  },
  "job failed: affinity": async () => {
    const groups = (await user.call("listAffinityGroups", { name: ANTI })).payload["affinitygroup"];
    const [{ id = "" } = {}] = groups as readonly { readonly id?: string }[];
    for (let index = 0; ; index++) {
      const job = await jobOf(await deployed({ name: `m-${index}`, affinitygroupids: id }));
      if (job.payload["jobstatus"] === 2) return job;
    }
  },
  "resource limit, synchronous": () => {
    fake.outside.setLimit("k8s", "8", 1);
    return deployed();
  },
  "duplicate host name, synchronous": async () => {
    await running();
    return deployed();
  },
  "bad signature / expired / unknown api key": () =>
    asked("zones", {}, new TinyClient({ ...fake.credentials, secretKey: "other" })),
  "no command": () => user.inSession(""),
  throttled: () => {
    fake.faults([{ fault: "status", status: 429, times: 1 }]);
    return asked("throttled");
  },
  "internal error seen by a non-admin": () => {
    fake.faults([{ fault: "status", status: 530, times: 1 }]);
    return deployed();
  },
  "destroy with expunge refused for this account": async () =>
    jobOf(await user.call("destroyVirtualMachine", { id: await running(), expunge: "true" }, "POST")),
  "destroy accepted": async () => asked("destroy accepted", { id: await running(), volumeids: "" }),
  "destroy job done, admin": async () =>
    jobOf(await admin.call("destroyVirtualMachine", { id: await running(), expunge: "true" }, "POST"), admin),
  "destroy job done, object no longer visible to the caller": async () =>
    jobOf(await user.call("destroyVirtualMachine", { id: await running() }, "POST")),
  "create tags accepted": () => tagging(),
  "create tags done": async () => jobOf(await tagging()),
  "create tags: one key exists already": async () => {
    const first = await tagging();
    await jobOf(first);
    const [machine] = fake.state().machines;
    return jobOf(await asked("create tags accepted", { resourceids: machine?.id ?? "" }));
  },
  "create tags on a service offering": async () =>
    jobOf(
      await tagging({ resourcetype: "ServiceOffering", resourceids: ORDER["serviceofferingid"] ?? "" }, admin),
      admin,
    ),
  "list by tag": async () => {
    const { virtualmachine } = named("list by tag").body["listvirtualmachinesresponse"] as {
      readonly virtualmachine: readonly {
        readonly tags: readonly { readonly key: string; readonly value: string }[];
      }[];
    };
    const tags = (virtualmachine[0]?.tags ?? []).flatMap(({ key, value }, index) => [
      [`tags[${index}].key`, key],
      [`tags[${index}].value`, value],
    ]);
    await jobOf(await tagging(Object.fromEntries(tags) as Readonly<Record<string, string>>));
    return asked("list by tag");
  },
  "VM in error state": async () => {
    fake.outside.setCapacity("zone-01", 0);
    return asked("VM in error state", { id: await running() });
  },
  "volumes of a VM": async () =>
    asked("volumes of a VM", { virtualmachineid: await running({ diskofferingid: DISK }) }),
  "capabilities (user)": () => {
    fake.switches.apiLimit = { max: 25, intervalSeconds: 1 };
    return asked("capabilities (user)");
  },
  "capacity (root admin only)": () => asked("capacity (root admin only)", {}, admin),
  "CKS scale done": async () => jobOf(await asked("CKS scale accepted")),
  "user data too long for GET": async () => {
    const { command: _, ...order } = ORDER;
    return user.call("deployVirtualMachine", { ...order, userdata: "A".repeat(5000) }, "GET");
  },
  "permission denied on a foreign object, synchronous": async () =>
    asked("permission denied on a foreign object, synchronous", { id: await running({}, admin) }),
};

/** Fields that the API has too, of which the samples say nothing: newer ones, and what removal has to know. */
const MORE = ["volume[*].created", "account[*].gpulimit", "account[*].gputotal", "account[*].gpuavailable"];
/** Objects whose keys are the users' own. */
const FREE = ["details", "serviceofferingdetails"];
/** Texts and numbers that have to be the same, apart from names and numbers in them. */
const EXACT = ["cmd", "errorcode", "cserrorcode", "errortext", "jobstatus", "jobresultcode", "jobresulttype"];
EXACT.push("jobprocstatus", "jobinstancetype", "type", "resourcetype", "usageType");
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d{4}$/;

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  if (typeof value !== "string") return typeof value;
  return UUID.test(value) ? "uuid" : DATE.test(value) ? "date" : "text";
}

function differences(sample: unknown, given: unknown, path = ""): readonly string[] {
  const [wanted, is] = [kindOf(sample), kindOf(given)];
  if (wanted !== is) return [`${path}: ${wanted} expected, ${is} given`];
  if (Array.isArray(sample) && Array.isArray(given)) return listDifferences(sample, given, path);
  if (wanted === "object") return objectDifferences(sample as object, given as object, path);
  const key = path.split(".").at(-1) ?? "";
  const [a, b] = [plain(sample), plain(given)];
  return EXACT.includes(key) && a !== b ? [`${path}: ${a} expected, ${b} given`] : [];
}

/** Rows of the same name are compared, else the first ones. */
function listDifferences(sample: readonly unknown[], given: readonly unknown[], path: string): readonly string[] {
  if (sample.length === 0) return [];
  if (given.length === 0) return [`${path}: is empty`];
  return sample.flatMap((row, index) => {
    const mark = markOf(row);
    const like = given.find((other) => mark !== undefined && markOf(other) === mark);
    return differences(row, like ?? given[Math.min(index, given.length - 1)], `${path}[${index}]`);
  });
}

/** What tells one row of a list from the others. */
function markOf(row: unknown): unknown {
  const { name, key, resourcetypename } = row as Readonly<Record<string, unknown>>;
  return resourcetypename ?? name ?? key;
}

function objectDifferences(sample: object, given: object, path: string): readonly string[] {
  if (FREE.includes(path.split(".").at(-1) ?? "")) return [];
  const [wanted, is] = [Object.keys(sample), Object.keys(given)];
  const has = (name: string): unknown => (given as Readonly<Record<string, unknown>>)[name];
  return [
    ...wanted.filter((name) => !is.includes(name)).map((name) => `${path}.${name} is missing`),
    ...is
      .filter((name) => !wanted.includes(name) && !isKnown(`${path}.${name}`))
      .map((name) => `${path}.${name} is too much`),
    ...Object.entries(sample).flatMap(([name, value]) =>
      is.includes(name) ? differences(value, has(name), `${path}.${name}`) : [],
    ),
  ];
}

function isKnown(path: string): boolean {
  return MORE.some((known) => path.replaceAll(/\[\d+\]/g, "[*]").endsWith(known));
}

function plain(value: unknown): string {
  return String(value)
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/ = \d+/g, " = <n>")
    .replaceAll(/"id":\d+/g, '"id":<n>')
    .replaceAll(/i-4-\d+-VM/g, "<vm>")
    .replaceAll(/Type = '\w+'/g, "Type = <type>");
}

describe("the samples of CloudStack's API", () => {
  it.each(SAMPLES)("$name", async ({ name, status, body }) => {
    const answer = await (STORIES[name] ?? (() => asked(name)))();
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=UTF-8");
    const { errortext } = answer.payload;
    expect(answer.headers.get("x-description")).toBe(errortext ?? null);
    expect(differences(body, { [answer.name]: answer.payload })).toEqual([]);
  });
});
