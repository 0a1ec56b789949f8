// The status of a CapacityBuffer: what was found, and whether the room is there (A-19, CB-1, CB-4).

import {
  CapacityBufferCondition,
  conditionsOf,
  getCondition,
  jsonEqual,
  toRfc3339,
  type CapacityBuffer,
  type CapacityBufferStatus,
  type Condition,
} from "../../api/index.ts";
import { outcomeText, type BufferOutcome } from "../buffer-store.ts";
import type { Shape, Unresolved } from "./resolve-shape.ts";

/** A shape that could be reckoned with, and for how many pods of it room is kept. */
export interface Sized {
  readonly shape: Shape;
  readonly replicas: number;
  /** Before the most that one buffer can have. */
  readonly wanted: number;
}

/** What is known about a buffer at this moment. */
export interface Findings {
  readonly found: Sized | Unresolved;
  /** Absent until a plan was made with what is wanted now. */
  readonly outcome?: BufferOutcome;
  readonly nowMs: number;
}

type Verdict = Pick<Condition, "status" | "reason" | "message">;

const PLANNED_REASONS: ReadonlySet<string> = new Set(["RequiresNewCapacity", "FitsExistingCapacity"]);

export function bufferStatus(buffer: CapacityBuffer, { found, outcome, nowMs }: Findings): CapacityBufferStatus {
  const { spec, status } = buffer;
  const conditions = [
    condition(buffer, CapacityBufferCondition.ReadyForProvisioning, readiness(found), nowMs),
    condition(buffer, CapacityBufferCondition.Provisioning, provisioning(buffer, found, outcome), nowMs),
  ];
  const others = conditionsOf(status ? { status } : {}).filter(
    ({ type }) => !conditions.some((own) => own.type === type),
  );
  const { generation } = "shape" in found ? found.shape : {};
  return {
    ...("shape" in found && spec.podTemplateRef && { podTemplateRef: { name: spec.podTemplateRef.name } }),
    ...(generation === undefined ? {} : { podTemplateGeneration: generation }),
    ...("shape" in found ? { replicas: found.replicas } : {}),
    ...(spec.provisioningStrategy === undefined ? {} : { provisioningStrategy: spec.provisioningStrategy }),
    conditions: [...others, ...conditions],
  };
}

function readiness(found: Findings["found"]): Verdict {
  if ("reason" in found) return { status: "False", ...found };
  const { wanted, replicas } = found;
  const message =
    wanted > replicas
      ? `it asks for ${wanted} pods; one buffer keeps room for ${replicas} at most`
      : "the pod template is known";
  return { status: "True", reason: "Resolved", message };
}

function provisioning(buffer: CapacityBuffer, found: Findings["found"], outcome: Findings["outcome"]): Verdict {
  if ("reason" in found) {
    return { status: "False", reason: "NotReadyForProvisioning", message: "it is not known what the room is for" };
  }
  const { replicas } = found;
  if (replicas === 0) return { status: "False", reason: "BufferEmpty", message: "room for no pod is asked for" };
  if (outcome === undefined) return asBefore(buffer) ?? needs("no plan has been made with it yet");
  const message = outcomeText(outcome);
  return outcome.ready === replicas ? { status: "True", reason: "FitsExistingCapacity", message } : needs(message);
}

/** After a restart, or while a plan is made, what was true of this wish still is. */
function asBefore({ metadata, status }: CapacityBuffer): Verdict | undefined {
  const known = getCondition(status ? { status } : {}, CapacityBufferCondition.Provisioning);
  const isCurrent = known && PLANNED_REASONS.has(known.reason) && known.observedGeneration === metadata.generation;
  return isCurrent ? { status: known.status, reason: known.reason, message: known.message } : undefined;
}

function needs(message: string): Verdict {
  return { status: "False", reason: "RequiresNewCapacity", message };
}

/** The time moves only with the status (LC-3). */
function condition(buffer: CapacityBuffer, type: string, verdict: Verdict, nowMs: number): Condition {
  const { generation } = buffer.metadata;
  const known = getCondition(buffer.status ? { status: buffer.status } : {}, type);
  const next: Condition = {
    type,
    ...verdict,
    lastTransitionTime: known?.status === verdict.status ? known.lastTransitionTime : toRfc3339(nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  return known && jsonEqual(known, next) ? known : next;
}
