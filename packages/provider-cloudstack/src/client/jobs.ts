// Follows an asynchronous job to its end (C-3).

import type { Clock } from "@karpenter-multicloud/core/runtime";
import { milliseconds, type Duration } from "@karpenter-multicloud/core/units";
import { isObject, jobError } from "./answer.ts";
import type { CloudStackApi, CloudStackError, Payload } from "./cloudstack-api.ts";
import { kindOf } from "./failure-kind.ts";

export type JobOutcome =
  /** `result` holds the object under its name: `{virtualmachine: …}`. */
  | { readonly state: "done"; readonly result: Payload }
  | { readonly state: "failed"; readonly error: CloudStackError }
  /** Still running when the wait was over. */
  | { readonly state: "pending" }
  /** The server does not know it (any more): look at the object instead. */
  | { readonly state: "unknown" };

export interface Job {
  readonly id: string;
  /** Whose job it is, for messages. */
  readonly command: string;
}

export interface JobPorts {
  readonly api: CloudStackApi;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

const PAUSES_MS = [1000, 1000, 2000, 3000, 5000];
const REFUSALS_BEARED = 3;

export async function pollJob(api: CloudStackApi, job: Job, signal: AbortSignal): Promise<JobOutcome> {
  let answer: Payload;
  try {
    answer = await api.call({ command: "queryAsyncJobResult", parameters: { jobid: job.id }, signal });
  } catch (error) {
    const kind = kindOf(error);
    if (kind === "not-found" || kind === "config") return { state: "unknown" };
    throw error;
  }
  switch (answer["jobstatus"]) {
    case 1:
      return { state: "done", result: isObject(answer["jobresult"]) ? answer["jobresult"] : {} };
    case 2:
      return { state: "failed", error: jobError(job.command, answer) };
    default:
      return { state: "pending" };
  }
}

/** Asks until the job ends or the wait is over. Failures of the asking are borne: the job keeps running. */
export async function waitForJob(ports: JobPorts, job: Job, wait: Duration, signal: AbortSignal): Promise<JobOutcome> {
  const { api, clock, random } = ports;
  const until = clock.now() + wait;
  let refusals = 0;
  for (let asked = 0; ; asked++) {
    try {
      const outcome = await pollJob(api, job, signal);
      if (outcome.state !== "pending") return outcome;
    } catch (error) {
      signal.throwIfAborted();
      const kind = kindOf(error);
      const refused = kind === "auth" || kind === "permission";
      if (kind === "other" || (refused && ++refusals >= REFUSALS_BEARED)) throw error;
    }
    const pause = (PAUSES_MS[Math.min(asked, PAUSES_MS.length - 1)] ?? 5000) * (0.8 + 0.4 * random());
    const left = until - clock.now();
    if (left <= 0) return { state: "pending" };
    await clock.sleep(milliseconds(Math.min(pause, left)), { signal });
  }
}
