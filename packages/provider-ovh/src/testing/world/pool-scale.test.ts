import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MachineAnswer } from "../pool-fixtures.ts";
import { createPool, machines, messageOf, pool, resize, template } from "../pool-fixtures.ts";
import type { FakeOvh } from "../server.ts";
import { startFakeOvh } from "../server.ts";
import { TinyClient } from "../tiny-client.ts";

describe("removal of machines", () => {
  const clock = new FakeClock();
  let fake: FakeOvh;
  let client: TinyClient;
  let id: string;
  let all: readonly MachineAnswer[];

  beforeEach(async () => {
    fake = await startFakeOvh({ clock });
    client = new TinyClient(fake);
    id = (await createPool(client, { desiredNodes: 3 })).id;
    await clock.advance(1000);
    all = await machines(client, id);
  });
  afterEach(async () => fake.close());

  async function left(): Promise<readonly string[]> {
    await clock.advance(1000);
    return (await machines(client, id)).map((machine) => machine.id);
  }
  const nameOf = (index: number): string => all[index]?.id ?? "";

  it("F-6: nodesToRemove takes the named machine, not the last created", async () => {
    const answer = await resize(client, id, { desiredNodes: 2, nodesToRemove: [nameOf(0)] });
    expect(answer).toMatchObject({ status: 200, text: "null" });
    expect(await left()).toEqual([nameOf(1), nameOf(2)]);
    expect(await fake.invariants()).toEqual([]);
  });

  it.each([
    ["instance id", (machine: MachineAnswer) => machine.instanceId],
    ["provider id", (machine: MachineAnswer) => `openstack:///${machine.instanceId}`],
    ["name", (machine: MachineAnswer) => machine.name],
  ])("T-77: a machine may be named by its %s", async (_, nameFor) => {
    const [first] = all;
    await resize(client, id, { desiredNodes: 2, nodesToRemove: [first === undefined ? "" : nameFor(first)] });
    expect(await left()).toEqual([nameOf(1), nameOf(2)]);
  });

  it("F-6, F-10: without names the last created goes, and it is recorded", async () => {
    await resize(client, id, { desiredNodes: 2 });
    expect(await left()).toEqual([nameOf(0), nameOf(1)]);
    const kinds = (await fake.invariants()).map(({ kind }) => kind);
    expect(kinds).toEqual(["DesiredLoweredWithoutNames", "UnnamedMachineDeleted"]);
  });

  it("F-6: fewer names than the decrease: the rest are the last created", async () => {
    await resize(client, id, { desiredNodes: 1, nodesToRemove: [nameOf(0)] });
    expect(await left()).toEqual([nameOf(1)]);
  });

  it("F-6: more names than the decrease: only the first ones go", async () => {
    await resize(client, id, { desiredNodes: 2, nodesToRemove: [nameOf(0), nameOf(1)] });
    expect(await left()).toEqual([nameOf(1), nameOf(2)]);
  });

  it("F-6: names without a decrease are refused, or ignored when switched", async () => {
    const refused = await resize(client, id, { desiredNodes: 3, nodesToRemove: [nameOf(0)] });
    expect(refused.status).toBe(400);
    fake.switches.namesWithoutDecrease = "ignore";
    expect((await resize(client, id, { desiredNodes: 3, nodesToRemove: [nameOf(0)] })).status).toBe(200);
    expect(await left()).toHaveLength(3);
  });

  it("F-6: an unknown name is refused and nothing happens", async () => {
    const answer = await resize(client, id, { desiredNodes: 2, nodesToRemove: ["nobody"] });
    expect(answer.status).toBe(400);
    expect((await pool(client, id)).desiredNodes).toBe(3);
    expect(await left()).toHaveLength(3);
  });

  it("naming a machine that is on its way out lowers the size once more and costs another one", async () => {
    await resize(client, id, { desiredNodes: 2, nodesToRemove: [nameOf(0)] });
    await resize(client, id, { desiredNodes: 1, nodesToRemove: [nameOf(0)] });
    expect(await left()).toEqual([nameOf(1)]);
    expect((await fake.invariants()).map(({ kind }) => kind)).toEqual(["UnnamedMachineDeleted"]);
  });

  it("raising the size again at once saves a machine that was not named (T-26)", async () => {
    fake.switches.forgetNames = true;
    await resize(client, id, { desiredNodes: 2, nodesToRemove: [nameOf(0)] });
    await resize(client, id, { desiredNodes: 3 });
    expect(await left()).toEqual([nameOf(0), nameOf(1), nameOf(2)]);
  });

  it("F-6: DELETE node lowers the size by one, and is refused while the pool is busy", async () => {
    const path = `${client.kube}/node/${nameOf(1)}`;
    expect(await client.call("DELETE", path)).toMatchObject({ status: 200, text: "null" });
    expect(await pool(client, id)).toMatchObject({ desiredNodes: 2, status: "DOWNSCALING" });
    const second = await client.call("DELETE", `${client.kube}/node/${nameOf(0)}`);
    expect(second.status).toBe(400);
    expect(messageOf(second)).toMatch(/status is DOWNSCALING/);
    expect(await left()).toEqual([nameOf(0), nameOf(2)]);
    expect(await fake.invariants()).toEqual([]);
  });

  it("F-6: a pool without machines stays READY and can be deleted; its id is 404 afterwards", async () => {
    await resize(client, id, { desiredNodes: 0, nodesToRemove: all.map((machine) => machine.id) });
    expect(await left()).toEqual([]);
    expect((await pool(client, id)).status).toBe("READY");
    expect((await client.call("DELETE", `${client.kube}/nodepool/${id}`)).text).toBe("null");
    expect((await pool(client, id)).status).toBe("DELETING");
    await clock.advance(1000);
    const gone = await client.get(`${client.kube}/nodepool/${id}`);
    expect(gone).toMatchObject({
      status: 404,
      json: { message: "NodePool does not exist", class: "Client::NotFound" },
    });
    expect(await fake.invariants()).toEqual([]);
  });

  it("F-10: deleting an owned pool that has machines is recorded, a foreign one is nobody's business", async () => {
    await client.call("DELETE", `${client.kube}/nodepool/${id}`);
    const foreign = await createPool(client, { name: "theirs", template: template({}) });
    await clock.advance(1000);
    await client.call("DELETE", `${client.kube}/nodepool/${foreign.id}`);
    expect((await fake.invariants()).map(({ kind }) => kind)).toEqual(["PoolDeletedWithMachines"]);
  });

  it("§0.7: a busy pool refuses deletion with 400, updates only when switched", async () => {
    await resize(client, id, { desiredNodes: 4 });
    const refused = await client.call("DELETE", `${client.kube}/nodepool/${id}`);
    expect(refused.status).toBe(400);
    expect(messageOf(refused)).toBe("[IntegrityError] 400: Cannot delete NodePool: NodePool status is UPSCALING");
    expect((await resize(client, id, { desiredNodes: 5 })).status).toBe(200);
    fake.switches.refusePutWhileBusy = true;
    expect((await resize(client, id, { desiredNodes: 6 })).status).toBe(400);
  });

  it("T-82: a machine can come back from DELETING", async () => {
    await resize(client, id, { desiredNodes: 2, nodesToRemove: [nameOf(0)] });
    await clock.advance(50);
    expect((await machines(client, id))[0]?.status).toBe("DELETING");
    fake.outside.setMachineStatus(nameOf(0), "READY");
    expect(await left()).toHaveLength(3);
    expect(await pool(client, id)).toMatchObject({ desiredNodes: 2, sizeStatus: "OVER_CAPACITY" });
  });
});
