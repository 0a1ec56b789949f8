// Why a replacement never came, as far as anybody knows: that is why its node is still there (DX-31, DX-35).

import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { causeOfGivingUp } from "../nodeclaim-lifecycle/given-up.ts";

/** What its lifecycle waited for, in this order. */
const MILESTONES = ["Launched", "Registered", "Initialized"] as const;

export function whyLost(deps: Pick<ControllerDeps, "cache" | "decisions">, name: string): string {
  const claim = deps.cache.informer(NodeClaims).get({ name });
  const cause = causeOfGivingUp(deps, name) ?? (claim && lackOf(claim));
  return cause ? `replacement ${name} is gone: ${cause}` : `replacement ${name} is gone`;
}

function lackOf({ status }: NodeClaim): string | undefined {
  for (const milestone of MILESTONES) {
    const condition = status?.conditions?.find(({ type }) => type === milestone);
    if (condition && condition.status !== "True" && condition.message)
      return `${condition.reason}: ${condition.message}`;
  }
  return undefined;
}
