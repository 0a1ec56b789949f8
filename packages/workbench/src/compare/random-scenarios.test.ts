import { isConditionTrue, Label } from "@karpenter-multicloud/core/api";
import { consolidatableAt } from "@karpenter-multicloud/core/disruption";
import { readScenario } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { canonical } from "./canonical.ts";
import { ourAnswer } from "./disrupt/judge.ts";
import { randomDisruptScenario } from "./disrupt/random-scenario.ts";
import { THEMES } from "./disrupt/themes.ts";
import { randomScheduleScenario } from "./schedule/random-scenario.ts";

const SEEDS = Array.from({ length: THEMES.length * 8 }, (_, index) => index + 1);

describe.each([
  ["disrupt", randomDisruptScenario],
  ["schedule", randomScheduleScenario],
] as const)("a random scenario to %s", (action, random) => {
  it("is the same for the same seed, and another for another", () => {
    expect(canonical(random(5))).toBe(canonical(random(5)));
    expect(canonical(random(5))).not.toBe(canonical(random(5 + THEMES.length)));
  });

  it("can be read, and every theme is met", () => {
    const read = SEEDS.map((seed) => readScenario(random(seed)));
    expect(new Set(read.map((scenario) => scenario.action))).toEqual(new Set([action]));
    const themes = SEEDS.map((seed) => (random(seed) as { readonly description: string }).description);
    expect(new Set(themes)).toEqual(new Set(THEMES));
  });
});

describe("the condition Consolidatable of random claims", () => {
  const NOW_MS = Date.parse("2026-01-01T12:00:00Z");
  /** Whether each says what the time behind it says: read with the engine, drawn without it. */
  const believable = (seeds: readonly number[]): readonly boolean[] =>
    seeds.flatMap((seed) => {
      const { nodes, nodePools } = readScenario(randomDisruptScenario(seed));
      return nodes.flatMap(({ nodeClaim }) => {
        const pool = nodePools.find(({ metadata }) => metadata.name === nodeClaim?.metadata.labels?.[Label.NodePool]);
        if (nodeClaim === undefined || pool === undefined || pool.spec.replicas !== undefined) return [];
        const at = consolidatableAt(nodeClaim, pool);
        return [isConditionTrue(nodeClaim, "Consolidatable") === (at !== undefined && at <= NOW_MS)];
      });
    });
  const isStale = (seed: number): boolean => THEMES[seed % THEMES.length] === "stale conditions";

  it("D-133, D-134: is what Karpenter's controller would have written", () => {
    const said = believable(SEEDS.filter((seed) => !isStale(seed)));
    expect(said.length).toBeGreaterThan(500);
    expect(said).not.toContain(false);
  });

  it("D-135: is behind the times in a theme of its own", () => {
    const said = believable(SEEDS.filter(isStale));
    expect(said).toContain(false);
    expect(said).toContain(true);
  });
});

describe("random scenarios to disrupt", () => {
  const answers = SEEDS.map((seed) => ourAnswer(randomDisruptScenario(seed)));

  it("are worth asking about: in most of them something happens", () => {
    expect(answers.filter(({ selected }) => selected !== "").length).toBeGreaterThan(SEEDS.length / 2);
  });

  it("reach every method, with and without a replacement", () => {
    const done = answers.flatMap(({ methods }) =>
      methods.flatMap(({ method, commands }) => commands.map(({ decision }) => `${method} ${decision}`)),
    );
    expect([...new Set(done)].toSorted()).toEqual(
      expect.arrayContaining(["drift delete", "drift replace", "emptiness delete", "multi delete", "multi replace"]),
    );
    expect([...new Set(done)]).toEqual(
      expect.arrayContaining(["single delete", "single replace", "staticDrift replace"]),
    );
  });
});
