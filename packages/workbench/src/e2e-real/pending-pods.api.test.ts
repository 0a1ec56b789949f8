// What docs/concepts/why-is-my-pod-pending.md quotes is what `kubectl describe pod` prints.

import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { Figures } from "./figures.ts";
import { kubectl } from "./kubectl.ts";
import { karpenterLines, readPendingPodsPage } from "./pending-pods-page.ts";
import { COMPONENTS, Stage } from "./stage.ts";

/** Of the whole message. */
const LONGEST = 250;
const isThere = await prepareControlPlane("kubectl describe pod shows why", COMPONENTS, ["helm", "kubectl"]);
const { nodePool, pods } = await readPendingPodsPage();

describe.runIf(isThere)("kubectl describe pod shows why", { timeout: LIMIT_MS }, () => {
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
    // What a pod is told depends on the NodePool as it is now, not as the quick start made it.
    if (!(await stage.clock.until(() => stage.isPoolReady("default"), { timeout: PATIENCE })))
      throw new Error("the NodePool is not ready in time");
    figures.mark("ready after");
  }, LIMIT_MS);

  afterAll(async () => {
    figures.mark("done after");
    figures.print();
    await stage.close("pending-pods");
  }, LIMIT_MS);

  it("the page tells of seven causes", () => {
    expect(pods.map(({ name }) => name)).toHaveLength(7);
  });

  it.each(pods)("$title", async ({ name, manifests, lines }) => {
    await run(["apply", "-f", "-"], manifests);
    let seen: readonly string[] = [];
    const isTold = async (): Promise<boolean> => {
      seen = await linesOf(name);
      return seen.length >= lines.length;
    };
    await stage.clock.until(isTold, { timeout: PATIENCE });
    expect(seen).toEqual(lines);
    for (const line of seen) {
      expect(line.replace("FailedScheduling: ", "").length).toBeLessThanOrEqual(LONGEST);
    }
  });
});
