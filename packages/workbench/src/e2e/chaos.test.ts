// Whatever goes wrong between controllers, API server and cloud: in the end there is exactly what is wanted, and on the way no machine was lost,
// none bought twice and no Node taken from under its pods.

import "reflect-metadata";
import { describe, expect, it } from "vitest";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import { drawChaos, OVH, runInChaos, SIMULATED } from "./chaos-run.ts";

const FIRST = 1;
const PATIENCE = 600_000;
/** Seeds per cloud; a life on OVHcloud goes over real HTTPS and takes ten times as long. */
const PLACES = [
  { name: "simulated", place: SIMULATED, seeds: 100 },
  { name: "ovh", place: OVH, seeds: 4 },
] as const;

for (const { name, place, seeds } of PLACES) {
  describe(`a cluster on ${name} in which everything goes wrong, seeds ${FIRST} to ${FIRST + seeds - 1}`, () => {
    for (let seed = FIRST; seed < FIRST + seeds; seed++) {
      it(`RT-30, RT-48: comes to rest with seed ${seed}`, { timeout: PATIENCE }, async () => {
        const { problems } = await runInChaos(seed, drawChaos(seed), place);
        expect(problems).toEqual([]);
      });
    }
  });
}

describe("this suite", () => {
  it("goes the same way for the same seed", { timeout: PATIENCE }, async () => {
    const [one, other] = [await runInChaos(3, drawChaos(3)), await runInChaos(3, drawChaos(3))];
    const story = ({ virtualSeconds, claimsEver, faults }: typeof one) => [virtualSeconds, claimsEver, [...faults]];
    expect(story(other)).toEqual(story(one));
  });

  it(
    "notices a cloud that does not remember for which NodeClaim a machine was bought",
    { timeout: PATIENCE },
    async () => {
      const cloud = { lostAnswerRate: 0.6 };
      const forgetful = simulatedCloud((each) => {
        each.inject(cloud);
        each.ofClaim = () => undefined;
      });
      const chaos = { ...drawChaos(1), cloud };
      const { problems } = await runInChaos(1, chaos, { ...SIMULATED, open: () => forgetful });
      expect(problems.join("\n")).toContain("two machines for the NodeClaim");
    },
  );
});
