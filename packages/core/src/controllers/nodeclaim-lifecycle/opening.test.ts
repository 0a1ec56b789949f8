import { afterEach, describe, expect, it } from "vitest";
import { getCondition, Label, NodeClaims, Nodes, UNREGISTERED_TAINT, type Taint } from "../../api/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { seconds } from "../../units/index.ts";
import { nodeClaimLifecycleController } from "./controller.ts";

const KEY = { name: "default-1" };
const NODE = { name: "node-1" };
const CLOSED: Taint = { key: "karpenter.sh/unregistered", effect: "NoSchedule" };
const settings = { taintSettleTime: seconds(2) };

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function start(options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness({ settings, ...options });
  if (!options.after) {
    const { status: _, ...claim } = aNodeClaim({ name: KEY.name });
    await harness.put(NodeClaims, claim);
  }
  await harness.start(nodeClaimLifecycleController(harness.deps));
  await harness.pass(100);
}

async function joins(taints: readonly Taint[] = [UNREGISTERED_TAINT]): Promise<void> {
  await harness.putNode({ name: NODE.name, nodePool: "", providerID: "fake:///1", taints });
  await harness.pass(100);
}

const taints = async () => (await harness.stored(Nodes, NODE))?.spec?.taints ?? [];
const status = async (type: string) => {
  const claim = await harness.stored(NodeClaims, KEY);
  return claim && getCondition(claim, type)?.status;
};

describe("opening", () => {
  it("LC-26: pods are neither evicted from a registered node nor scheduled there until everybody has seen the first of both", async () => {
    await start();
    const seen: (readonly Taint[])[] = [];
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase === "after" && verb === "patch" && resource.kind === "Node") seen.push(await taints());
    };
    await joins();
    expect([await status("Registered"), await status("Initialized")]).toEqual(["True", "Unknown"]);
    expect((await harness.stored(Nodes, NODE))?.metadata.labels?.[Label.Registered]).toBe("true");
    await harness.pass(1800);
    expect(await taints()).toEqual([CLOSED]);
    await harness.pass(200);
    expect([await taints(), await status("Initialized")]).toEqual([[], "True"]);
    // The order in which others see it: no write takes both away at once.
    expect(seen.slice(0, 3)).toEqual([[UNREGISTERED_TAINT], [CLOSED], []]);
  });

  it("a node that never had the taint that evicts is open from the beginning", async () => {
    await start();
    await joins([]);
    expect([await taints(), await status("Initialized")]).toEqual([[], "True"]);
  });

  it("what else keeps pods off stays, also when somebody else changes the Node at that moment", async () => {
    await start();
    const theirs: Taint = { key: "theirs", effect: "NoSchedule" };
    await joins();
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node") return;
      harness.kube.faults = undefined;
      await harness.kube.patch(Nodes, NODE, { type: "merge", body: { spec: { taints: [CLOSED, theirs] } } });
    };
    await harness.pass(5000);
    expect(await taints()).toEqual([theirs]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("after a restart in between the node is opened all the same", async () => {
    await start();
    await joins();
    harness.stop();
    await start({ after: harness });
    expect(await taints()).toEqual([CLOSED]);
    await harness.pass(2000);
    expect([await taints(), await status("Initialized")]).toEqual([[], "True"]);
  });

  it("O-29b: a machine that comes back as another Node waits as long as the first one did", async () => {
    await start();
    await joins();
    await harness.pass(1500);
    await harness.kube.patch(Nodes, NODE, { type: "merge", body: { metadata: { finalizers: null } } });
    await harness.kube.delete(Nodes, NODE);
    await harness.pass(100);
    await joins([CLOSED]);
    await harness.pass(1800);
    expect(await taints()).toEqual([CLOSED]);
    await harness.pass(200);
    expect(await taints()).toEqual([]);
  });
});
