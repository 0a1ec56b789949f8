import { Gate } from "@karpenter-multicloud/core/runtime";
import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { FakeClock, MemoryLogger } from "@karpenter-multicloud/core/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { declareOvhMetrics } from "../metrics/ovh-metrics.ts";
import { startFakeOvh } from "../testing/index.ts";
import type { FakeFault, FakeOvh } from "../testing/index.ts";
import { parseEndpoint } from "./endpoints.ts";
import { GuardedApi } from "./guarded-api.ts";
import { MksClient } from "./mks-client.ts";
import { NodeOvhTransport } from "./node-ovh-transport.ts";
import type { PoolSpec } from "./mks-client.ts";
import { trustCertificate } from "./trust.ts";

const clock = new FakeClock();
const { signal } = new AbortController();
const size = { id: "p", name: "pool", desiredNodes: 3 };
const spec: PoolSpec = {
  name: "karpenter-b3-8-eu-west-par-a",
  flavorName: "b3-8",
  desiredNodes: 1,
  maxNodes: 100,
  monthlyBilled: false,
  antiAffinity: false,
  availabilityZones: ["eu-west-par-a"],
  attachFloatingIps: false,
  template: { metadata: { labels: {}, annotations: {}, finalizers: [] }, spec: { taints: [], unschedulable: false } },
};

let fake: FakeOvh;
let kubeId: string;
let mks: MksClient;

beforeAll(async () => {
  fake = await startFakeOvh({ clock });
  trustCertificate(fake.caPem ?? "");
  ({ kubeId } = fake.credentials);
});
beforeEach(() => {
  fake.reset();
  const logger = new MemoryLogger();
  const metrics = new PromMetrics();
  declareOvhMetrics(metrics);
  const ports = { clock, logger, metrics, random: () => 0.5 };
  const gate = new Gate({ mode: "act", clock, logger });
  const transport = new NodeOvhTransport(parseEndpoint(fake.url), fake.credentials);
  const api = new GuardedApi(transport, { perSecond: 1000, burst: 1000 }, { ...ports, gate });
  mks = new MksClient(api, fake.credentials.serviceName);
});
afterAll(() => fake.close());

/** How often a call is sent that fails each time. */
async function tries(fault: FakeFault, call: () => Promise<unknown>): Promise<number> {
  fake.faults([fault]);
  const before = fake.requestLog().length;
  const work = call().catch(() => "failed");
  for (let step = 0; step < 200; step++) await clock.advance(1_000);
  expect(await work).toBe("failed");
  return fake
    .requestLog()
    .slice(before)
    .filter(({ path }) => !path.endsWith("/auth/time")).length;
}

describe("sizes of pools", () => {
  it("O-51: a pool is never lowered without naming, once each, exactly the machines by which it gets smaller", async () => {
    await expect(mks.growPool(kubeId, size, 3, signal)).rejects.toThrow(/cannot grow from 3 to 3/);
    await expect(mks.growPool(kubeId, size, 2, signal)).rejects.toThrow(/cannot grow from 3 to 2/);
    await expect(mks.removeMachines(kubeId, size, ["a", "a"], signal)).rejects.toThrow(/named once each/);
    await expect(mks.removeMachines(kubeId, size, [""], signal)).rejects.toThrow(/named once each/);
    expect(fake.requestLog()).toEqual([]);
  });
});

describe("repeating", () => {
  it.each([
    ["a GET", 5, (): Promise<unknown> => mks.pools(kubeId, signal)],
    ["a growing PUT", 3, (): Promise<unknown> => mks.growPool(kubeId, size, 4, signal)],
    ["a removing PUT", 1, (): Promise<unknown> => mks.removeMachines(kubeId, size, ["a"], signal)],
    ["a DELETE of a pool", 3, (): Promise<unknown> => mks.deletePool(kubeId, size, signal)],
    ["a DELETE of a machine", 1, (): Promise<unknown> => mks.removeMachine(kubeId, size, "a", signal)],
    ["a POST", 1, (): Promise<unknown> => mks.createPool(kubeId, spec, signal)],
  ])("O-63: %s is sent %i times in all", async (_what, count, call) => {
    expect(await tries({ match: { path: "*/kube/*" }, fault: "status", status: 503 }, call)).toBe(count);
  });

  it("O-63: a refusal is not repeated", async () => {
    const refusal: FakeFault = { match: { path: "*/kube/*" }, fault: "status", status: 400 };
    expect(await tries(refusal, () => mks.pools(kubeId, signal))).toBe(1);
  });

  it("O-63: after ten failures in a row nothing is sent for half a minute, then one call finds out", async () => {
    const down: FakeFault = { match: { path: "*/kube/*" }, fault: "status", status: 500 };
    await tries(down, () => mks.pools(kubeId, signal));
    fake.faults([down]);
    const before = fake.requestLog().length;
    const work = mks.pools(kubeId, signal).catch(() => "failed");
    for (let step = 0; step < 20; step++) await clock.advance(1_000);
    expect(fake.requestLog().length - before).toBe(5);
    fake.faults([]);
    await expect(mks.pools(kubeId, signal)).rejects.toThrow(/has failed 10 calls in a row/);
    for (let step = 0; step < 60; step++) await clock.advance(1_000);
    await work;
    await expect(mks.pools(kubeId, signal)).resolves.toEqual([]);
  });
});
