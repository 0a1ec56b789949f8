import { beforeEach, describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import {
  CreateFailed,
  InsufficientCapacity,
  LaunchPending,
  NodeClassNotReady,
  Transient,
  type CloudProvider,
} from "../../provider/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aNodeClaim, aNodePool, anInstanceType } from "../../testing/builders/index.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FakeProvider } from "../../testing/fake-provider.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { seconds } from "../../units/index.ts";
import { measuredProvider } from "./measured-provider.ts";

const { signal } = new AbortController();
const claim = aNodeClaim({ labels: { [Label.Zone]: "z1", [Label.CapacityType]: "spot" } });

let clock: FakeClock;
let metrics: PromMetrics;
let fake: FakeProvider;

function measured(given: CloudProvider = fake): CloudProvider {
  return measuredProvider(given, { metrics, clock, controller: "test", listed: (_, types) => types });
}

beforeEach(() => {
  clock = new FakeClock();
  metrics = new PromMetrics();
  fake = new FakeProvider([anInstanceType()]);
});

describe("measured provider", () => {
  it("M-30: times each of the six calls, by caller and provider", async () => {
    const provider = measured();
    const machine = await provider.create(claim, { signal });
    await provider.get(machine.status?.providerID ?? "", { signal });
    await provider.list({ signal });
    await provider.getInstanceTypes(aNodePool(), { signal });
    await provider.isDrifted(claim, { signal });
    await provider.delete(machine, { signal });
    const counts = await promSeries(metrics, "karpenter_cloudprovider_duration_seconds");
    expect(counts.filter((line) => line.includes("_count")).map((line) => /method="(\w+)"/.exec(line)?.[1])).toEqual([
      "Create",
      "Get",
      "List",
      "GetInstanceTypes",
      "IsDrifted",
      "Delete",
    ]);
    expect(counts[0]).toContain('controller="test",method="Create",provider="fake"');
    expect(await promSeries(metrics, "karpenter_cloudprovider_errors_total")).toEqual([]);
  });

  it("M-30: a call takes until its answer is there, a failed one too", async () => {
    class Slow extends FakeProvider {
      override async list(): Promise<never> {
        await clock.sleep(seconds(3));
        throw new Transient("503");
      }
    }
    const listing = measured(new Slow([])).list({ signal });
    const failure = listing.catch((error: unknown) => error);
    await clock.advance(3000);
    expect(await failure).toBeInstanceOf(Transient);
    const lines = await promSeries(metrics, "karpenter_cloudprovider_duration_seconds");
    expect(lines.find((line) => line.includes("_sum"))).toMatch(/ 3$/);
  });

  it("M-31: errors are counted by the names of the contract, all others without one, and a launch on its way is none", async () => {
    const provider = measured();
    const failures = [
      new InsufficientCapacity("sold out"),
      new NodeClassNotReady("no"),
      new Transient("503"),
      new Error("a bug"),
      new LaunchPending("ordered"),
    ];
    for (const failure of failures) {
      fake.failures.create.push(failure);
      await expect(provider.create(claim, { signal })).rejects.toBe(failure);
    }
    await expect(provider.get("none", { signal })).rejects.toThrow("is gone");
    const lines = await promSeries(metrics, "karpenter_cloudprovider_errors_total");
    expect(lines.map((line) => line.replace('{controller="test",method=', "").replace('provider="fake",', ""))).toEqual(
      [
        '"Create",error="InsufficientCapacityError"} 1',
        '"Create",error="NodeClassNotReadyError"} 1',
        '"Create",error=""} 2',
        '"Get",error="NodeClaimNotFoundError"} 1',
      ],
    );
  });

  it("M-33: refused launches and deletions say where and why", async () => {
    const provider = measured();
    const scope = { level: "zone", name: "z1", capacityType: "spot" } as const;
    fake.failures.create.push(
      new InsufficientCapacity("sold out", { scope }),
      new CreateFailed("bad image", { conditionReason: "ImageMissing" }),
    );
    await expect(provider.create(claim, { signal })).rejects.toThrow("sold out");
    await expect(provider.create(claim, { signal })).rejects.toThrow("bad image");
    fake.failures.delete.push(new Transient("503"));
    await expect(provider.delete(claim, { signal })).rejects.toThrow("503");
    await expect(provider.delete(claim, { signal })).rejects.toThrow("is gone");
    expect(await promSeries(metrics, "karpenter_cloudprovider_instance_launch_failures_total")).toEqual([
      '{zone="z1",capacity_type="spot",reason="InsufficientCapacityError"} 1',
      '{zone="",capacity_type="",reason="ImageMissing"} 1',
    ]);
    expect(await promSeries(metrics, "karpenter_cloudprovider_instance_termination_failures_total")).toEqual([
      '{zone="z1",capacity_type="spot",reason="CreateError"} 1',
    ]);
  });

  it("OP-15: everything else is the provider's own, and what it does not have is not there", () => {
    const provider = measured();
    expect(provider.name).toBe("fake");
    expect(provider.supportedNodeClasses()).toEqual(fake.supportedNodeClasses());
    expect(provider.timeouts?.(claim)).toBe(fake.limits);
    expect("collectGarbage" in provider || "registrationHooks" in provider).toBe(false);
  });
});
