// kmc lint: reads manifests and says what an API server with our CRDs would refuse, and what it would take in vain, before
// anything is applied.

import { CUSTOM_RESOURCES, type CustomResource } from "@karpenter-multicloud/core/api";
import { formatProblem, loadManifests } from "@karpenter-multicloud/core/kube";
import { CLOUDSTACK_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-cloudstack";
import { OVH_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-ovh";
import { SCALEWAY_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-scaleway";
import { foreignLabels } from "./foreign-labels.ts";

export interface SourceText {
  /** File name, as given. */
  readonly name: string;
  readonly text: string;
}

const KNOWN: readonly CustomResource[] = [
  ...CUSTOM_RESOURCES,
  ...CLOUDSTACK_CUSTOM_RESOURCES,
  ...OVH_CUSTOM_RESOURCES,
  ...SCALEWAY_CUSTOM_RESOURCES,
];

/** One line per mistake, naming file, document, field and fix; empty when there is none. */
export function lint(sources: readonly SourceText[]): readonly string[] {
  const { objects, problems } = loadManifests(sources, KNOWN);
  return [...problems, ...objects.flatMap(foreignLabels)].map(formatProblem);
}
