// Tells that a NodePool may not grow: in the log, and on the NodePool, where its owner looks (OP-14).

import { NodePools, type NodePool } from "../api/index.ts";
import { minutes } from "../units/index.ts";
import type { ControllerDeps } from "./deps.ts";

/** `over`: the limited resources there is no room for. */
export function tellLimitReached(
  { logger, events }: Pick<ControllerDeps, "logger" | "events">,
  pool: NodePool,
  over: readonly string[],
): void {
  const { name = "", uid = "" } = pool.metadata;
  const fields = { NodePool: name, resources: over };
  if (over.every((resource) => resource === "nodes")) logger.info("nodepool node limit reached", fields);
  else logger.error("nodepool limit exceeded, nodeclaim not created", fields);
  const limits = over.map((resource) => `${resource} ${String(pool.spec.limits?.[resource] ?? "")}`).join(", ");
  events.publish({
    resource: NodePools,
    object: pool,
    type: "Warning",
    reason: "LimitExceeded",
    message: `NodePool needs more nodes, and its limits leave no room for them: ${limits}`,
    dedupeKey: `${uid}/${over.join()}`,
    dedupeFor: minutes(5),
  });
}
