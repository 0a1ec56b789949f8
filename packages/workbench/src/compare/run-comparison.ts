// Scenario by scenario: Karpenter's answer, this engine's answer, the judgement, and what is kept of what nobody can explain.

import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonical } from "./canonical.ts";
import type { Karpenter } from "./karpenter.ts";
import { UsageError } from "./options.ts";
import type { CompareOptions } from "./options.ts";
import type { Judgement, Subject } from "./subject.ts";

export interface Compared {
  readonly name: string;
  /** What the scenario dwells on. */
  readonly theme: string;
  readonly judgement: Judgement;
  /** The scenario with both answers, when no rule explains them. */
  readonly file?: string;
}

export interface ComparisonTools {
  readonly subject: Subject;
  readonly karpenter: Karpenter;
  readonly progress: (line: string) => void;
}

const STRIDE = 50;

export async function runComparison(
  options: CompareOptions,
  { subject, karpenter, progress }: ComparisonTools,
): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  let folder = options.save;
  const ask = (scenario: object, times = 1): Promise<unknown> => {
    const { options: own = {} } = scenario as { readonly options?: object };
    return karpenter.ask({ ...scenario, options: { ...own, repeat: options.repeat * times } });
  };
  for (const scenario of await scenariosOf(options, subject)) {
    const theirs = await ask(scenario);
    const judgement = await subject.judge(scenario, theirs, ask);
    const about = headOf(scenario, compared.length);
    const isOpen = judgement.result === "unexplained";
    if (isOpen) folder ??= await mkdtemp(join(tmpdir(), "kmc-compare-"));
    const file = isOpen && folder ? await keep(folder, about.name, { scenario, theirs, judgement }) : undefined;
    compared.push({ ...about, judgement, ...(file !== undefined && { file }) });
    if (judgement.result !== "equal") progress(`${about.name}: ${judgement.result} ${tail(judgement)}`);
    if (compared.length % STRIDE === 0) progress(`${compared.length} scenarios`);
  }
  return compared;
}

async function scenariosOf({ from, seeds, action }: CompareOptions, subject: Subject): Promise<Iterable<object>> {
  if (from === undefined) return randomOnes(seeds, subject);
  const text = await readFile(from, "utf8").catch((error: unknown) => {
    throw new UsageError(`cannot read ${from}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  });
  return parsed(text, from).filter((scenario) => actionOf(scenario) === action);
}

function* randomOnes({ first, last }: CompareOptions["seeds"], subject: Subject): Iterable<object> {
  for (let seed = first; seed <= last; seed += 1) yield subject.scenario(seed);
}

/** One object, or one per line; a case file `{"scenario": …}` counts as the scenario in it. */
function parsed(text: string, from: string): readonly object[] {
  const read = (json: string): object => {
    const value = JSON.parse(json) as { readonly scenario?: object };
    return value.scenario ?? value;
  };
  try {
    return [read(text)];
  } catch {
    try {
      return text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map(read);
    } catch (error) {
      throw new UsageError(`${from} holds neither one JSON object nor one per line`, { cause: error });
    }
  }
}

function actionOf(scenario: object): string {
  const { action } = scenario as { readonly action?: unknown };
  return typeof action === "string" && action !== "" ? action : "schedule";
}

function headOf(scenario: object, index: number): { readonly name: string; readonly theme: string } {
  const { name, description } = scenario as { readonly name?: unknown; readonly description?: unknown };
  return {
    name: typeof name === "string" && name !== "" ? name : `scenario-${index + 1}`,
    theme: typeof description === "string" ? description : "",
  };
}

interface Kept {
  readonly scenario: object;
  readonly theirs: unknown;
  readonly judgement: Judgement;
}

/** Two files: a case that either engine can be asked again, and this engine's answer to it. */
async function keep(folder: string, name: string, { scenario, theirs, judgement }: Kept): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  await writeFile(file, `${JSON.stringify({ scenario, expected: theirs }, undefined, 1)}\n`);
  await writeFile(
    join(folder, `${name}.ours.json`),
    `${JSON.stringify(JSON.parse(canonical(judgement.ours ?? {})), undefined, 1)}\n`,
  );
  return file;
}

function tail({ rules = [], detail = "" }: Judgement): string {
  return [...(rules.length > 0 ? [`by ${rules.join(", ")}`] : []), detail].join(" ");
}
