// static.provisioning: a NodePool with replicas gets the machines it lacks, whatever pods need (ST-1, ST-2).

import { isConditionTrue, Label, NodeClaims, NodePools } from "../../api/index.ts";
import type { NodeClaim, NodePool } from "../../api/index.ts";
import { onChange, type Controller, type ObjectChange, type ReconcileResult } from "../../runtime/index.ts";
import type { Reservation } from "../../state/index.ts";
import { milliseconds, minutes, seconds } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { tellLimitReached } from "../limit-refusal.ts";
import { createReserved } from "../reserved-create.ts";
import { backOffText, PoolBackOff } from "../provisioning/pool-back-off.ts";
import { claimOfTemplate } from "./claim-of-template.ts";
import { SeenOnce } from "./seen-once.ts";

const NAME = "static.provisioning";
const AGAIN = minutes(1);
const AT_THE_LIMIT = seconds(30);
const UNTIL_KNOWN = seconds(10);

type Deps = Pick<
  ControllerDeps,
  | "kube"
  | "cache"
  | "gate"
  | "clock"
  | "state"
  | "poolLedger"
  | "provider"
  | "events"
  | "decisions"
  | "metrics"
  | "logger"
  | "random"
>;

/** `backOff` knows which pools' machines came to nothing: without a pause they would be ordered and given up in a circle. */
export function staticProvisioningController(deps: Deps, backOff = new PoolBackOff(deps)): Controller {
  const pools = deps.cache.informer(NodePools);
  const seen = new SeenOnce(deps.state);
  return {
    name: NAME,
    triggers: [
      onChange(NodePools, (change) => (mayLackMachines(change) ? [change.after?.metadata.name ?? ""] : [])),
      onChange(NodeClaims, (change) => (isLost(change) ? poolOf(deps, change) : [])),
    ],
    concurrency: 10,
    rateLimit: { base: seconds(1), max: minutes(1) },
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool || !isServed(deps, pool)) return undefined;
      // A restart must not buy again what is there.
      if (!seen.whole()) return { requeueAfter: seconds(1) };
      return await fill(deps, pool, backOff, signal);
    },
  };
}

/** Its Ready condition wakes the controller; until then there is nothing to do. */
function isServed({ state }: Deps, pool: NodePool): boolean {
  if (pool.spec.replicas === undefined || pool.metadata.deletionTimestamp !== undefined) return false;
  return state.isManaged(pool.spec.template.spec.nodeClassRef) && isConditionTrue(pool, "Ready");
}

async function fill(deps: Deps, pool: NodePool, backOff: PoolBackOff, signal: AbortSignal): Promise<ReconcileResult> {
  const { name = "" } = pool.metadata;
  const { replicas = 0 } = pool.spec;
  const { active, pendingDisruption, reserved } = deps.poolLedger.counts(name);
  // What a command is about to replace counts here: its replacement is the command's business.
  if (active + pendingDisruption >= replicas) return { requeueAfter: AGAIN };
  const pause = backOff.of(pool);
  if (pause) {
    record(deps, name, "NodePoolBackOff", `has ${active} of ${replicas} replicas, ${backOffText(pause)}`);
    return { requeueAfter: milliseconds(pause.until - deps.clock.now()) };
  }
  // Creates without an answer may have succeeded.
  const wanted = replicas - active - reserved;
  if (wanted <= 0) return { requeueAfter: UNTIL_KNOWN };
  const granted = deps.poolLedger.grantNodes(pool, wanted);
  if (granted.length === 0) {
    tellLimitReached(deps, pool, ["nodes"], deps.poolLedger.fullCluster());
    record(deps, name, "LimitExceeded", `has ${active} of ${replicas} replicas, and its limits leave no room for more`);
    return { requeueAfter: AT_THE_LIMIT };
  }
  if (deps.gate.observeOnly) {
    for (const reservation of granted) reservation.release();
    record(deps, name, "ObserveOnly", `observe mode, nothing was bought: ${granted.length} of ${replicas} replicas`);
    return { requeueAfter: AGAIN };
  }
  record(deps, name, "CreateNodeClaim", `has ${active} of ${replicas} replicas, ${granted.length} are ordered`);
  await createAll(deps, pool, granted, signal);
  return { requeueAfter: AGAIN };
}

/** One that fails does not stop the others. */
async function createAll(
  deps: Deps,
  pool: NodePool,
  granted: readonly Reservation[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = claimOfTemplate(deps.provider, pool);
  const results = await Promise.allSettled(
    granted.map(async (reservation) => {
      const claim = await createReserved(reservation, () => deps.kube.create(NodeClaims, wanted, { signal }));
      tellCreated(deps, pool, claim);
    }),
  );
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  if (errors.length > 0) throw new AggregateError(errors, `creating nodeclaims: ${errors.map(String).join("; ")}`);
}

function tellCreated(deps: Deps, { metadata: { name = "" } }: NodePool, claim: NodeClaim): void {
  deps.logger.info("created nodeclaim", { NodePool: name, NodeClaim: claim.metadata.name });
  deps.metrics.count("karpenter_nodeclaims_created_total", {
    reason: "provisioned",
    nodepool: name,
    min_values_relaxed: "false",
  });
}

function record({ decisions, clock }: Deps, pool: string, verdict: string, detail: string): void {
  decisions.record({ at: clock.now(), controller: NAME, verdict, subject: `NodePool ${pool}`, detail });
}

/** ST-2. Limits are looked at again too, since raising them is what the refusal asks for. */
function mayLackMachines({ before, after }: ObjectChange<NodePool>): boolean {
  if (after?.spec.replicas === undefined) return false;
  if (!before || before.spec.replicas !== after.spec.replicas) return true;
  if (before.spec.limits?.["nodes"] !== after.spec.limits?.["nodes"]) return true;
  return isConditionTrue(after, "Ready") && !isConditionTrue(before, "Ready");
}

function isLost({ before, after }: ObjectChange<NodeClaim>): boolean {
  if (!before) return false;
  return !after || (after.metadata.deletionTimestamp !== undefined && before.metadata.deletionTimestamp === undefined);
}

function poolOf({ cache }: Deps, { before, after }: ObjectChange<NodeClaim>): readonly string[] {
  const name = (after ?? before)?.metadata.labels?.[Label.NodePool];
  if (name === undefined) return [];
  return cache.informer(NodePools).get({ name })?.spec.replicas === undefined ? [] : [name];
}
