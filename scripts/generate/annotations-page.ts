// docs/reference/annotations.md: the product's own annotations.

import { OWN_ANNOTATIONS } from "../../packages/core/src/api/index.ts";
import type { GeneratedSet } from "./files.ts";
import { pageSet } from "./markdown.ts";

export function annotationsPage(): GeneratedSet {
  return pageSet({
    path: "docs/reference/annotations.md",
    source: "packages/core/src/api/annotations.ts",
    title: "Annotations",
    introduction:
      "Settings of a single object are annotations of the group `karpenter-multicloud.sh`. Karpenter's own annotations " +
      "(`karpenter.sh/do-not-disrupt` and so on) keep their meaning and are not repeated here.",
    head: ["Annotation", "On", "Format", "Default", "Meaning"],
    rows: OWN_ANNOTATIONS.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(
      ({ key, object, format, defaultValue, meaning }) => [
        `\`${key}\``,
        object,
        `\`${format}\``,
        defaultValue,
        meaning,
      ],
    ),
  });
}
