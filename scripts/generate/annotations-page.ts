// docs/reference/annotations.md: the product's own annotations.

import { OWN_ANNOTATIONS } from "../../packages/core/src/api/index.ts";
import type { AnnotationEntry } from "../../packages/core/src/api/index.ts";
import type { GeneratedSet } from "./files.ts";

const INTRODUCTION = `<!-- Generated from packages/core/src/api/annotations.ts by \`pnpm generate\`; changes made here are lost. -->

# Annotations

Settings of a single object are annotations of the group \`karpenter-multicloud.sh\`. Karpenter's own annotations
(\`karpenter.sh/do-not-disrupt\` and so on) keep their meaning and are not repeated here.

| Annotation | On | Format | Default | Meaning |
| --- | --- | --- | --- | --- |
`;

export function annotationsPage(): GeneratedSet {
  const rows = OWN_ANNOTATIONS.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(row);
  return { files: [{ path: "docs/reference/annotations.md", text: INTRODUCTION + rows.join("") }] };
}

function row({ key, object, format, defaultValue, meaning }: AnnotationEntry): string {
  const cells = [`\`${key}\``, object, `\`${format}\``, defaultValue, meaning];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}
