// The page about labels names every key that core and the providers write, and no other.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./import-graph.ts";

const CLOUDS = ["provider-ovh", "provider-scaleway", "provider-cloudstack"] as const;
const OF_CORE = ["labels.ts", "annotations.ts", "taints.ts"] as const;
/** Of Karpenter on AWS, of NodeClasses, and of one object that the page shows as an example. */
const FOREIGN = /^karpenter\.k8s\.aws\/|\/(ovhnodeclass|termination)$/;
/** They have a page of their own. */
const DOCUMENTED_ELSEWHERE = new Set(["karpenter.sh/do-not-disrupt"]);

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const page = read("docs/reference/labels.md");

function keysOfProvider(name: string): readonly string[] {
  const text = read(`packages/${name}/src/api/labels.ts`);
  const [, group = ""] = /_GROUP = "([^"]+)"/.exec(text) ?? [];
  return [...text.matchAll(/: `\$\{\w+_GROUP\}\/([a-z0-9-]+)`/g)].map(([, key = ""]) => `${group}/${key}`);
}

const ofCore = OF_CORE.flatMap((file) =>
  [...read(`packages/core/src/api/${file}`).matchAll(/"(karpenter\.sh\/[a-z-]+)"/g)].map(([, key = ""]) => key),
);
const known = [...ofCore, ...CLOUDS.flatMap(keysOfProvider)];

/** `<group>/nodeclass-hash` stands for that of each provider. */
const isOnPage = (key: string): boolean =>
  page.includes(`\`${key}\``) || page.includes(`\`<group>/${key.slice(key.indexOf("/") + 1)}\``);

describe("the page about labels", () => {
  it("has every key that is written", () => {
    expect(known.length).toBeGreaterThan(70);
    expect(known.filter((key) => !DOCUMENTED_ELSEWHERE.has(key) && !isOnPage(key))).toEqual([]);
  });

  it("has no key that nobody writes", () => {
    const shown = [...page.matchAll(/`(karpenter\.(?:sh|ovhcloud\.sh|scaleway\.com|k8s\.[a-z]+)\/[a-z-]+)/g)];
    const strangers = shown.map(([, key = ""]) => key).filter((key) => !FOREIGN.test(key) && !known.includes(key));
    // What the older GPU controller's pods write, and CloudStack's tags of the older product.
    const taken = ["karpenter.sh/instance-type", "karpenter.sh/managed-by", "karpenter.sh/nodeclaim"];
    expect(strangers.filter((key) => !taken.includes(key))).toEqual([]);
  });
});
