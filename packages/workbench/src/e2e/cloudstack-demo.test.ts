// The demo on CloudStack: it converges although the first zone runs out of machines halfway, and says so.

import { describe, expect, it } from "vitest";
import type { FakeCloudStack } from "@karpenter-multicloud/provider-cloudstack/testing";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { hours } from "@karpenter-multicloud/core/units";
import { Events, Label, NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import { cloudStackCloud } from "../demo/clouds/cloudstack.ts";
import { showcaseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";
import { runDemoCommand } from "./demo-run.ts";

describe("demo --provider cloudstack", () => {
  it(
    "converges: the quick start, then more than one zone has room for, and all is given back",
    { timeout: 600_000 },
    async () => {
      const { converged, totals, lines } = await runDemoCommand(["--provider", "cloudstack"]);
      expect(totals).toMatchObject({ nodesEnd: 0 });
      expect(converged).toBe(true);
      const said = lines.filter((line) => line.includes("LaunchElsewhere"));
      expect(said.join("\n")).toMatch(/in zone-02, because no host or storage takes \S+ in zone-01/);
    },
  );

  it(
    "T-49, T-65: a zone that runs out halfway is left for the next one, and an event says so",
    { timeout: 600_000 },
    async () => {
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
        await expectLabelsOfClaims(world);
        expect(await fakes[0]?.invariants()).toEqual([]);
        await life.stop();
      } finally {
        await world.close();
      }
    },
  );
});

/** T-65: CloudStack's controller manager wrote its own labels over them, and the taint of a new node is gone. */
async function expectLabelsOfClaims({ cluster }: World): Promise<void> {
  const claims = (await cluster.kube.list(NodeClaims)).items;
  const nodes = (await cluster.kube.list(Nodes)).items;
  expect(nodes.length).toBeGreaterThan(1);
  for (const { metadata, spec } of nodes) {
    const claim = claims.find(({ status }) => status?.providerID === spec?.providerID);
    for (const key of [Label.InstanceType, Label.Zone])
      expect(metadata.labels?.[key]).toBe(claim?.metadata.labels?.[key]);
    expect((spec?.taints ?? []).map(({ key }) => key)).not.toContain("karpenter.sh/unregistered");
  }
}
