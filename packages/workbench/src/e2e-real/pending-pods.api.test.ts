// What docs/concepts/why-is-my-pod-pending.md quotes is what `kubectl describe pod` prints.

import { seconds } from "@karpenter-multicloud/core/units";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Figures } from "./figures.ts";
import { kubectl } from "./kubectl.ts";
import { karpenterLines, readPendingPodsPage } from "./pending-pods-page.ts";
import { COMPONENTS, Stage } from "./stage.ts";

/** Of the whole message. */
const LONGEST = 250;
const isThere = await prepareControlPlane("kubectl describe pod shows why", COMPONENTS, ["helm", "kubectl"]);
const { nodePool, pods } = await readPendingPodsPage();

describe.runIf(isThere)("kubectl describe pod shows why", () => {
  const figures = new Figures("e2e pending pods");
  let stage: Stage;

  const run = (args: readonly string[], input?: string): Promise<string> =>
    kubectl(stage.plane.kubeconfigPath, args, input);

  const linesOf = async (pod: string): Promise<readonly string[]> =>
    karpenterLines(await run(["describe", "pod", pod]));

  beforeAll(async () => {
    stage = await Stage.open();
    stage.controller.start();
    await stage.controller.leads();
    await stage.applyQuickStart();
    await run(["apply", "-f", "-"], nodePool);
    figures.mark("ready after");
  }, 120_000);

  afterAll(async () => {
    figures.mark("done after");
    figures.print();
    await stage.close("pending-pods");
  }, 60_000);

  it("the page tells of seven causes", () => {
    expect(pods.map(({ name }) => name)).toHaveLength(7);
  });

  it.each(pods)(
    "$title",
    async ({ name, manifests, lines }) => {
      await run(["apply", "-f", "-"], manifests);
      await stage.clock.until(async () => (await linesOf(name)).length > 0, { timeout: seconds(20) });
      const seen = await linesOf(name);
      expect(seen).toEqual(lines);
      for (const line of seen) {
        expect(line.replace("FailedScheduling: ", "").length).toBeLessThanOrEqual(LONGEST);
      }
    },
    30_000,
  );
});
