// The page about events has every reason that core and the providers publish, and none that nobody does.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

const PACKAGES = ["core", "provider-ovh", "provider-scaleway", "provider-cloudstack"] as const;
/** The ways in which a reason is said where the event is made. */
const SAID: readonly RegExp[] = [
  /publish\(\{[^}]*?reason: "(\w+)"/g,
  /(?:warnClaim|#tell|#gone|events\.warn|events\.tell)\([^;]*?"([A-Z][a-z]+[A-Z]\w+)"/g,
  /publishOn\([^;]*?reason: "(\w+)"/g,
  /type: "(?:Normal|Warning)",\s+reason: "(\w+)"/g,
  /remarks(?:\.push\(|: )[^;]*?reason: "(\w+)"/g,
];

const page = readFileSync(join(ROOT, "docs/reference/events.md"), "utf8");
const sources = PACKAGES.flatMap((name) => {
  const folder = join(ROOT, "packages", name, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/(^|\/)test(ing)?[-/]|\.test\.ts$/.test(file))
    .map((file) => readFileSync(join(folder, file), "utf8"));
});

describe("the page about events", () => {
  it("has every reason that is published", () => {
    const said = new Set(
      sources.flatMap((text) => SAID.flatMap((way) => [...text.matchAll(way)].map(([, code]) => code))),
    );
    expect(said.size).toBeGreaterThan(40);
    expect([...said].filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  it("has no reason that nobody publishes", () => {
    const quoted = new Set(sources.flatMap((text) => [...text.matchAll(/["'`](\w+)["'`]/g)].map(([, code]) => code)));
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const shown = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, code]) => code));
    expect(shown.length).toBeGreaterThan(60);
    expect(shown.filter((code) => !quoted.has(code))).toEqual([]);
  });
});
