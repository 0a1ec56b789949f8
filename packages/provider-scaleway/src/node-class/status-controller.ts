// scalewaynodeclass.status: the rules by which a ScalewayNodeClass is looked at.

import { nodeClassStatusController } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { NodeClassRules, NodeClassStatusPorts } from "@karpenter-multicloud/core/controllers/nodeclass-status";
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

const RULES: NodeClassRules<ScalewayNodeClass> = {
  conditions: SCALEWAY_NODE_CLASS_CONDITIONS,
  finalizer: SCALEWAY_NODE_CLASS_FINALIZER,
  fingerprint: ({ spec = {} }) => ({
    [ScalewayAnnotation.NodeClassHash]: nodeClassHash(spec),
    [ScalewayAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
  }),
  orderingCondition: ScalewayCondition.InstanceTypesReady,
  lookEvery: minutes(5),
  tellsWhenLooked: true,
};

export function scalewayStatusController(ports: NodeClassStatusPorts<ScalewayNodeClass>): Controller {
  return nodeClassStatusController(ScalewayNodeClasses, { ...ports, rules: RULES });
}
