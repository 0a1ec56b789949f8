// What a label selector in its text form selects: "a=b,c in (d,e),!f".

import { labelValue } from "./label-selector.ts";
import { isQualifiedName } from "./schema/index.ts";

/** Whether an object with these labels is selected. */
export type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

/** The API server would refuse the text too; the message is in its words. */
export class LabelSelectorError extends Error {
  override readonly name = "LabelSelectorError";
}

const REQUIREMENT =
  /^\s*(?:!\s*(?<absent>[^\s!=<>,()]+)|(?<key>[^\s!=<>,()]+)(?:\s*(?<compare>==|=|!=|<|>)\s*(?<value>[^\s=<>,()]*)|\s+(?<set>in|notin)\s*\((?<list>[^()]*)\))?)\s*$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** No text, or a blank one, selects everything. @throws LabelSelectorError */
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
    return (labels) => labelValue(labels, name) === undefined;
  }
  if (key === undefined) throw new LabelSelectorError(`unable to parse requirement: ${JSON.stringify(text)}`);
  const name = checkKey(key, text);
  if (set !== undefined) {
    const values = new Set<string | undefined>(list.split(",").map((item) => checkValue(item.trim(), text)));
    return set === "in"
      ? (labels) => values.has(labelValue(labels, name))
      : (labels) => !values.has(labelValue(labels, name));
  }
  if (compare === undefined) return (labels) => labelValue(labels, name) !== undefined;
  return comparison(name, compare, checkValue(value, text));
}

function comparison(name: string, operator: string, value: string): LabelTest {
  switch (operator) {
    case "!=":
      return (labels) => labelValue(labels, name) !== value;
    case "<":
    case ">": {
      const bound = integer(value);
      if (bound === undefined)
        throw new LabelSelectorError(
          `unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer`,
        );
      return (labels) => {
        const own = integer(labelValue(labels, name) ?? "");
        return own !== undefined && (operator === "<" ? own < bound : own > bound);
      };
    }
    default:
      return (labels) => labelValue(labels, name) === value;
  }
}

function integer(text: string): bigint | undefined {
  return /^[+-]?[0-9]+$/.test(text) ? BigInt(text) : undefined;
}

function checkKey(key: string, text: string): string {
  if (!isQualifiedName(key))
    throw new LabelSelectorError(`unable to parse requirement: key: Invalid value: "${key}" in ${text}`);
  return key;
}

function checkValue(value: string, text: string): string {
  if (VALUE.test(value) && value.length <= 63) return value;
  throw new LabelSelectorError(`unable to parse requirement: values: Invalid value: "${value}" in ${text}`);
}
