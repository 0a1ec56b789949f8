// nodeclaim.disruption: keeps the conditions Drifted (D-136) and Consolidatable (D-133, D-134) on each claim.

import {
  ConditionSet,
  getCondition,
  isConditionTrue,
  Label,
  NodeClaimCondition,
  NodeClaims,
  NodePools,
  type CustomResource,
  type NodeClaim,
  type NodePool,
} from "../../api/index.ts";
import { consolidatableAt } from "../../disruption/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { hasCode } from "../../provider/index.ts";
import { onChange, type Controller, type ReconcileResult, type Trigger } from "../../runtime/index.ts";
import { milliseconds, minutes, type Duration } from "../../units/index.ts";
import { claimsOfPool } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { UNTIL_READY } from "../list-machines.ts";
import { nodeClassTriggers } from "../nodepool-readiness/controller.ts";
import { DriftCheck } from "./drift-check.ts";
import { EXPIRING, ExpiringCheck } from "./expiring.ts";

type Deps = Pick<ControllerDeps, "kube" | "cache" | "clock" | "state" | "provider" | "logger">;

/** What is to be said of one condition, and when it has to be looked at again. */
interface Finding {
  /** Undefined: the condition is taken away. "kept": nothing is known, so it stays as it is. */
  readonly reason: string | undefined;
  readonly isKept?: boolean;
  readonly again?: Duration;
  readonly error?: unknown;
}

const { Consolidatable, Drifted, Launched } = NodeClaimCondition;
const DRIFT_EVERY = minutes(5);

/** `nodeClasses` are the provider's NodeClass kinds. */
export function nodeClaimDisruptionController(deps: Deps, nodeClasses: readonly CustomResource[]): Controller {
  const claims = deps.cache.informer(NodeClaims);
  const pools = deps.cache.informer(NodePools);
  const drift = new DriftCheck(deps);
  const expiring = new ExpiringCheck(deps);
  return {
    name: "nodeclaim.disruption",
    triggers: [
      onChange(NodeClaims, ({ before, after }) => [(after ?? before)?.metadata.name ?? ""].filter(Boolean)),
      onChange(NodePools, ({ after }) => claimsOfPool(deps.cache, after?.metadata.name ?? "").map(nameOf)),
      ...classTriggers(deps, nodeClasses),
    ],
    concurrency: 10,
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      if (!claim) drift.forget(name);
      const pool = pools.get({ name: claim?.metadata.labels?.[Label.NodePool] ?? "" });
      if (!claim || !pool || claim.metadata.deletionTimestamp || !isOurs(deps, claim, pool)) return undefined;
      const drifted = await findDrift(deps, { drift, expiring }, { claim, pool }, signal);
      const consolidatable = findConsolidatable(deps, claim, pool);
      await write(deps, claim, { drifted, consolidatable }, signal);
      if (drifted.error !== undefined) throw drifted.error;
      return earliest(drifted.again, consolidatable.again);
    },
  };
}

/** By way of the pools, since a claim of another class than its pool's has drifted already. */
function classTriggers({ cache }: Deps, nodeClasses: readonly CustomResource[]): readonly Trigger[] {
  return nodeClassTriggers(cache, nodeClasses).map((trigger) => ({
    ...trigger,
    keys: (change) => trigger.keys(change).flatMap((pool) => claimsOfPool(cache, pool).map(nameOf)),
  }));
}

function nameOf({ metadata: { name = "" } }: NodeClaim): string {
  return name;
}

function isOurs({ state }: Deps, claim: NodeClaim, pool: NodePool): boolean {
  return state.isManaged(claim.spec.nodeClassRef) && state.isManaged(pool.spec.template.spec.nodeClassRef);
}

interface Checks {
  readonly drift: DriftCheck;
  readonly expiring: ExpiringCheck;
}

async function findDrift(
  { logger }: Deps,
  { drift, expiring }: Checks,
  { claim, pool }: { readonly claim: NodeClaim; readonly pool: NodePool },
  signal: AbortSignal,
): Promise<Finding> {
  if (!isConditionTrue(claim, Launched)) return { reason: undefined };
  const unknown = { reason: undefined, isKept: true };
  try {
    const reason = await drift.reasonFor(claim, pool, signal);
    if (reason !== undefined) return { reason, again: DRIFT_EVERY };
    const expiry = expiring.of(claim, pool);
    if (expiry.isDue) return { reason: EXPIRING, again: DRIFT_EVERY };
    return { reason: undefined, again: milliseconds(Math.min(DRIFT_EVERY, expiry.again ?? DRIFT_EVERY)) };
  } catch (error) {
    if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return { ...unknown, again: DRIFT_EVERY };
    if (!hasCode(error, "PROVIDER_NODE_CLASS_NOT_READY")) return { ...unknown, error };
    logger.debug("drift cannot be looked for yet", { NodeClaim: claim.metadata.name, error });
    return { ...unknown, again: UNTIL_READY };
  }
}

function findConsolidatable({ clock }: Deps, claim: NodeClaim, pool: NodePool): Finding {
  // A static pool keeps its number of nodes, so none of them is ever spare (ST-4).
  const at = pool.spec.replicas === undefined ? consolidatableAt(claim, pool) : undefined;
  if (at === undefined) return { reason: undefined };
  const now = clock.now();
  return at <= now ? { reason: Consolidatable } : { reason: undefined, again: milliseconds(at - now) };
}

async function write(
  { kube, clock, logger }: Deps,
  claim: NodeClaim,
  { drifted, consolidatable }: { readonly drifted: Finding; readonly consolidatable: Finding },
  signal: AbortSignal,
): Promise<void> {
  const isNewsOfDrift = !drifted.isKept && reasonOf(claim) !== drifted.reason;
  const isNewsOfUse = isConditionTrue(claim, Consolidatable) !== (consolidatable.reason !== undefined);
  if (!isNewsOfDrift && !isNewsOfUse) return;
  let conditions = ConditionSet.forNodeClaim(claim, clock.now());
  if (isNewsOfDrift) {
    const { reason } = drifted;
    logger.debug(reason === undefined ? "removing drifted" : "marking drifted", {
      NodeClaim: claim.metadata.name,
      reason,
    });
    conditions = reason === undefined ? conditions.clear(Drifted) : conditions.set(Drifted, "True", reason, reason);
  }
  if (isNewsOfUse) {
    const isDue = consolidatable.reason !== undefined;
    logger.debug(isDue ? "marking consolidatable" : "removing consolidatable", { NodeClaim: claim.metadata.name });
    conditions = isDue ? conditions.set(Consolidatable, "True") : conditions.clear(Consolidatable);
  }
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  await patchObjectStatus(kube, NodeClaims, { before: claim, after }, { lock: true, signal }).catch(ignoreNotFound);
}

/** Why it counts as drifted by now; "" for a condition that is there without being True. */
function reasonOf(claim: NodeClaim): string | undefined {
  const known = getCondition(claim, Drifted);
  return known && (known.status === "True" ? known.reason : "");
}

function earliest(...times: readonly (Duration | undefined)[]): ReconcileResult | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : { requeueAfter: milliseconds(Math.min(...known)) };
}
