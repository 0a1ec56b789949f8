// One NodeClaim with the controller of its life, from the launch to the end.

import { getCondition, NodeClaims, UNREGISTERED_TAINT, type Condition, type NodeClaim } from "../api/index.ts";
import { nodeClaimLifecycleController } from "../controllers/nodeclaim-lifecycle/controller.ts";
import { milliseconds } from "../units/index.ts";
import { aNodeClaim, type NodeOptions } from "./builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "./controller-harness.ts";

export const CLAIM_KEY = { name: "default-1" };

/** A registered node opens within one pass. */
export const SETTLING = { taintSettleTime: milliseconds(50) };

/** Without a status: nobody has looked at it. */
export function freshClaim(spec: Partial<NodeClaim["spec"]> = {}): NodeClaim {
  const { status: _, ...claim } = aNodeClaim({ name: CLAIM_KEY.name, spec });
  return claim;
}

export class LifecycleHarness extends ControllerHarness {
  /** The claim is stored; its controller begins when it is told to. */
  static async with(claim: NodeClaim = freshClaim(), options: HarnessOptions = {}): Promise<LifecycleHarness> {
    const harness = new LifecycleHarness(options);
    await harness.put(NodeClaims, claim);
    return harness;
  }

  async begin(ms = 100): Promise<void> {
    await this.start(nodeClaimLifecycleController(this.deps));
    await this.pass(ms);
  }

  async claim(): Promise<NodeClaim | undefined> {
    return await this.stored(NodeClaims, CLAIM_KEY);
  }

  async condition(type: string): Promise<Condition | undefined> {
    const claim = await this.claim();
    return claim && getCondition(claim, type);
  }

  /** The Node of the machine that the fake provider launches first. */
  async joins(over: NodeOptions = {}): Promise<void> {
    await this.putNode({
      name: "node-1",
      nodePool: "",
      providerID: "fake:///1",
      taints: [UNREGISTERED_TAINT],
      ...over,
    });
    await this.pass(100);
  }
}
