// What a field selector selects. Only what the real server indexes is known; everything else is refused with 400.

import { badRequest } from "./answers.ts";
import type { Stored } from "./json.ts";
import type { FieldReader, KindRules } from "./kind-rules.ts";

export type FieldTest = (object: Stored) => boolean;

/** @throws KubeError 400 */
export function parseFieldSelector(text: string | undefined, rules: KindRules): FieldTest {
  if (text === undefined || text === "") return () => true;
  const tests = text
    .split(/(?<!\\),/)
    .filter((term) => term !== "")
    .map((term) => parseTerm(term, rules));
  return (object) => tests.every((test) => test(object));
}

function parseTerm(term: string, rules: KindRules): FieldTest {
  const match = /^(?<field>.*?)(?<operator>!=|==|=)(?<value>.*)$/s.exec(term);
  if (match?.groups === undefined) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const { field = "", operator = "", value = "" } = match.groups;
  const read = readerOf(field, rules);
  const wanted = value.replaceAll(/\\([\\,=])/g, "$1");
  return operator === "!=" ? (object) => read(object) !== wanted : (object) => read(object) === wanted;
}

function readerOf(field: string, rules: KindRules): FieldReader {
  if (field === "metadata.name") return (object) => object.metadata.name ?? "";
  const plain = rules.fields === undefined && !rules.custom;
  if (field === "metadata.namespace" && (rules.resource.namespaced || plain)) {
    return (object) => object.metadata.namespace ?? "";
  }
  const own = rules.fields?.[field];
  if (own !== undefined) return own;
  throw badRequest(
    plain
      ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  );
}
