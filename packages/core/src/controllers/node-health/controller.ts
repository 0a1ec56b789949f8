// node.health: a node that stays sick longer than the provider's policies tolerate loses its machine, by force (D-151 to D-156).

import {
  Annotation,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  toRfc3339,
  type KubeObject,
  type Node,
  type NodeClaim,
  type NodePool,
  type Resource,
} from "../../api/index.ts";
import { ailmentOf, repairSettingsOf, sicknessOf, type Ailment, type RepairSettings } from "../../disruption/index.ts";
import { keyOf } from "../../kube/index.ts";
import { onChange, type Controller, type ObjectChange, type ReconcileResult } from "../../runtime/index.ts";
import { errorText } from "../../telemetry/index.ts";
import { milliseconds, minutes } from "../../units/index.ts";
import { claimsOfMachine, disruptionLabels } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";

type Deps = Pick<
  ControllerDeps,
  "kube" | "cache" | "clock" | "state" | "metrics" | "decisions" | "events" | "logger" | "provider"
>;

const NAME = "node.health";
const BLOCKED_AGAIN = minutes(5);
/** When a machine is looked at again that its provider could not remove. */
const KEPT_AGAIN = minutes(1);

/** One node after the other, so that each sees how many are sick. Asks neither budgets nor protection. */
export function nodeHealthController(deps: Deps): Controller {
  const nodes = deps.cache.informer(Nodes);
  return {
    name: NAME,
    triggers: [
      onChange(Nodes, (change) =>
        change.after?.metadata.name && isNewsOfHealth(change) ? [change.after.metadata.name] : [],
      ),
      onChange(NodePools, (change) => (isNewsOfRepair(change) ? nodesOf(deps, change.after) : [])),
    ],
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      const claims = claimsOfMachine(deps.cache, node?.spec?.providerID ?? "");
      const [claim] = claims;
      // Two claims for one machine: nobody can tell which is right.
      if (!node || !claim || claims.length > 1 || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      const settings = settingsOf(deps, node, claim);
      if (!settings) return { requeueAfter: BLOCKED_AGAIN };
      const ailment = ailmentOf(node, settings.policies);
      if (!ailment) return undefined;
      const left = ailment.repairAt - deps.clock.now();
      if (left > 0) return { requeueAfter: milliseconds(left) };
      return heldBack(deps, node, claim, settings) ?? (await repair(deps, claim, ailment, signal));
    },
  };
}

/** D-152: a condition appeared, vanished, or changed its status or its time. */
function isNewsOfHealth({ before, after }: ObjectChange<Node>): boolean {
  const said = (node: Node | undefined): string =>
    JSON.stringify(
      (node?.status?.conditions ?? []).map(({ type, status, lastTransitionTime }) => [
        type,
        status,
        lastTransitionTime,
      ]),
    );
  return before === undefined || said(before) !== said(after);
}

/** DX-30: what its NodePool asks for may have changed. */
function isNewsOfRepair({ before, after }: ObjectChange<NodePool>): boolean {
  const said = (pool: NodePool | undefined): string =>
    [Annotation.RepairThreshold, Annotation.RepairTolerations]
      .map((key) => pool?.metadata.annotations?.[key] ?? "")
      .join(";");
  return before !== undefined && after !== undefined && said(before) !== said(after);
}

function nodesOf({ cache }: Pick<Deps, "cache">, pool: NodePool | undefined): readonly string[] {
  const nodes = cache.informer(Nodes).list();
  const own = nodes.filter(({ metadata }) => metadata.labels?.[Label.NodePool] === pool?.metadata.name);
  return own.flatMap(({ metadata }) => metadata.name ?? []);
}

/** Undefined when what the NodePool says cannot be read: whoever wrote it wanted something else than the default. */
function settingsOf(deps: Deps, node: Node, claim: NodeClaim): RepairSettings | undefined {
  const policies = deps.provider.repairPolicies();
  const name = claim.metadata.labels?.[Label.NodePool] ?? "";
  const pool = deps.cache.informer(NodePools).get({ name });
  try {
    return repairSettingsOf(pool, policies);
  } catch (error) {
    // Nobody need hear of it while the node is well.
    if (!ailmentOf(node, policies)) return repairSettingsOf(undefined, policies);
    const message = `it is unhealthy and not repaired: ${errorText(error)}`;
    record(deps, `Node ${node.metadata.name}`, "RepairBlocked", message);
    tell(deps, Nodes, node, message);
    if (pool) tell(deps, NodePools, pool, `no node is repaired: ${errorText(error)}`);
    return undefined;
  }
}

