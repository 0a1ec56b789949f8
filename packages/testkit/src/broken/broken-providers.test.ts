import { describe, expect, it } from "vitest";
import { CHECKS } from "../conformance/index.ts";
import { BROKEN_PROVIDERS, runBroken } from "./index.ts";

describe("the kit", () => {
  it("has exactly one broken provider for every check that is a must", () => {
    const musts = CHECKS.filter(({ level }) => level === "must").map(({ id }) => id);
    expect(BROKEN_PROVIDERS.map(({ breaks }) => breaks).toSorted()).toEqual(musts.toSorted());
  });

  for (const broken of BROKEN_PROVIDERS) {
    it(`catches with ${broken.breaks} alone: ${broken.mistake}`, { timeout: 600_000 }, async () => {
      const { failed, said } = await runBroken(broken);
      expect(failed, said).toEqual([broken.breaks]);
    });
  }
});
