// Scaleway's own JavaScript packages, unchanged, against the fake.

import { Blockv1 } from "@scaleway/sdk-block";
import { createClient } from "@scaleway/sdk-client";
import { Instancev1 } from "@scaleway/sdk-instance";
import { Marketplacev2 } from "@scaleway/sdk-marketplace";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFakeScaleway } from "./server.ts";
import type { FakeScaleway } from "./server.ts";

let fake: FakeScaleway;
beforeAll(async () => {
  fake = await startFakeScaleway({ clock: new SystemClock() });
});
afterAll(() => fake.close());

function client() {
  const { accessKey, secretKey, projectId, organizationId } = fake.credentials;
  return createClient({
    accessKey,
    secretKey,
    apiURL: fake.url,
    defaultProjectId: projectId,
    defaultOrganizationId: organizationId,
    defaultZone: "fr-par-1",
  });
}

describe("@scaleway/sdk against the fake (W-77)", () => {
  it("T-75: creates a server, stores user data, powers on, waits for it and finds it", async () => {
    const api = new Instancev1.API(client());
    const made = await api.createServer({
      name: "sdk",
      commercialType: "PRO2-XXS",
      image: "ubuntu_noble",
      protected: false,
      volumes: {},
      tags: ["sdk"],
    });
    const server = made.server;
    if (server === undefined) throw new Error("no server came back");
    await api.setServerUserData({ serverId: server.id, key: "cloud-init", content: "#cloud-config\n" });
    await api.serverAction({ serverId: server.id, action: "poweron" });
    const running = await api.waitForServer({ serverId: server.id });
    expect(running.state).toBe("running");
    const listed = await api.listServers({ tags: ["sdk"] }).all();
    expect(listed.map(({ id }) => id)).toEqual([server.id]);
    const volumeId = running.volumes["0"]?.id ?? "";
    const volume = await new Blockv1.API(client()).getVolume({ volumeId });
    expect(volume.specs?.perfIops).toBe(5000);
  });

  it("T-71: types page, with their total", async () => {
    const api = new Instancev1.API(client());
    const first = await api.listServersTypes({ zone: "fr-par-2", perPage: 100 });
    const second = await api.listServersTypes({ zone: "fr-par-2", perPage: 100, page: 2 });
    expect(first.totalCount).toBe(135);
    expect(Object.keys({ ...first.servers, ...second.servers })).toHaveLength(135);
  });

  it("local images and the API's own errors are understood", async () => {
    const marketplace = new Marketplacev2.API(client());
    const { localImages } = await marketplace.listLocalImages({ imageLabel: "ubuntu_noble", zone: "fr-par-1" });
    expect(localImages).toHaveLength(4);
    const api = new Instancev1.API(client());
    const missing = api.getServer({ serverId: "00000000-0000-4000-8000-000000000000" });
    await expect(missing).rejects.toMatchObject({ name: "ResourceNotFoundError" });
  });
});
