// The life of a server through @scaleway/sdk, unchanged.

import { setTimeout as sleep } from "node:timers/promises";
import { Blockv1 } from "@scaleway/sdk-block";
import { createClient } from "@scaleway/sdk-client";
import { Instancev1 } from "@scaleway/sdk-instance";
import { Marketplacev2 } from "@scaleway/sdk-marketplace";

const { env } = process;
const zone = "fr-par-2";
const client = createClient({
  accessKey: env["SCW_ACCESS_KEY"] ?? "",
  secretKey: env["SCW_SECRET_KEY"] ?? "",
  apiURL: env["SCW_API_URL"] ?? "",
  defaultProjectId: env["SCW_DEFAULT_PROJECT_ID"] ?? "",
  defaultOrganizationId: env["SCW_DEFAULT_ORGANIZATION_ID"] ?? "",
  defaultZone: zone,
});
const api = new Instancev1.API(client);
const blocks = new Blockv1.API(client);

const names = new Set<string>();
for (let page = 1, total = 1; names.size < total; page++) {
  const types = await api.listServersTypes({ page, perPage: 100 });
  for (const name of Object.keys(types.servers)) names.add(name);
  total = types.totalCount;
}
expect("T-71: lists the types of all pages", names.has("L4-1-24G") && names.has("RENDER-S"));

const { localImages } = await new Marketplacev2.API(client).listLocalImages({ imageLabel: "ubuntu_noble", zone });
const image = localImages.find(({ arch, type }) => arch === "x86_64" && type === "instance_sbs");
const made = await api.createServer({
  name: "sdk-js",
  commercialType: "PRO2-XXS",
  ...(image === undefined ? {} : { image: image.id }),
  dynamicIpRequired: false,
  protected: false,
  tags: ["made-by=sdk-js"],
});
const server = made.server ?? fail("no server came back");
expect("creates a server that is stopped", server.state === "stopped");
await api.setServerUserData({ serverId: server.id, key: "cloud-init", content: "#cloud-config\n" });
await api.serverAction({ serverId: server.id, action: "poweron" });
const running = await api.waitForServer({ serverId: server.id });
expect("T-75: stores user data, powers on and waits until it runs", running.state === "running");
const listed = await api.listServers({ tags: ["made-by=sdk-js"] }).all();
expect("finds it by its tag", listed.length === 1 && listed[0]?.id === server.id);

await api.serverAction({ serverId: server.id, action: "terminate" });
while (await isThere(server.id)) await sleep(200);
console.log("terminates it");
const volumeId = running.volumes["0"]?.id ?? "";
await blocks.waitForVolume({ volumeId });
await blocks.deleteVolume({ volumeId });
console.log("deletes the root volume, which outlives it");

async function isThere(serverId: string): Promise<boolean> {
  try {
    await api.getServer({ serverId });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundError") return false;
    throw error;
  }
}

function expect(what: string, holds: boolean): void {
  if (!holds) fail(`not so: ${what}`);
  console.log(what);
}

function fail(why: string): never {
  throw new Error(why);
}
