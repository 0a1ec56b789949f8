// Takes readiness away from a class the moment a launch shows that its key or rights do not suffice; the next look confirms or lifts it.

import { ConditionSet, type ConditionFamily, type NodeClass, type Resource } from "../../api/index.ts";
import { patchObjectStatus, type KubeClient } from "../../kube/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import type { Finding } from "./finding.ts";

export interface ProblemReporterParts<T extends NodeClass> {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly conditions: ConditionFamily;
  /** What an error says against the class; undefined when it is not the class's fault. */
  readonly problemOf: (error: unknown, nodeClass: T) => Finding | undefined;
}

/** Says nothing about errors that are not the class's fault. Never throws: the error of the launch is the one that counts. */
export type ProblemReporter<T extends NodeClass> = (nodeClass: T, error: unknown, signal: AbortSignal) => Promise<void>;

export function problemReporter<T extends NodeClass>(
  resource: Resource<T>,
  { kube, clock, logger, conditions: family, problemOf }: ProblemReporterParts<T>,
): ProblemReporter<T> {
  return async (nodeClass, error, signal) => {
    const problem = problemOf(error, nodeClass);
    if (problem === undefined) return;
    const { type, status, reason, message } = problem;
    const conditions = ConditionSet.of(nodeClass, family, clock.now()).set(type, status, reason, message);
    const after: T = { ...nodeClass, status: { ...nodeClass.status, conditions: conditions.toList() } };
    try {
      await patchObjectStatus(kube, resource, { before: nodeClass, after }, { signal });
    } catch (failure) {
      logger.debug("the problem could not be written to the class", { error: failure, class: nodeClass.metadata.name });
    }
  };
}
