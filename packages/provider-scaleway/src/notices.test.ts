import { Label, Nodes, NodeClaims, NodePools, Pods, Secrets } from "@karpenter-multicloud/core/api";
import type { Pod } from "@karpenter-multicloud/core/api";
import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { Stage } from "@karpenter-multicloud/testkit/conformance";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";

import { LEGACY_INSTANCE_TYPE } from "./api/labels.ts";
import { Bench } from "./test-bench.ts";
import { scalewaySubject } from "./test-subject.ts";

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function started(...options: Parameters<typeof Bench.start>): Promise<Bench> {
  bench = await Bench.start(...options);
  return bench;
}

const podAsking = (written: string): Pod =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "gpu-test", namespace: "default" },
    spec: { nodeSelector: { [LEGACY_INSTANCE_TYPE]: written }, containers: [{ name: "cuda", image: "nvidia/cuda" }] },
    status: { phase: "Pending" },
  }) as unknown as Pod;

async function eventsFor(written: string, zones: readonly string[] = ["fr-par-1"]): Promise<readonly string[]> {
  const own = await started({ spec: { zones } });
  await own.kube.create(Pods, podAsking(written));
  await own.pass(10_000);
  return own.events.notes
    .filter(({ resource }) => resource === Pods)
    .map(({ reason, message }) => `${reason}: ${message}`);
}

describe("what a waiting pod is told of its instance type", () => {
  it.each(["L40s", "l40s", "L40S"])("T-03: %s is L40S-1-48G, which fr-par-1 does not offer", async (written) => {
    expect(await eventsFor(written)).toEqual([
      "InstanceTypeNotOffered: instance type L40S-1-48G is not offered: no offering in fr-par-1",
    ]);
  });

  it("T-03: where fr-par-2 is in the class there is nothing to tell", async () => {
    expect(await eventsFor("L40s", ["fr-par-1", "fr-par-2"])).toEqual([]);
  });

  it("T-04: 3070 is GPU-3070-S, which is offered nowhere any more", async () => {
    expect(await eventsFor("3070", ["fr-par-1", "fr-par-2"])).toEqual([
      "InstanceTypeNotOffered: instance type GPU-3070-S is not offered: no offering in fr-par-1, fr-par-2",
    ]);
  });

  it("T-06: GPU-L4-S, which never was a type, is taken for L4-1-24G and said to be", async () => {
    expect(await eventsFor("GPU-L4-S")).toEqual([
      "AliasMismatch: GPU-L4-S is no type that Scaleway sells: L4-1-24G is taken for it",
    ]);
  });

  it("W-21: a pod that writes another name than the node carries is told why it does not land there", async () => {
    const own = await started();
    const labels = { [Label.InstanceType]: "L4-1-24G", [LEGACY_INSTANCE_TYPE]: "l4" };
    await own.kube.create(Nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "n1", labels }, spec: {} });
    await own.kube.create(Pods, podAsking("L4"));
    await own.pass(10_000);
    expect(own.events.notes).toContainEqual(
      expect.objectContaining({
        reason: "AliasMismatch",
        message: expect.stringContaining("carries karpenter.sh/instance-type=l4, and this pod writes L4"),
      }),
    );
  });
});

it("T-70: a GPU machine that has registered without its GPUs is told of after five minutes", async () => {
  const own = await started();
  await own.launch("gpu", { types: ["L4-1-24G"], requests: { "nvidia.com/gpu": "1" } });
  const lastTransitionTime = new Date(own.clock.now()).toISOString();
  const condition = {
    type: "Registered",
    status: "True",
    reason: "Registered",
    message: "",
    lastTransitionTime,
  } as const;
  await own.kube.patchStatus(
    NodeClaims,
    { name: "gpu" },
    { type: "merge", body: { status: { nodeName: "gpu", conditions: [condition] } } },
  );
  await own.pass(minutes(4));
  expect(own.events.notes.map(({ reason }) => reason)).not.toContain("GPUNotRegistered");
  await own.pass(minutes(2));
  expect(own.events.notes).toContainEqual(
    expect.objectContaining({ reason: "GPUNotRegistered", message: expect.stringContaining("device plugin") }),
  );
});

