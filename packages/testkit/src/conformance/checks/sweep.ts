// What core's garbage collection does with machines that no NodeClaim has.

import { NodeClaims } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach } from "../check.ts";
import { idOf, failureOf, told } from "./purchase.ts";

const ROUNDS = 25;

/** Rounds of two minutes until nothing is listed any more and the cloud has nothing left. */
export async function sweep(stage: Stage): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await collectOnce(stage);
    if (stage.machines().length === 0) return;
    await stage.pass(minutes(2));
  }
}

/** One round: what is listed without a claim is deleted, then the provider looks for what only it can see. */
export async function collectOnce(stage: Stage): Promise<void> {
  const { provider, context } = stage;
  const listed = await stage.during(provider.list(context));
  const claims = (await stage.kube.list(NodeClaims)).items;
  const known = new Set(claims.map(idOf));
  for (const machine of listed.filter((each) => !known.has(idOf(each)))) {
    const error = await failureOf(stage.during(provider.delete(machine, context)));
    if (error === undefined || hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) continue;
    breach(`deleting ${idOf(machine)}, as list answered it, failed with ${told(error)}`, error);
  }
  await stage.during(provider.collectGarbage?.(claims, context) ?? Promise.resolve());
}
