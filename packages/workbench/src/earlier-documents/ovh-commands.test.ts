// Every command of the Go OVHcloud provider's documents works here, or the page of differences says what to type instead.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../repository/import-graph.ts";
import { OVH_COMMANDS } from "./ovh-commands.ts";

const differences = readFileSync(join(ROOT, "docs/concepts/differences.md"), "utf8");
const FOLDERS = [ROOT, join(ROOT, "examples/ovh")];

/** Paths inside the repository that a command names. */
function pathsIn(command: string): readonly string[] {
  return command.split(/\s+/).filter((word) => /^\.{0,2}\/|^charts\/|^\d\d-[a-z-]+\.(yaml|sh)$/.test(word));
}

const exists = (path: string): boolean => FOLDERS.some((folder) => existsSync(join(folder, path)));

describe("commands of the Go OVHcloud provider's documents", () => {
  it.each(OVH_COMMANDS.filter(({ here }) => here !== undefined))("the page tells: $typed", ({ typed, here = "" }) => {
    expect(differences).toContain(`\`${typed}`);
    expect(differences).toContain(`\`${here}`);
  });

  it("every path that is typed here exists", () => {
    const missing = OVH_COMMANDS.flatMap(({ typed, here }) => pathsIn(here ?? typed)).filter((path) => !exists(path));
    expect(missing).toEqual([]);
  });

  it("S-30, S-42: the demonstration's scripts can be executed, and read by bash", () => {
    for (const name of ["00-verify-prereqs.sh", "99-cleanup.sh"]) {
      const file = join(ROOT, "examples/ovh", name);
      expect([name, statSync(file).mode & 0o111]).not.toEqual([name, 0]);
      expect(readFileSync(file, "utf8")).toMatch(/^#!\/usr\/bin\/env bash\n/);
    }
  });
});
