// Forty nodes that stay for ten reasons: docs/guides/why-is-my-node-still-here.md quotes what the list of verdicts and `kubectl describe` say of each.

import { Label, Nodes, NodeClaims, isConditionTrue } from "@karpenter-multicloud/core/api";
import { seconds } from "@karpenter-multicloud/core/units";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { Figures } from "./figures.ts";
import { kubectl } from "./kubectl.ts";
import { readObstaclesPage, toldLines, verdictLines } from "./obstacles-page.ts";
import { COMPONENTS, Stage } from "./stage.ts";

interface Judgement {
  readonly nodePool?: string;
  readonly verdict: string;
}

const PER_POOL = 4;
const CODES: Readonly<Record<string, string>> = {
  cheap: "NotCheaper",
  "protected-node": "NodeProtected",
  "protected-pod": "PodProtected",
  guarded: "PdbBlocked",
  twice: "PdbMultiple",
  never: "ConsolidationDisabled",
  "when-empty": "PolicyWhenEmpty",
  starting: "NotInitialized",
  budget: "Budget",
  waiting: "WaitConsolidateAfter",
};
const isThere = await prepareControlPlane("forty nodes that stay", COMPONENTS, ["helm", "kubectl"]);
const { verdicts, obstacles } = await readObstaclesPage();

describe.runIf(isThere)("forty nodes that stay", { timeout: LIMIT_MS }, () => {
  const figures = new Figures("e2e obstacles");
  let stage: Stage;

  const run = (args: readonly string[], input?: string): Promise<string> =>
    kubectl(stage.plane.kubeconfigPath, args, input);

  async function page(query = ""): Promise<string> {
    const serving = stage.controller.log.findLast((line) => line.includes('"metricsPort"')) ?? "{}";
    const { metricsPort } = JSON.parse(serving) as { readonly metricsPort?: number };
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/debug/verdicts${query}`);
    return await answer.text();
  }

  /** Per node "pool code". */
  async function codes(): Promise<readonly string[]> {
    const judged = JSON.parse(await page("?format=json")) as readonly Judgement[];
    return judged.map(({ nodePool, verdict }) => `${nodePool} ${verdict}`).toSorted();
  }

  beforeAll(async () => {
    stage = await Stage.open({ timeScale: 20, speed: "fast" });
    stage.controller.start();
    await stage.controller.leads();
    await stage.applyNodeClass();
  }, LIMIT_MS);

  afterAll(async () => {
    figures.print();
    await stage.close("obstacles");
  }, LIMIT_MS);

  it("the page tells of ten obstacles", () => {
    expect(obstacles.map(({ pool }) => pool).toSorted()).toEqual(Object.keys(CODES).toSorted());
  });

  it("DX-1, DX-2: every node has the verdict that names its obstacle, and stays", async () => {
    for (const { manifests } of obstacles) await run(["apply", "-f", "-"], manifests);
    const wanted = Object.entries(CODES)
      .flatMap(([pool, code]) => Array.from({ length: PER_POOL }, () => `${pool} ${code}`))
      .toSorted();
    let seen: readonly string[] = [];
    const isSo = async (): Promise<boolean> => {
      seen = await codes();
      return JSON.stringify(seen) === JSON.stringify(wanted);
    };
    // A node that was about to go when its pods or its PodDisruptionBudget came is left alone for five minutes first.
    await stage.clock.until(isSo, { timeout: seconds(400) });
    expect(seen).toEqual(wanted);
    figures.mark("forty verdicts");
    expect(verdictLines(await page())).toEqual(verdicts);
    const claims = (await stage.admin.list(NodeClaims)).items;
    expect(claims.filter((claim) => isConditionTrue(claim, "DisruptionReason"))).toEqual([]);
    expect((await stage.admin.list(Nodes)).items).toHaveLength(PER_POOL * Object.keys(CODES).length);
  });

  it.each(obstacles.filter(({ command }) => command !== undefined))("$title", async ({ pool, command = "", lines }) => {
    const nodes = (await stage.admin.list(Nodes, { labelSelector: `${Label.NodePool}=${pool}` })).items;
    const args = command.replace(/karpenter-\S+-node-\S+/, nodes[0]?.metadata.name ?? "").split(" ");
    let seen: readonly string[] = [];
    const isTold = async (): Promise<boolean> => {
      seen = toldLines(await run(args));
      return lines.every((line) => seen.includes(line));
    };
    await stage.clock.until(isTold, { timeout: PATIENCE });
    expect(seen).toEqual(expect.arrayContaining([...lines]));
    expect(lines.length).toBeGreaterThan(0);
  });
});
