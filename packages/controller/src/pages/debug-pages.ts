// The pages under /debug (OP-5): profiles, and the cluster as this process sees it. Except for verdicts and commands they exist only with --enable-profiling.

import type { Answer, Page } from "@karpenter-multicloud/core/telemetry";
import { errorText } from "@karpenter-multicloud/core/telemetry";
import { seconds } from "@karpenter-multicloud/core/units";
import { ProfileRunning, type Profiler } from "./profiler.ts";

const ROOT = "/debug/pprof";
const DEFAULT_SECONDS = 30;
const MOST_SECONDS = 300;
/** Pages that Go programs have there, about things that only Go has. */
const OF_GO: readonly string[] = ["symbol", "trace", "allocs", "block", "goroutine", "mutex", "threadcreate"];

const INDEX = `${ROOT}/profile?seconds=30  where time is spent, as .cpuprofile
${ROOT}/heap                where the living heap was allocated since the start, as .heapprofile
${ROOT}/cmdline             the command line
/debug/state                      nodes and queues as this process sees them, as JSON
/debug/verdicts                   why each node stays or goes; ?format=json; also without --enable-profiling
/debug/commands                   what was done to nodes and what came of it; likewise

Chrome's developer tools and speedscope.app open both kinds of profile; go tool pprof does not.
`;

export interface DebugParts {
  readonly profiler: Profiler;
  readonly argv: readonly string[];
  /** Without anything secret. */
  readonly state: () => unknown;
}

export function debugPages({ profiler, argv, state }: DebugParts): Readonly<Record<string, Page>> {
  return {
    [ROOT]: () => text(200, INDEX),
    [`${ROOT}/`]: () => text(200, INDEX),
    [`${ROOT}/cmdline`]: () => text(200, argv.join("\0")),
    [`${ROOT}/profile`]: (query, gone) => cpuProfile(profiler, query, gone),
    [`${ROOT}/heap`]: async () => json(await profiler.heap()),
    "/debug/state": () => json(state()),
    ...Object.fromEntries(
      OF_GO.map((name) => [`${ROOT}/${name}`, () => text(404, `${name} is of Go only\n\n${INDEX}`)]),
    ),
  };
}

async function cpuProfile(profiler: Profiler, query: URLSearchParams, gone: AbortSignal): Promise<Answer> {
  const wanted = Number(query.get("seconds") ?? DEFAULT_SECONDS);
  if (!(wanted > 0 && wanted <= MOST_SECONDS))
    return text(400, `seconds must be more than 0 and at most ${MOST_SECONDS}\n`);
  try {
    return json(await profiler.cpu(seconds(wanted), gone));
  } catch (error) {
    if (error instanceof ProfileRunning) return text(409, `${errorText(error)}\n`);
    throw error;
  }
}

function text(code: number, body: string): Answer {
  return { code, type: "text/plain; charset=utf-8", body };
}

function json(value: unknown): Answer {
  return { code: 200, type: "application/json", body: JSON.stringify(value) };
}
