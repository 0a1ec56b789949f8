// Turns the command line and the environment into settings, or says everything that is wrong with them.

import { FLAGS, FLAG_OF, helpText } from "./flags.ts";
import type { ParsedFlags } from "./flags.ts";
import { FlagValueError } from "./flag.ts";
import type { Flag } from "./flag.ts";
import { SettingsError } from "./settings-error.ts";
import type { Environment } from "./environment-reader.ts";
import type { SettingsProblem } from "./settings-error.ts";
import type { Settings } from "./settings.ts";
import { nearest } from "./nearest.ts";

export interface ParsedSettings {
  readonly settings: Settings & { readonly provider?: string };
  /** The text to print; then nothing was checked and the process ends with 0. */
  readonly help?: string;
  /** Variables that could not be read, with the default used instead; for the log. */
  readonly warnings: readonly string[];
  /** What was given and changes nothing, with the reason; for the log. */
  readonly withoutEffect: readonly SettingWithoutEffect[];
}

export interface SettingWithoutEffect {
  /** The flag or the variable, as it was given. */
  readonly setting: string;
  readonly why: string;
}

interface Findings {
  readonly problems: SettingsProblem[];
  readonly warnings: string[];
  readonly withoutEffect: SettingWithoutEffect[];
}

/** @throws SettingsError with all problems */
export function parseSettings(argv: readonly string[], env: Environment): ParsedSettings {
  if (argv.some((arg) => /^--?(help|h)$/.test(arg))) {
    return { settings: defaultSettings({ clusterName: "" }), help: helpText(), warnings: [], withoutEffect: [] };
  }
  const findings: Findings = { problems: [], warnings: [], withoutEffect: [] };
  const given = readArguments(argv, findings);
  const values: Record<string, unknown> = {};
  for (const [setting, flag] of Object.entries(FLAG_OF) as [string, Flag][]) {
    values[setting] = flag === FLAG_OF.clusterName ? "" : valueOf(flag, given, env, findings);
  }
  values["clusterName"] = clusterName(values["provider"], given, env, findings);
  if (findings.problems.length > 0) throw new SettingsError(findings.problems);
  const { warnings, withoutEffect } = findings;
  return { settings: freeze(values as unknown as ParsedFlags), warnings, withoutEffect };
}

/** What a process without flags and variables runs with. */
export function defaultSettings(given: { readonly clusterName: string }): Settings {
  const entries = Object.entries(FLAG_OF) as [string, Flag][];
  const values = Object.fromEntries(
    entries.map(([setting, flag]) => [setting, flag.default === undefined ? "" : flag.parse(flag.default)]),
  );
  return freeze({ ...(values as unknown as ParsedFlags), clusterName: given.clusterName });
}

function freeze({ provider, ...settings }: ParsedFlags): Settings & { readonly provider?: string } {
  return Object.freeze({ ...settings, ...(provider === undefined ? {} : { provider }) });
}

/** Flag name → text; the last of several wins. */
function readArguments(argv: readonly string[], findings: Findings): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (let index = 0; index < argv.length; index++) {
    const arg = argv[index] ?? "";
    const [, name, inline] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
    const flag = FLAGS.find((candidate) => candidate.name === name);
    if (name === undefined || flag === undefined) {
      findings.problems.push(unknownArgument(arg, name));
      // What follows an unknown flag is most likely its value.
      if (name !== undefined && inline === undefined && isValue(argv[index + 1])) index += 1;
      continue;
    }
    const next = argv[index + 1];
    if (inline !== undefined) given.set(name, inline);
    else if (flag.isSwitch && next !== "true" && next !== "false") given.set(name, "true");
    else if (next !== undefined && (isValue(next) || /^-\d/.test(next))) {
      given.set(name, next);
      index += 1;
    } else
      findings.problems.push({ setting: `--${name}`, problem: "it has no value", fix: `use --${name}=${flag.form}` });
  }
  return given;
}

function isValue(arg: string | undefined): arg is string {
  return arg !== undefined && !arg.startsWith("-");
}

function unknownArgument(arg: string, name: string | undefined): SettingsProblem {
  if (name === undefined) return { setting: arg, problem: "it is not a flag", fix: "see --help" };
  const close = nearest(
    name,
    FLAGS.map((flag) => flag.name),
  );
  const fix = close === undefined ? "see --help" : `did you mean --${close}?`;
  return { setting: `--${name}`, problem: "there is no such flag", fix };
}

function valueOf<T>(
  flag: Flag<T>,
  given: ReadonlyMap<string, string>,
  env: Environment,
  findings: Findings,
): T | undefined {
  const fromFlag = given.get(flag.name);
  const fromEnv = env[flag.env];
  if (flag.withoutEffect !== undefined && (fromFlag ?? fromEnv ?? "") !== "") {
    const setting = fromFlag === undefined ? flag.env : `--${flag.name}`;
    findings.withoutEffect.push({ setting, why: flag.withoutEffect });
  }
  try {
    if (fromFlag !== undefined) return flag.parse(fromFlag);
    // An empty variable is one that was not set: charts render absent values so.
    if (fromEnv !== undefined && fromEnv !== "") return (flag.parseEnv ?? flag.parse)(fromEnv);
  } catch (error) {
    if (!(error instanceof FlagValueError)) throw error;
    if (fromFlag !== undefined || !error.unreadable) {
      const setting = fromFlag === undefined ? flag.env : `--${flag.name}`;
      const value = fromFlag ?? fromEnv ?? "";
      findings.problems.push({ setting, value, problem: error.message, fix: error.fix });
      return undefined;
    }
    findings.warnings.push(`${flag.env}=${fromEnv}: ${error.message}; using the default ${flag.default ?? ""}`);
  }
  return flag.default === undefined ? undefined : flag.parse(flag.default);
}

/** Required; an OVHcloud cluster has an id of its own that serves, which the provider finds out when nobody tells it. */
function clusterName(
  provider: unknown,
  given: ReadonlyMap<string, string>,
  env: Environment,
  findings: Findings,
): string {
  const before = findings.problems.length;
  const named = valueOf(FLAG_OF.clusterName, given, env, findings);
  if (named !== undefined) return named;
  if (provider === "ovh") return env["OVH_KUBE_ID"] ?? "";
  if (findings.problems.length === before) {
    const problem = "it is not set, and every machine must carry it";
    findings.problems.push({ setting: "--cluster-name", problem, fix: "set --cluster-name or CLUSTER_NAME" });
  }
  return "";
}
