// What came of a comparison, as a table for people and as one object for programs.

import { count, textTable } from "../bench/text-table.ts";
import type { Compared } from "./run-comparison.ts";
import type { Judgement } from "./subject.ts";

export interface Figures {
  readonly scenarios: number;
  /** In so many of them something happens. */
  readonly acting: number;
  readonly equal: number;
  readonly explained: number;
  readonly unexplained: number;
  readonly refused: number;
}

export interface ComparisonReport {
  readonly total: Figures;
  readonly themes: Readonly<Record<string, Figures>>;
  /** By number of the rule: scenarios it explains. */
  readonly rules: Readonly<Record<string, number>>;
  readonly unexplained: readonly { readonly name: string; readonly detail: string; readonly file: string }[];
}

export function reportOf(compared: readonly Compared[]): ComparisonReport {
  const themes = [...new Set(compared.map(({ theme }) => theme))];
  const rules = compared.flatMap(({ judgement }) => judgement.rules ?? []);
  return {
    total: figuresOf(compared),
    themes: Object.fromEntries(
      themes.map((theme) => [theme, figuresOf(compared.filter((each) => each.theme === theme))]),
    ),
    rules: Object.fromEntries(
      [...new Set(rules)].toSorted().map((rule) => [rule, rules.filter((each) => each === rule).length]),
    ),
    unexplained: compared
      .filter(({ judgement }) => judgement.result === "unexplained")
      .map(({ name, judgement, file = "" }) => ({ name, detail: judgement.detail ?? "", file })),
  };
}

function figuresOf(compared: readonly Compared[]): Figures {
  const judgements = compared.map(({ judgement }) => judgement);
  const of = (result: Judgement["result"]): number => judgements.filter((each) => each.result === result).length;
  return {
    scenarios: judgements.length,
    acting: judgements.filter(({ acts }) => acts).length,
    equal: of("equal"),
    explained: of("explained"),
    unexplained: of("unexplained"),
    refused: of("refused"),
  };
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
] as const;

export function reportText(report: ComparisonReport, rules: Readonly<Record<string, string>>): string {
  const rows = [...Object.entries(report.themes), ["all", report.total] as const];
  const explained = Object.entries(report.rules).map(([rule, times]) => `${rule}  ${times}×  ${rules[rule] ?? ""}`);
  const open = report.unexplained.map(({ name, detail, file }) => `UNEXPLAINED ${name} (${detail}): ${file}`);
  return [
    textTable(
      COLUMNS,
      rows.map(([theme, figures]) => row(theme, figures)),
    ),
    ...explained,
    ...open,
  ].join("\n");
}

function row(theme: string, { scenarios, acting, equal, explained, unexplained, refused }: Figures): readonly string[] {
  const answered = scenarios - refused;
  const share = answered === 0 ? "-" : ((equal / answered) * 100).toFixed(1);
  return [theme || "(no theme)", ...[scenarios, acting, equal, explained, unexplained, refused].map(count), share];
}
