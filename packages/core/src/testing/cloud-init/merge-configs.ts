// Several cloud-configs become one, by each part's own way of merging. The default takes the newer value, lists included.

import { isJsonObject, type JsonObject } from "../../api/index.ts";

export interface MergePart {
  readonly config: JsonObject;
  /** Of the part's headers; empty for none. */
  readonly mergeType: string;
}

interface Way {
  readonly replace: boolean;
  readonly lists: "append" | "prepend" | "by-index";
  readonly intoLists: boolean;
}

const DEFAULT_WAY = "dict(replace)+list()+str()";

export function mergeConfigs(parts: readonly MergePart[]): JsonObject {
  return parts.reduce<JsonObject>((merged, { config, mergeType }) => {
    const own = config["merge_how"] ?? config["merge_type"];
    const way = wayOf(typeof own === "string" ? own : mergeType || DEFAULT_WAY);
    return mergeObjects(merged, config, way);
  }, {});
}

function wayOf(text: string): Way {
  const options = (name: string): string => new RegExp(`${name}\\(([^)]*)\\)`).exec(text)?.[1] ?? "";
  const list = options("list");
  return {
    replace: /(^|,)replace/.test(options("dict")),
    lists: list.includes("append") ? "append" : list.includes("prepend") ? "prepend" : "by-index",
    intoLists: /recurse_(array|list)/.test(options("dict")),
  };
}

function mergeObjects(older: JsonObject, newer: JsonObject, way: Way): JsonObject {
  const merged: Record<string, unknown> = { ...older };
  for (const [key, value] of Object.entries(newer))
    merged[key] = key in older ? mergeValues(older[key], value, way) : value;
  return merged;
}

function mergeValues(older: unknown, newer: unknown, way: Way): unknown {
  if (way.replace) return newer;
  if (Array.isArray(older) && Array.isArray(newer) && way.intoLists) {
    const [old, young] = [older as readonly unknown[], newer as readonly unknown[]];
    if (way.lists === "append") return [...old, ...young];
    if (way.lists === "prepend") return [...young, ...old];
    return old;
  }
  return isJsonObject(older) && isJsonObject(newer) ? mergeObjects(older, newer, way) : older;
}
