// What users, dashboards and other controllers look for by name: a key that changes here breaks them.

import { describe, expect, it } from "vitest";
import { Annotation } from "./annotations.ts";
import { HASH_VERSION } from "./hash.ts";
import { CapacityType, Label, nodeClassLabel, WELL_KNOWN_LABELS } from "./labels.ts";
import { DISRUPTED_TAINT, TERMINATION_FINALIZER, UNREGISTERED_TAINT } from "./taints.ts";

describe("keys that others know", () => {
  it("K-1 to K-5: labels of Nodes and NodeClaims", () => {
    const { NodePool, CapacityType: capacityType, Registered, Initialized, DoNotSyncTaints } = Label;
    expect([NodePool, capacityType, Registered, Initialized, DoNotSyncTaints]).toEqual([
      "karpenter.sh/nodepool",
      "karpenter.sh/capacity-type",
      "karpenter.sh/registered",
      "karpenter.sh/initialized",
      "karpenter.sh/do-not-sync-taints",
    ]);
    expect(Object.values(CapacityType)).toEqual(["on-demand", "spot", "reserved"]);
  });

  it("K-6: the label of the NodeClass", () => {
    expect(nodeClassLabel({ group: "karpenter.ovhcloud.sh", kind: "OVHNodeClass" })).toBe(
      "karpenter.ovhcloud.sh/ovhnodeclass",
    );
  });

  it("K-7, K-8: what may be asked for although nothing defines it", () => {
    expect(WELL_KNOWN_LABELS).toEqual([
      "karpenter.sh/nodepool",
      "karpenter.sh/capacity-type",
      "topology.kubernetes.io/zone",
      "topology.kubernetes.io/region",
      "node.kubernetes.io/instance-type",
      "kubernetes.io/arch",
      "kubernetes.io/os",
      "node.kubernetes.io/windows-build",
    ]);
  });

  it("K-9 to K-13, K-15, K-16: annotations", () => {
    expect(Annotation).toMatchObject({
      DoNotDisrupt: "karpenter.sh/do-not-disrupt",
      NodePoolHash: "karpenter.sh/nodepool-hash",
      NodePoolHashVersion: "karpenter.sh/nodepool-hash-version",
      TerminationTimestamp: "karpenter.sh/nodeclaim-termination-timestamp",
      MinValuesRelaxed: "karpenter.sh/nodeclaim-min-values-relaxed",
      PriceOverlayApplied: "karpenter.sh/price-overlay-applied",
      CapacityOverlayApplied: "karpenter.sh/capacity-overlay-applied",
      CapacityBufferFakePod: "karpenter.sh/capacity-buffer-fake-pod",
      CapacityBufferName: "karpenter.sh/capacity-buffer-name",
      CapacityBufferNamespace: "karpenter.sh/capacity-buffer-namespace",
    });
  });

  it("K-11, NP-5: the hash version is not Karpenter's own", () => {
    expect(HASH_VERSION).not.toMatch(/^v\d+$/);
  });

  it("K-17, K-18: taints without a value, and the finalizer", () => {
    expect(UNREGISTERED_TAINT).toEqual({ key: "karpenter.sh/unregistered", effect: "NoExecute" });
    expect(DISRUPTED_TAINT).toEqual({ key: "karpenter.sh/disrupted", effect: "NoSchedule" });
    expect(TERMINATION_FINALIZER).toBe("karpenter.sh/termination");
  });
});
