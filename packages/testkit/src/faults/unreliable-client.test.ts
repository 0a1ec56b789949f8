import { CUSTOM_RESOURCES, NodePools } from "@karpenter-multicloud/core/api";
import { KubeError } from "@karpenter-multicloud/core/kube";
import { aNodePool, FakeClock, InMemoryKube } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { ApiFaults, type ApiFaultPlan } from "./api-faults.ts";
import { UnreliableClient } from "./unreliable-client.ts";

function aWorld(plan: ApiFaultPlan) {
  const clock = new FakeClock();
  const kube = new InMemoryKube({ now: () => clock.now(), customResources: CUSTOM_RESOURCES });
  const faults = new ApiFaults(
    plan,
    () => 0.5,
    () => clock.now(),
  );
  return { clock, kube, faults, client: new UnreliableClient(kube, faults, clock) };
}

async function codeOf(work: Promise<unknown>): Promise<number | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return KubeError.is(error) ? error.code : undefined;
}

const pool = aNodePool({ name: "a" });
const patch = { type: "merge", body: { metadata: { labels: { a: "b" } } } } as const;

describe("UnreliableClient", () => {
  it("changes nothing without a plan", async () => {
    const { client, kube } = aWorld({});
    await client.create(NodePools, pool);
    await client.patch(NodePools, { name: "a" }, patch);
    expect((await kube.get(NodePools, { name: "a" })).metadata.labels).toEqual({ a: "b" });
  });

  it("a refused call has no effect, one whose answer is lost has", async () => {
    const refusing = aWorld({ refused: 1 });
    expect(await codeOf(refusing.client.create(NodePools, pool))).toBe(503);
    expect((await refusing.kube.list(NodePools)).items).toEqual([]);
    const losing = aWorld({ answerLost: 1 });
    expect(await codeOf(losing.client.create(NodePools, pool))).toBe(0);
    expect((await losing.kube.list(NodePools)).items).toHaveLength(1);
    expect([...losing.faults.counts]).toEqual([["answer lost", 1]]);
  });

  it("conflicts are about what is there, not about what is made", async () => {
    const { client } = aWorld({ conflicts: 1 });
    await client.create(NodePools, pool);
    expect(await codeOf(client.patch(NodePools, { name: "a" }, patch))).toBe(409);
    expect(await codeOf(client.delete(NodePools, { name: "a" }))).toBe(409);
  });

  it("in an outage nothing gets through, and a watch breaks when something would come over it", async () => {
    const clock = new FakeClock();
    const { client, kube } = aWorld({ outages: [{ from: clock.now(), to: clock.now() + 1000 }] });
    expect(await codeOf(client.list(NodePools))).toBe(0);
    await kube.create(NodePools, pool);
    expect(await codeOf(client.watch(NodePools, { resourceVersion: "0" })[Symbol.asyncIterator]().next())).toBe(0);
  });

  it("a watch that is too old says so and ends", async () => {
    const { client, kube } = aWorld({ watchExpired: 1 });
    const events = client.watch(NodePools, { resourceVersion: "0" })[Symbol.asyncIterator]();
    const first = events.next();
    await kube.create(NodePools, pool);
    expect(await first).toMatchObject({ value: { type: "ERROR", code: 410 } });
    expect(await events.next()).toMatchObject({ done: true });
  });
});
