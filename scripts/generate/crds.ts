// One CustomResourceDefinition per custom resource: charts/crds, which helm only ever creates, and charts/karpenter-crd, which upgrades them.

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

/** The same as templates, with what helm needs to keep them and what users want to add. */
export function crdChartFiles(definitions: readonly CustomResource[]): GeneratedSet {
  return {
    ownedFolder: "charts/karpenter-crd/templates/",
    files: definitions.map((definition) => ({
      path: `charts/karpenter-crd/templates/${definitionName(definition.resource)}.yaml`,
      text: HEADER + withHelmMetadata(toYaml(toCustomResourceDefinition(definition))),
    })),
  };
}

const NAME_LINE = /^metadata:\n  name: .*\n/m;
/** Removing the chart must not remove the definitions, and with them every object (CH-7). */
const HELM_METADATA = `  annotations:
    helm.sh/resource-policy: keep
    {{- with .Values.additionalAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
`;

function withHelmMetadata(yaml: string): string {
  if (!NAME_LINE.test(yaml)) throw new Error("a definition without metadata.name as its first field");
  const inert = yaml.replaceAll("{{", '{{ "{{" }}');
  return inert.replace(NAME_LINE, (lines) => lines + HELM_METADATA);
}

/** One line per text and no anchors, so that a change of one schema changes only its own lines. */
function toYaml(document: object): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
