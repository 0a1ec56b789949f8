// Processes die without a word while pods come and go: the controller five times, the API server once, etcd once. What is left must be right all the same.

import { minutes, seconds } from "@karpenter-multicloud/core/units";
import { seededRandom } from "@karpenter-multicloud/simulator";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS } from "../real-cluster/patience.ts";
import { auditOf, type Outage } from "./audit-log.ts";
import { Figures } from "./figures.ts";
import { CONTROLLER_USER } from "./rendered-chart.ts";
import { COMPONENTS, Stage } from "./stage.ts";

/** As many as fill five machines of the first one's kind: growing its pool is all there is to do. */
const PODS = 35;
/** What may have been asked for right before a crash is given up to two minutes to show (O-28, O-50). */
const LIMIT = minutes(6);
const SEED = Number(process.env["KMC_SEED"] ?? "1");
const isThere = await prepareControlPlane("crashes on a real control plane", COMPONENTS, ["helm"]);

describe.runIf(isThere)("crashes on a real control plane", { timeout: LIMIT_MS }, () => {
  const figures = new Figures(`e2e crashes (seed ${SEED})`);
  const random = seededRandom(SEED);
  const outages: Outage[] = [];
  let stage: Stage;
  let kills = 0;

  beforeAll(async () => {
    stage = await Stage.open();
  }, LIMIT_MS);

  afterAll(async () => {
    figures.note("kills of the controller", kills);
    figures.note("its lives", stage.controller.lives);
    figures.note("endings", stage.controller.endings.join("/"));
    figures.print();
    await stage.close("crashes");
  }, LIMIT_MS);

  /** SIGKILL at a moment up to this many seconds after it began to lead. */
  const killWithin = async (most: number): Promise<void> => {
    await stage.controller.leads();
    const after = 0.2 + random() * (most - 0.2);
    await stage.clock.sleep(seconds(after));
    await stage.controller.kill();
    kills++;
    figures.mark(`kill ${kills} (${after.toFixed(1)} s into its rule) at`);
  };

  it("gives all pods their machines although the controller is killed twice and the API server once", async () => {
    stage.controller.start();
    await stage.controller.leads();
    await stage.applyQuickStart();
    await stage.scale(5);
    expect(await stage.clock.until(async () => (await stage.running()) === 5, { timeout: LIMIT })).toBe(true);
    figures.mark("5 pods run at");
    await stage.scale(PODS);
    await killWithin(4);
    await killWithin(5);
    await stage.controller.leads();
    const from = stage.clock.now();
    await stage.plane.kill("kube-apiserver");
    await stage.plane.restart("kube-apiserver");
    outages.push({ from, to: stage.clock.now() });
    figures.mark("API server back at");
    expect(await stage.clock.until(async () => (await stage.running()) === PODS, { timeout: LIMIT })).toBe(true);
    figures.mark(`${PODS} pods run at`);
  });

  it("gives every machine back although the controller is killed three times and etcd once", async () => {
    await stage.scale(0);
    await killWithin(25);
    await killWithin(25);
    await stage.controller.leads();
    await stage.plane.kill("etcd");
    await stage.plane.restart("etcd");
    figures.mark("etcd back at");
    await killWithin(6);
    await stage.clock.until(async () => (await stage.leftovers()).length === 0, { timeout: LIMIT });
    expect(await stage.leftovers()).toEqual([]);
    figures.mark("0 nodes and 0 pools at");
    figures.note("machines ever", (await stage.cloud.state()).cost.machines);
    expect((await stage.cloud.invariants()).violations).toEqual([]);
    expect(kills).toBe(5);
  });

  it("TC-74: leaves no finalizer and no lease behind, and with the chart's rights it was refused nothing", async () => {
    expect(await stage.removeQuickStart()).toEqual([]);
    expect(await stage.controller.stop()).toBe(0);
    expect(await stage.leaseHolder()).toBe("");
    const { denied } = await auditOf(stage.plane.auditLogPath, CONTROLLER_USER, outages);
    expect(denied).toEqual([]);
  });
});
