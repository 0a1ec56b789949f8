// TinyNodeClass: what machines of one class have in common, its readiness, and the fingerprint that tells when it changed.

import { getCondition, nodeClassResource, shape, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { CustomResource, NodeClass, Resource } from "@karpenter-multicloud/core/api";
import type { Ports } from "@karpenter-multicloud/core/controllers";
import { onChange, type Controller } from "@karpenter-multicloud/core/runtime";

export interface TinyNodeClass extends NodeClass {
  readonly spec: { readonly image: string };
}

export const TINY_GROUP = "karpenter.tiny.example";
export const TINY_NODE_CLASS = { group: TINY_GROUP, kind: "TinyNodeClass" } as const;

export const TinyNodeClasses: Resource<TinyNodeClass> = {
  ...TINY_NODE_CLASS,
  version: "v1",
  plural: "tinynodeclasses",
  namespaced: false,
};

export const TINY_CUSTOM_RESOURCES: readonly CustomResource[] = [
  nodeClassResource<TinyNodeClass>({
    resource: TinyNodeClasses,
    shortNames: ["tinync"],
    description: "What machines of the tiny cloud have in common.",
    spec: shape.object(
      { image: shape.text({ minLength: 1, description: "The image that machines boot from." }) },
      { description: "What is wanted.", required: ["image"] },
    ),
  }),
];

/** Looks at every class and says whether machines can be made with it. */
export function readinessController({ kube, cache, clock }: Ports): Controller {
  const classes = cache.informer(TinyNodeClasses);
  return {
    name: "tinynodeclass.status",
    triggers: [onChange(TinyNodeClasses, ({ after }) => (after ? [after.metadata.name ?? ""] : []))],
    async reconcile(name, { signal }) {
      const nodeClass = classes.get({ name });
      if (nodeClass === undefined || getCondition(nodeClass, "Ready")?.status === "True") return undefined;
      const lastTransitionTime = toRfc3339(clock.now());
      const ready = { type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime };
      const body = { status: { conditions: [ready] } };
      await kube.patchStatus(TinyNodeClasses, { name }, { type: "merge", body }, { signal });
      return undefined;
    },
  };
}
