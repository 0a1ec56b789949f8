// Each provider has a suite of its own, under the name that is documented, and a job of its own in the workflow.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "./import-graph.ts";

interface Workflow {
  readonly jobs: {
    readonly gate: { readonly steps: readonly { readonly run?: string }[] };
    readonly provider: {
      readonly strategy: { readonly matrix: { readonly cloud: readonly string[] } };
      readonly steps: readonly { readonly run?: string }[];
    };
  };
}

const packages = readdirSync(join(ROOT, "packages"));
const clouds = packages.filter((name) => name.startsWith("provider-")).map((name) => name.replace("provider-", ""));
const workflow = parse(readFileSync(join(ROOT, ".github/workflows/ci.yaml"), "utf8")) as Workflow;

describe("suites of providers", () => {
  it.each(clouds)("`pnpm --filter provider-%s test` runs its tests and no others", (cloud) => {
    const manifests = packages.map(
      (name) =>
        JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8")) as {
          readonly name: string;
          readonly scripts: Readonly<Record<string, string>>;
        },
    );
    // pnpm takes a name without its scope when only one package has it.
    const found = manifests.filter(({ name }) => name.endsWith(`/provider-${cloud}`));
    expect(found.map(({ scripts }) => scripts["test"])).toEqual([
      `vitest run --root ../.. --project provider-${cloud}`,
    ]);
  });

  it("the workflow runs the gate, and each provider in a job of its own", () => {
    const { gate, provider } = workflow.jobs;
    expect(gate.steps.some(({ run }) => run === "bash .ci/run")).toBe(true);
    expect([...provider.strategy.matrix.cloud].toSorted()).toEqual(clouds.toSorted());
    const suite = "--filter provider-${{ matrix.cloud }} test";
    expect(provider.steps.filter(({ run }) => run?.includes(suite))).toHaveLength(1);
  });
});
