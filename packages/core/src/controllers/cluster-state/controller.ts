// state.node: shows how far the picture that decisions are made on agrees with the cluster (CS-4, M-24 to M-26).

import type { Controller } from "../../runtime/index.ts";
import { formatDuration, milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

const KEY = "state";
const LOOK_AGAIN: Duration = seconds(5);
/** Launches take their time; longer than this, nothing is planned and somebody should know. */
const PATIENCE: Duration = seconds(30);
const COMPLAIN_AGAIN: Duration = seconds(10);

export function clusterStateController({
  state,
  metrics,
  clock,
  logger,
}: Pick<ControllerDeps, "state" | "metrics" | "clock" | "logger">): Controller {
  let unsyncedSince: number | undefined;
  let complainedAt = Number.NEGATIVE_INFINITY;
  return {
    name: "state.node",
    triggers: [],
    initialKeys: [KEY],
    async reconcile() {
      const now = clock.now();
      const missing = state.unsynced();
      unsyncedSince = missing.length === 0 ? undefined : (unsyncedSince ?? now);
      const lasted = milliseconds(now - (unsyncedSince ?? now));
      metrics.set("karpenter_cluster_state_node_count", {}, state.nodes().length);
      metrics.set("karpenter_cluster_state_synced", {}, Number(missing.length === 0));
      metrics.set("karpenter_cluster_state_unsynced_time_seconds", {}, lasted / 1000);
      if (lasted > PATIENCE && now - complainedAt >= COMPLAIN_AGAIN) {
        complainedAt = now;
        logger.error("cluster state is not synced, nothing is planned", { for: formatDuration(lasted), missing });
      }
      return { requeueAfter: LOOK_AGAIN };
    },
  };
}
