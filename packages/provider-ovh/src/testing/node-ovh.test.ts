import { FakeClock } from "@karpenter-multicloud/core/testing";
import { globalAgent } from "node:https";
import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { poolBody } from "./pool-fixtures.ts";
import type { FakeOvh } from "./server.ts";
import { startFakeOvh } from "./server.ts";

interface NodeOvh {
  requestPromised(method: string, path: string, params?: Record<string, unknown>): Promise<unknown>;
}
type MakeNodeOvh = (params: Readonly<Record<string, unknown>>) => NodeOvh;

const makeNodeOvh = createRequire(import.meta.url)("@ovhcloud/node-ovh") as MakeNodeOvh;

describe("node-ovh, unchanged, against the fake", () => {
  const clock = new FakeClock();
  const caBefore = globalAgent.options.ca;
  let fake: FakeOvh;
  let ovh: NodeOvh;
  let kube: string;

  beforeEach(async () => {
    fake = await startFakeOvh({ clock });
    if (fake.caPem !== undefined) globalAgent.options.ca = fake.caPem;
    const { applicationKey: appKey, applicationSecret: appSecret, consumerKey, ...ids } = fake.credentials;
    ovh = makeNodeOvh({ host: "127.0.0.1", port: fake.port, appKey, appSecret, consumerKey });
    kube = `/cloud/project/${ids.serviceName}/kube/${ids.kubeId}`;
  });
  afterEach(async () => {
    globalAgent.options.ca = caBefore;
    globalAgent.destroy();
    await fake.close();
  });

  it("F-12: creates, grows, shrinks by name and deletes a pool; its signatures lack the port", async () => {
    const created = (await ovh.requestPromised("POST", `${kube}/nodepool`, poolBody())) as { readonly id: string };
    await clock.advance(1000);
    const path = `${kube}/nodepool/${created.id}`;
    const [machine] = (await ovh.requestPromised("GET", `${path}/nodes`)) as readonly { readonly id: string }[];
    expect(await ovh.requestPromised("PUT", path, { desiredNodes: 2 })).toBeNull();
    await clock.advance(1000);
    expect(await ovh.requestPromised("PUT", path, { desiredNodes: 1, nodesToRemove: [machine?.id] })).toBeNull();
    await clock.advance(1000);
    expect(await ovh.requestPromised("GET", path)).toMatchObject({ desiredNodes: 1, status: "READY" });
    expect(await ovh.requestPromised("DELETE", path)).toBeNull();
    expect(fake.requestLog().map(({ auth }) => auth)).not.toContain("refused");
    expect(fake.requestLog().filter(({ operation }) => operation === "getTime")).toHaveLength(1);
  });

  it("F-3: sends GET parameters as a query that the signature covers", async () => {
    const { serviceName } = fake.credentials;
    const params = { region: "EU-WEST-PAR" };
    const flavors = await ovh.requestPromised("GET", `/cloud/project/${serviceName}/capabilities/kube/flavors`, params);
    expect(flavors).toContainEqual(expect.objectContaining({ name: "b3-8" }));
    expect(await fake.invariants()).toEqual([]);
  });

  it("rejects with the status and the API's message", async () => {
    await expect(ovh.requestPromised("GET", `${kube}/nodepool/none`)).rejects.toEqual({
      error: 404,
      message: "NodePool does not exist",
    });
  });

  it("reaches /v2 beside the base path", async () => {
    const { serviceName } = fake.credentials;
    const regions = await ovh.requestPromised("GET", `/v2/publicCloud/project/${serviceName}/reference/region`);
    expect(regions).toContainEqual(expect.objectContaining({ name: "GRA11", status: "ENABLED" }));
  });
});
