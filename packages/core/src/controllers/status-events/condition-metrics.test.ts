import { afterEach, describe, expect, it } from "vitest";
import {
  NodeClaims,
  Nodes,
  TERMINATION_FINALIZER,
  toRfc3339,
  type Condition,
  type ConditionStatus,
} from "../../api/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { statusEventControllers } from "./controller.ts";

const KEY = { name: "n1" };
const OWN = 'karpenter_test_sh_testnodeclass="default",karpenter_sh_nodepool="default"';
const OLD = 'group="karpenter.sh",kind="NodeClaim"';

let harness: ControllerHarness;
let metrics: PromMetrics;
afterEach(() => harness.stop());

async function begin(): Promise<void> {
  metrics = new PromMetrics();
  harness = new ControllerHarness({ metrics });
  await harness.put(NodeClaims, aNodeClaim({ name: "n1", conditions: [] }));
  await harness.start(...statusEventControllers(harness.deps, [TEST_NODE_CLASS]));
}

async function claimIs(type: string, status: ConditionStatus, reason = type): Promise<void> {
  const condition: Condition = {
    type,
    status,
    reason,
    message: "",
    lastTransitionTime: toRfc3339(harness.clock.now()),
  };
  const body = { status: { conditions: [condition] } };
  await harness.kube.patchStatus(NodeClaims, KEY, { type: "merge", body });
  await harness.pass(100);
}

describe("metrics about conditions", () => {
  it("M-35, M-46: each condition that is there counts 1, with the labels of its claim", async () => {
    await begin();
    await claimIs("Launched", "Unknown", "LaunchFailed");
    await claimIs("Launched", "True");
    expect(await promSeries(metrics, "operator_nodeclaim_status_condition_count")).toEqual([
      `{namespace="",name="n1",type="Launched",status="True",reason="Launched",${OWN}} 1`,
    ]);
  });

  it("M-36: tells since when a condition is what it is", async () => {
    await begin();
    await claimIs("Launched", "True");
    await harness.pass(9900);
    expect(await promSeries(metrics, "operator_nodeclaim_status_condition_current_status_seconds")).toEqual([
      `{namespace="",name="n1",type="Launched",status="True",reason="Launched",${OWN}} 10`,
    ]);
  });

  it("M-37, M-38: counts changes of status by what they lead to, and times what they leave", async () => {
    await begin();
    await claimIs("Ready", "False", "Gone");
    await harness.pass(3900);
    await claimIs("Ready", "True");
    await claimIs("Ready", "True", "OtherReason");
    expect(await promSeries(metrics, "operator_nodeclaim_status_condition_transitions_total")).toEqual([
      `{type="Ready",status="False",reason="Gone",${OWN}} 1`,
      `{type="Ready",status="True",reason="Ready",${OWN}} 1`,
    ]);
    const left = "operator_nodeclaim_status_condition_transition_seconds";
    expect(await promSeries(metrics, left)).toEqual([
      `${left}_sum{type="Ready",status="False",${OWN}} 4`,
      `${left}_count{type="Ready",status="False",${OWN}} 1`,
    ]);
  });

  it("M-39: tells how long an object has been going, and how long it took when it is gone with all its series", async () => {
    await begin();
    await claimIs("Ready", "True");
    const body = { metadata: { finalizers: [TERMINATION_FINALIZER] } };
    await harness.kube.patch(NodeClaims, KEY, { type: "merge", body });
    await harness.kube.delete(NodeClaims, KEY);
    await harness.pass(6900);
    const current = "operator_nodeclaim_termination_current_time_seconds";
    expect(await promSeries(metrics, current)).toEqual([`{namespace="",name="n1",${OWN}} 7`]);
    await harness.kube.patch(NodeClaims, KEY, { type: "merge", body: { metadata: { finalizers: null } } });
    await harness.pass(100);
    const took = "operator_nodeclaim_termination_duration_seconds";
    expect((await promSeries(metrics, took)).find((line) => line.includes("_count"))).toBe(`${took}_count{${OWN}} 1`);
    for (const name of [current, "operator_nodeclaim_status_condition_count", "operator_status_condition_count"]) {
      expect(await promSeries(metrics, name)).toEqual([]);
    }
  });

  it("M-40: claims and pools are there under the older names too, others are not", async () => {
    await begin();
    await claimIs("Launched", "True");
    await harness.putNode({ name: "n1", labels: { "karpenter.test.sh/testnodeclass": "default" } });
    await harness.pass(100);
    expect(await promSeries(metrics, "operator_status_condition_count")).toEqual([
      `{namespace="",name="n1",type="Launched",status="True",reason="Launched",${OLD}} 1`,
    ]);
    expect(await promSeries(metrics, "operator_status_condition_transitions_total")).toEqual([
      `{type="Launched",status="True",reason="Launched",${OLD}} 1`,
    ]);
    const [node] = await promSeries(metrics, "operator_node_status_condition_count");
    expect(node).toContain('type="Ready",status="True",');
    expect(node).toContain('karpenter_sh_initialized="true"');
  });

  it("M-35: the provider's NodeClass has metrics of its own kind", async () => {
    await begin();
    await harness.putReadyClass();
    await harness.pass(100);
    expect(await promSeries(metrics, "operator_testnodeclass_status_condition_count")).toEqual([
      '{namespace="",name="default",type="Ready",status="True",reason="Ready"} 1',
    ]);
  });

  it("NP-1: of another autoscaler's objects nothing is shown", async () => {
    await begin();
    await harness.put(Nodes, { metadata: { name: "foreign" } });
    await harness.pass(100);
    expect(await promSeries(metrics, "operator_node_status_condition_count")).toEqual([]);
  });
});
