import { describe, expect, it } from "vitest";
import { Annotation, Label } from "../api/index.ts";
import type { NodeClaim } from "../api/index.ts";
import { anInstanceType, anOffering, aNodePool, aPod, aPoolInput, aProblem } from "../testing/builders/index.ts";
import type { NodePoolOptions, PodOptions, PoolInputOptions } from "../testing/builders/index.ts";
import { nodeClaimFromPlan, nodeClaimFromTemplate } from "./node-claim.ts";
import { solve } from "./solve.ts";

const STAMP = { nodePoolHash: "123", hashVersion: "ts1" };
const TYPES = [
  anInstanceType({ name: "b", cpu: "8", offerings: [anOffering({ price: 2, zone: "z1" })] }),
  anInstanceType({
    name: "a",
    offerings: [anOffering({ price: 3, zone: "z1" }), anOffering({ price: 1, zone: "z2", capacityType: "spot" })],
  }),
];

function claimFor(pool: PoolInputOptions = {}, pod: PodOptions = {}): NodeClaim {
  const input = aPoolInput({ name: "web", instanceTypes: TYPES, ...pool });
  const [planned] = solve(aProblem({ pods: [aPod(pod)], nodePools: [input] })).newClaims;
  if (planned === undefined) throw new Error("nothing was planned");
  return nodeClaimFromPlan(planned, input.nodePool, STAMP);
}

function requirement(claim: NodeClaim, key: string) {
  return claim.spec.requirements.find((each) => each.key === key);
}

describe("S-519: the NodeClaim of a plan", () => {
  it("LC-8, LC-9: is named and owned after its pool", () => {
    const { metadata } = claimFor();
    expect(metadata.generateName).toBe("web-");
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: "karpenter.sh/v1", kind: "NodePool", name: "web", uid: "nodepool-web", blockOwnerDeletion: true },
    ]);
  });

  it("LC-8: carries the template's labels and annotations, its pool and class, and a value for each open key", () => {
    const { metadata } = claimFor({
      labels: { team: "a" },
      annotations: { note: "x" },
      requirements: [{ key: "tier", operator: "Exists" }],
    });
    expect(metadata.labels).toEqual({
      team: "a",
      tier: "0",
      [Label.NodePool]: "web",
      "karpenter.test.sh/testnodeclass": "default",
    });
    expect(metadata.annotations).toMatchObject({ note: "x", [Annotation.MinValuesRelaxed]: "false" });
  });

  it("K-19, LC-8: a label under an older key stays as it is written, and is asked of the machine under the key of today", () => {
    const claim = claimFor({ labels: { "beta.kubernetes.io/arch": "amd64" } });
    expect(claim.metadata.labels).toMatchObject({ "beta.kubernetes.io/arch": "amd64" });
    expect(Object.keys(claim.metadata.labels ?? {})).not.toContain(Label.Arch);
    expect(requirement(claim, Label.Arch)?.values).toEqual(["amd64"]);
    expect(requirement(claim, "beta.kubernetes.io/arch")).toBeUndefined();
  });

  it("S-520: carries the hash it was planned with", () => {
    expect(claimFor().metadata.annotations).toMatchObject({
      [Annotation.NodePoolHash]: "123",
      [Annotation.NodePoolHashVersion]: "ts1",
    });
  });

  it("S-523: names the offering the plan counts on, and its price", () => {
    expect(claimFor().metadata.annotations?.[Annotation.LaunchHint]).toBe("a/z2/spot/1 EUR");
  });

  it("LC-10: lists instance types by price and the capacity types they can be had as", () => {
    const claim = claimFor();
    expect(requirement(claim, Label.InstanceType)).toEqual({
      key: Label.InstanceType,
      operator: "In",
      values: ["a", "b"],
    });
    expect(requirement(claim, Label.CapacityType)?.values).toEqual(["on-demand", "spot"]);
  });

  it("S-519: keeps minValues on the instance type", () => {
    const requirements = [{ key: Label.InstanceType, operator: "Exists" as const, minValues: 2 }];
    expect(requirement(claimFor({ requirements }), Label.InstanceType)?.minValues).toBe(2);
  });

  it("S-521: names a zone only when something asks for one", () => {
    expect(requirement(claimFor(), Label.Zone)).toBeUndefined();
    expect(requirement(claimFor({}, { nodeSelector: { [Label.Zone]: "z1" } }), Label.Zone)?.values).toEqual(["z1"]);
  });

  it("S-124: what only served the solve does not reach the claim", () => {
    const keys = claimFor().spec.requirements.map(({ key }) => key);
    expect(keys).toEqual(keys.toSorted());
    expect(keys).not.toContain(Label.Registered);
    expect(keys).not.toContain(Label.Initialized);
    expect(keys).not.toContain(Label.Hostname);
  });

  it("LC-10: asks for what its pods need and copies the template's taints and times", () => {
    const taints = [{ key: "t", effect: "NoSchedule" as const }];
    const startupTaints = [{ key: "s", effect: "NoSchedule" as const }];
    const pool = { taints, startupTaints, expireAfter: "24h", terminationGracePeriod: "5m" };
    const { spec } = claimFor(pool, {
      requests: { cpu: "1500m", memory: "2Gi" },
      tolerations: [{ operator: "Exists" }],
    });
    expect(spec.resources).toEqual({ requests: { cpu: "1500m", memory: "2Gi", pods: "1" } });
    expect(spec).toMatchObject({ taints, startupTaints, expireAfter: "24h", terminationGracePeriod: "5m" });
  });

  it("leaves out what the template does not say", () => {
    const { spec } = claimFor();
    expect(spec).not.toHaveProperty("taints");
    expect(spec).not.toHaveProperty("startupTaints");
    expect(spec).not.toHaveProperty("terminationGracePeriod");
  });

  it("S-127: a restricted or well-known key of the pool never becomes a label of the claim", () => {
    const requirements = [{ key: "integer", operator: "Gt" as const, values: ["0"] }];
    expect(claimFor({ requirements }).metadata.labels).not.toHaveProperty("integer");
  });
});

