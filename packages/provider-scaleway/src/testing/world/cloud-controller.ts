// What Scaleway's cloud controller manager makes of a server (§1.10): labels of place and type, and one label per tag.

import type { Taint } from "@karpenter-multicloud/core/api";
import { regionOf } from "./records.ts";
import type { Server } from "./records.ts";

export interface TagSync {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Tags that log an error at every round. */
  readonly errors: readonly string[];
}

const DOMAIN = "k8s.scaleway.com/";
const NAME = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const EFFECTS: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function placeLabels({ commercialType, zone }: Server): Readonly<Record<string, string>> {
  return {
    "node.kubernetes.io/instance-type": commercialType,
    "topology.kubernetes.io/region": regionOf(zone),
    "topology.kubernetes.io/zone": zone,
  };
}

export function syncTags(tags: readonly string[]): TagSync {
  const labels: Record<string, string> = {};
  const taints: Taint[] = [];
  const errors: string[] = [];
  for (const tag of tags) {
    const taint = /^taint=(.*)$/.exec(tag)?.[1];
    if (taint !== undefined) {
      const made = taintOf(taint);
      if (made === undefined) errors.push(tag);
      else taints.push(made);
      continue;
    }
    const bare = /^noprefix=(.*)$/.exec(tag)?.[1];
    const [key = "", value = ""] = splitAt(bare ?? tag);
    const parts = key.split("/");
    const valid = parts.length <= (bare === undefined ? 1 : 2) && parts.every((part) => NAME.test(part));
    if (valid && VALUE.test(value)) labels[bare === undefined ? DOMAIN + key : key] = value;
    else errors.push(tag);
  }
  return { labels, taints, errors };
}

function splitAt(text: string): readonly string[] {
  const at = text.search(/[:= ]/);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function taintOf(text: string): Taint | undefined {
  const [, key = "", value = "", effect = ""] = /^([^=:]+)=([^:]*):(.*)$/.exec(text) ?? [];
  if (key === "" || !EFFECTS.includes(effect)) return undefined;
  return { key: DOMAIN + key, ...(value === "" ? {} : { value }), effect: effect as Taint["effect"] };
}
