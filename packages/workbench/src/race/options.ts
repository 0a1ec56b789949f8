// What the race was asked to do.

import { readFlags, UsageError } from "../command-line/read-flags.ts";

export interface RaceOptions {
  /** It ends when so many nodes have been taken away. */
  readonly disruptions: number;
  /** About so many are there at once. */
  readonly nodes: number;
  readonly seed: number;
  /** Machines and the controller's timers live so many times faster than Kubernetes. */
  readonly timeScale: number;
  readonly json: boolean;
}

const RACE_HELP = `pnpm race [--disruptions N] [--nodes N] [--seed S] [--time-scale N] [--json]

Takes nodes away on a real control plane while pods come, bind and go at random moments, and checks afterwards from the API server's
own history that no pod lost its place without another, no protected pod was evicted, no node stayed tainted, no machine leaked.

  --disruptions N  ends after so many nodes (default 200)
  --nodes N        about so many nodes at once (default 24)
  --seed S         of the random moments (default 1)
  --time-scale N   machines and our timers live so many times faster than Kubernetes (default 20)
  --json           one JSON object instead of the table`;

/** @throws UsageError naming the flag, the value and the fix */
export function parseRaceOptions(argv: readonly string[]): RaceOptions {
  const { values } = readFlags(argv, RACE_HELP, {
    options: {
      disruptions: { type: "string" },
      nodes: { type: "string" },
      seed: { type: "string" },
      "time-scale": { type: "string" },
      json: { type: "boolean" },
    },
  });
  return {
    disruptions: readNumber("--disruptions", values.disruptions ?? "200", 1),
    nodes: readNumber("--nodes", values.nodes ?? "24", 6),
    seed: readNumber("--seed", values.seed ?? "1", 0),
    timeScale: readNumber("--time-scale", values["time-scale"] ?? "20", 1),
    json: values.json ?? false,
  };
}

function readNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least) {
    throw new UsageError(`${flag} "${text}" is no whole number from ${least} on`);
  }
  return value;
}
