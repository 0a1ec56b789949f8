// Requirements of a NodePool that only another cloud's machines could meet: an API server takes them, and they choose nothing here.

import type { NodePool } from "@karpenter-multicloud/core/api";
import type { LoadedObject, Problem } from "@karpenter-multicloud/core/kube";
import { CLOUDSTACK_GROUP } from "@karpenter-multicloud/provider-cloudstack";
import { OVH_GROUP } from "@karpenter-multicloud/provider-ovh";
import { SCALEWAY_GROUP } from "@karpenter-multicloud/provider-scaleway";

const OURS: readonly string[] = [CLOUDSTACK_GROUP, OVH_GROUP, SCALEWAY_GROUP];
/** Of Karpenter on other clouds, and of their managed node groups. */
const OTHERS = /^(karpenter\.k8s\.aws|eks\.amazonaws\.com|karpenter\.azure\.com|cloud\.google\.com)$/;

/** One for each requirement on a label of another cloud than the NodePool's own. */
export function foreignLabels({ object, source, line, document }: LoadedObject): readonly Problem[] {
  if (object.kind !== "NodePool") return [];
  const { metadata, spec } = object as NodePool;
  const { nodeClassRef, requirements } = spec.template.spec;
  return requirements.flatMap(({ key }, index) => {
    const domain = key.slice(0, Math.max(key.indexOf("/"), 0));
    if (domain === nodeClassRef.group || !(OURS.includes(domain) || OTHERS.test(domain))) return [];
    const message = `no machine of ${nodeClassRef.kind} has the label ${key}: it chooses nothing here, nodes only get it written on them`;
    const fix = `write a label of this cloud, such as ${nodeClassRef.group}/${key.slice(domain.length + 1)} where it exists (docs/reference/labels.md)`;
    const field = `spec.template.spec.requirements[${index}].key`;
    return [{ source, line, document, kind: "NodePool", name: metadata.name ?? "", field, message, fix }];
  });
}
