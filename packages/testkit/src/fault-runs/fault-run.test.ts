import { MachineNotFound } from "@karpenter-multicloud/core/provider";
import { describe, expect, it } from "vitest";
import { BROKEN_PROVIDERS, brokenSubject } from "../broken/index.ts";
import { tinySubject } from "../example/index.ts";
import type { Subject } from "../stage/index.ts";
import { faultRun } from "./fault-run.ts";

function subjectWithout(promise: string): Subject {
  const broken = BROKEN_PROVIDERS.find(({ breaks }) => breaks === promise);
  if (broken === undefined) throw new Error(`nothing breaks ${promise}`);
  return brokenSubject(broken);
}

async function problemsIn(subject: Subject, seeds: readonly number[]): Promise<string> {
  const found: string[] = [];
  for (const seed of seeds) found.push(...(await faultRun(subject, seed)).problems);
  return found.join("\n");
}

describe("a fault run", { timeout: 600_000 }, () => {
  it.each([1, 2, 3, 4, 5])("seed %i leaves a correct provider in order", async (seed) => {
    const run = await faultRun(tinySubject, seed);
    expect(run.problems).toEqual([]);
    expect(run.claims).toBeGreaterThan(5);
    expect(run.served).toBeGreaterThan(0);
  });

  it("is the same for the same seed", async () => {
    const [first, second] = [await faultRun(tinySubject, 2), await faultRun(tinySubject, 2)];
    expect(first.deaths.length).toBeGreaterThan(0);
    expect({ ...second, milliseconds: 0, deaths: [], requests: 0 }).toEqual({
      ...first,
      milliseconds: 0,
      deaths: [],
      requests: 0,
    });
  });

  it("notices a provider that removes the newest machine instead of the right one", async () => {
    expect(await problemsIn(subjectWithout("delete-right-one"), [1, 2])).toMatch(/goes although NodeClaim .* stays/);
  });

  it("notices a provider that calls a machine gone before it asked for its removal", async () => {
    const hasty = brokenSubject({
      breaks: "delete-ends",
      mistake: "what has no answer yet is gone",
      provider: () => ({ delete: () => Promise.reject(new MachineNotFound("the machine was not looked for")) }),
    });
    expect(await problemsIn(hasty, [1])).toMatch(/has ended and its machine .* runs on/);
  });
});
