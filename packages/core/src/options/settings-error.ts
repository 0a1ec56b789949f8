// Why a process does not start: every wrong setting at once, each with what to do about it.

export interface SettingsProblem {
  /** As the user would name it: "--metrics-port", "METRICS_PORT". */
  readonly setting: string;
  /** As given; never a secret. */
  readonly value?: string;
  /** What is wrong, lower case. */
  readonly problem: string;
  /** What to do, lower case. */
  readonly fix: string;
}

export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    const count = problems.length === 1 ? "one setting is wrong" : `${problems.length} settings are wrong`;
    super([`${count}:`, ...problems.map(problemText)].join("\n"));
    this.problems = problems;
  }
}

function problemText({ setting, value, problem, fix }: SettingsProblem): string {
  return `  ${setting}${value === undefined ? "" : `=${value}`}: ${problem}; ${fix}`;
}
