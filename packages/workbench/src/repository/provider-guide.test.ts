// The guide for provider authors shows the example as it is, and lists the checks there are.

import { CHECKS } from "@karpenter-multicloud/testkit/conformance";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

const guide = readFileSync(join(ROOT, "docs/guides/write-a-provider.md"), "utf8");

/** File → code, for blocks below a comment that names their file. */
const excerpts = [...guide.matchAll(/^<!-- (\S+) -->\n+```ts\n([^`]*(?:`(?!``)[^`]*)*)```$/gm)].map(
  ([, file = "", code = ""]) => ({ file, code: code.trimEnd() }),
);

describe("the guide for provider authors", () => {
  it("shows code of the example only as it stands in the file it names", () => {
    expect(excerpts.length).toBeGreaterThanOrEqual(6);
    const changed = excerpts.filter(({ file, code }) => !readFileSync(join(ROOT, file), "utf8").includes(code));
    expect(changed).toEqual([]);
  });

  it("lists every check with its title and what it needs of the fake cloud", () => {
    const rows = [...guide.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(([, id, title, needs]) => ({
      id,
      title,
      needs: [...(needs ?? "").matchAll(/`([^`]+)`/g)].map(([, need]) => need),
    }));
    expect(rows).toEqual(CHECKS.map(({ id, title, needs = [] }) => ({ id, title, needs: [...needs] })));
  });
});
