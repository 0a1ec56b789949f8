// Runs something under V8's sampling profiler and writes what it saw to a file that browsers' developer tools open.

import { writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { topSelfTimes } from "./self-time.ts";
import type { Profile } from "./row.ts";

const FUNCTIONS_SHOWN = 10;
const SAMPLE_EVERY_MICROSECONDS = 200;

export async function profiled(file: string, work: () => void): Promise<Profile> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_MICROSECONDS });
    await session.post("Profiler.start");
    work();
    const { profile } = await session.post("Profiler.stop");
    await writeFile(file, JSON.stringify(profile));
    return { file, top: topSelfTimes(profile, FUNCTIONS_SHOWN) };
  } finally {
    session.disconnect();
  }
}
