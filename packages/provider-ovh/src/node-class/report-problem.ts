// Takes readiness away from a class the moment a launch shows that its credentials or rights do not suffice; the next look confirms or lifts it.

import { ConditionSet } from "@karpenter-multicloud/core/api";
import { patchObjectStatus } from "@karpenter-multicloud/core/kube";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { OVH_NODE_CLASS_CONDITIONS, OVHNodeClasses } from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import { CredentialsError } from "../client/credentials.ts";
import { OvhApiError } from "../client/ovh-api.ts";
import { findingOf } from "./findings.ts";

/** Says nothing about errors that are not the class's fault. Never throws: the error of the launch is the one that counts. */
export async function reportProblem(
  { kube, clock, logger }: { readonly kube: KubeClient; readonly clock: Clock; readonly logger: Logger },
  nodeClass: OVHNodeClass,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const problem = classProblem(error);
  if (problem === undefined) return;
  const { type, status, reason, message } = findingOf(problem);
  const conditions = ConditionSet.of(nodeClass, OVH_NODE_CLASS_CONDITIONS, clock.now()).set(
    type,
    status,
    reason,
    message,
  );
  const after = { ...nodeClass, status: { ...nodeClass.status, conditions: conditions.toList() } };
  try {
    await patchObjectStatus(kube, OVHNodeClasses, { before: nodeClass, after }, { signal });
  } catch (failure) {
    logger.debug("the problem could not be written to the class", { error: failure, class: nodeClass.metadata.name });
  }
}

function classProblem(error: unknown): unknown {
  if (error instanceof CredentialsError) return error;
  const found = findProviderError(error);
  return found?.code === "PROVIDER_UNAUTHORIZED" && found.cause instanceof OvhApiError ? found.cause : undefined;
}
