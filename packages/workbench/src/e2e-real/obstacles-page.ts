// docs/guides/why-is-my-node-still-here.md as a test reads it: the list of verdicts at its beginning, and per obstacle the manifests and what kubectl prints.

import { readFile } from "node:fs/promises";
import { karpenterLines } from "./pending-pods-page.ts";

export interface ShownObstacle {
  /** Heading of the section. */
  readonly title: string;
  /** Of the NodePool. */
  readonly pool: string;
  readonly manifests: string;
  /** After "kubectl"; undefined where no event tells the obstacle. */
  readonly command: string | undefined;
  /** What karpenter says, without generated names. */
  readonly lines: readonly string[];
}

export interface ObstaclesPage {
  /** The lines of the list, without generated names and times. */
  readonly verdicts: readonly string[];
  readonly obstacles: readonly ShownObstacle[];
}

const PAGE = new URL("../../../../docs/guides/why-is-my-node-still-here.md", import.meta.url);

/** @throws Error naming the section that lacks its NodePool */
export async function readObstaclesPage(): Promise<ObstaclesPage> {
  const [intro = "", ...sections] = (await readFile(PAGE, "utf8")).split(/^## /m);
  const [, listed = ""] = blocks(intro, "console");
  return { verdicts: verdictLines(listed.split("\n").slice(1).join("\n")), obstacles: sections.map(obstacle) };
}

/** Each line once, in order: nodes of one pool say the same. */
export function toldLines(described: string): readonly string[] {
  return [...new Set(karpenterLines(described).map(maskedNames))].toSorted();
}

/** The same of the list of verdicts, without its heading. */
export function verdictLines(list: string): readonly string[] {
  const lines = list.trimEnd().split("\n").slice(1).map(maskedNames);
  return [...new Set(lines.map((line) => line.replaceAll(/ {2,}/g, "  ")))].toSorted();
}

function maskedNames(text: string): string {
  return text
    .replaceAll(/\b\d{4}-\d{2}-\d{2}T[\d:]{8}Z\b/g, "TIME")
    .replaceAll(/\bkarpenter-[a-z0-9-]+-node-[0-9a-f]{6}\b/g, "NODE")
    .replaceAll(/\b([a-z]+(?:-[a-z]+)*)-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, "$1-xxxxx");
}

function obstacle(section: string): ShownObstacle {
  const [title = ""] = section.split("\n");
  const [manifests = ""] = blocks(section, "yaml");
  const pool = /^kind: NodePool\nmetadata:\n {2}name: (\S+)$/m.exec(manifests)?.[1];
  if (pool === undefined) throw new Error(`section "${title}" lacks its NodePool`);
  const [printed = ""] = blocks(section, "console");
  return { title, pool, manifests, command: /^\$ kubectl (.+)$/m.exec(printed)?.[1], lines: toldLines(printed) };
}

function blocks(text: string, language: "yaml" | "console"): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);
}
