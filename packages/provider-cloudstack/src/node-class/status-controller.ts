// cloudstacknodeclass.status: the rules by which a CloudStackNodeClass is looked at.

import { nodeClassStatusController } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { NodeClassRules, NodeClassStatusPorts } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import { CloudStackAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import {
  CLOUDSTACK_NODE_CLASS_CONDITIONS,
  CLOUDSTACK_NODE_CLASS_FINALIZER,
  CloudStackCondition,
  CloudStackNodeClasses,
} from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";

const RULES: NodeClassRules<CloudStackNodeClass> = {
  conditions: CLOUDSTACK_NODE_CLASS_CONDITIONS,
  finalizer: CLOUDSTACK_NODE_CLASS_FINALIZER,
  fingerprint: ({ spec }) => ({
    [CloudStackAnnotation.NodeClassHash]: nodeClassHash(spec),
    [CloudStackAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
  }),
  orderingCondition: CloudStackCondition.ServiceOfferingsReady,
  lookEvery: minutes(1),
  // A management server restarts in minutes (§5).
  readyWithoutAnswer: minutes(15),
};

export function cloudStackStatusController(ports: NodeClassStatusPorts<CloudStackNodeClass>): Controller {
  return nodeClassStatusController(CloudStackNodeClasses, { ...ports, rules: RULES });
}
