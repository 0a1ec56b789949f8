// How a generated reference page is put together.

import type { GeneratedSet } from "./files.ts";

export interface Page {
  /** Relative to the root of the repository. */
  readonly path: string;
  /** Where the facts come from, relative to the root. */
  readonly source: string;
  readonly title: string;
  readonly introduction: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function pageSet({ path, source, title, introduction, head, rows }: Page): GeneratedSet {
  const text = [
    `<!-- Generated from ${source} by \`pnpm generate\`; changes made here are lost. -->`,
    "",
    `# ${title}`,
    "",
    introduction,
    "",
    tableRow(head),
    tableRow(head.map(() => "---")),
    ...rows.map(tableRow),
    "",
  ].join("\n");
  return { files: [{ path, text }] };
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
