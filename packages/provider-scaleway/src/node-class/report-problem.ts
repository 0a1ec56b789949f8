// Which errors of a launch are the class's own: its key or rights do not suffice.

import { problemReporter } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { ProblemReporter, RecentTroubles } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { SCALEWAY_NODE_CLASS_CONDITIONS, ScalewayNodeClasses } from "../api/scaleway-node-class.ts";
import type { ScalewayNodeClass } from "../api/scaleway-node-class.ts";
import { credentialsFinding, THE_KEY } from "./inspection.ts";

export function scalewayProblemReporter(ports: {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly troubles: RecentTroubles;
}): ProblemReporter<ScalewayNodeClass> {
  const { kube, clock, logger, troubles } = ports;
  return problemReporter(ScalewayNodeClasses, {
    kube,
    clock,
    logger,
    conditions: SCALEWAY_NODE_CLASS_CONDITIONS,
    problemOf(error) {
      const found = findProviderError(error);
      if (found?.code !== "PROVIDER_UNAUTHORIZED") return undefined;
      const finding = credentialsFinding(found.cause);
      if (finding.status !== "False") return undefined;
      troubles.note(THE_KEY, finding);
      return finding;
    },
  });
}
