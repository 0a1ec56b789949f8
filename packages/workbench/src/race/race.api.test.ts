// The race in short: twenty nodes are taken away on a real control plane while pods bind at random moments.

import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { describe, expect, it } from "vitest";
import { Figures } from "../e2e-real/figures.ts";
import { COMPONENTS } from "../e2e-real/stage.ts";
import { LIMIT_MS } from "../real-cluster/patience.ts";
import { parseRaceOptions } from "./options.ts";
import { runRace } from "./run-race.ts";

const isThere = await prepareControlPlane("the race", COMPONENTS, ["helm"]);
const SEED = process.env["KMC_SEED"] ?? "1";

describe.runIf(isThere)("the race", () => {
  it(
    "DX-23, DX-39, DX-40: takes no place from a pod without another, evicts no protected pod, leaves no mark and no machine",
    { timeout: 2 * LIMIT_MS },
    async () => {
      const figures = new Figures(`race (seed ${SEED})`);
      const options = parseRaceOptions(["--disruptions", "20", "--nodes", "9", "--seed", SEED]);
      const { violations, disruptions, methods, loop, ...rest } = await runRace(options, (text) =>
        figures.note(text, ""),
      );
      for (const [name, value] of Object.entries({ ...disruptions, ...methods, ...rest })) figures.note(name, value);
      figures.note("gaps of the event loop over 50 ms", `${loop.over50ms} (longest at most ${loop.atMostMs ?? 0} ms)`);
      figures.print();
      expect(violations).toEqual([]);
      expect(Object.values(disruptions).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(20);
    },
  );
});
