import { describe, expect, it } from "vitest";
import { Annotation, Label, UNREGISTERED_TAINT, type Node, type NodeClaim, type Taint } from "../api/index.ts";
import { aNode, aNodeClaim } from "../testing/builders/index.ts";
import { buildStateNode } from "./build-state-node.ts";

const DEDICATED: Taint = { key: "dedicated", value: "gpu", effect: "NoSchedule" };
const CNI: Taint = { key: "example.com/cni", effect: "NoExecute" };
const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

function join(node?: Node, nodeClaim?: NodeClaim) {
  return buildStateNode({ ...(node ? { node } : {}), ...(nodeClaim ? { nodeClaim } : {}), pods: [], marked: false });
}

/** A claim the cloud has not answered for yet. */
function ordered(over: Partial<NodeClaim["spec"]> = {}, annotations?: Readonly<Record<string, string>>): NodeClaim {
  const { status: _, ...claim } = aNodeClaim({ spec: over, ...(annotations ? { annotations } : {}) });
  return claim;
}

function joining(labels: Readonly<Record<string, string>>, taints: readonly Taint[] = []): Node {
  return aNode({ nodePool: "", labels, taints });
}

describe("what a claim made by hand is planned with", () => {
  it("K-19, A-14: Karpenter's older keys, and the provider's older keys and values, are read as those of today", () => {
    const claim = ordered({
      requirements: [
        { key: "beta.kubernetes.io/arch", operator: "In", values: ["arm64"] },
        { key: "cloud.example.com/flavor", operator: "In", values: ["M4"] },
        { key: Label.Zone, operator: "In", values: ["z1", "z2"] },
        { key: Label.Zone, operator: "NotIn", values: ["z2"] },
      ],
    });
    const keys = { "cloud.example.com/flavor": Label.InstanceType };
    const normalization = { keys, values: { [Label.InstanceType]: { M4: "m.4" } } };
    const { labels } = buildStateNode({ nodeClaim: claim, pods: [], marked: false, normalization });
    expect(labels).toMatchObject({ [Label.Arch]: "arm64", [Label.InstanceType]: "m.4", [Label.Zone]: "z1" });
    expect(Object.keys(labels)).not.toContain("cloud.example.com/flavor");
  });
});

describe("which side a state node is read from", () => {
  it("S-216: a node that is not registered carries the labels and annotations of its claim", () => {
    const claim = aNodeClaim({ labels: { team: "a" }, annotations: { note: "claim" } });
    const state = join(joining({ team: "b" }), claim);
    expect(state.labels).toMatchObject({ team: "a", [Label.NodePool]: "default" });
    expect(state.annotations).toEqual({ note: "claim" });
    expect(state).toMatchObject({ managed: true, registered: false, initialized: false });
  });

  it("CS-6, S-216: a registered node speaks for itself", () => {
    const state = join(aNode({ labels: { team: "b" } }), aNodeClaim({ labels: { team: "a" } }));
    expect(state.labels["team"]).toBe("b");
    expect(state).toMatchObject({ registered: true, initialized: true, nodePool: "default" });
  });

  it("S-216: a node without claim counts as registered and initialized whatever its labels say", () => {
    expect(join(joining({}))).toMatchObject({ managed: false, registered: true, initialized: true });
  });

  it("CS-6, S-217: the claim's taints count until registration, those of the Node after it", () => {
    const claim = aNodeClaim({ spec: { taints: [DEDICATED] } });
    expect(join(joining({}, [UNREGISTERED_TAINT]), claim).taints).toEqual([DEDICATED]);
    const registered = joining({ [Label.Registered]: "true" }, [CNI]);
    expect(join(registered, claim).taints).toEqual([CNI]);
  });

  it("S-217: until initialization startup and ephemeral taints are overlooked, after it none is", () => {
    const claim = aNodeClaim({ spec: { startupTaints: [CNI] } });
    const starting = joining({ [Label.Registered]: "true" }, [DEDICATED, CNI, NOT_READY]);
    expect(join(starting, claim).taints).toEqual([DEDICATED]);
    const running = aNode({ taints: [DEDICATED, CNI, NOT_READY] });
    expect(join(running, claim).taints).toEqual([DEDICATED, CNI, NOT_READY]);
  });

  it("S-218: what a starting Node reports as zero or not at all is filled from the claim", () => {
    const claim = aNodeClaim();
    const { status } = claim;
    const estimated = { ...claim, status: { ...status, allocatable: { cpu: "3", "example.com/gpu": "2" } } };
    const node = joining({ [Label.Registered]: "true" });
    const reporting = { ...node, status: { ...node.status, allocatable: { cpu: "4", "example.com/gpu": "0" } } };
    expect(join(reporting, estimated).allocatable).toEqual({ cpu: 4000, "example.com/gpu": 2 });
  });

  it("S-218: an initialized Node is believed even when it reports nothing", () => {
    const node = aNode();
    const silent = { ...node, status: { ...node.status, allocatable: { cpu: "4", "example.com/gpu": "0" } } };
    const claim = aNodeClaim();
    const estimated = { ...claim, status: { ...claim.status, allocatable: { "example.com/gpu": "2" } } };
    expect(join(silent, estimated).allocatable).toEqual({ cpu: 4000, "example.com/gpu": 0 });
  });

  it("S-218: capacity always counts one node", () => {
    expect(join(aNode()).capacity["nodes"]).toBe(1);
    expect(join(undefined, ordered()).capacity["nodes"]).toBe(1);
  });

  it("a resource whose amount cannot be counted is left out; the rest of the node still counts", () => {
    const node = aNode();
    const huge = { ...node, status: { ...node.status, allocatable: { cpu: "4", "example.com/dust": "1E" } } };
    expect(join(huge).allocatable).toEqual({ cpu: 4000 });
    expect(
      join(undefined, ordered({ resources: { requests: { cpu: "1", "example.com/dust": "1E" } } })).allocatable,
    ).toEqual({
      cpu: 1000,
    });
  });
});

