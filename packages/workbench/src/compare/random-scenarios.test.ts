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
