// node.health: a node that stays sick longer than the provider's policies tolerate loses its machine, by force (D-151 to D-156, DX-30).

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
import { milliseconds, minutes, seconds } from "../../units/index.ts";
import { claimsOfMachine, disruptionLabels } from "../claims.ts";
import { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { watchProblemInput } from "../provisioning/problem-input.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { deadlineOf } from "../node-termination/deadline.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import { RecentRepairs } from "./recent-repairs.ts";
import { ReplaceFirst } from "./replace-first.ts";

type Deps = ControllerDeps;

const NAME = "node.health";
const BLOCKED_AGAIN = minutes(5);
/** When a machine is looked at again that its provider could not remove. */
const KEPT_AGAIN = minutes(1);

/** How often it is looked whether pods have found a place. */
const ROOM_AGAIN = seconds(5);

interface Parts {
  readonly recent: RecentRepairs;
  readonly first: ReplaceFirst;
}

/** One node after the other, so that each sees how many are sick. Asks neither budgets nor protection. */
export function nodeHealthController(deps: Deps, backOff = new PoolBackOff(deps)): Controller {
  watchProblemInput(deps);
  const nodes = deps.cache.informer(Nodes);
  const parts = { recent: new RecentRepairs(deps), first: new ReplaceFirst(deps, backOff) };
  return {
    name: NAME,
    triggers: [
      // Also one that is gone, so that nothing of it stays.
      onChange(Nodes, (change) => {
        const { name } = (change.after ?? change.before)?.metadata ?? {};
        return name && (!change.after || isNewsOfHealth(change)) ? [name] : [];
      }),
      onChange(NodePools, (change) => (isNewsOfRepair(change) ? nodesOf(deps, change.after) : [])),
    ],
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      if (!node) await parts.first.forget(name, signal);
      const claims = claimsOfMachine(deps.cache, node?.spec?.providerID ?? "");
      const [claim] = claims;
      // Two claims for one machine: nobody can tell which is right.
      if (!node || !claim || claims.length > 1 || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      const settings = settingsOf(deps, node, claim);
      const ailment = settings && ailmentOf(node, settings.policies);
      const left = ailment ? ailment.repairAt - deps.clock.now() : 0;
      const held = settings && ailment && left <= 0 ? heldBack(deps, node, claim, { settings, ...parts }) : undefined;
      if (!settings || !ailment || left > 0 || held) {
        await parts.first.release(name, signal);
        if (!settings) return { requeueAfter: BLOCKED_AGAIN };
        return left > 0 ? { requeueAfter: milliseconds(left) } : held;
      }
      return (
        (await withoutPlace(deps, { node, claim, settings, parts }, signal)) ??
        (await repair(deps, claim, ailment, { settings, ...parts }, signal))
      );
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
    [Annotation.RepairThreshold, Annotation.RepairTolerations, Annotation.RepairMode, Annotation.RepairsPerHour]
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

interface Asked extends Parts {
  readonly settings: RepairSettings;
}

function heldBack(deps: Deps, node: Node, claim: NodeClaim, { settings, recent }: Asked): ReconcileResult | undefined {
  const kept = deps.provider.keeps?.(claim);
  if (kept !== undefined) {
    record(deps, `Node ${node.metadata.name}`, "NodeProtected", `it is unhealthy, but ${kept}`);
    return { requeueAfter: KEPT_AGAIN };
  }
  const pool = claim.metadata.labels?.[Label.NodePool];
  const all = deps.cache.informer(Nodes).list();
  const peers = pool ? all.filter(({ metadata }) => metadata.labels?.[Label.NodePool] === pool) : all;
  const { nodes, unhealthy, most } = sicknessOf(peers, settings);
  if (unhealthy > most) {
    const whose = pool ? `of nodepool ${pool}` : "of the cluster";
    const message = `${unhealthy} of ${nodes} nodes ${whose} are unhealthy; none is repaired while more than ${most} are`;
    skip(deps, node, claim, message);
    return { requeueAfter: BLOCKED_AGAIN };
  }
  const until = hourlyHold(deps, claim, settings, recent);
  if (until === undefined) return undefined;
  const message = `nodepool ${pool} allows ${settings.perHour} repairs per hour (${Annotation.RepairsPerHour}); the next one begins at ${toRfc3339(until)}`;
  skip(deps, node, claim, message);
  return { requeueAfter: milliseconds(Math.max(1, until - deps.clock.now())) };
}

/** DX-30: a claim that is being deleted is gone anyway. */
function hourlyHold(
  deps: Deps,
  claim: NodeClaim,
  { perHour }: RepairSettings,
  recent: RecentRepairs,
): number | undefined {
  const pool = poolOf(deps, claim);
  if (perHour === undefined || !pool || claim.metadata.deletionTimestamp) return undefined;
  return recent.heldUntil(pool, claim.metadata.name ?? "", perHour);
}

function poolOf({ cache }: Pick<Deps, "cache">, { metadata }: NodeClaim): NodePool | undefined {
  return cache.informer(NodePools).get({ name: metadata.labels?.[Label.NodePool] ?? "" });
}

interface Patient {
  readonly node: Node;
  readonly claim: NodeClaim;
  readonly settings: RepairSettings;
  readonly parts: Parts;
}

/** DX-30: with `replaceFirst` nothing is forced before the pods have a place. Undefined: they have, or need none. */
async function withoutPlace(
  deps: Deps,
  { node, claim, settings, parts: { recent, first } }: Patient,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { name = "" } = node.metadata;
  const target = deps.state.nodeByName(name);
  if (!settings.replaceFirst || deps.gate.observeOnly || claim.metadata.deletionTimestamp || !target) return undefined;
  const paused = first.pausedUntil(name);
  if (paused !== undefined) return { requeueAfter: milliseconds(paused - deps.clock.now()) };
  await began(deps, claim, { settings, recent, first }, signal);
  const place = await first.placeFor(target, claim, signal);
  if (place.found) return undefined;
  if (!place.gaveUp) {
    const message = `it is unhealthy and waits for a place for its pods: ${place.why}`;
    record(deps, `Node ${name}`, "RepairBlocked", message);
    return { requeueAfter: ROOM_AGAIN };
  }
  const pool = poolOf(deps, claim);
  if (pool) await recent.kept(pool, claim.metadata.name ?? "", signal);
  skip(deps, node, claim, `it is unhealthy and stays for now: its pods found no place in time: ${place.why}`);
  return { requeueAfter: BLOCKED_AGAIN };
}

async function began(deps: Deps, claim: NodeClaim, { settings, recent }: Asked, signal: AbortSignal): Promise<void> {
  const pool = poolOf(deps, claim);
  if (settings.perHour === undefined || !pool || deps.gate.observeOnly) return;
  await recent.began(pool, claim.metadata.name ?? "", signal);
}

/** Told on everything it is about, and counted (DX-30). */
function skip(deps: Deps, node: Node, claim: NodeClaim, message: string): void {
  const nodepool = claim.metadata.labels?.[Label.NodePool] ?? "";
  deps.metrics.count("kmc_node_repairs_skipped_total", { nodepool });
  record(deps, `Node ${node.metadata.name}`, "RepairBlocked", message);
  tell(deps, Nodes, node, message);
  tell(deps, NodeClaims, claim, message);
  const pool = poolOf(deps, claim);
  if (pool) tell(deps, NodePools, pool, message);
}

function tell<T extends KubeObject>({ events }: Deps, resource: Resource<T>, object: T, message: string): void {
  const reason = "NodeRepairBlocked";
  const dedupeKey = `${reason}/${object.metadata.uid}`;
  events.publish({ resource, object, type: "Warning", reason, message, dedupeKey, dedupeFor: minutes(15) });
}

/** D-155, D-156: with its deadline behind it, the drain that follows waits for nothing. */
async function repair(
  deps: Deps,
  claim: NodeClaim,
  { condition }: Ailment,
  asked: Asked,
  signal: AbortSignal,
): Promise<undefined> {
  const { clock, kube, logger, metrics } = deps;
  const detail = `${condition} has been wrong for longer than the provider tolerates`;
  record(deps, `NodeClaim ${claim.metadata.name}`, "Unhealthy", detail);
  if (!claim.metadata.deletionTimestamp) await began(deps, claim, asked, signal);
  if (!(knownDeadline(claim) <= clock.now())) {
    const annotations = { [Annotation.TerminationTimestamp]: toRfc3339(clock.now()) };
    // The uid keeps it off a namesake: with a deadline behind it, that one's pods would be forced out.
    const patch = { type: "merge", body: { metadata: { uid: claim.metadata.uid, annotations } } } as const;
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

/** D-155: what is no time is replaced. */
function knownDeadline(claim: NodeClaim): number {
  try {
    return deadlineOf(claim);
  } catch {
    return Infinity;
  }
}

function record({ decisions, clock }: Deps, subject: string, verdict: string, detail: string): void {
  decisions.record({ at: clock.now(), controller: NAME, verdict, subject, detail });
}

function snakeCase(type: string): string {
  return type.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
}
