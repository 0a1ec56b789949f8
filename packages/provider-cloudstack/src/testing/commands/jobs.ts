// Asking after jobs.

import { unknownId } from "../api-error.ts";
import type { Command } from "./command.ts";
import { listed } from "./command.ts";

export const JOB_COMMANDS: readonly Command[] = [
  {
    name: "queryAsyncJobResult",
    params: ["jobid!"],
    handle: ({ params, backend }) => {
      const id = params.required("jobid");
      const job = backend.world.jobs.view(id);
      if (job === undefined) throw unknownId(params.command, "jobid", id);
      return job;
    },
  },
  {
    name: "listAsyncJobs",
    params: ["startdate", "listall", "page", "pagesize"],
    handle: (call) => listed(call, "asyncjobs", call.backend.world.jobs.all()),
  },
];
