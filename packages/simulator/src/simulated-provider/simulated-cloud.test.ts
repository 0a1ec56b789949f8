import type { Node } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { minutes, seconds } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import { SimulatedCloud } from "./simulated-cloud.ts";
import type { MachineOrder } from "./simulated-cloud.ts";

class Told implements MachineHooks {
  readonly said: string[] = [];
  readonly #clock: VirtualClock;
  readonly #start: number;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.#start = clock.now();
  }

  async #say(what: string): Promise<void> {
    this.said.push(`${(this.#clock.now() - this.#start) / 1000}s ${what}`);
  }

  nodeJoins(node: Node): Promise<void> {
    return this.#say(`joins ${node.metadata.name}`);
  }
  nodeReady(name: string): Promise<void> {
    return this.#say(`ready ${name}`);
  }
  nodeNotReady(name: string): Promise<void> {
    return this.#say(`not ready ${name}`);
  }
  nodeLeaves(name: string): Promise<void> {
    return this.#say(`leaves ${name}`);
  }
  async nodeExists(): Promise<boolean> {
    return true;
  }
}

function order(claimUid: string, more: Partial<MachineOrder> = {}): MachineOrder {
  return {
    cluster: "test",
    nodeClass: "default",
    claimName: `claim-${claimUid}`,
    claimUid,
    instanceType: "c-1x-amd64-linux",
    zone: "test-zone-a",
    capacityType: "spot",
    price: undefined,
    registrationDelay: seconds(30),
    node: ({ nodeName, providerID }) => ({ metadata: { name: nodeName }, spec: { providerID } }),
    ...more,
  };
}

function setUp() {
  const clock = new VirtualClock();
  const told = new Told(clock);
  const cloud = new SimulatedCloud({ clock, machines: told });
  return { clock, told, cloud };
}

function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("simulated cloud", () => {
  it("boots a machine: its Node joins after the delay and gets ready", async () => {
    const { clock, told, cloud } = setUp();
    const machine = cloud.order(order("a", { registrationDelay: seconds(90) }));
    expect(machine.state).toBe("booting");
    await clock.advance(minutes(5));
    expect(told.said).toEqual([`90s joins ${machine.nodeName}`, `91s ready ${machine.nodeName}`]);
    expect(cloud.find(machine.providerID)?.state).toBe("running");
  });

  it("answers a second order of the same claim with the same machine", () => {
    const { cloud } = setUp();
    const first = cloud.order(order("a"));
    expect(cloud.order(order("a", { instanceType: "m-8x-amd64-linux" })).providerID).toBe(first.providerID);
    expect(cloud.order(order("b")).providerID).not.toBe(first.providerID);
    expect(cloud.records.filter((record) => record.action === "create")).toHaveLength(2);
  });

  it("ends a machine after the delete latency, and knows nothing of it afterwards", async () => {
    const { clock, told, cloud } = setUp();
    cloud.inject({ deleteLatency: seconds(20) });
    const { providerID, nodeName } = cloud.order(order("a"));
    await clock.advance(minutes(1));
    cloud.terminate(providerID);
    cloud.terminate(providerID);
    expect(cloud.find(providerID)?.state).toBe("terminating");
    await clock.advance(minutes(1));
    expect(told.said.at(-1)).toBe(`80s leaves ${nodeName}`);
    expect(
      hasCode(
        codeOf(() => cloud.terminate(providerID)),
        "PROVIDER_MACHINE_NOT_FOUND",
      ),
    ).toBe(true);
    expect(cloud.records.map((record) => record.action)).toEqual(["create", "delete", "gone"]);
  });

  it("never lets a machine join that was deleted while booting", async () => {
    const { clock, told, cloud } = setUp();
    const { providerID, nodeName } = cloud.order(order("a"));
    cloud.terminate(providerID);
    await clock.advance(minutes(5));
    expect(told.said).toEqual([`0s leaves ${nodeName}`]);
  });

  it.each([
    [{ outOfStock: [{ zone: "test-zone-a" }] }, "PROVIDER_INSUFFICIENT_CAPACITY"],
    [{ outOfStock: [{ instanceType: "c-1x-amd64-linux", capacityType: "spot" }] }, "PROVIDER_INSUFFICIENT_CAPACITY"],
    [{ quota: 0 }, "PROVIDER_QUOTA_EXCEEDED"],
    [{ errorRate: 1 }, "PROVIDER_TRANSIENT"],
    [{ throttled: true }, "PROVIDER_RATE_LIMITED"],
  ] as const)("refuses by fault %j without making anything", (faults, code) => {
    const { cloud } = setUp();
    cloud.inject(faults);
    expect(
      hasCode(
        codeOf(() => cloud.order(order("a"))),
        code,
      ),
    ).toBe(true);
    expect(cloud.machines()).toEqual([]);
  });

  it("refuses only what is out of stock", () => {
    const { cloud } = setUp();
    cloud.inject({ outOfStock: [{ zone: "test-zone-b" }, { capacityType: "on-demand" }] });
    expect(cloud.order(order("a")).zone).toBe("test-zone-a");
  });

  it("keeps the machine whose answer was lost, and answers it when asked again", () => {
    const { cloud } = setUp();
    cloud.inject({ lostAnswerRate: 1 });
    expect(
      hasCode(
        codeOf(() => cloud.order(order("a"))),
        "PROVIDER_TRANSIENT",
      ),
    ).toBe(true);
    expect(cloud.machines()).toHaveLength(1);
    expect(cloud.order(order("a")).providerID).toBe(cloud.machines()[0]?.providerID);
  });

  it("lets faults of one class alone touch the other classes", () => {
    const { cloud } = setUp();
    cloud.inject({ errorRate: 1 }, "broken");
    expect(cloud.order(order("a")).nodeClass).toBe("default");
    expect(codeOf(() => cloud.order(order("b", { nodeClass: "broken" })))).toBeInstanceOf(Error);
  });

  it("repeats the same errors with the same seed", () => {
    const run = (seed: number): boolean[] => {
      const cloud = new SimulatedCloud({ clock: new VirtualClock(), seed });
      cloud.inject({ errorRate: 0.5 });
      return Array.from({ length: 64 }, (_, i) => codeOf(() => cloud.order(order(String(i)))) === undefined);
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  it("leaves machines without a Node, or with one that never gets ready, when told so", async () => {
    const { clock, told, cloud } = setUp();
    cloud.inject({ neverRegisters: true });
    cloud.order(order("a"));
    cloud.inject({ neverReady: true });
    const { nodeName } = cloud.order(order("b"));
    await clock.advance(minutes(30));
    expect(told.said).toEqual([`30s joins ${nodeName}`]);
  });

  it("takes a machine back at once when it is reclaimed", async () => {
    const { clock, told, cloud } = setUp();
    const { providerID, nodeName } = cloud.order(order("a"));
    await clock.advance(minutes(1));
    cloud.reclaim(providerID);
    await clock.idle();
    expect(told.said.at(-1)).toBe(`60s leaves ${nodeName}`);
    expect(cloud.find(providerID)).toBeUndefined();
  });
});
