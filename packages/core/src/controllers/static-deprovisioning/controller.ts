// static.deprovisioning: a NodePool with replicas gives back the machines it has too many of (ST-3, D-132).

import { Annotation, Label, NodeClaims, NodePools, type NodeClaim, type NodePool } from "../../api/index.ts";
import { isReschedulable, staticRemovalOrder } from "../../disruption/index.ts";
import { onChange, type Controller, type ObjectChange } from "../../runtime/index.ts";
import { poolOfClaim, type StateNode } from "../../state/index.ts";
import { minutes, seconds } from "../../units/index.ts";
import { disruptionLabels } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import { SeenOnce } from "../static-provisioning/seen-once.ts";

const NAME = "static.deprovisioning";
const AGAIN = minutes(1);

type Deps = Pick<
  ControllerDeps,
  "kube" | "cache" | "gate" | "clock" | "state" | "provider" | "decisions" | "metrics" | "logger"
>;

/** Neither budgets nor do-not-disrupt keep a machine: the drain that follows respects pods, and nothing else does (D-132). */
export function staticDeprovisioningController(deps: Deps): Controller {
  const pools = deps.cache.informer(NodePools);
  const seen = new SeenOnce(deps.state);
  return {
    name: NAME,
    triggers: [
      onChange(NodePools, (change) => (mayHaveSurplus(change) ? [change.after?.metadata.name ?? ""] : [])),
      onChange(NodeClaims, ({ before, after }) => (!before && after ? poolOf(deps, after) : [])),
    ],
    concurrency: 10,
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      const { replicas } = pool?.spec ?? {};
      if (!pool || replicas === undefined || pool.metadata.deletionTimestamp !== undefined) return undefined;
      if (!deps.state.isManaged(pool.spec.template.spec.nodeClassRef)) return undefined;
      if (!seen.whole()) return { requeueAfter: seconds(1) };
      await trim(deps, name, replicas, signal);
      return { requeueAfter: AGAIN };
    },
  };
}

async function trim(deps: Deps, pool: string, replicas: number, signal: AbortSignal): Promise<void> {
  const running = deps.state.nodes().filter((node) => isRunning(node, pool));
  const surplus = running.length - replicas;
  if (surplus <= 0) return;
  const movable = running.filter(({ nodeClaim }) => nodeClaim && deps.provider.keeps?.(nodeClaim) === undefined);
  const going = staticRemovalOrder(movable, deps.clock.now()).slice(0, surplus);
  const results = await Promise.allSettled(
    going.map((node) => remove(deps, node, `${running.length} nodes and asks for ${replicas}`, signal)),
  );
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  if (errors.length > 0) throw new AggregateError(errors, `deleting nodeclaims: ${errors.map(String).join("; ")}`);
}

/**
 * Replaced machines and those on their way out are not counted: somebody else sees to them. The record tells of the first
 * ones after a restart too, before the command goes on (DX-36).
 */
function isRunning(node: StateNode, pool: string): boolean {
  const isReplaced = node.nodeClaim?.metadata.annotations?.[Annotation.DisruptionCommand] !== undefined;
  return poolOfClaim(node) === pool && !node.markedForDeletion && !isReplaced;
}

async function remove(
  deps: Deps,
  { nodeClaim, providerID, pods, name }: StateNode,
  why: string,
  signal: AbortSignal,
): Promise<void> {
  if (!nodeClaim) return;
  const subject = `NodeClaim ${nodeClaim.metadata.name}`;
  const record = (verdict: string, text: string): void =>
    deps.decisions.record({ at: deps.clock.now(), controller: NAME, verdict, subject, detail: text });
  if (deps.gate.observeOnly) return record("ObserveOnly", `observe mode: it would go now, its NodePool has ${why}`);
  // At once, so that nothing is planned for it while the deletion is on its way. An order has no machine to mark.
  if (providerID !== "") deps.state.markForDeletion(providerID);
  try {
    await deleteClaim(deps, nodeClaim, signal);
  } catch (error) {
    if (providerID !== "") deps.state.unmarkForDeletion(providerID);
    throw error;
  }
  const moving = pods.filter(isReschedulable).length;
  record("Overprovisioned", `its NodePool has ${why}; ${moving} pods have to move`);
  deps.logger.info("deleted nodeclaim of a static nodepool", { NodeClaim: nodeClaim.metadata.name, Node: name });
  const labels = disruptionLabels(nodeClaim, "overprovisioned");
  deps.metrics.count("karpenter_nodeclaims_disrupted_total", labels);
  deps.metrics.count("karpenter_pods_disruption_initiated_total", labels, moving);
}

function mayHaveSurplus({ before, after }: ObjectChange<NodePool>): boolean {
  return after?.spec.replicas !== undefined && before?.spec.replicas !== after.spec.replicas;
}

function poolOf({ cache }: Deps, { metadata }: NodeClaim): readonly string[] {
  const name = metadata.labels?.[Label.NodePool];
  if (name === undefined) return [];
  return cache.informer(NodePools).get({ name })?.spec.replicas === undefined ? [] : [name];
}
