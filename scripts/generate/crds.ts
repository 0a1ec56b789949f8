// charts/crds: one CustomResourceDefinition per custom resource.

import { stringify } from "yaml";
import { definitionName, toCustomResourceDefinition } from "../../packages/core/src/api/index.ts";
import type { CustomResource } from "../../packages/core/src/api/index.ts";
import type { GeneratedSet } from "./files.ts";

const HEADER =
  "# Generated from the schemas in packages/*/src/**/*.schema.ts by `pnpm generate`; changes made here are lost.\n";

export function crdFiles(definitions: readonly CustomResource[]): GeneratedSet {
  return {
    ownedFolder: "charts/crds/",
    files: definitions.map((definition) => ({
      path: `charts/crds/${definitionName(definition.resource)}.yaml`,
      text: HEADER + toYaml(toCustomResourceDefinition(definition)),
    })),
  };
}

/** One line per text and no anchors, so that a change of one schema changes only its own lines. */
function toYaml(document: object): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
