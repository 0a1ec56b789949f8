// The reference pages name every code there is, and no other.

import { NODE_VERDICTS, POD_REASONS } from "@karpenter-multicloud/core/reasons";
import { PROVIDER_ERROR_CODES } from "@karpenter-multicloud/core/provider";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

/** The codes in the first column of the page's tables. */
function codesIn(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, "docs/reference", page), "utf8");
  return [...text.matchAll(/^\| \[?`([^`]+)`/gm)].map((match) => match[1] ?? "");
}

describe("reference pages", () => {
  it("errors.md has every error code of providers", () => {
    expect(codesIn("errors.md").toSorted()).toEqual([...PROVIDER_ERROR_CODES].toSorted());
  });

  it("reasons.md has every node verdict", () => {
    expect(codesIn("reasons.md").toSorted()).toEqual([...NODE_VERDICTS].toSorted());
  });

  it("reasons/README.md has every pod reason, and a page of its name stands beside it", () => {
    expect(codesIn("reasons/README.md")).toEqual([...POD_REASONS]);
    const pages = readdirSync(join(ROOT, "docs/reference/reasons")).filter((name) => name !== "README.md");
    expect(pages.toSorted()).toEqual(POD_REASONS.map((reason) => `${reason}.md`).toSorted());
  });
});
