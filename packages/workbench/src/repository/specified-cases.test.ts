// Every case that describes how the API, the lifecycle and the process behave has a test that carries its number.

import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

const CASES = [...Array.from({ length: 75 }, (_, index) => `TC-${index + 1}`), "TC-18a", "TC-18b"];
/** Where tests and the tables that tests walk through are; this file speaks of cases that it does not show. */
const OF_TESTS = /(\.test|schema-cases|schema-facts)\.ts$/;

/** Of Scaleway: numbers that other areas use too, so that only its own tests count. */
const SCALEWAY_CASES = Array.from({ length: 75 }, (_, index) => `T-${String(index + 1).padStart(2, "0")}`);
const OF_SCALEWAY =
  /packages\/(provider-scaleway\/|workbench\/src\/e2e\/scaleway-demo|cli\/src\/commands\/convert-provisioner)/;

/** What stands in quotes or back-ticks: titles, not comments. */
function titles(number: RegExp, place: RegExp): string {
  const packages = join(ROOT, "packages");
  const files = readdirSync(packages).flatMap((name) =>
    readdirSync(join(packages, name, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => OF_TESTS.test(file) && !file.endsWith("specified-cases.test.ts"))
      .map((file) => join(packages, name, "src", file)),
  );
  return files
    .filter((file) => place.test(file.split(sep).join("/")))
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => number.test(line))
    .join("\n");
}

describe("specified cases", () => {
  it("each has a test", () => {
    const all = titles(/["'`].*TC-\d/, /./);
    expect(CASES.filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
  });

  it("each of Scaleway's has a test", () => {
    const all = titles(/["'`].*\bT-\d/, OF_SCALEWAY);
    expect(SCALEWAY_CASES.filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
  });
});
