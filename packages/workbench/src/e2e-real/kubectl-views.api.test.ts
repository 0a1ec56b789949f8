// What docs/guides/kubectl.md quotes is what kubectl prints about NodePools and NodeClaims (UX-1, UX-2, A-5, A-13, TC-22).

import { Label, NodeClaims, type NodeClaim } from "@karpenter-multicloud/core/api";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { Figures } from "./figures.ts";
import { compare, readKubectlPage } from "./kubectl-page.ts";
import { kubectl } from "./kubectl.ts";
import { COMPONENTS, Stage } from "./stage.ts";

const isThere = await prepareControlPlane("kubectl shows NodePools and NodeClaims", COMPONENTS, ["helm", "kubectl"]);
const shown = await readKubectlPage();
/** The section before which the cloud runs out of the flavor that it asks for. */
const SOLD_OUT = "A cloud that has nothing";

const NODE_CLASS = { group: "karpenter.ovhcloud.sh", kind: "OVHNodeClass", name: "default" };

describe.runIf(isThere)("kubectl shows NodePools and NodeClaims", { timeout: LIMIT_MS }, () => {
  const figures = new Figures("e2e kubectl views");
  let stage: Stage;

  const run = (args: readonly string[], input?: string): Promise<string> =>
    kubectl(stage.plane.kubeconfigPath, args, input);

  /** The page's names of NodeClaims are those of another day. */
  const withRealNames = async (command: string): Promise<readonly string[]> => {
    const { items } = await stage.admin.list<NodeClaim>(NodeClaims);
    return command.split(" ").map((word) => {
      const pool = /^(.+)-[a-z0-9]{5}$/.exec(word)?.[1];
      return items.find(({ metadata }) => metadata.labels?.[Label.NodePool] === pool)?.metadata.name ?? word;
    });
  };

  const print = async (command: string): Promise<string> =>
    await run(await withRealNames(command)).catch((error: Error) => error.message.replace(/^kubectl .*?: /, ""));

  beforeAll(async () => {
    stage = await Stage.open();
    stage.controller.start();
    await stage.controller.leads();
    await stage.applyQuickStart();
    // NodePools of the page are made when their class is ready: one that waits for it first tells other transitions.
    await stage.clock.until(() => stage.isPoolReady("default"), { timeout: PATIENCE });
    await run(["delete", "nodepool", "default"]);
    figures.mark("ready after");
  }, LIMIT_MS);

  afterAll(async () => {
    figures.mark("done after");
    figures.print();
    await stage.close("kubectl-views");
  }, LIMIT_MS);

  it("the page shows the columns, the conditions and the events", () => {
    const commands = shown.map(({ command }) => command);
    expect(commands).toEqual(
      expect.arrayContaining([
        "get nodepools -o wide",
        "get nodeclaims -o wide",
        "get nodeoverlays -o wide",
        "get karpenter",
      ]),
    );
    expect(commands.filter((command) => command.startsWith("describe")).length).toBeGreaterThanOrEqual(4);
  });

  it.each(shown)("$section: kubectl $command", async ({ section, manifests, command, printed }) => {
    if (manifests !== "") {
      if (section === SOLD_OUT) await stage.cloud.arm([{ match: { flavor: "b3-32" }, fault: "outOfStock" }]);
      await run(["apply", "-f", "-"], manifests);
    }
    const looks = /^(?:get|describe) /.test(command);
    let result = compare(await print(command), printed);
    const agrees = (): boolean => result.seen === result.told;
    await stage.clock.until(
      async () => {
        if (looks && !agrees()) result = compare(await print(command), printed);
        return !looks || agrees();
      },
      { timeout: PATIENCE },
    );
    expect(result.seen).toBe(result.told);
  });

  it("A-3a: kubectl refuses a field that nobody defined, and names it", async () => {
    const pool = {
      apiVersion: "karpenter.sh/v1",
      kind: "NodePool",
      metadata: { name: "mistyped" },
      spec: { template: { spec: { nodeClassRef: NODE_CLASS, requirements: [], startupTaint: [] } } },
    };
    const applied = run(["apply", "-f", "-"], JSON.stringify(pool));
    await expect(applied).rejects.toThrow('unknown field "spec.template.spec.startupTaint"');
  });
});
