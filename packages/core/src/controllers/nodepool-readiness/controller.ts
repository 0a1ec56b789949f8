// nodepool.readiness: whether the NodePool's NodeClass can be used, in the condition NodeClassReady (NP-7).

import { type CustomResource, ConditionSet, NodePools, type NodeClass, type NodePool } from "../../api/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller, type Trigger } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-gone.ts";

type Verdict = readonly ["True"] | readonly ["False", string, string];

/** `nodeClasses` are the provider's NodeClass kinds. */
export function nodePoolReadinessController(
  deps: Pick<ControllerDeps, "kube" | "cache" | "state" | "clock">,
  nodeClasses: readonly CustomResource[],
): Controller {
  const pools = deps.cache.informer(NodePools);
  const poolsOfClass = (kind: string, name: string | undefined): readonly string[] =>
    pools.list().flatMap((pool) => {
      const ref = pool.spec.template.spec.nodeClassRef;
      return ref.kind === kind && ref.name === name && pool.metadata.name ? [pool.metadata.name] : [];
    });
  const ofClasses: readonly Trigger[] = nodeClasses.map(({ resource }) =>
    onChange(resource, ({ before, after }) => poolsOfClass(resource.kind, (after ?? before)?.metadata.name)),
  );
  return {
    name: "nodepool.readiness",
    triggers: [onChange(NodePools, ({ after }) => (after?.metadata.name ? [after.metadata.name] : [])), ...ofClasses],
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool) return undefined;
      const definition = nodeClassOf(pool, nodeClasses);
      if (!definition) return undefined;
      const ref = pool.spec.template.spec.nodeClassRef;
      const nodeClass: NodeClass | undefined = deps.cache.informer(definition.resource).get({ name: ref.name });
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

function nodeClassOf(pool: NodePool, nodeClasses: readonly CustomResource[]): CustomResource | undefined {
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
