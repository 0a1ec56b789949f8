// Machines on their way as the engine sees them: what they lose while they start does not count, what they lack is expected.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, Nodes, Pods } from "../../api/index.ts";
import type { Node, NodeClaim, NodeClaimStatus, Taint } from "../../api/index.ts";
import { aNode, aNodeClaim, anInstanceType, aPod, aPoolInput } from "../../testing/builders/index.ts";
import type { NodeClaimOptions, NodeOptions, PodOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { joined } from "../../testing/read-solution.ts";
import { problemOf, watchProblemInput } from "./problem-input.ts";

const GPU = "example.com/gpu";
const CNI: Taint = { key: "example.com/cni", effect: "NoSchedule" };
const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoExecute" };
const SOLD = [anInstanceType(), anInstanceType({ name: "m.8", cpu: "8" })];
const STARTING = { [Label.Registered]: "true", [Label.Initialized]: "false" };

describe.each(PARITY_ENGINES)("nodes that join ($name)", (engine) => {
  let harness: ControllerHarness;
  beforeEach(async () => {
    harness = new ControllerHarness();
    watchProblemInput(harness.deps);
    harness.deps.cache.informer(Nodes);
    harness.deps.cache.informer(NodeClaims);
    harness.deps.cache.informer(Pods);
    await harness.start();
  });
  afterEach(() => harness.stop());

  async function put(node: Node, claim: NodeClaim): Promise<void> {
    await harness.put(NodeClaims, claim);
    const created = await harness.put(Nodes, node);
    const key = { name: created.metadata.name ?? "" };
    await harness.kube.patch(Nodes, key, { type: "merge", body: { spec: { taints: node.spec?.taints ?? null } } });
    await harness.pass(0);
  }
  /** Whether the pod is put on the node; otherwise it must have got a new one. */
  function isTaken(pod: PodOptions = {}): boolean {
    const problem = problemOf(harness.deps, [aPod(pod)], [aPoolInput({ instanceTypes: SOLD })]);
    const solution = expectValid(problem, engine.solve(problem));
    expect(joined(solution).length + solution.newClaims.length).toBe(1);
    return joined(solution).length === 1;
  }
  async function machine(node: NodeOptions, claim: NodeClaimOptions = {}): Promise<void> {
    await put(aNode(node), aNodeClaim(claim));
  }

  it("T-96: a claim whose node has not joined takes the pod, unless it is being deleted", async () => {
    await harness.put(NodeClaims, aNodeClaim({ conditions: ["Launched"] }));
    await harness.pass(0);
    expect(isTaken({ requests: { cpu: "3" } })).toBe(true);
    expect(isTaken({ requests: { cpu: "4.1" } })).toBe(false);
    harness.deps.state.markForDeletion("test:///n1");
    expect(isTaken({ requests: { cpu: "3" } })).toBe(false);
  });

  it("T-96: a node whose claim is being deleted gets no pod", async () => {
    const claim = aNodeClaim();
    await put(aNode(), { ...claim, metadata: { ...claim.metadata, finalizers: ["karpenter.sh/termination"] } });
    expect(isTaken()).toBe(true);
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.pass(0);
    expect(isTaken()).toBe(false);
  });

  it("T-99, S-217: a startup taint is overlooked before initialization", async () => {
    await machine({ labels: STARTING, taints: [CNI] }, { spec: { startupTaints: [CNI] } });
    expect(isTaken()).toBe(true);
  });

  it("T-99, S-217: and counts after it", async () => {
    await machine({ taints: [CNI] }, { spec: { startupTaints: [CNI] } });
    expect(isTaken()).toBe(false);
  });

  it("T-100, S-217: not-ready is overlooked before initialization", async () => {
    await machine({ labels: STARTING, taints: [NOT_READY] });
    expect(isTaken()).toBe(true);
  });

  it("T-100, S-217: and counts after it", async () => {
    await machine({ taints: [NOT_READY] });
    expect(isTaken()).toBe(false);
  });

  it("T-101, S-217: a taint nobody announced counts from the start", async () => {
    await machine({ labels: STARTING, taints: [CNI] });
    expect(isTaken()).toBe(false);
    expect(isTaken({ tolerations: [{ operator: "Exists" }] })).toBe(true);
  });

  describe("a device that the node reports none of", () => {
    function estimating(claim: NodeClaim): NodeClaim {
      const amounts = (list: NodeClaimStatus["capacity"]) => ({ ...list, [GPU]: "2" });
      const { status } = claim;
      return {
        ...claim,
        status: { ...status, capacity: amounts(status?.capacity), allocatable: amounts(status?.allocatable) },
      };
    }
    const node = (labels: NodeOptions["labels"] = {}): Node => aNode({ labels, capacity: { [GPU]: "0" } });
    const wants = (count: string): PodOptions => ({ requests: { [GPU]: count } });

    function isPlaced(pod: PodOptions): boolean {
      const problem = problemOf(harness.deps, [aPod(pod)], []);
      return joined(expectValid(problem, engine.solve(problem))).length === 1;
    }

    it("T-102, S-218: is expected as the claim says, before initialization", async () => {
      await put(node(STARTING), estimating(aNodeClaim()));
      expect(isPlaced(wants("2"))).toBe(true);
      expect(isPlaced(wants("3"))).toBe(false);
    });

    it("T-102, S-218: is not there after it", async () => {
      await put(node(), estimating(aNodeClaim()));
      expect(isPlaced(wants("1"))).toBe(false);
      expect(isPlaced({})).toBe(true);
    });
  });
});
