import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { convertProvisioners } from "./convert-provisioner.ts";
import { lint } from "./lint.ts";

const OLD = `apiVersion: karpenter.sh/v1alpha5
kind: Provisioner
metadata:
  name: scaleway-gpu
spec:
  requirements:
    - key: karpenter.sh/capacity-type
      operator: In
      values: ["scaleway-gpu"]
  limits:
    resources:
      cpu: 1000
      memory: 1000Gi
  provider: {}
  ttlSecondsAfterEmpty: 30
`;

describe("kmc convert-provisioner", () => {
  it("T-10: the older GPU controller's Provisioner becomes a NodePool of today, with the taint its pods tolerate", () => {
    const text = convertProvisioners(OLD);
    expect(parse(text)).toEqual({
      apiVersion: "karpenter.sh/v1",
      kind: "NodePool",
      metadata: { name: "scaleway-gpu" },
      spec: {
        template: {
          spec: {
            nodeClassRef: { group: "karpenter.scaleway.com", kind: "ScalewayNodeClass", name: "scaleway-gpu" },
            requirements: [{ key: "karpenter.sh/capacity-type", operator: "In", values: ["scaleway-gpu"] }],
            taints: [{ key: "karpenter.sh/capacity-type", value: "scaleway-gpu", effect: "NoSchedule" }],
          },
        },
        disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "30s" },
        limits: { cpu: "1000", memory: "1000Gi" },
      },
    });
    expect(lint([{ name: "nodepool.yaml", text }])).toEqual([]);
  });

  it("W-25: consolidation, expiry, labels, weight and the class's name are kept", () => {
    const more = OLD.replace("  provider: {}\n  ttlSecondsAfterEmpty: 30\n", "")
      .concat("  consolidation: {enabled: true}\n  ttlSecondsUntilExpired: 3600\n  weight: 5\n")
      .concat("  labels: {team: ml}\n  providerRef: {name: gpus}\n");
    expect(parse(convertProvisioners(more))).toMatchObject({
      spec: {
        template: {
          metadata: { labels: { team: "ml" } },
          spec: { expireAfter: "3600s", nodeClassRef: { name: "gpus" } },
        },
        disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized" },
        weight: 5,
      },
    });
  });

  it("a file without a Provisioner is told of", () => {
    expect(() => convertProvisioners("kind: Pod\n")).toThrow("no Provisioner");
  });
});
