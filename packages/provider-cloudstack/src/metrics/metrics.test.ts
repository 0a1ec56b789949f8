import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { afterEach, describe, expect, it } from "vitest";

import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;
let metrics: PromMetrics;

const start = async (options: BenchOptions = {}): Promise<void> => {
  metrics = new PromMetrics();
  bench = await Bench.start({ ...options, metrics });
};

/** Of histograms only how many samples they have. */
const series = async (name: string): Promise<readonly string[]> => {
  const lines = (await metrics.render()).split("\n");
  const own = new RegExp(`^karpenter_cloudstack_${name}(?:_count)?(?=[ {])`);
  return lines.filter((line) => own.test(line)).map((line) => line.replace(own, ""));
};

afterEach(() => bench.close());

describe("what is measured (§12)", () => {
  it("calls by command and code, their time, and the time of jobs", async () => {
    await start();
    await bench.launch("a1");
    expect(await series("api_requests_total")).toEqual(
      expect.arrayContaining(['{command="deployVirtualMachine",code="200"} 1']),
    );
    expect(await series("api_request_duration_seconds")).toContain('{command="deployVirtualMachine"} 1');
    expect(await series("async_job_duration_seconds")).toEqual(
      expect.arrayContaining([
        '{command="deployVirtualMachine",result="done"} 1',
        '{command="createTags",result="done"} 1',
      ]),
    );
  });

  it("calls without an answer have the code none", async () => {
    await start({
      fake: { faults: [{ match: { operation: "listZones" }, fault: "timeoutAfter", delayMs: 10, times: 1 }] },
    });
    expect(await series("api_requests_total")).toContain('{command="listZones",code="none"} 1');
  });

  it("launches that were refused, by place and reason", async () => {
    await start({ fake: { capacity: { "medium/zone-01": 0 } } });
    await bench.launch("a1", { types: ["medium", "large"] });
    expect(await series("deploy_failures_total")).toEqual([
      '{zone="zone-01",instance_type="medium",reason="LaunchFailed"} 1',
    ]);
  });

  it("C-84: machines that were destroyed and not expunged", async () => {
    await start();
    expect(await series("unexpunged_vms")).toEqual([" 0"]);
    await bench.launch("a1");
    await bench.remove("a1");
    expect(await series("unexpunged_vms")).toEqual([" 1"]);
  });

  it("prices, the lowest where classes differ, and none of a class that is gone", async () => {
    await start({ spec: { priceTable: [{ offering: "medium", price: "0.5" }] } });
    await bench.types();
    const medium = async (): Promise<readonly string[]> =>
      (await series("offering_price")).filter((line) => line.includes('"medium"'));
    expect(await medium()).toEqual(['{instance_type="medium",zone="zone-01"} 0.5']);
    await bench.putClass("cheap", { priceTable: [{ offering: "medium", price: "0.25" }] });
    await bench.pass(5_000);
    expect(await medium()).toEqual(['{instance_type="medium",zone="zone-01"} 0.25']);
    await bench.deleteClass("cheap");
    await bench.pass(61_000);
    expect(await medium()).toEqual(['{instance_type="medium",zone="zone-01"} 0.5']);
  });

  it("C-49: what is left of the account's limits; nothing of what has none", async () => {
    await start();
    await bench.launch("a1");
    await bench.pass(61_000);
    expect(await series("limit_available")).toEqual([
      '{scope="k8s",resource="vm"} 19',
      '{scope="k8s",resource="cpu"} 198',
      '{scope="k8s",resource="memory"} 405504',
    ]);
  });

  it("machines and disks that nobody owned and that were removed", async () => {
    await start({ spec: { diskOffering: "Small" } });
    await bench.launch("a1");
    await bench.forgetClaim("a1");
    await bench.pass(6 * 60_000);
    await bench.collect();
    await bench.pass(60_000);
    await bench.collect();
    expect(await series("orphans_deleted_total")).toEqual(['{kind="vm"} 1']);
  });
});
