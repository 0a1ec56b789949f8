import { afterEach, describe, expect, it } from "vitest";
import { Nodes } from "../../api/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { clusterStateController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

/** The metrics of the state, and a state that lacks what the list says. */
async function started(missing: string[]): Promise<() => Promise<readonly string[]>> {
  harness = new ControllerHarness();
  const { deps } = harness;
  const metrics = new PromMetrics();
  const state = Object.create(deps.state, { unsynced: { value: () => missing } }) as typeof deps.state;
  const nodes = { nodes: () => deps.state.nodes() };
  await harness.start(clusterStateController({ ...deps, metrics, state: Object.assign(state, nodes) }));
  return async () => {
    const page = await metrics.render();
    return page.split("\n").flatMap((line) => /^karpenter_cluster_state_(.*)$/.exec(line)?.[1] ?? []);
  };
}

describe("state.node", () => {
  it("M-24, M-25, M-26: counts machines and says that the picture is whole", async () => {
    const shown = await started([]);
    await harness.putMachine("n1");
    await harness.putNode({ name: "n2", nodePool: "" });
    await harness.pass(6000);
    expect(await shown()).toEqual(["node_count 2", "synced 1", "unsynced_time_seconds 0"]);
    await harness.kube.delete(Nodes, { name: "n2" });
    await harness.pass(6000);
    expect((await shown())[0]).toBe("node_count 1");
  });

  it("CS-4: what is missing for more than 30 s is an error every 10 s, until it is there", async () => {
    const missing = ["nodeclaim default-1 not launched yet"];
    const shown = await started(missing);
    await harness.pass(30_000);
    expect(await shown()).toEqual(["node_count 0", "synced 0", "unsynced_time_seconds 30"]);
    expect(harness.logger.messages("error")).toEqual([]);
    await harness.pass(25_000);
    expect(harness.logger.messages("error")).toHaveLength(3);
    expect(harness.logger.lines.at(-1)?.fields).toEqual({ for: "55s", missing });
    missing.pop();
    await harness.pass(5000);
    expect(await shown()).toEqual(["node_count 0", "synced 1", "unsynced_time_seconds 0"]);
    await harness.pass(60_000);
    expect(harness.logger.messages("error")).toHaveLength(3);
  });
});
