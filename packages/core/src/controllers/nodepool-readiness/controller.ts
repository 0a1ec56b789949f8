// nodepool.readiness: whether the NodePool's NodeClass can be used, in the condition NodeClassReady (NP-7).

import { type CustomResource, ConditionSet, NodePools, type NodeClass, type NodePool } from "../../api/index.ts";
import { patchObjectStatus, type KubeCache } from "../../kube/index.ts";
import { onChange, type Controller, type Trigger } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

type Verdict = readonly ["True"] | readonly ["False", string, string];

/** `nodeClasses` are the provider's NodeClass kinds. */
export function nodePoolReadinessController(
  deps: Pick<ControllerDeps, "kube" | "cache" | "state" | "clock">,
  nodeClasses: readonly CustomResource[],
): Controller {
  const pools = deps.cache.informer(NodePools);
  return {
    name: "nodepool.readiness",
    triggers: [
      onChange(NodePools, ({ after }) => (after?.metadata.name ? [after.metadata.name] : [])),
      ...nodeClassTriggers(deps.cache, nodeClasses),
    ],
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool) return undefined;
      if (!kindOf(pool, nodeClasses)) return undefined;
      const ref = pool.spec.template.spec.nodeClassRef;
      const nodeClass = nodeClassFor(deps.cache, pool, nodeClasses);
      const [status, reason, message] = readiness(nodeClass, `${ref.kind} ${ref.name}`);
      const known = ConditionSet.forNodePool(pool, deps.clock.now());
      const conditions = known.set("NodeClassReady", status, reason, message);
      const after = { ...pool, status: { ...pool.status, conditions: conditions.toList() } };
      const change = { before: pool, after };
      await patchObjectStatus(deps.kube, NodePools, change, { lock: true, signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}

/** Wakes every NodePool that names a class which changed. */
export function nodeClassTriggers(cache: KubeCache, nodeClasses: readonly CustomResource[]): readonly Trigger[] {
  const pools = cache.informer(NodePools);
  const poolsOfClass = (kind: string, name: string | undefined): readonly string[] =>
    pools.list().flatMap((pool) => {
      const ref = pool.spec.template.spec.nodeClassRef;
      return ref.kind === kind && ref.name === name && pool.metadata.name ? [pool.metadata.name] : [];
    });
  return nodeClasses.map(({ resource }) =>
    onChange(resource, ({ before, after }) => poolsOfClass(resource.kind, (after ?? before)?.metadata.name)),
  );
}

/** The class that the pool names, when it is of a supported kind and exists. */
export function nodeClassFor(
  cache: KubeCache,
  pool: NodePool,
  nodeClasses: readonly CustomResource[],
): NodeClass | undefined {
  const definition = kindOf(pool, nodeClasses);
  return definition && cache.informer(definition.resource).get({ name: pool.spec.template.spec.nodeClassRef.name });
}

function kindOf(pool: NodePool, nodeClasses: readonly CustomResource[]): CustomResource | undefined {
  const { group, kind } = pool.spec.template.spec.nodeClassRef;
  return nodeClasses.find(({ resource }) => resource.group === group && resource.kind === kind);
}

function readiness(nodeClass: NodeClass | undefined, what: string): Verdict {
  if (!nodeClass)
    return ["False", "NodeClassNotFound", `${what} does not exist: apply it, or correct nodeClassRef.name`];
  if (nodeClass.metadata.deletionTimestamp) return ["False", "NodeClassTerminating", `${what} is being deleted`];
  const ready = nodeClass.status?.conditions?.find((condition) => condition.type === "Ready");
  const others = (nodeClass.status?.conditions ?? []).filter((condition) => condition !== ready);
  if (!ready || ready.status === "Unknown") {
    const failed = others.find(({ status, reason }) => status === "Unknown" && reason !== "AwaitingReconciliation");
    const why = failed?.message ? `could not be checked: ${failed.message}` : "has not been checked yet";
    return ["False", "NodeClassReadinessUnknown", `${what} ${why}`];
  }
  if (ready.status === "True") return ["True"];
  // NP-7 hands the class's own word on; where that only lists conditions, the one that is False says more.
  const broken = ready.reason === "UnhealthyDependents" && others.find(({ status }) => status === "False");
  return broken ? ["False", broken.reason, `${what}: ${broken.message}`] : ["False", ready.reason, ready.message];
}
