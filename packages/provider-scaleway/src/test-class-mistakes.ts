// What a ScalewayNodeClass must not say, with the field that the refusal names (T-69): for the server in memory and for a real one.

import type { ScalewayNodeClassSpec } from "./api/scaleway-node-class.ts";

export const CLASS_MISTAKES: readonly (readonly [field: string, spec: ScalewayNodeClassSpec])[] = [
  ["publicIP", { publicIP: "none" }],
  ["imageSelectorTerms", { imageSelectorTerms: [{ label: "a", id: "11111111-2222-4333-8444-555555555555" }] }],
  ["rootVolume.iops", { rootVolume: { iops: 7000 } }],
  ["tags", { tags: ["a,b"] }],
  ["tags", { tags: ["karpenter-x=1"] }],
  ["rootVolume.size", { rootVolume: { size: "5G" } }],
  ["placementGroup", { placementGroup: {} }],
  ["userData", { bootstrap: { type: "custom" } }],
  ["tokenSecretRef", { bootstrap: { type: "k3s" } }],
  ["tokenTTL", { bootstrap: { tokenTTL: "5m" } }],
  ["zones", { zones: ["paris"] }],
  ["kubeReserved", { kubelet: { kubeReserved: { disk: "1" } } }],
  ["evictionSoft", { kubelet: { evictionSoft: { "memory.available": "1Gi" } } }],
  ["primaryPrivateNetwork", { primaryPrivateNetwork: "11111111-2222-4333-8444-555555555555" }],
];
