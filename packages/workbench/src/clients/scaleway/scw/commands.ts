// The life of a GPU server as people type it: scw, unchanged.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const ZONE = "fr-par-2";
const CLOUD_INIT = "#cloud-config\n";

type Row = Readonly<Record<string, unknown>>;

/** Its own settings and cache; nobody's files are read, and it does not ask whether it is outdated. */
const home = mkdtempSync(join(tmpdir(), "kmc-scw-"));
const environment = {
  ...process.env,
  HOME: home,
  SCW_CONFIG_PATH: join(home, "config.yaml"),
  SCW_CACHE_DIR: home,
  SCW_DISABLE_CHECK_VERSION: "true",
  SCW_DEFAULT_ZONE: ZONE,
};

async function scw(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.env["SCW_PROGRAM"] ?? "scw", args, { env: environment, maxBuffer: 64 << 20 });
  return stdout;
}

async function asked(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await scw(...args, "--output", "json"));
}

async function rows(...args: readonly string[]): Promise<readonly Row[]> {
  return (await asked(...args)) as readonly Row[];
}

function expect(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(what);
}

try {
  const types = await rows("instance", "server-type", "list");
  const l4 = types.find(({ name }) => name === "L4-1-24G");
  expect(
    "lists the types of all pages with their stock",
    types.length === 135 && typeof l4?.["availability"] === "string",
  );

  const made = (await asked(
    "instance",
    "server",
    "create",
    "type=L4-1-24G",
    "image=ubuntu_noble_gpu_os_12",
    "name=scw",
    "ip=new",
    `cloud-init=${CLOUD_INIT}`,
    "stopped=true",
  )) as Row;
  const id = String(made["id"]);
  expect(
    "creates a stopped server with an address of its own",
    made["state"] === "stopped" && (made["public_ips"] as readonly unknown[]).length === 1,
  );
  const [stored] = await rows("instance", "user-data", "list", `server-id=${id}`);
  expect("stores user data before power", stored?.["key"] === "cloud-init");

  const running = (await asked("instance", "server", "start", id, "--wait")) as Row;
  const [disk] = Object.values(running["volumes"] as Readonly<Record<string, Row>>);
  expect(
    "powers it on and waits until it runs",
    running["state"] === "running" && disk?.["volume_type"] === "sbs_volume",
  );

  await scw("instance", "server", "terminate", id, "with-block=true", "with-ip=true", "--wait");
  const left = [await rows("instance", "server", "list"), await rows("instance", "ip", "list")];
  expect("T-73: terminates it with its address", left.flat().length === 0);

  // scw means the older kind of volume by with-block; the new kind stays, here as there.
  const [volume] = await rows("block", "volume", "list");
  expect("T-73: finds the root volume, which outlives it", volume?.["id"] === disk?.["id"]);
  await scw("block", "volume", "wait", String(volume?.["id"]));
  await scw("block", "volume", "delete", String(volume?.["id"]));
  expect("deletes it", (await rows("block", "volume", "list")).length === 0);
} finally {
  rmSync(home, { recursive: true, force: true });
}
