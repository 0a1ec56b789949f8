// Tells that a NodePool may not grow: in the log, and on the NodePool, where its owner looks (OP-14).

import { NodePools, type NodePool } from "../api/index.ts";
import { minutes } from "../units/index.ts";
import type { ControllerDeps } from "./deps.ts";

/** `over`: the limited resources there is no room for; `ofCluster`: the limit is the one of all pools together. */
export function tellLimitReached(
  { logger, events }: Pick<ControllerDeps, "logger" | "events">,
  pool: NodePool,
  over: readonly string[],
  ofCluster?: number,
): void {
  const { name = "", uid = "" } = pool.metadata;
  const fields = { NodePool: name, resources: over, ...(ofCluster === undefined ? {} : { "max-nodes": ofCluster }) };
  if (over.every((resource) => resource === "nodes")) logger.info("nodepool node limit reached", fields);
  else logger.error("nodepool limit exceeded, nodeclaim not created", fields);
  const limits = over.map((resource) => `${resource} ${String(pool.spec.limits?.[resource] ?? "")}`).join(", ");
  events.publish({
    resource: NodePools,
    object: pool,
    type: "Warning",
    reason: "LimitExceeded",
    message:
      ofCluster === undefined
        ? `NodePool needs more nodes, and its limits leave no room for them: ${limits}`
        : `NodePool needs more nodes, and all NodePools together may not have more than ${ofCluster} (--max-nodes)`,
    dedupeKey: `${uid}/${over.join()}`,
    dedupeFor: minutes(5),
  });
}
