// What a comparison was asked to do: flags into one object, or a sentence that says what is wrong and what to write instead.

import { parseArgs } from "node:util";

export const ACTIONS = ["disrupt", "schedule"] as const;
export type Action = (typeof ACTIONS)[number];

export interface CompareOptions {
  readonly action: Action;
  /** Both ends included. */
  readonly seeds: { readonly first: number; readonly last: number };
  /** A file of scenarios, one per line or a single one, instead of random ones. */
  readonly from?: string;
  /** So often Karpenter is asked: where it breaks ties at random, each of its outcomes counts as right. */
  readonly repeat: number;
  /** Path of the oracle's binary. */
  readonly oracle: string;
  /** Folder for what no rule explains. */
  readonly save?: string;
  readonly json: boolean;
}

/** Something a person can put right. Shown without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const ORACLE_VARIABLE = "KMC_ORACLE";

export const COMPARE_HELP = `pnpm compare <disrupt|schedule> [--seeds A-B] [--repeat N] [--oracle PATH] [--from FILE] [--save FOLDER] [--json]

Asks Karpenter's own core and this engine about the same random clusters and tells where they decide differently.

  disrupt          which nodes should go, by each method
  schedule         where pending pods should go
  --seeds A-B      random clusters of these seeds (default 1-200); --seeds 7 is that one alone
  --repeat N       ask Karpenter so often: it breaks ties at random (default 20)
  --oracle PATH    the oracle's binary; without it the environment variable ${ORACLE_VARIABLE} says where it is
  --from FILE      scenarios of a file, one JSON object per line or a single one, instead of random ones
  --save FOLDER    where scenarios go that no rule explains (default: a new temporary folder)
  --json           one JSON document instead of the table (run pnpm --silent)

Exit code 0: every answer is one of Karpenter's or explained by a rule. 1: some are not. 2: the command was wrong.`;

/** @throws UsageError naming the flag, the value and the fix */
export function parseCompareOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CompareOptions | "help" {
  const { values, positionals } = readFlags(argv);
  if (values.help) return "help";
  const [word, ...more] = positionals;
  const action = ACTIONS.find((known) => known === word);
  if (action === undefined || more.length > 0) {
    throw new UsageError(`say what to compare: ${ACTIONS.join(" or ")}\n\n${COMPARE_HELP}`);
  }
  const oracle = values.oracle ?? environment[ORACLE_VARIABLE] ?? "";
  if (oracle === "") {
    throw new UsageError(
      `there is no Karpenter to compare with: give --oracle the path of the oracle's binary, or set ${ORACLE_VARIABLE} to it`,
    );
  }
  return {
    action,
    seeds: readSeeds(values.seeds ?? "1-200"),
    repeat: readNumber("--repeat", values.repeat ?? "20"),
    oracle,
    ...(values.from !== undefined && { from: values.from }),
    ...(values.save !== undefined && { save: values.save }),
    json: values.json ?? false,
  };
}

function readFlags(argv: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: argv.filter((arg) => arg !== "--"),
      allowPositionals: true,
      options: {
        seeds: text,
        repeat: text,
        oracle: text,
        from: text,
        save: text,
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${why}\n\n${COMPARE_HELP}`, { cause: error });
  }
}

function readSeeds(text: string): CompareOptions["seeds"] {
  const [, from = "", to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === "" || last < first) throw new UsageError(`--seeds "${text}" is no range: write it as in --seeds 1-1000`);
  return { first, last };
}

function readNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new UsageError(`${flag} "${text}" is no whole number from 1 on`);
  return value;
}
