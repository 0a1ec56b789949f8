// The demo on CloudStack: it converges although the first zone runs out of machines halfway, and says so.

import { describe, expect, it } from "vitest";
import type { FakeCloudStack } from "@karpenter-multicloud/provider-cloudstack/testing";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { hours } from "@karpenter-multicloud/core/units";
import { Events } from "@karpenter-multicloud/core/api";
import { cloudStackCloud } from "../demo/clouds/cloudstack.ts";
import { showcaseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";
import { runDemoCommand } from "./demo-run.ts";

describe("demo --provider cloudstack", () => {
  it("converges: the quick start, then more than one zone has room for, and all is given back", async () => {
    const { converged, totals } = await runDemoCommand(["--provider", "cloudstack"]);
    expect(totals).toMatchObject({ nodesEnd: 0 });
    expect(converged).toBe(true);
  });

  it("T-49: a zone that runs out halfway is left for the next one, and an event says so", async () => {
    const fakes: FakeCloudStack[] = [];
    const cloud = cloudStackCloud({ capacity: { "zone-01": 1 } }, (started) => void fakes.push(started));
    const world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
    try {
      const quickStart = showcaseObjects(
        { fill: (text) => text, showcase: { title: "", files: world.cloud.quickStart } },
        cloud.customResources,
      );
      await world.cluster.apply([...world.cloud.preparation, ...quickStart]);
      const life = world.startControllers();
      const allRun = async (): Promise<boolean> => {
        const pods = await world.cluster.pods();
        return pods.length > 0 && pods.every(({ status }) => status?.phase === "Running");
      };
      expect(await world.clock.until(allRun, { timeout: hours(1) })).toBe(true);
      const running = (fakes[0]?.state().machines ?? []).filter(({ state }) => state === "Running");
      expect(new Set(running.map(({ zone }) => zone))).toEqual(new Set(["zone-01", "zone-02"]));
      const { items } = await world.cluster.kube.list(Events);
      expect(items.map(({ reason }) => reason)).toContain("LaunchFailed");
      expect(await fakes[0]?.invariants()).toEqual([]);
      await life.stop();
    } finally {
      await world.close();
    }
  });
});
