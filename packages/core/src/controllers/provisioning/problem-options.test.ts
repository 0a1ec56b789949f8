// Options of the process and of the provider that a round is planned by.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, CapacityType, Label, NodeClaims, NodePools, type NodeClaim } from "../../api/index.ts";
import { defaultFeatureGates } from "../../options/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { anInstanceType, aNodePool, anOffering, aPod, pods } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";

const ID = "example.com/reservation-id";
let harness: ControllerHarness;
const metrics = new PromMetrics();
afterEach(() => harness.stop());

async function claimsAfter(options: HarnessOptions, minValues?: number): Promise<readonly NodeClaim[]> {
  harness = new ControllerHarness(options);
  harness.provider.extra = { reservationIdLabel: ID };
  const requirements =
    minValues === undefined ? [] : [{ key: Label.InstanceType, operator: "Exists", minValues } as const];
  await harness.put(NodePools, aNodePool({ requirements }));
  await harness.start(provisioningController({ ...harness.deps, metrics }));
  for (const pod of pods(2, { requests: { cpu: "3" } })) await harness.putPod(pod);
  await harness.pass(1100);
  return (await harness.kube.list(NodeClaims)).items;
}

const reservedType = (): InstanceType => {
  const reserved = anOffering({ price: 0.001, capacityType: CapacityType.Reserved, labels: { [ID]: "r-1" } });
  return anInstanceType({ offerings: [{ ...reserved, reservationCapacity: 1 }, anOffering({ price: 0.2 })] });
};
const valuesOf = (claim: NodeClaim | undefined, key: string): readonly string[] | undefined =>
  claim?.spec.requirements.find((each) => each.key === key)?.values;

describe("a round is planned by", () => {
  it("S-509: the policy for minValues, which by default passes over a pool that cannot keep them", async () => {
    expect(await claimsAfter({ types: [anInstanceType()] }, 2)).toEqual([]);
  });

  it("S-509, S-510: BestEffort, which lowers them and marks the claim", async () => {
    const claims = await claimsAfter({ types: [anInstanceType()], settings: { minValuesPolicy: "BestEffort" } }, 2);
    expect(claims.map(({ metadata }) => metadata.annotations?.[Annotation.MinValuesRelaxed])).toEqual(["true", "true"]);
    expect(claims[0]?.spec.requirements.find(({ key }) => key === Label.InstanceType)?.minValues).toBe(1);
    expect(await metrics.render()).toContain(
      'karpenter_nodeclaims_created_total{reason="provisioned",nodepool="default",min_values_relaxed="true"} 2',
    );
  });

  it("S-514, S-515: the provider's reservations: a second pod waits for one, and learns of no failure", async () => {
    const claims = await claimsAfter({ types: [reservedType()] });
    expect(claims).toHaveLength(1);
    expect(valuesOf(claims[0], Label.CapacityType)).toEqual(["reserved"]);
    expect(valuesOf(claims[0], ID)).toEqual(["r-1"]);
    expect(harness.events.texts().filter((text) => text.includes("FailedScheduling"))).toEqual([]);
  });

  it("S-512: the feature gate ReservedCapacity, without which they are left alone", async () => {
    const featureGates = { ...defaultFeatureGates(), ReservedCapacity: false };
    const claims = await claimsAfter({ types: [reservedType()], settings: { featureGates } });
    expect(claims.map((claim) => valuesOf(claim, Label.CapacityType))).toEqual([["on-demand"], ["on-demand"]]);
  });

  it("S-512: the provider's reservation label, which pods may select on", async () => {
    harness = new ControllerHarness({ types: [reservedType()] });
    harness.provider.extra = { reservationIdLabel: ID };
    await harness.put(NodePools, aNodePool());
    await harness.start(provisioningController(harness.deps));
    await harness.putPod(aPod({ nodeSelector: { [ID]: "r-1" } }));
    await harness.pass(1100);
    expect((await harness.kube.list(NodeClaims)).items).toHaveLength(1);
  });
});
