// Splits YAML text into documents and remembers in which line each field stands.

import { isCollection, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { Document } from "yaml";
import { isJsonObject, splitPath } from "../../api/index.ts";

export interface ManifestSource {
  /** Name of the file, as it is to be shown. */
  readonly name: string;
  readonly text: string;
}

export interface ManifestEntry {
  readonly source: string;
  readonly document: number;
  readonly value: unknown;
  /** Line of a field, or of the nearest enclosing one that exists. */
  readonly lineOf: (path: string) => number;
}

export interface SyntaxMistake {
  readonly document: number;
  readonly line: number;
  readonly message: string;
}

export interface ParsedManifest {
  readonly entries: readonly ManifestEntry[];
  readonly mistakes: readonly SyntaxMistake[];
}

/** Empty documents are passed over; `kind: List` stands for its items. */
export function parseDocuments({ name, text }: ManifestSource): ParsedManifest {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const entries: ManifestEntry[] = [];
  const mistakes: SyntaxMistake[] = [];
  for (const [index, document] of documents.entries()) {
    const number = index + 1;
    const [error] = document.errors;
    if (error !== undefined) {
      mistakes.push({
        document: number,
        line: lines.linePos(error.pos[0]).line,
        message: syntaxMessage(error.message),
      });
      continue;
    }
    const converted = toJson(document);
    if ("message" in converted)
      mistakes.push({ document: number, line: lineAt(document.contents, lines), ...converted });
    else if (converted.value !== null)
      entries.push(...toEntries({ source: name, number, document, lines }, converted.value));
  }
  return { entries, mistakes };
}

interface Origin {
  readonly source: string;
  readonly number: number;
  readonly document: Document;
  readonly lines: LineCounter;
}

function toEntries({ source, number, document, lines }: Origin, value: unknown): readonly ManifestEntry[] {
  const entry = (content: unknown, prefix: readonly string[]): ManifestEntry => ({
    source,
    document: number,
    value: content,
    lineOf: (path) => lineOf(document, lines, [...prefix, ...splitPath(path)]),
  });
  const items = isJsonObject(value) && value["kind"] === "List" ? value["items"] : undefined;
  return Array.isArray(items) ? items.map((item, index) => entry(item, ["items", String(index)])) : [entry(value, [])];
}

/** Anchors that expand without end are refused by the parser. */
function toJson(document: Document): { readonly value: unknown } | { readonly message: string } {
  try {
    return { value: document.toJS() };
  } catch (error) {
    return { message: `not usable as YAML: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function syntaxMessage(message: string): string {
  return `not valid YAML: ${message.replaceAll(/\s+/g, " ").trim()}`;
}

function lineOf(document: Document, lines: LineCounter, steps: readonly string[]): number {
  let line = lineAt(document.contents, lines);
  let current: unknown = document.contents;
  for (const step of steps) {
    const next = child(current, step);
    if (next === undefined) break;
    line = lineAt(next.mark, lines) || line;
    current = next.value;
  }
  return line;
}

/** The value under a key or index, and the node whose place is shown: the key of a map, the item of a list. */
function child(parent: unknown, step: string): { readonly mark: unknown; readonly value: unknown } | undefined {
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step);
    return pair === undefined ? undefined : { mark: pair.key, value: pair.value };
  }
  if (!isSeq(parent)) return undefined;
  const item = parent.items[Number(step)];
  return item === undefined ? undefined : { mark: item, value: item };
}

function lineAt(node: unknown, lines: LineCounter): number {
  if (!isCollection(node) && !isScalar(node)) return 0;
  const [start] = node.range ?? [0];
  return lines.linePos(start).line;
}
