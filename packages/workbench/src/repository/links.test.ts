// Links between the pages of the repository lead somewhere, and every page is reached from another one.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

const PASSED_OVER = /(^|\/)(node_modules|dist|test-data|\.\w[^/]*)(\/|$)/;
/** Not linked: where reading begins, and what stands beside the programs that it describes. */
const BEGINNINGS = new Set(["README.md", "tools/controlplane/README.md"]);

function pages(folder = ""): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (PASSED_OVER.test(path)) return [];
    if (entry.isDirectory()) return pages(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8").replaceAll(/^```[^]*?^```$/gm, "");

/** As the sites that show Markdown make them of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

const ALL = pages();
const anchors = new Map(
  ALL.map((page) => [
    page,
    new Set([...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => anchorOf(title))),
  ]),
);
const links = ALL.flatMap((page) =>
  [...textOf(page).matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].map(([, path = "", anchor]) => ({
    page,
    target: path === "" ? page : relative(ROOT, resolve(ROOT, dirname(page), path)),
    anchor,
  })),
);

describe("links between pages", () => {
  it("lead to files that exist", () => {
    expect(links.length).toBeGreaterThan(200);
    expect(links.filter(({ target }) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it("lead to headings that exist", () => {
    const lost = links.filter(({ target, anchor }) => anchor && anchors.get(target)?.has(anchor) === false);
    expect(lost).toEqual([]);
  });

  it("reach every page", () => {
    const reached = new Set(links.flatMap(({ target }) => [target, join(target, "README.md")]));
    expect(ALL.filter((page) => !reached.has(page) && !BEGINNINGS.has(page))).toEqual([]);
  });
});
