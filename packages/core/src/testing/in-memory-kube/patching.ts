// The object that results from a patch, before any rule of its kind has seen it.

import { isJsonObject, type JsonObject } from "../../api/index.ts";
import { KubeError, type Patch } from "../../kube/index.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { copyJson, toDraft, type Draft, type Stored } from "./json.ts";
import type { KindRules } from "./kind-rules.ts";
import { applyStrategicPatch } from "./strategic-merge.ts";

/** @throws KubeError 415, 422 */
export function applyPatch(current: Stored, patch: Patch, rules: KindRules): Draft {
  const patched = patchedJson(current, patch, rules);
  if (!isJsonObject(patched) || !isJsonObject(patched["metadata"] ?? {})) {
    throw new KubeError(422, "Invalid", "the patched object is not an object with metadata");
  }
  return toDraft(patched as unknown as Stored);
}

function patchedJson(current: Stored, patch: Patch, rules: KindRules): unknown {
  switch (patch.type) {
    case "merge":
      return mergePatch(current, copyJson(patch.body));
    case "json":
      return applyJsonPatch(current, copyJson(patch.body) as readonly JsonObject[]);
    case "strategic":
      if (rules.custom) throw unsupportedMediaType();
      return applyStrategicPatch(current, copyJson(patch.body) as JsonObject, rules.resource);
  }
}

function unsupportedMediaType(): KubeError {
  return new KubeError(
    415,
    "UnsupportedMediaType",
    "the body of the request was in an unknown format - accepted media types include: " +
      "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  );
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