function heldBack(deps: Deps, node: Node, claim: NodeClaim, settings: RepairSettings): ReconcileResult | undefined {
  const kept = deps.provider.keeps?.(claim);
  if (kept !== undefined) {
    record(deps, `Node ${node.metadata.name}`, "NodeProtected", `it is unhealthy, but ${kept}`);
    return { requeueAfter: KEPT_AGAIN };
  }
  const pool = claim.metadata.labels?.[Label.NodePool];
  const all = deps.cache.informer(Nodes).list();
  const peers = pool ? all.filter(({ metadata }) => metadata.labels?.[Label.NodePool] === pool) : all;
  const { nodes, unhealthy, most } = sicknessOf(peers, settings);
  if (unhealthy <= most) return undefined;
  deps.metrics.count("kmc_node_repairs_skipped_total", { nodepool: pool ?? "" });
  const whose = pool ? `of nodepool ${pool}` : "of the cluster";
  const message = `${unhealthy} of ${nodes} nodes ${whose} are unhealthy; none is repaired while more than ${most} are`;
  record(deps, `Node ${node.metadata.name}`, "RepairBlocked", message);
  tell(deps, Nodes, node, message);
  tell(deps, NodeClaims, claim, message);
  const nodePool = pool && deps.cache.informer(NodePools).get({ name: pool });
  if (nodePool) tell(deps, NodePools, nodePool, message);
  return { requeueAfter: BLOCKED_AGAIN };
}

function tell<T extends KubeObject>({ events }: Deps, resource: Resource<T>, object: T, message: string): void {
  const reason = "NodeRepairBlocked";
  const dedupeKey = `${reason}/${object.metadata.uid}`;
  events.publish({ resource, object, type: "Warning", reason, message, dedupeKey, dedupeFor: minutes(15) });
}

/** D-155, D-156: with its deadline behind it, the drain that follows waits for nothing. */
async function repair(deps: Deps, claim: NodeClaim, ailment: Ailment, signal: AbortSignal): Promise<undefined> {
  const { clock, kube, logger, metrics } = deps;
  const { condition } = ailment;
  const detail = `${condition} has been wrong for longer than the provider tolerates`;
  record(deps, `NodeClaim ${claim.metadata.name}`, "Unhealthy", detail);
  const known = Date.parse(claim.metadata.annotations?.[Annotation.TerminationTimestamp] ?? "");
  if (!(known <= clock.now())) {
    const annotations = { [Annotation.TerminationTimestamp]: toRfc3339(clock.now()) };
    const patch = { type: "merge", body: { metadata: { annotations } } } as const;
    await kube.patch(NodeClaims, keyOf(claim), patch, { signal }).catch(ignoreNotFound);
    logger.info("annotated nodeclaim", { NodeClaim: claim.metadata.name, ...annotations });
  }
  if (claim.metadata.deletionTimestamp) return undefined;
  await deleteClaim(deps, claim, signal);
  logger.info("deleting unhealthy node", { NodeClaim: claim.metadata.name, condition });
  const labels = disruptionLabels(claim, "unhealthy");
  const { nodepool, capacity_type } = labels;
  const image_id = claim.status?.imageID ?? "";
  metrics.count("karpenter_nodeclaims_disrupted_total", labels);
  metrics.count("karpenter_nodeclaims_unhealthy_disrupted_total", {
    condition: snakeCase(condition),
    nodepool,
    capacity_type,
    image_id,
  });
  return undefined;
}

function record({ decisions, clock }: Deps, subject: string, verdict: string, detail: string): void {
  decisions.record({ at: clock.now(), controller: NAME, verdict, subject, detail });
}

function snakeCase(type: string): string {
  return type.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
}
