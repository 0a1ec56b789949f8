// Whatever goes wrong between controllers, API server and cloud: in the end there is exactly what is wanted, and on the way no machine was lost,
// none bought twice and no Node taken from under its pods.

import "reflect-metadata";
import { describe, expect, it } from "vitest";
import { drawChaos, runInChaos } from "./chaos-run.ts";

const SEEDS = 120;
const FIRST = 1;

describe(`a cluster in which everything goes wrong, seeds ${FIRST} to ${FIRST + SEEDS - 1}`, () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    it(`RT-30, RT-48: comes to rest with seed ${seed}`, async () => {
      const { problems } = await runInChaos(seed, drawChaos(seed));
      expect(problems).toEqual([]);
    });
  }
});
