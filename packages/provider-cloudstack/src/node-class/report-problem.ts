// Which errors of a launch are the class's own: its key or rights do not suffice.

import { problemReporter } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { ProblemReporter, RecentTroubles } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { CLOUDSTACK_NODE_CLASS_CONDITIONS, CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";
import { credentialsFinding } from "./inspection.ts";

export function cloudStackProblemReporter(ports: {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly troubles: RecentTroubles;
}): ProblemReporter<CloudStackNodeClass> {
  const { kube, clock, logger, troubles } = ports;
  return problemReporter(CloudStackNodeClasses, {
    kube,
    clock,
    logger,
    conditions: CLOUDSTACK_NODE_CLASS_CONDITIONS,
    problemOf(error, nodeClass) {
      const found = findProviderError(error);
      if (found?.code !== "PROVIDER_UNAUTHORIZED") return undefined;
      const finding = credentialsFinding(found.cause);
      if (finding.status !== "False") return undefined;
      troubles.note(nodeClass.metadata.name ?? "", finding);
      return finding;
    },
  });
}
