// How a Kubernetes label key, and a resource's name, is called in a metric (M-13, M-46).

/** What follows the slash, in snake case: "karpenter.sh/capacity-type" is capacity_type. */
export function shortLabelName(key: string): string {
  return snake(key.slice(key.indexOf("/") + 1));
}

/** All of it: "karpenter.sh/nodepool" is karpenter_sh_nodepool. */
export function longLabelName(key: string): string {
  return snake(key);
}

/** Value of the label resource_type: ephemeral_storage; a dot and a slash stay, as in nvidia.com/gpu. */
export function resourceType(resource: string): string {
  return resource.toLowerCase().replaceAll("-", "_");
}

/** CPU in cores, where we count in thousandths; everything else in its own unit. */
export function resourceValue(resource: string, amount: number): number {
  return resource === "cpu" || resource.endsWith(".cpu") ? amount / 1000 : amount;
}

function snake(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");
}
