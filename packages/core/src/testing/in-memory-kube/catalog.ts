// Which resources the server serves.

import type { CustomResource, Resource } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { BUILT_IN_RULES } from "./built-in-rules.ts";
import { customResourceRules } from "./custom-resource-rules.ts";
import type { KindRules } from "./kind-rules.ts";

/** Groups that every real server serves; to call one of their kinds absent would be a lie. */
const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  "",
  "apps",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "policy",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
]);

export class Catalog {
  readonly #custom = new Map<string, KindRules>();

  constructor(customResources: readonly CustomResource[]) {
    for (const definition of customResources) this.add(definition);
  }

  add(definition: CustomResource): void {
    this.#custom.set(idOf(definition.resource), customResourceRules(definition));
  }

  remove(resource: Resource): void {
    this.#custom.delete(idOf(resource));
  }

  /** @throws KubeError 404 for a custom resource that is not defined, Error for a built-in one that is not imitated */
  find(resource: Resource): KindRules {
    const custom = this.#custom.get(idOf(resource));
    if (custom !== undefined) return custom;
    const rules = BUILT_IN_RULES.get(resource.kind);
    if (rules !== undefined && idOf(rules.resource) === idOf(resource)) return rules;
    if (BUILT_IN_GROUPS.has(resource.group)) {
      throw new Error(`the in-memory API server does not serve ${idOf(resource)}`);
    }
    throw new KubeError(404, "NotFound", "the server could not find the requested resource");
  }
}

function idOf({ group, version, plural }: Resource): string {
  return group === "" ? `${version}/${plural}` : `${group}/${version}/${plural}`;
}