describe("S-522: the NodeClaim of a static pool", () => {
  const wellKnownLabels = new Set([Label.Arch, Label.Zone, Label.InstanceType, Label.CapacityType]);
  const bare = (options: NodePoolOptions = {}): NodeClaim =>
    nodeClaimFromTemplate(aNodePool({ name: "web", replicas: 1, ...options }), STAMP, { wellKnownLabels });

  it("lists no instance types, asks for nothing, and says nothing about minValues or an offering", () => {
    const claim = bare();
    expect(requirement(claim, Label.InstanceType)).toBeUndefined();
    expect(claim.spec.resources).toBeUndefined();
    expect(claim.metadata.annotations).toEqual({
      [Annotation.NodePoolHash]: "123",
      [Annotation.NodePoolHashVersion]: "ts1",
    });
  });

  it("LC-8, E-64: everything the template says reaches it", () => {
    const claim = bare({
      labels: { team: "a" },
      annotations: { note: "x" },
      taints: [{ key: "only", effect: "NoSchedule" }],
      startupTaints: [{ key: "booting", effect: "NoExecute" }],
      expireAfter: "24h",
      terminationGracePeriod: "1h",
      requirements: [
        { key: Label.InstanceType, operator: "In", values: ["b", "a"], minValues: 2 },
        { key: Label.Arch, operator: "In", values: ["amd64"] },
        { key: "tier", operator: "In", values: ["gold"] },
      ],
    });
    expect(claim.metadata).toMatchObject({
      generateName: "web-",
      annotations: { note: "x" },
      ownerReferences: [
        { apiVersion: "karpenter.sh/v1", kind: "NodePool", name: "web", uid: "nodepool-web", blockOwnerDeletion: true },
      ],
    });
    // What is well known comes from the machine.
    expect(claim.metadata.labels).toEqual({
      team: "a",
      tier: "gold",
      [Label.NodePool]: "web",
      "karpenter.test.sh/testnodeclass": "default",
    });
    expect(claim.spec).toEqual({
      nodeClassRef: { group: "karpenter.test.sh", kind: "TestNodeClass", name: "default" },
      taints: [{ key: "only", effect: "NoSchedule" }],
      startupTaints: [{ key: "booting", effect: "NoExecute" }],
      expireAfter: "24h",
      terminationGracePeriod: "1h",
      requirements: [
        { key: "karpenter.sh/nodepool", operator: "In", values: ["web"] },
        { key: "karpenter.test.sh/testnodeclass", operator: "In", values: ["default"] },
        { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
        { key: "node.kubernetes.io/instance-type", operator: "In", values: ["a", "b"], minValues: 2 },
        { key: "team", operator: "In", values: ["a"] },
        { key: "tier", operator: "In", values: ["gold"] },
      ],
    });
  });
});
