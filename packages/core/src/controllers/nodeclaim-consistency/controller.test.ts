import { afterEach, describe, expect, it } from "vitest";
import { getCondition, NodeClaims, Nodes, type ResourceList } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodeClaim, type NodeClaimOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodeClaimConsistencyController } from "./controller.ts";

const MINUTE = 60_000;
const KEY = { name: "n1" };
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** The claim expects 4 CPUs and 16 Gi; its Node has this. */
async function machine(capacity: ResourceList, claim: NodeClaimOptions = {}): Promise<void> {
  harness = new ControllerHarness();
  const spec = { resources: { requests: { cpu: "1", memory: "1Gi" } }, ...claim.spec };
  await harness.putMachine("n1", { claim: { ...claim, spec }, node: { capacity } });
}

async function start(): Promise<void> {
  await harness.start(nodeClaimConsistencyController(harness.deps));
  await harness.pass(1000);
}

async function condition() {
  const claim = await harness.stored(NodeClaims, KEY);
  return claim && getCondition(claim, "ConsistentStateFound");
}

function told(): number {
  return harness.events.withReason("FailedConsistencyCheck").length;
}

describe("nodeclaim.consistency", () => {
  it("LC-45: a node that is what was bought", async () => {
    await machine({ memory: "14746Mi" });
    await start();
    expect(await condition()).toMatchObject({ status: "True", reason: "ConsistentStateFound" });
    expect(harness.events.texts()).toEqual([]);
  });

  it("DT-98: 80 % of what was bought is told with its name and share, 90 % is enough", async () => {
    await machine({ memory: `${0.8 * 16384}Mi` });
    await start();
    expect((await condition())?.status).toBe("False");
    expect(harness.events.texts()).toEqual([expect.stringMatching(/resource memory.*\(80\.0% of expected\)/)]);
    harness.stop();
    await machine({ memory: `${Math.ceil(0.9 * 16384)}Mi` });
    await start();
    expect((await condition())?.status).toBe("True");
    expect(harness.events.texts()).toEqual([]);
  });

  it("TC-48, D-144: too little of a requested resource is told once in ten minutes", async () => {
    await machine({ memory: "12800Mi" });
    await start();
    const expected = "expected 16Gi of resource memory, but found 12.5Gi (78.1% of expected)";
    expect(await condition()).toMatchObject({
      status: "False",
      reason: "ConsistencyCheckFailed",
      message: expected,
    });
    expect(harness.events.texts()).toEqual([`Warning FailedConsistencyCheck NodeClaim/n1: ${expected}`]);
    // Changes do not bring the next check forward.
    await harness.kube.patch(Nodes, KEY, { type: "merge", body: { metadata: { labels: { touched: "yes" } } } });
    await harness.pass(9 * MINUTE);
    expect(told()).toBe(1);
    await harness.pass(MINUTE);
    expect(told()).toBe(2);
  });

  it("D-144: a node that came into shape is consistent at the next check", async () => {
    await machine({ memory: "8Gi" });
    await start();
    expect((await condition())?.status).toBe("False");
    const body = { status: { capacity: { memory: "16Gi" } } };
    await harness.kube.patchStatus(Nodes, KEY, { type: "merge", body });
    await harness.pass(10 * MINUTE);
    expect((await condition())?.status).toBe("True");
  });

  it("D-144: a resource that nobody asked for may be short", async () => {
    await machine({ memory: "1Gi" }, { spec: { resources: { requests: { cpu: "1", memory: "0" } } } });
    await start();
    expect((await condition())?.status).toBe("True");
  });

  it("D-144: each short resource is told, in order of their names", async () => {
    await machine({ memory: "8Gi", cpu: "2" });
    await start();
    expect(harness.events.notes.map(({ message }) => message.split(" of resource ")[1])).toEqual([
      "cpu, but found 2 (50.0% of expected)",
      "memory, but found 8Gi (50.0% of expected)",
    ]);
  });

  it("DT-98, D-144: a machine that is not initialized is not judged, and is as soon as it is", async () => {
    await machine({ memory: "1Gi" }, { conditions: ["Launched", "Registered"] });
    await start();
    expect(await condition()).toBeUndefined();
    const ready = { type: "Initialized", status: "True", reason: "Initialized", message: "" };
    const conditions = [{ ...ready, lastTransitionTime: "2026-01-01T00:00:00Z" }];
    await harness.kube.patchStatus(NodeClaims, KEY, { type: "merge", body: { status: { conditions } } });
    await harness.pass(1000);
    expect((await condition())?.status).toBe("False");
  });

  it("D-144: a claim whose Node has not come, or came twice, is not judged, and that is no error", async () => {
    await machine({ memory: "1Gi" });
    await harness.putNode({ name: "twin", providerID: "test:///n1" });
    await harness.put(NodeClaims, aNodeClaim({ name: "n2", conditions: ["Initialized"] }));
    await start();
    await harness.kube.delete(NodeClaims, KEY);
    await harness.pass(11 * MINUTE);
    expect(told()).toBe(0);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a verdict that could not be stored is not told, and judged again", async () => {
    await machine({ memory: "1Gi" });
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb.startsWith("patch") && failures++ < 2) throw new KubeError(409, "Conflict", "no");
    };
    await start();
    expect(failures).toBe(3);
    expect(told()).toBe(1);
  });

  it("another claim of the same name is judged at once", async () => {
    await machine({ memory: "1Gi" });
    await start();
    await harness.kube.delete(NodeClaims, KEY);
    await harness.kube.delete(Nodes, KEY);
    await harness.putMachine("n1", { claim: { spec: { resources: { requests: { cpu: "1" } } } } });
    await harness.pass(1000);
    expect((await condition())?.status).toBe("True");
  });
});
