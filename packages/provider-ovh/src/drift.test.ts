import { afterEach, describe, expect, it } from "vitest";

import { Label, NodeClaims } from "@karpenter-multicloud/core/api";
import { minutes } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "./api/labels.ts";
import { OVHNodeClasses } from "./api/ovh-node-class.ts";
import type { OVHNodeClassSpec } from "./api/ovh-node-class.ts";
import { Bench } from "./test-bench.ts";
import type { BenchOptions } from "./test-bench.ts";

const ZONE_A = "eu-west-par-a";
const POOL_A = "karpenter-b3-8-eu-west-par-a";

let bench: Bench;
const registered = async (options: BenchOptions = {}, flavors: readonly string[] = ["b3-8"]): Promise<void> => {
  bench = await Bench.start(options);
  await bench.machines(1, { zones: [ZONE_A], flavors });
  await bench.pass(minutes(6));
  await bench.say("claim-1", "Registered");
  await bench.pass(minutes(6));
};
afterEach(() => bench.close());

const drift = async (): Promise<string> =>
  bench.during(bench.provider.isDrifted(await bench.claim("claim-1"), { signal: bench.signal }));
const edit = async (spec: Partial<OVHNodeClassSpec>): Promise<void> => {
  await bench.kube.patch(OVHNodeClasses, { name: "default" }, { type: "merge", body: { spec } });
  await bench.pass(15_000);
};

describe("drift", () => {
  it("O-65: a machine that is as its class wants it has not drifted", async () => {
    await registered();
    expect(await drift()).toBe("");
  });

  it("T-50: another version is drift only where the class says so", async () => {
    await registered();
    bench.fake.outside.upgradeCluster("1.35.0-1");
    await bench.pass(15_000);
    expect(await drift()).toBe("");
    await edit({ driftOnVersion: true });
    expect(await drift()).toBe("VersionDrift");
  });

  it("T-51: from monthly to hourly is drift, and the next machine is in an hourly pool", async () => {
    await registered({ spec: { monthlyBilled: true } }, ["b2-7"]);
    await edit({ monthlyBilled: false });
    expect(await drift()).toBe("NodeClassDrift");
    const unstamped = { [OvhAnnotation.NodeClassHash]: null };
    const body = { metadata: { annotations: unstamped } };
    await bench.kube.patch(NodeClaims, { name: "claim-1" }, { type: "merge", body });
    await bench.pass(15_000);
    expect(await drift()).toBe("BillingDrift");
    await bench.machines(1, { zones: [ZONE_A], flavors: ["b2-7"] }, "next");
    expect(bench.bodies("POST").map((post) => (post as { readonly monthlyBilled: boolean }).monthlyBilled)).toEqual([
      true,
      false,
    ]);
  });

  it("O-65: an edited template is drift only where the class says so; new machines go elsewhere anyway", async () => {
    await registered();
    const { template } = bench.pool(POOL_A) as { readonly template: never };
    const edited = JSON.parse(JSON.stringify(template)) as { metadata: { labels: Record<string, string> } };
    edited.metadata.labels["added-by"] = "hand";
    bench.fake.outside.editPool(POOL_A, { template: edited as never });
    await bench.pass(15_000);
    expect(await drift()).toBe("");
    await edit({ driftOnTemplateEdit: true });
    expect(await drift()).toBe("PoolTemplateDrift");
  });

  it("O-65: flavor and zone are compared with the machine and its pool", async () => {
    await registered();
    const label = (key: string, value: string): Promise<unknown> =>
      bench.kube.patch(
        NodeClaims,
        { name: "claim-1" },
        { type: "merge", body: { metadata: { labels: { [key]: value } } } },
      );
    await label(Label.Zone, "eu-west-par-b");
    await bench.pass(1_000);
    expect(await drift()).toBe("ZoneDrift");
    await label(Label.InstanceType, "b3-16");
    await bench.pass(1_000);
    expect(await drift()).toBe("FlavorDrift");
  });

  it("O-65: an error of the API is an error, and a hash of another version is no drift", async () => {
    await registered();
    const annotations = { [OvhAnnotation.NodeClassHash]: "other", [OvhAnnotation.NodeClassHashVersion]: "v0" };
    await bench.kube.patch(NodeClaims, { name: "claim-1" }, { type: "merge", body: { metadata: { annotations } } });
    await bench.pass(15_000);
    expect(await drift()).toBe("");
    await bench.pass(15_000);
    bench.fake.faults([{ match: { operation: "listPools" }, fault: "status", status: 500 }]);
    await expect(drift()).rejects.toThrow(/500/);
  });
});
