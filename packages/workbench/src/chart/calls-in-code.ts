// Which requests to the API server the controller's sources make: read as text, so that a new call without a right is found before a cluster finds it.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import * as api from "@karpenter-multicloud/core/api";
import type { Resource } from "@karpenter-multicloud/core/api";
import { CloudStackNodeClasses } from "@karpenter-multicloud/provider-cloudstack";
import { OVHNodeClasses } from "@karpenter-multicloud/provider-ovh";
import { ScalewayNodeClasses } from "@karpenter-multicloud/provider-scaleway";
import { ROOT } from "../repository/import-graph.ts";

/** "group/resource verb", the resource with its subresource. */
export type Right = string;

interface Call {
  readonly file: string;
  readonly resource: Resource;
  readonly verb: string;
  readonly subresource?: string;
}

const RESOURCES: ReadonlyMap<string, Resource> = new Map(
  Object.entries({ ...api, CloudStackNodeClasses, OVHNodeClasses, ScalewayNodeClasses } as Readonly<
    Record<string, unknown>
  >).flatMap(([name, value]) => (isResource(value) ? [[name, value]] : [])),
);

/** `kube.patch(Nodes, …)`, also over several lines. */
const METHOD = /\b(?:kube|client)\.(get|list|watch|create|update|patch|delete|patchStatus|updateStatus)\(\s*(\w+)/g;
const HELPER = /\b(patchObject|patchObjectStatus)\(\s*[\w.#]+,\s*(\w+)/g;
/** The shared work on a NodeClass, called with the provider's kind first: `nodeClassStatusController(XNodeClasses, …)`. */
const NODE_CLASS_WORK = /\b(nodeClassStatusController|problemReporter)(?:<\w+>)?\(\s*(\w+)/g;
const MIRRORED = /(?:\.informer(?:<\w+>)?|(?<!\.)\bonChange(?:<\w+>)?)\(\s*(\w+)/g;
const EVICTION = /\bkube\.evict\(/;

/** Where a resource may be a variable, because the caller names it: the plumbing itself. */
const PLUMBING = [
  "packages/core/src/kube/",
  "packages/core/src/runtime/",
  "packages/controller/src/api-probe.ts",
  // The chosen provider's node classes; what is done with them counts where the provider names its kind.
  "packages/core/src/controllers/nodeclass-status/",
  "packages/core/src/controllers/nodepool-readiness/controller.ts",
  "packages/core/src/controllers/status-events/controller.ts",
];

/** @throws Error naming a call whose resource cannot be told */
export function rightsNeeded(folders: readonly string[], without: readonly string[] = []): readonly Right[] {
  const files = folders.flatMap(sourcesIn).filter((file) => !without.some((folder) => file.startsWith(`${folder}/`)));
  const calls = files.flatMap(callsOf);
  // The gated client reads a deleted object again, to see the mark that the deletion left.
  const read = calls.filter(({ verb }) => verb === "delete").map((call): Call => ({ ...call, verb: "get" }));
  return [...new Set([...calls, ...read].map(rightOf))].sort();
}

function callsOf(file: string): readonly Call[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found: Call[] = [];
  const add = (name: string, verb: string, subresource?: string): void => {
    const resource = RESOURCES.get(name);
    if (resource !== undefined)
      found.push({ file, resource, verb, ...(subresource === undefined ? {} : { subresource }) });
    else if (!PLUMBING.some((path) => file.startsWith(path))) throw new Error(`${file}: which resource is ${name}?`);
  };
  for (const [, verb = "", name = ""] of text.matchAll(METHOD)) {
    if (verb.endsWith("Status")) {
      const { statusSubresource = "status" } = RESOURCES.get(name) ?? {};
      add(name, verb === "patchStatus" ? "patch" : "update", statusSubresource);
    } else add(name, verb);
  }
  for (const [, helper, name = ""] of text.matchAll(HELPER)) {
    add(name, "patch", helper === "patchObjectStatus" ? "status" : undefined);
  }
  for (const [, work, name = ""] of text.matchAll(NODE_CLASS_WORK)) {
    const verbs = work === "problemReporter" ? [] : ["list", "watch", "patch"];
    for (const verb of verbs) add(name, verb);
    add(name, "patch", "status");
  }
  for (const [, name = ""] of text.matchAll(MIRRORED)) {
    add(name, "list");
    add(name, "watch");
  }
  if (EVICTION.test(text)) add("Pods", "create", "eviction");
  return found;
}

function rightOf({ resource, verb, subresource }: Call): Right {
  return `${resource.group}/${resource.plural}${subresource === undefined ? "" : `/${subresource}`} ${verb}`;
}

/** Without tests and what only they use. */
function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !/\.test\.ts$|^test-/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !path.includes("/testing/"))
    .toSorted();
}

function isResource(value: unknown): value is Resource {
  return typeof value === "object" && value !== null && "plural" in value && "group" in value && "namespaced" in value;
}
