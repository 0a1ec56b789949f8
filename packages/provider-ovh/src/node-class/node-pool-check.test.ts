import { Label, NodePools } from "@karpenter-multicloud/core/api";
import type { RequirementSpec } from "@karpenter-multicloud/core/api";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";

import { OVH_NODE_CLASS_KIND } from "../api/ovh-node-class.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;
const started = async (options: BenchOptions = {}): Promise<Bench> => (bench = await Bench.start(options));
afterEach(() => bench.close());

const isIn = (key: string, ...values: readonly string[]): RequirementSpec => ({ key, operator: "In", values });
const put = async (...requirements: readonly RequirementSpec[]): Promise<void> => {
  await bench.kube.create(NodePools, {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: "mine" },
    spec: {
      template: {
        spec: { nodeClassRef: { ...OVH_NODE_CLASS_KIND, name: "default" }, requirements, expireAfter: "720h" },
      },
    },
  });
  await bench.pass(3_000);
};
/** Each note once, as the recorder would write it. */
const told = (): readonly string[] => [
  ...new Set(
    bench.events.notes.flatMap(({ object, type, reason, message }) =>
      object.kind === "NodePool" ? [`${type} ${reason}: ${message}`] : [],
    ),
  ),
];

describe("a NodePool that asks for what OVHcloud does not have", () => {
  it("T-06, T-07, S-20: gra7-a is read as nova, gra7-b and gra7-c are explained", async () => {
    await started({ fake: { region: "GRA7" } });
    await put(isIn(Label.Zone, "gra7-a", "gra7-b", "gra7-c"), isIn(Label.InstanceType, "b3-8"));
    expect(told()).toEqual([
      "Normal ZoneAliasUsed: zone gra7-a is read as nova, the zone label that nodes in GRA7 carry; pods have to use nova",
      "Warning ZoneNotInRegion: GRA7 has one zone, nova: there will be no machine in gra7-b, gra7-c",
    ]);
    expect(bench.provider.settings().normalizedPoolValues).toEqual({ [Label.Zone]: { "gra7-a": "nova" } });
  });

  it("T-07: with gra7-b alone there is no offering at all", async () => {
    await started({ fake: { region: "GRA7" } });
    await put(isIn(Label.Zone, "gra7-b"));
    expect(told().at(-1)).toMatch(/^Warning NoOffering: no zone of GRA7 \(nova\) is allowed by .*gra7-b/);
  });

  it("T-69, S-09: spot machines do not exist, and what to allow instead is said", async () => {
    await started();
    await put(isIn(Label.CapacityType, "spot"));
    expect(told()).toEqual([
      "Warning NoOffering: OVHcloud has no spot machines; allow karpenter.sh/capacity-type on-demand",
    ]);
  });

  it("T-18: monthly billing names the families that have it", async () => {
    await started({ spec: { monthlyBilled: true } });
    await put(isIn(Label.InstanceType, "b3-8", "b3-16"));
    expect(told().at(-1)).toMatch(/^Warning NoOffering: .*monthly billing exists for b2, c2, r2, d2 only/);
  });

  it("S-24: flavors that are not sold here are named", async () => {
    await started();
    await put(isIn(Label.InstanceType, "m5.large"));
    expect(told().at(-1)).toMatch(/^Warning NoOffering: no flavor in EU-WEST-PAR satisfies .*m5\.large/);
  });

  it("is not told of when everything is there or only sold out", async () => {
    await started();
    bench.unavailable.mark({ instanceType: "b3-8" }, "OutOfStock", minutes(30));
    await put(isIn(Label.Zone, "eu-west-par-a"), isIn(Label.InstanceType, "b3-8"));
    await bench.pass(minutes(25));
    expect(told()).toEqual([]);
    expect(bench.provider.settings().normalizedPoolValues).toEqual({});
  });
});
