// Takes readiness away from a class the moment a launch shows that its key or rights do not suffice; the next look confirms or lifts it.

import { ConditionSet } from "@karpenter-multicloud/core/api";
import { patchObjectStatus } from "@karpenter-multicloud/core/kube";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { CLOUDSTACK_NODE_CLASS_CONDITIONS, CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";
import { credentialsFinding } from "./inspection.ts";
import type { KeyTroubles } from "./key-troubles.ts";

/** Says nothing about errors that are not the class's fault. Never throws: the error of the launch is the one that counts. */
export type ProblemReporter = (nodeClass: CloudStackNodeClass, error: unknown, signal: AbortSignal) => Promise<void>;

export function problemReporter(ports: {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly troubles: KeyTroubles;
}): ProblemReporter {
  const { kube, clock, logger, troubles } = ports;
  return async (nodeClass, error, signal) => {
    const found = findProviderError(error);
    if (found?.code !== "PROVIDER_UNAUTHORIZED") return;
    const finding = credentialsFinding(found.cause);
    const { type, status, reason, message } = finding;
    if (status !== "False") return;
    troubles.note(nodeClass.metadata.name ?? "", finding);
    const conditions = ConditionSet.of(nodeClass, CLOUDSTACK_NODE_CLASS_CONDITIONS, clock.now()).set(
      type,
      status,
      reason,
      message,
    );
    const after = { ...nodeClass, status: { ...nodeClass.status, conditions: conditions.toList() } };
    try {
      await patchObjectStatus(kube, CloudStackNodeClasses, { before: nodeClass, after }, { signal });
    } catch (failure) {
      logger.debug("the problem could not be written to the class", { error: failure, class: nodeClass.metadata.name });
    }
  };
}
