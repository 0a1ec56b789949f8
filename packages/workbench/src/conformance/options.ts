// What the commands conformance and faults were asked to do.

import { parseArgs } from "node:util";
import type { Subject } from "@karpenter-multicloud/testkit/conformance";
import { SUBJECTS } from "./subjects.ts";

export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface ConformanceOptions {
  readonly provider: string;
  readonly subject: Subject;
  /** Show that each broken provider is caught, instead of running the checks on a real one. */
  readonly broken: boolean;
  /** NodeClaims at once; 0 leaves the measurement out. */
  readonly nodes: number;
}

const CONFORMANCE_HELP = `pnpm --silent conformance --provider ${Object.keys(SUBJECTS).join("|")} [--nodes N] | --broken`;

/** @throws UsageError naming the flag, the value and the fix */
export function parseConformanceOptions(argv: readonly string[]): ConformanceOptions {
  const {
    provider = "ovh",
    broken,
    nodes = "100",
  } = values(argv, CONFORMANCE_HELP, {
    provider: { type: "string" },
    broken: { type: "boolean" },
    nodes: { type: "string" },
  });
  const subject = subjectCalled(String(provider), CONFORMANCE_HELP);
  return { provider: String(provider), subject, broken: broken === true, nodes: whole("--nodes", String(nodes), 0) };
}

export interface FaultsOptions {
  readonly provider: string;
  readonly subject: Subject;
  readonly runs: number;
  /** Of the first run; the next ones count on. */
  readonly seed: number;
}

const FAULTS_HELP = `pnpm --silent faults --provider ${Object.keys(SUBJECTS).join("|")} [--runs N] [--seed S]`;

/** @throws UsageError naming the flag, the value and the fix */
export function parseFaultsOptions(argv: readonly string[]): FaultsOptions {
  const {
    provider = "ovh",
    runs = "20",
    seed = "1",
  } = values(argv, FAULTS_HELP, {
    provider: { type: "string" },
    runs: { type: "string" },
    seed: { type: "string" },
  });
  return {
    provider: String(provider),
    subject: subjectCalled(String(provider), FAULTS_HELP),
    runs: whole("--runs", String(runs), 1),
    seed: whole("--seed", String(seed), 0),
  };
}

type Flags = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;

function values(argv: readonly string[], help: string, options: Flags): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: argv.filter((arg) => arg !== "--"), options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${help}`, { cause: error });
  }
}

function subjectCalled(name: string, help: string): Subject {
  const subject = Object.hasOwn(SUBJECTS, name) ? SUBJECTS[name] : undefined;
  if (subject !== undefined) return subject;
  throw new UsageError(`--provider "${name}" is none of ${Object.keys(SUBJECTS).join(", ")}\n${help}`);
}

function whole(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${flag} "${text}" is no whole number from ${least}`);
}
