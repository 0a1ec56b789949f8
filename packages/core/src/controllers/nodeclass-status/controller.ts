// <kind>.status: keeps conditions, findings and fingerprint of each NodeClass up to date, and the class alive while claims need it.

import { isConditionTrue, NodeClaims, READY, type NodeClass, type Resource } from "../../api/index.ts";
import type { KubeCache } from "../../kube/index.ts";
import { onChange, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { seconds } from "../../units/index.ts";
import { markClass, releaseClass, type Leave } from "./class-lifetime.ts";
import type { Inspection } from "./finding.ts";
import type { StatusPorts } from "./node-class-rules.ts";
import { StatusReport } from "./status-report.ts";

export interface NodeClassStatusParts<T extends NodeClass> extends Omit<StatusPorts<T>, "resource"> {
  readonly cache: KubeCache;
  readonly inspector: { inspect(nodeClass: T, signal: AbortSignal): Promise<Inspection> };
  /** The class is no longer used and goes. @defaultValue nothing was made for it */
  readonly leave?: Leave<T>;
}

/** What is left for a provider's status controller to be given. */
export type NodeClassStatusPorts<T extends NodeClass> = Omit<NodeClassStatusParts<T>, "rules">;

const AGAIN_WHILE_BROKEN = seconds(30);

export function nodeClassStatusController<T extends NodeClass>(
  resource: Resource<T>,
  parts: NodeClassStatusParts<T>,
): Controller {
  const { cache, rules, inspector, leave } = parts;
  const ports: StatusPorts<T> = { ...parts, resource };
  const classes = cache.informer(resource);
  const claims = cache.informer(NodeClaims);
  const report = new StatusReport(ports);
  return {
    name: `${resource.kind.toLowerCase()}.status`,
    triggers: [
      onChange(resource, ({ before, after }) => (needsLook(before, after) ? [after?.metadata.name ?? ""] : [])),
      onChange(NodeClaims, ({ before, after }) => {
        const name = before?.spec.nodeClassRef.name;
        return after === undefined && name !== undefined ? [name] : [];
      }),
    ],
    concurrency: 4,
    async reconcile(name, { signal }): Promise<ReconcileResult | undefined> {
      const nodeClass = classes.get({ name });
      if (nodeClass === undefined) return undefined;
      if (nodeClass.metadata.deletionTimestamp !== undefined)
        return releaseClass(ports, nodeClass, { claims, classes, ...(leave === undefined ? {} : { leave }) }, signal);
      const marked = await markClass(ports, nodeClass, signal);
      const inspection = await inspector.inspect(marked, signal);
      const isReady = await report.write(marked, inspection, signal);
      return { requeueAfter: isReady ? rules.lookEvery : AGAIN_WHILE_BROKEN };
    },
  };
}

/** Our own status writes do not count, except one that takes readiness away between two looks. */
function needsLook(before: NodeClass | undefined, after: NodeClass | undefined): boolean {
  if (after?.metadata.name === undefined) return false;
  if (before === undefined) return true;
  const { generation, deletionTimestamp } = after.metadata;
  if (before.metadata.generation !== generation || before.metadata.deletionTimestamp !== deletionTimestamp) return true;
  return isConditionTrue(before, READY) && !isConditionTrue(after, READY);
}
