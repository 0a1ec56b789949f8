// YAML that people have copied from the documents of earlier products, byte for byte, with the placeholders that those people fill in.

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("test-data/", import.meta.url);

export interface OldManifest {
  readonly name: string;
  /** As it stood in the document. */
  readonly text: string;
}

/** Fields that the documents leave to the reader, and what this reader writes there. */
const PLACEHOLDERS: readonly (readonly [placeholder: string, value: string])[] = [
  ["your-project-id", "0123456789abcdef0123456789abcdef"],
  ["abc123def456...", "0123456789abcdef0123456789abcdef"],
  ["your-cluster-id", "11111111-2222-4333-8444-555555555555"],
  ["cluster-xyz...", "11111111-2222-4333-8444-555555555555"],
];

/** Those of the documents whose files begin with this prefix, whole objects or lists of requirements. */
export function oldManifests(prefix: string): readonly OldManifest[] {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(prefix));
  return names.toSorted().map((name) => ({ name, text: readFileSync(new URL(name, FOLDER), "utf8") }));
}

export function withPlaceholdersFilled(text: string): string {
  return PLACEHOLDERS.reduce((filled, [placeholder, value]) => filled.replaceAll(placeholder, value), text);
}

/** Documents also show `requirements:` alone, once wrong and once right in the same block: each in a NodePool of its own. */
export function nodePoolsAround(text: string): readonly string[] {
  const parts = text.split(/^(?=requirements:)/m).filter((part) => part.startsWith("requirements:"));
  return parts.map((part, index) => {
    const indented = part.replaceAll(/^(?=.)/gm, "      ");
    return `apiVersion: karpenter.sh/v1
kind: NodePool
metadata:
  name: around-${index + 1}
spec:
  template:
    spec:
      nodeClassRef:
        group: karpenter.ovhcloud.sh
        kind: OVHNodeClass
        name: default
${indented}`;
  });
}
