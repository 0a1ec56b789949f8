// What the measurement of a large cluster was asked to do.

import { readFlags, UsageError } from "../command-line/read-flags.ts";

export interface ScaleOptions {
  readonly nodes: number;
  readonly podsPerNode: number;
  /** Pods that come at once. */
  readonly burst: number;
  /** How long consolidation and drift are watched. */
  readonly seconds: number;
  /** A folder for a V8 processor profile of the controller. */
  readonly profile?: string;
  readonly json: boolean;
}

const SCALE_HELP = `pnpm scale [--nodes N] [--pods-per-node N] [--burst N] [--seconds S] [--profile FOLDER] [--json]

Fills a real control plane with nodes and pods, lets nodes be consolidated and drift, brings many pods at once, and tells how long the
controller's event loop stood still meanwhile and how much memory it took.

  --nodes N           default 300
  --pods-per-node N   default 10
  --burst N           default 2000
  --seconds S         how long consolidation and drift are watched (default 60)
  --profile FOLDER    keeps a processor profile of the controller there
  --json              one JSON object instead of the table`;

/** @throws UsageError naming the flag, the value and the fix */
export function parseScaleOptions(argv: readonly string[]): ScaleOptions {
  const { values } = readFlags(argv, SCALE_HELP, {
    options: {
      nodes: { type: "string" },
      "pods-per-node": { type: "string" },
      burst: { type: "string" },
      seconds: { type: "string" },
      profile: { type: "string" },
      json: { type: "boolean" },
    },
  });
  return {
    nodes: readNumber("--nodes", values.nodes ?? "300"),
    podsPerNode: readNumber("--pods-per-node", values["pods-per-node"] ?? "10"),
    burst: readNumber("--burst", values.burst ?? "2000"),
    seconds: readNumber("--seconds", values.seconds ?? "60"),
    ...(values.profile && { profile: values.profile }),
    json: values.json ?? false,
  };
}

function readNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 1) {
    throw new UsageError(`${flag} "${text}" is no whole number from 1 on`);
  }
  return value;
}
