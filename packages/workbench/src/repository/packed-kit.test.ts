// What authors of providers install is complete: no packed file needs one that is left out, and the example needs only what is exported.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import * as kit from "@karpenter-multicloud/testkit/conformance";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

const PACKED = ["core", "testkit", "controller", "provider-ovh", "provider-scaleway", "provider-cloudstack"] as const;
/** As `files` of each package.json says. */
const LEFT_OUT = /\.test\.ts$|(^|\/)test-[^/]*$/;

interface Manifest {
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly types?: string; readonly default?: string }>>;
}

const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8")) as Manifest;

function importsIn(text: string): readonly string[] {
  return [...text.matchAll(/^(?:import|export)\b[^"';]*?from "([^"]+)"|^import "([^"]+)"|import\("([^"]+)"\)/gm)].map(
    ([, a, b, c]) => a ?? b ?? c ?? "",
  );
}

describe.each(PACKED)("the packed %s", (name) => {
  const source = join(ROOT, "packages", name, "src");
  const kept = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !LEFT_OUT.test(file),
  );

  it("leaves out tests, maps and what the compiler remembers", () => {
    expect(manifestOf(name).files).toEqual([
      "dist",
      "!dist/**/*.test.*",
      "!dist/**/test-*",
      "!dist/**/*.map",
      "!dist/.tsbuildinfo",
    ]);
  });

  it("imports no file of its own that is left out", () => {
    const needed = kept.flatMap((file) =>
      importsIn(readFileSync(join(source, file), "utf8"))
        .filter((target) => target.startsWith("."))
        .map((target) => [file, relative(source, join(source, dirname(file), target))] as const),
    );
    expect(needed.length).toBeGreaterThan(10);
    expect(needed.filter(([, target]) => LEFT_OUT.test(target) || !existsSync(join(source, target)))).toEqual([]);
  });
});

describe("the example, copied to a folder of its author's", () => {
  const folder = join(ROOT, "packages/testkit/src/example");
  const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  const targets = new Set(files.flatMap(importsIn));

  it("imports from other packages only what they export", () => {
    const core = manifestOf("core").exports;
    const foreign = [...targets].filter((target) => !/^(\.|node:|vitest$)/.test(target));
    const unknown = foreign.filter((target) => {
      const entry = core[target.replace("@karpenter-multicloud/core", ".")];
      return typeof entry !== "object" || entry.types === undefined || entry.default === undefined;
    });
    expect(foreign.length).toBeGreaterThan(5);
    expect(unknown).toEqual([]);
  });

  it("imports from the kit only what ./conformance exports, as the guide says", () => {
    const outside = [...targets].filter((target) => target.startsWith(".."));
    expect(outside.toSorted()).toEqual(["../conformance/index.ts", "../stage/index.ts"]);
    expect(typeof kit.conformance).toBe("function");
    const index = readFileSync(join(ROOT, "packages/testkit/src/conformance/index.ts"), "utf8");
    expect(index).toContain('export * from "../stage/index.ts";');
  });
});
