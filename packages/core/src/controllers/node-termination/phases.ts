// How long the end of a node that disruption has chosen takes: the drain, and the machine after it (DM-44).

import { getCondition, type NodeClaim } from "../../api/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** `since`: when the phase began; what says nothing of it is not counted. */
export function observePhase(
  { clock, metrics }: Pick<ControllerDeps, "clock" | "metrics">,
  claim: NodeClaim | undefined,
  phase: "drain" | "instance",
  since: string | undefined,
): void {
  const chosen = claim && getCondition(claim, "DisruptionReason");
  const took = (clock.now() - Date.parse(since ?? "")) / 1000;
  if (chosen?.status !== "True" || !(took >= 0)) return;
  metrics.observe("kmc_disruption_command_duration_seconds", { reason: chosen.reason.toLowerCase(), phase }, took);
}
