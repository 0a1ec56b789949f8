// The page about upstream's scenarios has all of them, and the tests it names are there and speak of them.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

const SCENARIOS = 244;
const FOLDER = join(ROOT, "docs/reference");

interface Row {
  readonly name: string;
  readonly what: string;
  readonly state: string;
  readonly where: string;
}

function rows(): readonly Row[] {
  const text = readFileSync(join(FOLDER, "upstream-parity.md"), "utf8");
  return text
    .split("\n")
    .filter((line) => line.startsWith("| E-"))
    .map((line) => {
      const [, name = "", what = "", state = "", where = ""] = line.split("|").map((cell) => cell.trim());
      return { name, what, state, where };
    });
}

describe("upstream-parity.md", () => {
  it("has every scenario once, in order, with words of its own", () => {
    expect(rows().map(({ name }) => name)).toEqual(Array.from({ length: SCENARIOS }, (_, index) => `E-${index + 1}`));
    expect(rows().filter(({ what, where }) => what === "" || where === "")).toEqual([]);
  });

  it("knows three states, and says why where a scenario is not shown", () => {
    expect(new Set(rows().map(({ state }) => state))).toEqual(new Set(["done", "later", "not applicable"]));
    const without = rows()
      .filter(({ state, where }) => state !== "done" && where.includes("]("))
      .map(({ name }) => name);
    expect(without).toEqual([]);
  });

  it("names tests that exist and carry the number", () => {
    const shown = rows().filter(({ state }) => state === "done");
    const wrong = shown.flatMap(({ name, where }) => {
      const files = [...where.matchAll(/\]\(([^)]+)\)/g)].map((match) => join(FOLDER, match[1] ?? ""));
      if (files.length === 0) return [`${name} names no test`];
      return files.filter((file) => !speaksOf(file, name)).map((file) => `${name} is not in ${file}`);
    });
    expect(wrong).toEqual([]);
  });
});

function speaksOf(file: string, name: string): boolean {
  return existsSync(file) && new RegExp(`\\b${name}\\b`).test(readFileSync(file, "utf8"));
}
