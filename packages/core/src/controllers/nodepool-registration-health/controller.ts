// nodepool.registrationhealth: whether the machines of a NodePool find into the cluster, in the condition NodeRegistrationHealthy (NP-13).

import {
  ConditionSet,
  getCondition,
  NodePools,
  type CustomResource,
  type NodeClass,
  type NodePool,
} from "../../api/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { nodeClassFor, nodeClassTriggers } from "../nodepool-readiness/controller.ts";
import type { RegistrationHealth } from "./registration-health.ts";

const TYPE = "NodeRegistrationHealthy";

type Deps = Pick<ControllerDeps, "kube" | "cache" | "state" | "clock">;

/** Informational: a pool with a bad record is still bought from. `nodeClasses` are the provider's kinds. */
export function nodePoolRegistrationHealthController(
  deps: Deps,
  health: RegistrationHealth,
  nodeClasses: readonly CustomResource[],
): Controller {
  const pools = deps.cache.informer(NodePools);
  return {
    name: "nodepool.registrationhealth",
    triggers: [
      onChange(NodePools, ({ before, after }) => {
        // A pool that is gone, or whose name another one has by now.
        if (before?.metadata.uid && before.metadata.uid !== after?.metadata.uid) health.forget(before.metadata.uid);
        return after?.metadata.name ? [after.metadata.name] : [];
      }),
      ...nodeClassTriggers(deps.cache, nodeClasses),
    ],
    feed: (enqueue) => health.onRecord(enqueue),
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool || !deps.state.isManaged(pool.spec.template.spec.nodeClassRef)) return undefined;
      const nodeClass = nodeClassFor(deps.cache, pool, nodeClasses);
      if (!nodeClass) return undefined;
      const after = assessed(pool, nodeClass, health, deps.clock.now());
      const change = { before: pool, after };
      await patchObjectStatus(deps.kube, NodePools, change, { lock: true, signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}

/** What was seen of another template or another class says nothing about this one. */
function assessed(pool: NodePool, nodeClass: NodeClass, health: RegistrationHealth, now: number): NodePool {
  const { uid = "", generation } = pool.metadata;
  const known = getCondition(pool, TYPE);
  const conditions = ConditionSet.forNodePool(pool, now);
  const observed = nodeClass.metadata.generation;
  const isCurrent = pool.status?.nodeClassObservedGeneration === observed && known?.observedGeneration === generation;
  if (!known || !isCurrent) {
    // The first sight of a pool forgets nothing: its first machine may have come before.
    if (known) health.forget(uid);
    return withStatus(pool, verdictInto(conditions.set(TYPE, "Unknown"), health, uid), observed);
  }
  if (health.outcomes(uid).length === 0) seed(health, uid, known.status);
  return withStatus(pool, verdictInto(conditions, health, uid), observed);
}

/** A verdict that stands already keeps its reason. */
function verdictInto(conditions: ConditionSet, health: RegistrationHealth, uid: string): ConditionSet {
  const verdict = health.verdict(uid);
  if (!verdict || conditions.is(TYPE, verdict.status)) return conditions;
  return verdict.status === "True"
    ? conditions.set(TYPE, "True")
    : conditions.set(TYPE, "False", verdict.reason, verdict.message);
}

/** NP-13: what a restart has forgotten, as far as the condition still tells it. */
function seed(health: RegistrationHealth, uid: string, status: string): void {
  if (status === "True") health.seed(uid, [true]);
  if (status === "False") health.seed(uid, [false, false]);
}

function withStatus(pool: NodePool, conditions: ConditionSet, observed: number | undefined): NodePool {
  const nodeClass = observed === undefined ? {} : { nodeClassObservedGeneration: observed };
  return { ...pool, status: { ...pool.status, ...nodeClass, conditions: conditions.toList() } };
}
