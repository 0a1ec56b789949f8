// Every YAML block of the Go OVHcloud provider's README and French documentation is taken as it stands (S-18 to S-21, S-27).

import { CUSTOM_RESOURCES, Namespaces, type KubeObject } from "@karpenter-multicloud/core/api";
import { loadManifests } from "@karpenter-multicloud/core/kube";
import { InMemoryKube } from "@karpenter-multicloud/core/testing";
import { OVH_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-ovh";
import { applyAll, BUILT_IN_RESOURCES } from "@karpenter-multicloud/simulator";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { nodePoolsAround, oldManifests, withPlaceholdersFilled } from "./manifests.ts";

const customResources = [...CUSTOM_RESOURCES, ...OVH_CUSTOM_RESOURCES];
const RESOURCES = [...BUILT_IN_RESOURCES, ...customResources.map(({ resource }) => resource)];
const NAMESPACE: KubeObject = { apiVersion: "v1", kind: Namespaces.kind, metadata: { name: "karpenter" } };

const whole = oldManifests("ovh-").filter(({ text }) => text.startsWith("apiVersion:"));
const fragments = oldManifests("ovh-").filter(({ text }) => !text.startsWith("apiVersion:"));

async function applied(text: string): Promise<KubeObject> {
  const kube = new InMemoryKube({ now: () => Date.UTC(2026, 0, 1), customResources });
  await applyAll(kube, RESOURCES, [NAMESPACE]);
  const [stored] = await applyAll(kube, RESOURCES, [parse(text) as KubeObject]);
  if (stored === undefined) throw new Error("nothing was stored");
  return stored;
}

/** What was written and is not there any more, as paths. */
function lost(written: unknown, stored: unknown, path = ""): readonly string[] {
  if (typeof written !== "object" || written === null) return written === stored ? [] : [path];
  if (typeof stored !== "object" || stored === null) return [path];
  return Object.entries(written).flatMap(([key, value]) =>
    key === "stringData" ? [] : lost(value, (stored as Readonly<Record<string, unknown>>)[key], `${path}.${key}`),
  );
}

describe("the YAML of the Go OVHcloud provider's documents", () => {
  it("is here in full: ten objects and two lists of requirements", () => {
    expect([whole.length, fragments.length]).toEqual([10, 2]);
  });

  it.each(whole)("$name is taken, and no field of it is dropped", async ({ name, text }) => {
    const filled = withPlaceholdersFilled(text);
    expect(loadManifests([{ name, text: filled }], customResources).problems).toEqual([]);
    expect(lost(parse(filled), await applied(filled))).toEqual([]);
  });

  it.each(fragments)("$name is taken inside a NodePool", async ({ name, text }) => {
    const pools = nodePoolsAround(text);
    expect(pools.length).toBeGreaterThan(0);
    for (const pool of pools) {
      expect(loadManifests([{ name, text: pool }], customResources).problems).toEqual([]);
      expect(lost(parse(pool), await applied(pool))).toEqual([]);
    }
  });
});
