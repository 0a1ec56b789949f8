// Which errors of a launch are the class's own: its credentials or rights do not suffice.

import { problemReporter } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { ProblemReporter } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { OVH_NODE_CLASS_CONDITIONS, OVHNodeClasses } from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import { CredentialsError } from "../client/credentials.ts";
import { OvhApiError } from "../client/ovh-api.ts";
import { findingOf } from "./findings.ts";

export function ovhProblemReporter({
  kube,
  clock,
  logger,
}: {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}): ProblemReporter<OVHNodeClass> {
  return problemReporter(OVHNodeClasses, {
    kube,
    clock,
    logger,
    conditions: OVH_NODE_CLASS_CONDITIONS,
    problemOf(error) {
      const problem = classProblem(error);
      return problem === undefined ? undefined : findingOf(problem);
    },
  });
}

function classProblem(error: unknown): unknown {
  if (error instanceof CredentialsError) return error;
  const found = findProviderError(error);
  return found?.code === "PROVIDER_UNAUTHORIZED" && found.cause instanceof OvhApiError ? found.cause : undefined;
}
