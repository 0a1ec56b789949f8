import { afterEach, describe, expect, it } from "vitest";

import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;
const started = async (options: BenchOptions = {}): Promise<Bench> => (bench = await Bench.start(options));

afterEach(() => bench.close());

describe("launching", () => {
  it("T-01: the first claim makes the pool with every field said, and gets its machine's provider id", async () => {
    await started();
    expect(await bench.condition("Ready")).toBe("True Ready: ");
    const [claim] = await bench.machines(1, { zones: ["eu-west-par-a"] });
    expect(bench.bodies("POST")).toEqual([
      {
        name: "karpenter-b3-8-eu-west-par-a",
        flavorName: "b3-8",
        desiredNodes: 1,
        minNodes: 0,
        maxNodes: 100,
        autoscale: false,
        monthlyBilled: false,
        antiAffinity: false,
        availabilityZones: ["eu-west-par-a"],
        template: {
          metadata: { labels: expect.anything(), annotations: {}, finalizers: [] },
          spec: { taints: [], unschedulable: false },
        },
      },
    ]);
    expect(claim?.status?.providerID).toBe(bench.fake.state().machines[0]?.providerID);
    expect(claim?.status?.providerID).toMatch(/^openstack:\/\/\/[0-9a-f-]{36}$/);
  });
});
