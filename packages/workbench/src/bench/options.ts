// What the bench command was asked for: flags into one object, or a sentence that says what is wrong and what to write instead.

import { parseArgs } from "node:util";
import type { SolveMode } from "@karpenter-multicloud/core/scheduling";
import { BenchError } from "./bench-error.ts";
import { MODES } from "./schedule/row.ts";
import { WORKLOADS } from "./schedule/workloads/index.ts";

export interface BenchOptions {
  /** Benches to run, by name; empty: all. */
  readonly names: readonly string[];
  readonly json: boolean;
  readonly quick: boolean;
  readonly profile: boolean;
  /** Instead of each workload's own sizes. */
  readonly sizes?: readonly number[];
  readonly workloads: readonly string[];
  readonly modes: readonly SolveMode[];
  readonly help: boolean;
}

const MAX_SIZE = 100_000;

export const BENCH_HELP = `pnpm bench [name] [--workloads A,B] [--sizes N,M] [--modes parity,fast] [--quick] [--profile] [--json]

Measures this machine: times are for people to compare, nothing fails because it is slow.

  name             schedule (how fast pending pods become machines), consolidate (how fast nodes are found that can go
                   together); without a name all benches run
  --workloads A,B  ${WORKLOADS.map(({ name }) => name).join(", ")} (default all)
  --sizes N,M      instead of each workload's own sizes: pending pods, with "existing" and consolidate running nodes
  --modes M        ${MODES.join(", ")} (default both)
  --quick          small sizes, three repetitions: minutes instead of an hour
  --profile        a processor profile of each line, and the ten functions with most time of their own
  --json           one JSON document on standard output instead of the table (run pnpm --silent)

KMC_ORACLE=<path of the oracle's binary> puts Karpenter's own figures on the same input beside ours.`;

/** @throws BenchError naming the flag, the value and the fix */
export function parseBenchOptions(argv: readonly string[], benches: readonly string[]): BenchOptions {
  const { values, positionals } = readArguments(argv);
  const stranger = positionals.find((name) => !benches.includes(name));
  if (stranger !== undefined) {
    throw new BenchError(`there is no bench "${stranger}": choose one of ${benches.join(", ")}`);
  }
  const sizes = values.sizes === undefined ? undefined : listOf("--sizes", values.sizes).map(sizeOf);
  const known = WORKLOADS.map(({ name }) => name);
  return {
    names: positionals,
    json: values.json ?? false,
    quick: values.quick ?? false,
    profile: values.profile ?? false,
    ...(sizes && { sizes }),
    workloads: chosen("--workloads", values.workloads, known),
    modes: chosen("--modes", values.modes, MODES),
    help: values.help ?? false,
  };
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: argv.filter((arg) => arg !== "--"),
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        quick: { type: "boolean" },
        profile: { type: "boolean" },
        sizes: { type: "string" },
        workloads: { type: "string" },
        modes: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new BenchError(`${problem}\n\n${BENCH_HELP}`, { cause: error });
  }
}

function listOf(flag: string, text: string): readonly string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.includes(""))
    throw new BenchError(`${flag} "${text}" has an empty entry: write them as A,B without spaces`);
  return [...new Set(parts)];
}

function sizeOf(text: string): number {
  const size = Number(text);
  if (!/^\d+$/.test(text) || size < 1 || size > MAX_SIZE) {
    throw new BenchError(
      `--sizes "${text}" is no size: write whole numbers from 1 to ${MAX_SIZE}, as in --sizes 500,1000`,
    );
  }
  return size;
}

function chosen<T extends string>(flag: string, text: string | undefined, known: readonly T[]): readonly T[] {
  if (text === undefined) return known;
  return listOf(flag, text).map((part) => {
    const found = known.find((each) => each === part);
    if (found === undefined) throw new BenchError(`${flag} "${part}" is unknown: choose from ${known.join(", ")}`);
    return found;
  });
}