describe("a claim that is not launched yet", () => {
  it("CS-3: holds exactly what was planned for it", () => {
    const state = join(undefined, ordered({ resources: { requests: { cpu: "1500m", memory: "1Gi", pods: "3" } } }));
    expect(state.allocatable).toEqual({ cpu: 1500, memory: 1024 ** 3, pods: 3 });
    expect(state).toMatchObject({ providerID: "", initialized: false, name: "n1" });
  });

  it("CS-3: carries what its requirements settle, and the offering the plan counted on", () => {
    const claim = ordered(
      {
        requirements: [
          { key: Label.Arch, operator: "In", values: ["arm64"] },
          { key: Label.InstanceType, operator: "In", values: ["m.4", "m.8"] },
          { key: "team", operator: "Exists" },
        ],
      },
      { [Annotation.LaunchHint]: "m.8/zone-b/spot" },
    );
    expect(join(undefined, claim).labels).toMatchObject({
      [Label.Arch]: "arm64",
      [Label.InstanceType]: "m.8",
      [Label.Zone]: "zone-b",
      [Label.CapacityType]: "spot",
      [Label.NodePool]: "default",
    });
    expect(join(undefined, claim).labels["team"]).toBeUndefined();
  });

  it("CS-3: a single-valued requirement wins over the hint", () => {
    const requirements = [{ key: Label.Zone, operator: "In", values: ["zone-a"] }] as const;
    const claim = ordered({ requirements }, { [Annotation.LaunchHint]: "m.8/zone-b/spot" });
    expect(join(undefined, claim).labels[Label.Zone]).toBe("zone-a");
  });
});

describe("D-9: marked for deletion", () => {
  const GONE = "2026-01-01T00:00:00Z";

  it("CS-7: by the process, by the claim's deletion, by InstanceTerminating", () => {
    const claim = aNodeClaim();
    expect(buildStateNode({ node: aNode(), nodeClaim: claim, pods: [], marked: true }).markedForDeletion).toBe(true);
    expect(join(aNode(), aNodeClaim({ deletionTimestamp: GONE })).markedForDeletion).toBe(true);
    const terminating = aNodeClaim({ conditions: ["Launched", "Registered", "InstanceTerminating"] });
    expect(join(aNode(), terminating).markedForDeletion).toBe(true);
    expect(join(aNode(), claim).markedForDeletion).toBe(false);
  });

  it("CS-7: a Node's own deletion counts only without a claim", () => {
    expect(join(aNode({ deletionTimestamp: GONE })).markedForDeletion).toBe(true);
    expect(join(aNode({ deletionTimestamp: GONE }), aNodeClaim()).markedForDeletion).toBe(false);
  });
});
