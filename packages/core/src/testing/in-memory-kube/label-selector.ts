// What a label selector in its text form selects: "a=b,c in (d,e),!f".

import { isQualifiedName } from "../../api/index.ts";
import { badRequest } from "./answers.ts";

export type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels) => boolean;

const REQUIREMENT =
  /^\s*(?:!\s*(?<absent>[^\s!=<>,()]+)|(?<key>[^\s!=<>,()]+)(?:\s*(?<compare>==|=|!=|<|>)\s*(?<value>[^\s=<>,()]*)|\s+(?<set>in|notin)\s*\((?<list>[^()]*)\))?)\s*$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** @throws KubeError 400 */
export function parseLabelSelector(text: string | undefined): LabelTest {
  if (text === undefined || text.trim() === "") return () => true;
  const tests = splitOutsideParentheses(text).map(parseRequirement);
  return (labels) => tests.every((test) => test(labels));
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function parseRequirement(text: string): LabelTest {
  const { absent, key, compare, value = "", set, list = "" } = REQUIREMENT.exec(text)?.groups ?? {};
  if (absent !== undefined) {
    const name = checkKey(absent, text);
    return (labels) => labels[name] === undefined;
  }
  if (key === undefined) throw badRequest(`unable to parse requirement: ${JSON.stringify(text)}`);
  const name = checkKey(key, text);
  if (set !== undefined) {
    const values = new Set(list.split(",").map((item) => checkValue(item.trim(), text)));
    return set === "in"
      ? (labels) => labels[name] !== undefined && values.has(labels[name])
      : (labels) => labels[name] === undefined || !values.has(labels[name]);
  }
  if (compare === undefined) return (labels) => labels[name] !== undefined;
  return comparison(name, compare, checkValue(value, text));
}

function comparison(name: string, operator: string, value: string): LabelTest {
  switch (operator) {
    case "!=":
      return (labels) => labels[name] !== value;
    case "<":
    case ">": {
      const bound = integer(value);
      if (bound === undefined)
        throw badRequest(`unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer`);
      return (labels) => {
        const own = integer(labels[name] ?? "");
        return own !== undefined && (operator === "<" ? own < bound : own > bound);
      };
    }
    default:
      return (labels) => labels[name] === value;
  }
}

function integer(text: string): bigint | undefined {
  return /^[+-]?[0-9]+$/.test(text) ? BigInt(text) : undefined;
}

function checkKey(key: string, text: string): string {
  if (!isQualifiedName(key)) throw badRequest(`unable to parse requirement: key: Invalid value: "${key}" in ${text}`);
  return key;
}

function checkValue(value: string, text: string): string {
  if (VALUE.test(value) && value.length <= 63) return value;
  throw badRequest(`unable to parse requirement: values: Invalid value: "${value}" in ${text}`);
}
