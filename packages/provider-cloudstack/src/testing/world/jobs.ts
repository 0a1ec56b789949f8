// Asynchronous jobs: what a command is given at once, and what a client finds when it asks again (§1.5).

import { ApiError, GENERIC, MASKED } from "../api-error.ts";
import type { Caller } from "../auth.ts";
import type { FakeFault } from "../faults.ts";
import type { Ground } from "./ground.ts";
import { stamp } from "./ground.ts";

type Json = Readonly<Record<string, unknown>>;

export interface JobHandle {
  readonly id: string;
  done(result: Json | (() => Json)): void;
  fail(error: ApiError): void;
}

interface JobRecord {
  readonly id: string;
  readonly cmd: string;
  readonly caller: Caller;
  readonly instanceType: string;
  readonly instanceId: string;
  readonly createdAt: number;
  status: 0 | 1 | 2;
  code: number;
  result: (() => Json) | undefined;
  completedAt: number | undefined;
}

export interface JobOrder {
  /** The last part of the class name that servers tell: "vm.DeployVMCmd". */
  readonly cmd: string;
  readonly caller: Caller;
  readonly instanceType?: string;
  readonly instanceId?: string;
  /** Ends the job without its work. */
  readonly fault: FakeFault | undefined;
  /** What a job leaves behind that fails by a fault. */
  readonly onFault?: () => void;
  readonly startsAfter?: number;
}

export class Jobs {
  readonly #ground: Ground;
  readonly #jobs = new Map<string, JobRecord>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The job's id. The work may end the job later. */
  start(order: JobOrder, work: (job: JobHandle) => void): string {
    const { random, clock, timers, durations } = this.#ground;
    const { cmd, caller, instanceType = "None", instanceId = "", fault, onFault } = order;
    const record: JobRecord = {
      id: random.uuid(),
      cmd: `org.apache.cloudstack.api.command.user.${cmd}`,
      caller,
      instanceType,
      instanceId,
      createdAt: clock.now(),
      status: 0,
      code: 0,
      result: undefined,
      completedAt: undefined,
    };
    this.#jobs.set(record.id, record);
    const job = this.#handle(record);
    const begins = order.startsAfter ?? durations.shortJob;
    if (fault === undefined) timers.after(begins, () => this.#run(job, work));
    else if (fault.fault === "slow") timers.after(begins + (fault.jobMs ?? begins), () => this.#run(job, work));
    else {
      timers.after(fault.jobMs ?? durations.shortJob, () => {
        onFault?.();
        job.fail(new ApiError(fault.status ?? 530, fault.message ?? MASKED));
      });
    }
    return record.id;
  }

  view(id: string): Json | undefined {
    const job = this.#jobs.get(id);
    if (job === undefined) return undefined;
    const { caller, status, completedAt, result } = job;
    return {
      accountid: caller.accountId,
      account: caller.account,
      domainid: caller.domainId,
      domainpath: caller.domainPath,
      userid: caller.userId,
      cmd: job.cmd,
      jobstatus: status,
      jobprocstatus: 0,
      jobresultcode: job.code,
      ...(result === undefined ? {} : { jobresulttype: "object", jobresult: result() }),
      jobinstancetype: job.instanceType,
      ...(job.instanceId === "" ? {} : { jobinstanceid: job.instanceId }),
      created: stamp(job.createdAt),
      ...(completedAt === undefined ? {} : { completed: stamp(completedAt) }),
      jobid: job.id,
    };
  }

  all(): readonly Json[] {
    return [...this.#jobs.keys()].map((id) => this.view(id)).filter((view) => view !== undefined);
  }

  /** As after a cleaning or a restore of the database: nobody knows them any more. */
  forget(): void {
    this.#jobs.clear();
  }

  #run(job: JobHandle, work: (job: JobHandle) => void): void {
    try {
      work(job);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      job.fail(error);
    }
  }

  #handle(record: JobRecord): JobHandle {
    const { clock, switches } = this.#ground;
    return {
      id: record.id,
      done: (result) => {
        if (record.status !== 0) return;
        const fixed = typeof result === "function" ? result() : result;
        Object.assign(record, { status: 1, code: 0, result: () => fixed, completedAt: clock.now() });
      },
      fail: (error) => {
        if (record.status !== 0) return;
        const masked = switches.maskInternalErrors && error.code === 530 && record.caller.type !== 1;
        const shown = masked ? new ApiError(530, MASKED, GENERIC) : error;
        const code = switches.oldJobCodes ? 530 : shown.code;
        Object.assign(record, { status: 2, code, result: () => shown.body(true), completedAt: clock.now() });
      },
    };
  }
}
