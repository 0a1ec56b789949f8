// The NodeClass of the simulated cloud: KWOKNodeClass, as Karpenter's own simulated provider has it (SIM-1).

import { nodeClassResource, shape } from "@karpenter-multicloud/core/api";
import type { CustomResource, GroupKind, NodeClass, Resource } from "@karpenter-multicloud/core/api";

export const KWOK_GROUP = "karpenter.kwok.sh";

export interface KwokNodeClass extends NodeClass {
  readonly spec?: {
    /** Duration text: how long a machine takes until its Node appears. */
    readonly nodeRegistrationDelay?: string;
  };
}

export const KWOK_NODE_CLASS: GroupKind = { group: KWOK_GROUP, kind: "KWOKNodeClass" };

export const KwokNodeClasses: Resource<KwokNodeClass> = {
  ...KWOK_NODE_CLASS,
  version: "v1alpha1",
  plural: "kwoknodeclasses",
  namespaced: false,
};

/** Nobody examines the class, so it is born ready. */
const BORN_READY = {
  conditions: [
    { type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
  ],
};

function withDefaultStatus(definition: CustomResource<KwokNodeClass>): CustomResource<KwokNodeClass> {
  const { properties = {} } = definition.schema;
  const status = { ...properties["status"], default: BORN_READY };
  return { ...definition, schema: { ...definition.schema, properties: { ...properties, status } } };
}

const KwokNodeClassResource: CustomResource<KwokNodeClass> = withDefaultStatus(
  nodeClassResource({
    resource: KwokNodeClasses,
    shortNames: ["kwoknc", "kwokncs"],
    description: "What machines of the simulated cloud have in common.",
    spec: shape.object(
      {
        nodeRegistrationDelay: shape.text({
          pattern: "^([0-9]+(s|m|h))+$",
          default: "0s",
          description: "How long a machine takes until its Node appears.",
        }),
      },
      { description: "What is wanted." },
    ),
    specRequired: false,
  }),
);

export const SIMULATED_CUSTOM_RESOURCES: readonly CustomResource[] = [KwokNodeClassResource];
