// The machine that the tests of node termination take apart: claim and Node n1, each with our finalizer and another one.

import { NodeClaims, Nodes, TERMINATION_FINALIZER } from "../api/index.ts";
import type { NodeClaimOptions, NodeOptions } from "./builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "./controller-harness.ts";
import { nodeTerminationController } from "../controllers/node-termination/controller.ts";
import { EvictionQueue } from "../controllers/node-termination/eviction-queue.ts";

export const NODE = { name: "n1" };
export const WEB = { namespace: "default", name: "web" };
export const FINALIZER = {
  type: "merge",
  body: { metadata: { finalizers: [TERMINATION_FINALIZER, "example.com/other"] } },
} as const;
/** The class label, without which a Node is nobody's. */
export const CLASS = { "karpenter.test.sh/testnodeclass": "default" };

export async function openMachine(
  over: { claim?: NodeClaimOptions; node?: NodeOptions } = {},
  options: HarnessOptions = {},
): Promise<ControllerHarness> {
  const harness = new ControllerHarness(options);
  await harness.putMachine("n1", { ...over, node: { ...over.node, labels: { ...CLASS, ...over.node?.labels } } });
  await harness.kube.patch(Nodes, NODE, FINALIZER);
  await harness.kube.patch(NodeClaims, NODE, FINALIZER);
  return harness;
}

/** Starts what ends nodes, and deletes this one. */
export async function startAndDelete(harness: ControllerHarness): Promise<void> {
  const queue = new EvictionQueue(harness.deps);
  await harness.start(queue.controller(), nodeTerminationController(harness.deps, queue));
  await harness.kube.delete(Nodes, NODE);
  await harness.pass(100);
}

export async function isReleased(harness: ControllerHarness): Promise<boolean> {
  const node = await harness.stored(Nodes, NODE);
  return node?.metadata.finalizers?.includes(TERMINATION_FINALIZER) !== true;
}
