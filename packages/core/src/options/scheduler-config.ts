// The document of --scheduler-config: what the cluster's own scheduler adds to pods, as far as a plan has to follow it (OP-2, S-427).

import { parse } from "yaml";
import { isQualifiedName } from "../requirements/index.ts";
import type { DefaultSpreadConstraint } from "../scheduling/index.ts";
import { FlagValueError } from "./flag.ts";
import { nearest } from "./nearest.ts";

export interface SchedulerConfig {
  /** For pods without spread constraints of their own. */
  readonly defaultConstraints: readonly DefaultSpreadConstraint[];
}

interface Mistake {
  /** "podTopologySpread.defaultConstraints[0].maxSkew" */
  readonly field: string;
  readonly value: unknown;
  readonly problem: string;
  readonly fix: string;
}

type Fields = Readonly<Record<string, unknown>>;

const LIST = "podTopologySpread.defaultConstraints";
const CONSTRAINT_FIELDS = ["maxSkew", "topologyKey", "whenUnsatisfiable"];
/** Of a pod's own constraint; a default takes its selector from the pod's Services and controller. */
const OF_PODS_ONLY = ["labelSelector", "matchLabelKeys", "minDomains", "nodeAffinityPolicy", "nodeTaintsPolicy"];
const EXAMPLE =
  '{"podTopologySpread":{"defaultConstraints":[{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"ScheduleAnyway"}]}}';

/** Empty text is no configuration. @throws FlagValueError naming every field that is wrong, its value and what to do */
export function parseSchedulerConfig(text: string): SchedulerConfig {
  if (text.trim() === "") return { defaultConstraints: [] };
  const document = readDocument(text);
  const mistakes: Mistake[] = [];
  const entries = listIn(document, mistakes);
  const defaultConstraints = entries.flatMap((entry, index) => constraintOf(entry, `${LIST}[${index}]`, mistakes));
  mistakes.push(...repeated(defaultConstraints));
  if (mistakes.length === 0) return { defaultConstraints };
  const problem = mistakes.map((each) => `${each.field}=${shown(each.value)}: ${each.problem}`).join("; ");
  throw new FlagValueError(problem, [...new Set(mistakes.map(({ fix }) => fix))].join("; "), false);
}

function readDocument(text: string): Fields {
  let document: unknown;
  try {
    document = parse(text, { logLevel: "error" });
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new FlagValueError(`it is neither YAML nor JSON: ${line}`, `write for example ${EXAMPLE}`, false);
  }
  if (isFields(document)) return document;
  const fix = `give the document itself, not the name of a file, for example ${EXAMPLE}`;
  throw new FlagValueError("it has no fields", fix, false);
}

function listIn(document: Fields, mistakes: Mistake[]): readonly unknown[] {
  refuseUnknown(document, ["podTopologySpread"], "", mistakes);
  const { podTopologySpread: spread } = document;
  if (spread === undefined || spread === null) return [];
  if (!isFields(spread)) {
    mistakes.push(mistake("podTopologySpread", spread, "it has no fields", "write defaultConstraints under it"));
    return [];
  }
  refuseUnknown(spread, ["defaultConstraints"], "podTopologySpread.", mistakes);
  const { defaultConstraints: list } = spread;
  if (list === undefined || list === null) return [];
  if (Array.isArray(list)) return list;
  mistakes.push(mistake(LIST, list, "it is not a list", "write a list of constraints"));
  return [];
}

function constraintOf(entry: unknown, field: string, mistakes: Mistake[]): readonly DefaultSpreadConstraint[] {
  if (!isFields(entry)) {
    mistakes.push(mistake(field, entry, "it is not a constraint", `give it ${CONSTRAINT_FIELDS.join(", ")}`));
    return [];
  }
  const before = mistakes.length;
  refuseUnknown(entry, CONSTRAINT_FIELDS, `${field}.`, mistakes);
  const { maxSkew, topologyKey, whenUnsatisfiable } = entry;
  if (typeof maxSkew !== "number" || !Number.isInteger(maxSkew) || maxSkew < 1 || maxSkew > 2 ** 31 - 1)
    mistakes.push(mistake(`${field}.maxSkew`, maxSkew, "it is not a positive integer", "use 1 or more"));
  if (typeof topologyKey !== "string" || !isQualifiedName(topologyKey)) {
    const fix = "use the key of a label, such as topology.kubernetes.io/zone";
    mistakes.push(mistake(`${field}.topologyKey`, topologyKey, "it is not the key of a label", fix));
  }
  if (whenUnsatisfiable !== "DoNotSchedule" && whenUnsatisfiable !== "ScheduleAnyway") {
    const fix = "use DoNotSchedule or ScheduleAnyway";
    mistakes.push(mistake(`${field}.whenUnsatisfiable`, whenUnsatisfiable, "it is not one of the choices", fix));
  }
  if (mistakes.length > before) return [];
  // All three were checked above.
  return [{ maxSkew, topologyKey, whenUnsatisfiable } as DefaultSpreadConstraint];
}

function refuseUnknown(given: Fields, known: readonly string[], prefix: string, mistakes: Mistake[]): void {
  for (const [name, value] of Object.entries(given)) {
    if (known.includes(name)) continue;
    const field = `${prefix}${name}`;
    if (OF_PODS_ONLY.includes(name)) {
      mistakes.push(mistake(field, value, "a default constraint cannot have it", `leave out ${name}`));
      continue;
    }
    const close = nearest(name, known);
    const fix = close === undefined ? `leave it out; known here: ${known.join(", ")}` : `did you mean ${close}?`;
    mistakes.push(mistake(field, value, "there is no such field", fix));
  }
}

function repeated(constraints: readonly DefaultSpreadConstraint[]): readonly Mistake[] {
  const seen = new Set<string>();
  return constraints.flatMap(({ topologyKey, whenUnsatisfiable }) => {
    const pair = `${topologyKey}, ${whenUnsatisfiable}`;
    if (!seen.has(pair)) {
      seen.add(pair);
      return [];
    }
    return [mistake(LIST, pair, "two constraints have this topologyKey and whenUnsatisfiable", "keep one of them")];
  });
}

function mistake(field: string, value: unknown, problem: string, fix: string): Mistake {
  return { field, value, problem, fix };
}

function shown(value: unknown): string {
  return value === undefined ? "(missing)" : JSON.stringify(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
