// Reads a processor profile: the functions that most time was spent in themselves, what they call not counted.

import type { Profiler } from "node:inspector";

export interface SelfTime {
  /** With file and line. */
  readonly function: string;
  readonly ms: number;
  /** Of all samples, 0 to 1. */
  readonly share: number;
}

type ProfileData = Pick<Profiler.Profile, "nodes" | "samples" | "timeDeltas">;

export function topSelfTimes(profile: ProfileData, count: number): readonly SelfTime[] {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const byName = new Map<string, number>();
  let total = 0;
  profile.samples?.forEach((id, index) => {
    const microseconds = Math.max(0, profile.timeDeltas?.[index] ?? 0);
    const name = names.get(id) ?? "(unknown)";
    total += microseconds;
    byName.set(name, (byName.get(name) ?? 0) + microseconds);
  });
  return [...byName]
    .toSorted(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1))
    .slice(0, count)
    .map(([name, time]) => ({ function: name, ms: time / 1000, share: total > 0 ? time / total : 0 }));
}

/** "solve pack/loop.ts:12": the file with its folder; parts of the machine, as "(garbage collector)", have none. */
function nameOf({ functionName, url, lineNumber }: Profiler.Profile["nodes"][number]["callFrame"]): string {
  const name = functionName || "(anonymous)";
  if (url === "") return name;
  return `${name} ${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
}
