// ovhnodeclass.status: what a look at an OVHNodeClass finds, and what has to be gone before the last class goes.

import { nodeClassStatusController } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { NodeClassRules, NodeClassStatusPorts } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { ProviderError } from "@karpenter-multicloud/core/provider";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { minutes, seconds } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import {
  OVH_NODE_CLASS_CONDITIONS,
  OVH_NODE_CLASS_FINALIZER,
  OvhCondition,
  OVHNodeClasses,
} from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import { toProviderError } from "../client/failure-kind.ts";

export interface StatusControllerParts extends Omit<NodeClassStatusPorts<OVHNodeClass>, "leave"> {
  /** Gives empty pools back before the last class goes, and answers those that still hold machines. */
  readonly leave: (signal: AbortSignal) => Promise<readonly string[]>;
}

const AGAIN_WHILE_LEAVING = seconds(10);
/** Without a class nobody can reach the cloud any more; machines that no claim has are collected within this. */
const LEAVING_LIMIT = minutes(15);
const PASSING: ReadonlySet<string> = new Set(["PROVIDER_TRANSIENT", "PROVIDER_RATE_LIMITED"]);

const RULES: NodeClassRules<OVHNodeClass> = {
  conditions: OVH_NODE_CLASS_CONDITIONS,
  finalizer: OVH_NODE_CLASS_FINALIZER,
  fingerprint: ({ spec = {} }) => ({
    [OvhAnnotation.NodeClassHash]: nodeClassHash(spec),
    [OvhAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
  }),
  orderingCondition: OvhCondition.ZonesReady,
  lookEvery: minutes(5),
  tellsWhenLooked: true,
};

export function ovhStatusController(parts: StatusControllerParts): Controller {
  return nodeClassStatusController(OVHNodeClasses, {
    ...parts,
    rules: RULES,
    async leave(nodeClass, { isLast, signal }) {
      return isLast && (await holdsPools(parts, nodeClass, signal)) ? AGAIN_WHILE_LEAVING : undefined;
    },
  });
}

/** Whether the last class has to wait: not for ever, and not for a cloud that refuses its keys. */
async function holdsPools(
  { clock, events, leave }: StatusControllerParts,
  nodeClass: OVHNodeClass,
  signal: AbortSignal,
): Promise<boolean> {
  const since = Date.parse(nodeClass.metadata.deletionTimestamp ?? "");
  if (!(clock.now() - since < LEAVING_LIMIT)) return false;
  try {
    const pools = await leave(signal);
    if (pools.length === 0) return false;
    const message = `waiting for the last machines of ${pools.slice(0, 5).join(", ")}: without a class nobody could remove them`;
    events.publish({ resource: OVHNodeClasses, object: nodeClass, type: "Normal", reason: "WaitingOnPools", message });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    const failure = toProviderError(error, "looking for empty pools");
    return ProviderError.is(failure) && PASSING.has(failure.code);
  }
}
