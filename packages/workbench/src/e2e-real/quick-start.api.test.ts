// The quick start on a real control plane: the controller and the cloud are processes of their own, pods are bound by kube-scheduler.

import { Events, Nodes, Secrets, type KubeEvent } from "@karpenter-multicloud/core/api";
import { prepareControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS, PATIENCE } from "../real-cluster/patience.ts";
import { auditOf } from "./audit-log.ts";
import { Figures } from "./figures.ts";
import { playRealDemo, type DemoEnd } from "./real-demo.ts";
import { CONTROLLER_USER } from "./rendered-chart.ts";
import { COMPONENTS, Stage } from "./stage.ts";

const isThere = await prepareControlPlane("the quick start on a real control plane", COMPONENTS, ["helm"]);

describe.runIf(isThere)("the quick start on a real control plane", { timeout: LIMIT_MS }, () => {
  const figures = new Figures("e2e quick start");
  let stage: Stage;
  // On a control plane of its own, at the same time: both spend their time waiting.
  let demo: Promise<DemoEnd>;

  beforeAll(async () => {
    demo = playRealDemo();
    stage = await Stage.open();
    figures.mark("stage ready after");
  }, LIMIT_MS);

  afterAll(async () => {
    figures.print();
    await stage.close("quick-start");
  }, LIMIT_MS);

  it("gives 30 pods their machines, and kube-scheduler binds them", async () => {
    stage.controller.start();
    await stage.controller.leads();
    figures.mark("leading after");
    await stage.applyQuickStart();
    await stage.scale(30);
    expect(await stage.clock.until(async () => (await stage.running()) === 30, { timeout: PATIENCE })).toBe(true);
    figures.mark("30 pods run after");
    const { items: events } = await stage.admin.list<KubeEvent>(Events, { namespace: "default" });
    const bound = new Set(
      events
        .filter(
          ({ reason, reportingComponent }) => reason === "Scheduled" && reportingComponent === "default-scheduler",
        )
        .map(({ involvedObject }) => involvedObject.name),
    );
    // Of the pods that are there, not of all that ever were: on a slow machine consolidation moves one before the last runs.
    const pods = (await stage.pods()).filter(({ metadata }) => !metadata.deletionTimestamp);
    figures.note("pods bound in all", bound.size);
    expect(pods).toHaveLength(30);
    expect(pods.filter(({ metadata }) => !bound.has(metadata.name ?? ""))).toEqual([]);
    figures.note("nodes", (await stage.admin.list(Nodes)).items.length);
  });

  it("gives every machine back when the pods are gone", async () => {
    await stage.scale(0);
    await stage.clock.until(async () => (await stage.leftovers()).length === 0, { timeout: PATIENCE });
    expect(await stage.leftovers()).toEqual([]);
    figures.mark("0 nodes and 0 pools after");
    expect((await stage.cloud.invariants()).violations).toEqual([]);
  });

  it("lets NodePool and NodeClass go, and its lease", async () => {
    expect(await stage.removeQuickStart()).toEqual([]);
    expect(stage.controller.errors()).toEqual([]);
    expect(await stage.controller.stop()).toBe(0);
    expect(await stage.leaseHolder()).toBe("");
    expect(stage.controller.lives).toBe(1);
  });

  it("was refused nothing under the chart's rights", async () => {
    const { requests, denied } = await auditOf(stage.plane.auditLogPath, CONTROLLER_USER);
    figures.note("requests of the controller", requests);
    expect(requests).toBeGreaterThan(100);
    expect(denied).toEqual([]);
    // That the log would tell.
    const client = stage.client(await stage.plane.kubeconfig(CONTROLLER_USER));
    await expect(client.list(Secrets)).rejects.toMatchObject({ code: 403 });
    const { denied: now } = await auditOf(stage.plane.auditLogPath, CONTROLLER_USER);
    expect(now).toEqual(["list /api/v1/secrets"]);
  });

  it("is what `demo --real` shows, which leaves nothing either", async () => {
    const { code, seconds: took, complaints, totals } = await demo;
    figures.note("demo --real took", `${took.toFixed(1)} s`);
    expect({ code, complaints }).toEqual({ code: 0, complaints: [] });
    expect(totals).toMatchObject({ podsBound: 30, nodesEnd: 0, poolsEnd: 0 });
  });
});