describe("W-52: a type that Scaleway will stop", () => {
  it.each([
    ["true", "EndOfServiceDrift"],
    ["false", ""],
  ])("with SCW_END_OF_SERVICE_DRIFT=%s answers %j", async (flag, reason) => {
    const env = { SCW_END_OF_SERVICE_DRIFT: flag, SCW_CATALOG_TTL: "1m" };
    const own = await started({ env, spec: { instanceTypeSelector: { allowEndOfService: true } } });
    const claim = await own.launch("a");
    const zone = claim.metadata.labels?.[Label.Zone] ?? "";
    own.fake.outside.setEndOfService("PRO2-XXS", zone, true);
    await own.pass(minutes(3));
    expect(await own.during(own.provider.isDrifted(await own.claim("a"), { signal: own.signal }))).toBe(reason);
  });
});

it("T-62: a server whose NodeClaim has vanished is kept for three minutes and gone with its volume and address after six", async () => {
  const stage = await Stage.open(scalewaySubject, { running: "all" });
  try {
    const claim = await stage.claim();
    await stage.until(() => stage.machines().length === 1, minutes(2));
    const name = claim.metadata.name ?? "";
    await stage.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
    await stage.kube.delete(NodeClaims, { name });
    expect((await stage.kube.list(NodePools)).items).toHaveLength(1);
    await stage.pass(minutes(3));
    expect(stage.machines()).toHaveLength(1);
    await stage.until(() => stage.cloud.machines().length === 0, minutes(6));
    expect(stage.cloud.machines()).toEqual([]);
    await stage.until(() => stage.cloud.leftovers?.().length === 0, minutes(20));
    expect(stage.cloud.machines()).toEqual([]);
    expect(stage.cloud.leftovers?.()).toEqual([]);
  } finally {
    await stage.close();
  }
});

it("Appendix B: join tokens that are collected are counted, by what they were worth no more for", async () => {
  const metrics = new PromMetrics();
  const own = await started({ metrics });
  const secrets = async (): Promise<number> =>
    (await own.kube.list(Secrets, { namespace: "kube-system" })).items.length;
  for (const name of ["served", "orphan", "expired"]) await own.launch(name);
  expect(await secrets()).toBe(3);
  const lastTransitionTime = new Date(own.clock.now()).toISOString();
  const conditions = [{ type: "Registered", status: "True", reason: "Registered", message: "", lastTransitionTime }];
  await own.kube.patchStatus(NodeClaims, { name: "served" }, { type: "merge", body: { status: { conditions } } });
  await own.kube.patch(NodeClaims, { name: "orphan" }, { type: "merge", body: { metadata: { finalizers: null } } });
  await own.kube.delete(NodeClaims, { name: "orphan" });
  await own.pass(minutes(32));
  expect(await secrets()).toBe(0);
  const text = await metrics.render();
  for (const reason of ["served", "orphan", "expired"])
    expect(text).toContain(`karpenter_scaleway_gc_deleted_total{kind="secret",reason="${reason}"} 1`);
});

it("Appendix B: calls, launch phases, the age of the lists and what was collected are measured", async () => {
  const metrics = new PromMetrics();
  const own = await started({ metrics });
  await own.launch("a");
  const volume = own.fake.outside.addBlockVolume(
    "fr-par-1",
    ["karpenter-managed=true", "karpenter-cluster=prod"],
    false,
  );
  await own.collect();
  await own.pass(minutes(11));
  await own.collect();
  expect(own.fake.state().blockVolumes.map(({ id }) => id)).not.toContain(volume.id);
  const text = await metrics.render();
  expect(text).toContain(
    'karpenter_scaleway_api_requests_total{method="POST",endpoint="/instance/v1/zones/{zone}/servers",code="201",zone="fr-par-1"} 1',
  );
  expect(text).toContain('karpenter_scaleway_launch_phase_duration_seconds_count{phase="running"} 1');
  expect(text).toContain('karpenter_scaleway_catalog_last_refresh_timestamp_seconds{zone="fr-par-2"}');
  expect(text).toContain('karpenter_scaleway_gc_deleted_total{kind="volume",reason="unused"} 1');
});
