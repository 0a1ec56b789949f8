// What every object of a scenario gets when it leaves it out: namespace and uid, and the one class of nodes there is.

import type { KubeObject } from "../../../api/index.ts";
import { objectAt, textAt } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";

export const SCENARIO_CLASS = { group: "karpenter.test.sh", kind: "TestNodeClass", name: "default" } as const;

/** With namespace and uid as the format defaults them. The rest of its shape is taken on trust. */
export function named(raw: JsonObject, kind: string, namespaced: boolean): KubeObject {
  const metadata = objectAt(raw["metadata"], `${kind}.metadata`);
  const name = textAt(metadata["name"], `metadata.name of a ${kind}`);
  const namespace = namespaced ? textAt(metadata["namespace"] || "default", "metadata.namespace") : undefined;
  const uid = textAt(metadata["uid"] || (namespace === undefined ? name : `${namespace}/${name}`), "metadata.uid");
  return { ...raw, metadata: { ...metadata, name, ...(namespace !== undefined && { namespace }), uid } };
}
