// Rules of a kind that a CustomResourceDefinition defines: unknown fields are dropped, defaults filled in, the schema is the law.

import { applyDefaults, pruneUnknown, validateSchema, type CustomResource } from "../../api/index.ts";
import { toDraft, type Draft, type Stored } from "./json.ts";
import { kindRules, type KindRules } from "./kind-rules.ts";

export function customResourceRules({ resource, schema }: CustomResource): KindRules {
  return kindRules(resource, {
    custom: true,
    status: true,
    generation: true,
    unconditionalUpdate: false,
    decode: (draft) => {
      const shaped = applyDefaults(schema, pruneUnknown(schema, draft).value);
      overwrite(draft, toDraft(shaped));
    },
    prepareCreate: (draft) => {
      delete draft["status"];
      // Reading from the store fills defaults again, so a status that has one is there from the start.
      overwrite(draft, toDraft(applyDefaults(schema, draft)));
    },
    validate: (draft: Draft, old: Stored | undefined) => validateSchema(schema, draft, old),
  });
}

function overwrite(draft: Draft, next: Draft): void {
  for (const key of Object.keys(draft)) if (!(key in next)) delete draft[key];
  Object.assign(draft, next);
}
