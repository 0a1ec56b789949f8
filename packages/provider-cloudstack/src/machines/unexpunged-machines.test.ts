import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { FakeClock } from "@karpenter-multicloud/core/testing";
import { expect, it } from "vitest";

import { declareCloudStackMetrics } from "../metrics/cloudstack-metrics.ts";
import { UnexpungedMachines } from "./unexpunged-machines.ts";

it("C-84: a machine that is not expunged counts until the server's cleaner has surely come, or it is expunged after all", async () => {
  const [clock, metrics] = [new FakeClock(), new PromMetrics()];
  declareCloudStackMetrics(metrics);
  const remains = new UnexpungedMachines(clock, metrics);
  const shown = async (): Promise<string | undefined> =>
    /^karpenter_cloudstack_unexpunged_vms (.*)$/m.exec(await metrics.render())?.[1];
  remains.add("a");
  await clock.advance(24 * 3_600_000);
  remains.add("b");
  expect(await shown()).toBe("2");
  await clock.advance(24 * 3_600_000);
  expect(await shown()).toBe("1");
  remains.remove("b");
  expect(await shown()).toBe("0");
});
