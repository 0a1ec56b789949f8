// scalewaynodeclass.status: what a look at a ScalewayNodeClass finds, and what is removed with the class.

import { toRfc3339 } from "@karpenter-multicloud/core/api";
import { nodeClassStatusController } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { NodeClassRules, NodeClassStatusParts } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import { ScalewayAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import {
  SCALEWAY_NODE_CLASS_CONDITIONS,
  SCALEWAY_NODE_CLASS_FINALIZER,
  ScalewayCondition,
  ScalewayNodeClasses,
} from "../api/scaleway-node-class.ts";
import type { ScalewayNodeClass } from "../api/scaleway-node-class.ts";
import type { Inspector } from "./inspection.ts";

export interface StatusControllerParts extends Pick<
  NodeClassStatusParts<ScalewayNodeClass>,
  "kube" | "cache" | "events" | "clock"
> {
  readonly inspector: Inspector;
  /** Removes what was made for the class alone. */
  readonly cleanUp: (nodeClass: ScalewayNodeClass, signal: AbortSignal) => Promise<void>;
}

const RULES: NodeClassRules<ScalewayNodeClass> = {
  conditions: SCALEWAY_NODE_CLASS_CONDITIONS,
  finalizer: SCALEWAY_NODE_CLASS_FINALIZER,
  fingerprint: ({ spec = {} }) => ({
    [ScalewayAnnotation.NodeClassHash]: nodeClassHash(spec),
    [ScalewayAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
  }),
  orderingCondition: ScalewayCondition.InstanceTypesReady,
  lookEvery: minutes(5),
};

export function scalewayStatusController(parts: StatusControllerParts): Controller {
  const { inspector, cleanUp, ...ports } = parts;
  return nodeClassStatusController(ScalewayNodeClasses, {
    ...ports,
    rules: RULES,
    async inspect(nodeClass, signal) {
      const { findings, status, remarks } = await inspector.inspect(nodeClass, signal);
      return { findings, remarks, status: { ...status, lastSyncTime: toRfc3339(ports.clock.now()) } };
    },
    async leave(nodeClass, { signal }) {
      await cleanUp(nodeClass, signal);
      return undefined;
    },
  });
}
