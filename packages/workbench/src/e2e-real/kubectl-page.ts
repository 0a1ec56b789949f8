// docs/guides/kubectl.md as a test reads it: per section the manifests and the commands with what they print, and what two printings of one thing may differ in.

import { readFile } from "node:fs/promises";

export interface ShownCommand {
  readonly section: string;
  /** What is applied before the first command of a section. */
  readonly manifests: string;
  /** After "kubectl". */
  readonly command: string;
  /** A line "..." stands for any number of lines that the page leaves out. */
  readonly printed: string;
}

const PAGE = new URL("../../../../docs/guides/kubectl.md", import.meta.url);
const LEFT_OUT = "...";

export async function readKubectlPage(): Promise<readonly ShownCommand[]> {
  const [, ...sections] = (await readFile(PAGE, "utf8")).split(/^## /m);
  return sections.flatMap((text) => {
    const [section = ""] = text.split("\n");
    const manifests = blocks(text, "yaml").join("---\n");
    return blocks(text, "console").map((block, index) => {
      const [first = "", ...rest] = block.split("\n");
      const command = first.replace(/^\$ kubectl /, "");
      return { section, manifests: index === 0 ? manifests : "", command, printed: rest.join("\n") };
    });
  });
}

/** The printed text with the page's gaps in it, as far as the rest agrees; else all of it. Both come back masked. */
export function compare(printed: string, page: string): { readonly seen: string; readonly told: string } {
  const told = masked(page);
  const seen = withoutPassing(masked(printed), told);
  const pattern = told
    .split("\n")
    .map((line) => (line === LEFT_OUT ? "(?:.*\\n)*?" : `${RegExp.escape(line)}\\n`))
    .join("");
  return new RegExp(`^${pattern}$`).test(`${seen}\n`) ? { seen: told, told } : { seen, told };
}

/** What only a slow machine shows of a node on its way, as a quick one is past it when somebody looks. */
const PASSING =
  /^ {2}Normal {2}DisruptionBlocked {2}AGE {2}karpenter {2}(?:its machine has not joined|it is still starting|pods that wait were promised)/;

/** What the page shows of it stays. */
function withoutPassing(seen: string, told: string): string {
  const shown = new Set(told.split("\n"));
  return seen
    .split("\n")
    .filter((line) => shown.has(line) || !PASSING.test(line))
    .join("\n");
}

/** Without times, generated names and the width of columns; events of one second have no order. */
export function masked(text: string): string {
  const lines = text.trimEnd().split("\n").map(maskedLine);
  return inOrder(lines, isEvent).join("\n");
}

const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UUID"],
  [/\b\d{4}-\d{2}-\d{2}T[\d:]{8}Z\b/g, "TIME"],
  [/ \(x\d+ over \w+\)/g, ""],
  [/\b(?:\d{1,3}[dhms])+\b/g, "AGE"],
  [/\b(general|prepared|refused)-[a-z0-9]{5}\b/g, "$1-xxxxx"],
  [/-[0-9a-f]{6}\b/g, "-xxxxxx"],
  [/(Resource Version: +|nodepool-hash: )\d+/g, "$1N"],
  [/-{3,}/g, "---"],
  [/ {2,}/g, "  "],
];

function maskedLine(line: string): string {
  return MASKS.reduce((text, [what, instead]) => text.replace(what, instead), line).trimEnd();
}

function isEvent(line: string): boolean {
  return /^ {2}(?:Normal|Warning) {2}/.test(line);
}

/** Every run of such lines, sorted. */
function inOrder(lines: readonly string[], isOne: (line: string) => boolean): readonly string[] {
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const run: string[] = [];
    while (isOne(lines[at] ?? "")) run.push(lines[at++] ?? "");
    out.push(...run.sort(), ...lines.slice(at, at + 1));
  }
  return out;
}

function blocks(text: string, language: "yaml" | "console"): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);
}
