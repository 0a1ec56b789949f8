// Friendly names of instance types, as the older GPU controller took them (S-03, W-20, W-21).

import { Label } from "@karpenter-multicloud/core/api";
import type { ProviderSettings } from "@karpenter-multicloud/core/provider";

import { LEGACY_INSTANCE_TYPE } from "../api/labels.ts";

/** In lower case; users may write them in any. The first name of a type is the one its nodes carry by default. */
export const DEFAULT_ALIASES: Readonly<Record<string, string>> = {
  l4: "L4-1-24G",
  "l4-2": "L4-2-24G",
  "l4-4": "L4-4-24G",
  "l4-8": "L4-8-24G",
  l40s: "L40S-1-48G",
  "l40s-2": "L40S-2-48G",
  "l40s-4": "L40S-4-48G",
  "l40s-8": "L40S-8-48G",
  "3070": "GPU-3070-S",
  "gpu-3070": "GPU-3070-S",
  h100: "H100-1-80G",
  "h100-2": "H100-2-80G",
  "h100-sxm-2": "H100-SXM-2-80G",
  "h100-sxm-4": "H100-SXM-4-80G",
  "h100-sxm-8": "H100-SXM-8-80G",
  "b300-sxm-2": "B300-SXM-2-288G",
  "b300-sxm-4": "B300-SXM-4-288G",
  "b300-sxm-8": "B300-SXM-8-288G",
  p100: "RENDER-S",
  render: "RENDER-S",
  // Never sold under this name; the older product's documents show it (S-21).
  "gpu-l4-s": "L4-1-24G",
};

/** In lower case: names from documents that never were types. */
export const SOLD_BY_NO_ONE: ReadonlySet<string> = new Set(["gpu-l4-s"]);

/** Beyond this many letters only the usual spellings of a name are listed. */
const MOST_LETTERS = 8;

/** What the engine needs to read the older key and its values as today's (design §1). */
export function spellings(
  aliases: Readonly<Record<string, string>>,
): Required<Pick<ProviderSettings, "normalizedLabels" | "normalizedValues">> {
  const values: Record<string, string> = {};
  for (const [name, type] of Object.entries(aliases)) for (const text of casesOf(name)) values[text] = type;
  return {
    normalizedLabels: { [LEGACY_INSTANCE_TYPE]: Label.InstanceType },
    normalizedValues: { [Label.InstanceType]: values },
  };
}

/** What was meant by a name; a commercial type means itself. */
export function typeMeant(aliases: Readonly<Record<string, string>>, name: string): string {
  return aliases[name.toLowerCase()] ?? name;
}

/** What nodes of a type carry under the older key when no pod says otherwise. */
export function defaultAlias(aliases: Readonly<Record<string, string>>, type: string): string {
  return Object.entries(aliases).find(([, meant]) => meant === type)?.[0] ?? type;
}

function casesOf(name: string): readonly string[] {
  const letters = name.replaceAll(/[^a-z]/gi, "").length;
  if (letters > MOST_LETTERS) return [...new Set([name, name.toLowerCase(), name.toUpperCase()])];
  let texts = [""];
  for (const character of name) {
    const both = [...new Set([character.toLowerCase(), character.toUpperCase()])];
    texts = texts.flatMap((text) => both.map((each) => text + each));
  }
  return texts;
}
