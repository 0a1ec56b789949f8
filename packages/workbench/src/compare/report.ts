// What came of a comparison, as a table for people and as one object for programs.

import { count, textTable } from "../bench/text-table.ts";
import type { Compared } from "./run-comparison.ts";
import type { Judgement } from "./subject.ts";

export interface Figures {
  readonly scenarios: number;
  /** In so many of them something happens. */
  readonly acting: number;
  readonly equal: number;
  /** Of the equal ones: Karpenter gave this answer only when it was asked more often than the command said. */
  readonly rare: number;
  readonly explained: number;
  /** By number of the rule: scenarios it explains. */
  readonly rules: Readonly<Record<string, number>>;
  readonly unexplained: number;
  readonly refused: number;
}

export interface ComparisonReport {
  readonly total: Figures;
  readonly themes: Readonly<Record<string, Figures>>;
  /** By method, where there are any, and decision: scenarios in which this engine decided so. */
  readonly decisions: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly unexplained: readonly { readonly name: string; readonly detail: string; readonly file: string }[];
}

export function reportOf(compared: readonly Compared[]): ComparisonReport {
  const themes = [...new Set(compared.map(({ theme }) => theme))];
  return {
    total: figuresOf(compared),
    themes: Object.fromEntries(
      themes.map((theme) => [theme, figuresOf(compared.filter((each) => each.theme === theme))]),
    ),
    decisions: decisionsOf(compared),
    unexplained: compared
      .filter(({ judgement }) => judgement.result === "unexplained")
      .map(({ name, judgement, file = "" }) => ({ name, detail: judgement.detail ?? "", file })),
  };
}

function figuresOf(compared: readonly Compared[]): Figures {
  const judgements = compared.map(({ judgement }) => judgement);
  const rules = judgements.flatMap((judgement) => judgement.rules ?? []);
  const of = (result: Judgement["result"]): number => judgements.filter((each) => each.result === result).length;
  return {
    scenarios: judgements.length,
    acting: judgements.filter(({ acts }) => acts).length,
    equal: of("equal"),
    rare: judgements.filter(({ isRare }) => isRare === true).length,
    explained: of("explained"),
    rules: timesEach(rules),
    unexplained: of("unexplained"),
    refused: of("refused"),
  };
}

function decisionsOf(compared: readonly Compared[]): ComparisonReport["decisions"] {
  const kinds = compared.flatMap(({ judgement }) => judgement.kinds ?? []).map((kind) => kind.split(" "));
  const methods = [...new Set(kinds.map(([method = ""]) => method))];
  return Object.fromEntries(
    methods.map((each) => [
      each,
      timesEach(kinds.flatMap(([method, decision = ""]) => (method === each ? [decision] : []))),
    ]),
  );
}

function timesEach(words: readonly string[]): Readonly<Record<string, number>> {
  const times = new Map<string, number>();
  for (const word of words.toSorted()) times.set(word, (times.get(word) ?? 0) + 1);
  return Object.fromEntries(times);
}

const COLUMNS = [
  { title: "scenarios about", align: "left" },
  { title: "asked", align: "right" },
  { title: "acting", align: "right" },
  { title: "equal", align: "right" },
  { title: "explained", align: "right" },
  { title: "unexplained", align: "right" },
  { title: "refused", align: "right" },
  { title: "equal %", align: "right" },
  { title: "explained by", align: "left" },
] as const;

const DECISIONS = ["delete", "replace", "nothing"] as const;

export function reportText(report: ComparisonReport, rules: Readonly<Record<string, string>>): string {
  const rows = [...Object.entries(report.themes), ["all", report.total] as const];
  const { rare, rules: used } = report.total;
  const explained = Object.entries(used).map(([rule, times]) => `${rule}  ${times}×  ${rules[rule] ?? ""}`);
  const open = report.unexplained.map(({ name, detail, file }) => `UNEXPLAINED ${name} (${detail}): ${file}`);
  return [
    textTable(
      COLUMNS,
      rows.map(([theme, figures]) => row(theme, figures)),
    ),
    ...explained,
    ...(rare > 0 ? [`${rare} of the equal ones only when Karpenter was asked ten times as often`] : []),
    ...decisionLines(report),
    ...open,
  ].join("\n");
}

/** Each method is asked about the same state on its own, so every scenario counts once in every line. */
function decisionLines({ decisions }: ComparisonReport): readonly string[] {
  const methods = Object.entries(decisions);
  if (methods.length === 0) return [];
  const columns = ["decided", ...DECISIONS].map(
    (title, index) => ({ title, align: index === 0 ? "left" : "right" }) as const,
  );
  const rows = methods.map(([method, times]) => [method, ...DECISIONS.map((decision) => count(times[decision] ?? 0))]);
  return ["", textTable(columns, rows)];
}

function row(theme: string, figures: Figures): readonly string[] {
  const { scenarios, acting, equal, explained, unexplained, refused, rules } = figures;
  const answered = scenarios - refused;
  const share = answered === 0 ? "-" : ((equal / answered) * 100).toFixed(1);
  const by = Object.entries(rules)
    .map(([rule, times]) => (times > 1 ? `${rule} ${times}×` : rule))
    .join(", ");
  return [theme || "(no theme)", ...[scenarios, acting, equal, explained, unexplained, refused].map(count), share, by];
}
