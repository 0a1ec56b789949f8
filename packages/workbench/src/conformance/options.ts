// What the commands conformance and faults were asked to do.

import type { Subject } from "@karpenter-multicloud/testkit/conformance";
import { readFlags, UsageError } from "../command-line/read-flags.ts";
import { SUBJECTS } from "./subjects.ts";

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
  const { values } = readFlags(argv, CONFORMANCE_HELP, {
    options: {
      provider: { type: "string" },
      broken: { type: "boolean" },
      nodes: { type: "string" },
    },
  });
  const { provider = "ovh", broken = false, nodes = "100" } = values;
  const subject = subjectCalled(provider, CONFORMANCE_HELP);
  return { provider, subject, broken, nodes: whole("--nodes", nodes, 0) };
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
  const { values } = readFlags(argv, FAULTS_HELP, {
    options: {
      provider: { type: "string" },
      runs: { type: "string" },
      seed: { type: "string" },
    },
  });
  const { provider = "ovh", runs = "20", seed = "1" } = values;
  return {
    provider,
    subject: subjectCalled(provider, FAULTS_HELP),
    runs: whole("--runs", runs, 1),
    seed: whole("--seed", seed, 0),
  };
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
