// What NodePool and NodeClaim share besides requirements: taints, the reference to a NodeClass, lifetimes.

import { dateTime, list, object, oneOf, text } from "./builders.ts";
import { DURATION, DURATION_OR_NEVER, QUALIFIED_NAME } from "./patterns.ts";
import type { Schema, ValidationRule } from "./schema.ts";

const TAINT_EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

/** An empty value is refused, an absent one is fine; duplicates are the run-time validation's business. */
const taintSchema: Schema = object(
  {
    effect: oneOf(TAINT_EFFECTS, { description: "What happens to pods that do not tolerate the taint." }),
    key: text({ minLength: 1, pattern: QUALIFIED_NAME, description: "Key of the taint." }),
    timeAdded: dateTime("When the taint was added."),
    value: text({
      pattern: QUALIFIED_NAME,
      description: "Value of the taint; leave it out instead of writing an empty one.",
    }),
  },
  { required: ["effect", "key"] },
);

export function taintsSchema(description: string): Schema {
  return list(taintSchema, { description });
}

export function nodeClassRefSchema(rules?: readonly ValidationRule[]): Schema {
  return object(
    {
      group: text({ minLength: 1, pattern: "^[^/]*$", description: "API group of the NodeClass, without a version." }),
      kind: text({ minLength: 1, description: "Kind of the NodeClass." }),
      name: text({ minLength: 1, description: "Name of the NodeClass." }),
    },
    {
      description: "The NodeClass with the cloud's own settings.",
      required: ["group", "kind", "name"],
      ...(rules === undefined ? {} : { rules }),
    },
  );
}

export const expireAfterSchema: Schema = text({
  default: "720h",
  pattern: DURATION_OR_NEVER,
  description: "How long a node may live before it is replaced; Never switches that off.",
});

export const terminationGracePeriodSchema: Schema = text({
  pattern: DURATION,
  description: "How long draining may take before the remaining pods are deleted; absent is without limit.",
});
