// The shape of `status.conditions` in every custom resource.

import { dateTime, integer, listByKey, object, oneOf, text } from "./builders.ts";
import type { Schema } from "./schema.ts";

const CONDITION_TYPE =
  "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";

const fields = {
  lastTransitionTime: dateTime("When the status last changed."),
  message: text({ maxLength: 32768, description: "Details for people; may be empty." }),
  observedGeneration: integer({
    format: "int64",
    minimum: 0,
    description: "Generation of the object this was found for.",
  }),
  status: oneOf(["True", "False", "Unknown"], { description: "Whether the condition holds." }),
  type: text({ maxLength: 316, pattern: CONDITION_TYPE, description: "Name of the condition." }),
};

/** One entry per type; every field but observedGeneration is required and the reason is not empty (RT-19a). */
export const conditionsSchema: Schema = listByKey(
  object(
    {
      ...fields,
      reason: text({
        minLength: 1,
        maxLength: 1024,
        pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description: "Why the condition has its status, one word.",
      }),
    },
    { required: ["lastTransitionTime", "message", "reason", "status", "type"] },
  ),
  ["type"],
  { description: "What is known about the state of this object." },
);

/** The same for NodeClaims, where objects of older versions lack message and reason. */
export const lenientConditionsSchema: Schema = listByKey(
  object(
    {
      ...fields,
      reason: text({
        maxLength: 1024,
        pattern: "^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?|)$",
        description: "Why the condition has its status, one word.",
      }),
    },
    { required: ["lastTransitionTime", "status", "type"] },
  ),
  ["type"],
  { description: "What is known about the state of this object." },
);
