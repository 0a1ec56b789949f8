// A fleet written as Karpenter (Go) writes it, on a real API server: the controller process takes it over without touching a machine.

import {
  Annotation,
  getCondition,
  NodeClaims,
  NodePools,
  Nodes,
  type KubeObject,
  type NodeClaim,
} from "@karpenter-multicloud/core/api";
import { seconds } from "@karpenter-multicloud/core/units";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isOurStamp, KARPENTER_HASH_VERSION, stampsOf, writeAsKarpenter } from "../e2e/karpenter-handwriting.ts";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { auditOf } from "./audit-log.ts";
import { Figures } from "./figures.ts";
import { CONTROLLER_USER } from "./rendered-chart.ts";
import { COMPONENTS, Stage } from "./stage.ts";

const isThere = await prepareControlPlane("taking over a fleet of Karpenter", COMPONENTS, ["helm"]);

describe.runIf(isThere)("taking over a fleet of Karpenter", { timeout: LIMIT_MS }, () => {
  const figures = new Figures("e2e takeover");
  let stage: Stage;
  let before: readonly string[];
  let drifted: string;

  beforeAll(async () => {
    stage = await Stage.open();
  }, LIMIT_MS);

  afterAll(async () => {
    figures.print();
    await stage.close("takeover");
  }, LIMIT_MS);

  const claims = async (): Promise<readonly NodeClaim[]> => (await stage.admin.list(NodeClaims)).items;
  const marked = async (type: string): Promise<readonly (string | undefined)[]> =>
    (await claims()).filter((each) => getCondition(each, type)?.status === "True").map(({ metadata }) => metadata.name);

  /** Who there is, with what the specs of claims and pools ask for; nothing of this may change. */
  const fleet = async (): Promise<readonly string[]> => {
    const pools = (await stage.admin.list(NodePools)).items;
    const nodes = (await stage.admin.list(Nodes)).items;
    const text = ({ kind, metadata: { name, uid, deletionTimestamp = "" } }: KubeObject, spec?: unknown): string =>
      `${kind} ${name} ${uid} ${deletionTimestamp} ${JSON.stringify(spec)}`;
    const whole = [...pools, ...(await claims())].map((each) => text(each, each.spec));
    const machines = (await stage.cloud.state()).machines.map(({ id, pool }) => `machine ${id} in ${pool}`);
    return [...whole, ...nodes.map((node) => text(node)), ...machines].toSorted();
  };

  it("a fleet with two hashes, a drifted claim and one whose removal was interrupted", async () => {
    stage.controller.start();
    await stage.controller.leads();
    await stage.applyQuickStart();
    const budgets = [{ nodes: "0", reasons: ["Drifted"] }, { nodes: "100%" }];
    const body = { spec: { disruption: { budgets } } };
    await stage.admin.patch(NodePools, { name: "default" }, { type: "merge", body });
    for (const pods of [5, 12, 20]) {
      await stage.scale(pods);
      expect(await stage.clock.until(async () => (await stage.running()) === pods, { timeout: PATIENCE })).toBe(true);
    }
    const isReady = async (): Promise<boolean> => (await marked("Ready")).length === (await claims()).length;
    expect(await stage.clock.until(isReady, { timeout: PATIENCE })).toBe(true);
    expect(await stage.controller.stop()).toBe(0);
    const [first = "", second = "", third = ""] = (await claims()).map(({ metadata }) => metadata.name ?? "");
    expect(third).not.toBe("");
    drifted = first;
    await writeAsKarpenter(stage.admin, { drifted, interrupted: second, unlabelled: third, ours: [] });
    before = await fleet();
    const stamps = Object.values(await stampsOf(stage.admin));
    expect(stamps.filter((stamp) => !stamp.endsWith(`/${KARPENTER_HASH_VERSION}`))).toEqual([]);
    figures.mark("written as Karpenter at");
  });

  it("NP-4, NP-5: is re-stamped, not drifted; every node, claim and machine stays as it is", async () => {
    stage.controller.start();
    await stage.controller.leads();
    const isStamped = async (): Promise<boolean> => Object.values(await stampsOf(stage.admin)).every(isOurStamp);
    expect(await stage.clock.until(isStamped, { timeout: PATIENCE })).toBe(true);
    const isFreed = async (): Promise<boolean> => (await marked("DisruptionReason")).length === 0;
    expect(await stage.clock.until(isFreed, { timeout: PATIENCE })).toBe(true);
    await stage.clock.sleep(seconds(15));
    expect(await fleet()).toEqual(before);
    expect(await marked("Drifted")).toEqual([drifted]);
    const stamps = await stampsOf(stage.admin);
    const others = Object.keys(stamps).filter((who) => stamps[who] !== stamps["NodePool default"]);
    expect(others).toEqual([`NodeClaim ${drifted}`]);
    const relabelled = (await claims()).filter(
      ({ metadata }) => !metadata.labels?.["karpenter.ovhcloud.sh/ovhnodeclass"],
    );
    expect(relabelled).toEqual([]);
    const foreign = (await claims()).map(({ metadata }) => metadata.annotations?.[Annotation.MinValuesRelaxed]);
    expect(new Set(foreign)).toEqual(new Set(["false"]));
    expect(stage.controller.errors()).toEqual([]);
    figures.mark("taken over at");
  });

  it("leaves nothing when nobody needs it any more", async () => {
    await stage.scale(0);
    await stage.clock.until(async () => (await stage.leftovers()).length === 0, { timeout: PATIENCE });
    expect(await stage.leftovers()).toEqual([]);
    expect((await stage.cloud.invariants()).violations).toEqual([]);
    expect((await auditOf(stage.plane.auditLogPath, CONTROLLER_USER)).denied).toEqual([]);
  });
});
