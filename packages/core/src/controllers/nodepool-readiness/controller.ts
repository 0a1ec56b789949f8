// nodepool.readiness: whether the NodePool's NodeClass can be used, in the condition NodeClassReady (NP-7).

import { type CustomResource, ConditionSet, NodePools, type NodeClass, type NodePool } from "../../api/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller, type Trigger } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";

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
      await patchObjectStatus(deps.kube, NodePools, { before: pool, after }, { lock: true, signal });
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
  if (!ready || ready.status === "Unknown") {
    return ["False", "NodeClassReadinessUnknown", `${what} has not been checked yet`];
  }
  return ready.status === "True" ? ["True"] : ["False", ready.reason, ready.message];
}
