// S-522, LC-10: claims of static NodePools bring no list of flavors and no requests.

import {
  Label,
  NodeClaims,
  TERMINATION_FINALIZER,
  type NodeClaim,
  type NodePool,
  type RequirementSpec,
} from "@karpenter-multicloud/core/api";
import { nodeClaimFromTemplate } from "@karpenter-multicloud/core/scheduling";
import { compareRates } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";

import { OVH_NODE_CLASS_KIND } from "../api/ovh-node-class.ts";
import { Bench } from "../test-bench.ts";

let bench: Bench;
afterEach(() => bench.close());

const isIn = (key: string, ...values: readonly string[]): RequirementSpec => ({ key, operator: "In", values });

function staticPool(requirements: readonly RequirementSpec[]): NodePool {
  const nodeClassRef = { ...OVH_NODE_CLASS_KIND, name: "default" };
  return {
    metadata: { name: "static", uid: "pool-uid" },
    spec: { replicas: 1, template: { spec: { nodeClassRef, requirements } } },
  };
}

const launch = (name: string): Promise<readonly NodeClaim[]> => bench.launchAll([name]);

/** As core's static.provisioning makes it. */
async function bareClaim(...requirements: readonly RequirementSpec[]): Promise<string> {
  bench = await Bench.start();
  const pool = staticPool(requirements);
  const stamp = { nodePoolHash: "1", hashVersion: "ts1" };
  const claim = nodeClaimFromTemplate(pool, stamp, { wellKnownLabels: new Set([Label.Zone, Label.InstanceType]) });
  const { generateName: _, ...metadata } = claim.metadata;
  await bench.kube.create(NodeClaims, {
    ...claim,
    metadata: { ...metadata, name: "static-1", finalizers: [TERMINATION_FINALIZER] },
  });
  return "static-1";
}

describe("launching a claim without a list of flavors", () => {
  it("LC-10: takes the cheapest flavor on offer when the NodePool asks for nothing", async () => {
    const [launched] = await launch(await bareClaim());
    expect(launched?.metadata.labels?.[Label.InstanceType]).toBe("d2-4");
    expect(launched?.status?.providerID).toBe(bench.fake.state().machines[0]?.providerID);
    expect(launched?.status?.capacity).toMatchObject({ cpu: "2" });
    const { items } = await bench.provider.getInstanceTypes(staticPool([]), { signal: bench.signal });
    const offerings = items.flatMap((type) => type.offerings.map((offering) => ({ name: type.name, ...offering })));
    const onOffer = offerings.filter(({ availability }) => availability.available);
    const cheapest = onOffer.toSorted((a, b) => compareRates(a.price, b.price))[0];
    expect(cheapest?.name).toBe("d2-4");
  });

  it("LC-10: takes the cheapest one that the NodePool's requirements allow", async () => {
    const requirements = [
      isIn("karpenter.ovhcloud.sh/instance-category", "b", "c"),
      isIn(Label.Zone, "eu-west-par-b"),
      { key: "karpenter.ovhcloud.sh/instance-cpu", operator: "Gte", values: ["4"] },
    ] as const;
    const [launched] = await launch(await bareClaim(...requirements));
    expect(launched?.metadata.labels).toMatchObject({
      [Label.InstanceType]: "c3-8",
      [Label.Zone]: "eu-west-par-b",
      [Label.NodePool]: "static",
    });
  });

  it("LC-18: says what is missing when no flavor meets them", async () => {
    const refused = launch(await bareClaim(isIn(Label.InstanceType, "b3-9000")));
    await expect(refused).rejects.toThrow("nodeclaim static-1: no flavor in EU-WEST-PAR satisfies");
  });
});
