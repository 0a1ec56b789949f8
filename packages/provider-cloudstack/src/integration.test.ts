// Reads from a CloudStack API: the fake's, or a real one where CLOUDSTACK_API_URL and its keys are set (`make test-integration`).

import { FakeClock, MemoryLogger } from "@karpenter-multicloud/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiPace } from "./client/api-pace.ts";
import { CloudStackClient } from "./client/cloudstack-client.ts";
import { HttpTransport } from "./client/http-transport.ts";
import { ServerWatch } from "./client/server-facts.ts";
import { cloudStackSettings } from "./settings.ts";
import { startFakeCloudStack } from "./testing/index.ts";
import type { FakeCloudStack } from "./testing/index.ts";

describe("an API that is there", () => {
  let fake: FakeCloudStack | undefined;
  let client: CloudStackClient;
  const { signal } = new AbortController();

  beforeAll(async () => {
    const clock = new FakeClock();
    // oxlint-disable-next-line no-restricted-properties -- the whole point of this file is to be pointed at a real API
    const own = process.env;
    const env = own["CLOUDSTACK_API_URL"] === undefined ? {} : own;
    fake = "CLOUDSTACK_API_URL" in env ? undefined : await startFakeCloudStack({ clock });
    const given =
      fake === undefined
        ? env
        : {
            CLOUDSTACK_API_URL: fake.credentials.apiUrl,
            CLOUDSTACK_API_KEY: fake.credentials.apiKey,
            CLOUDSTACK_SECRET_KEY: fake.credentials.secretKey,
          };
    const { connection } = cloudStackSettings(given, "integration");
    const pace = new ApiPace({ perSecond: 10, burst: 20, maxInFlight: 20 });
    const watch = new ServerWatch(new MemoryLogger(), pace);
    client = new CloudStackClient({ api: new HttpTransport(connection), clock, random: () => 0.5, watch });
  });

  afterAll(() => fake?.close());

  it("tells its version, zones, offerings, networks and templates", async () => {
    expect((await client.capabilities(signal)).version).toMatch(/^4\.\d+/);
    expect((await client.zones(signal)).length).toBeGreaterThan(0);
    expect((await client.offerings(signal)).every(({ id, name }) => id !== "" && name !== "")).toBe(true);
    expect((await client.networks({ source: "" }, signal)).every(({ zoneId }) => zoneId !== "")).toBe(true);
    expect((await client.templates({ source: "" }, signal)).every(({ created }) => created > 0)).toBe(true);
  });

  it("lists machines by a tag that none has as an empty list", async () => {
    const tags = [{ key: "kubernetes.io/cluster/no-such-cluster", value: "owned" }];
    expect(await client.machines({ source: "" }, { tags }, signal)).toEqual([]);
  });
});
