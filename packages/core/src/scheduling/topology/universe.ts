// Which domains the NodePools could ever make, and under which taints (S-407).

import { Label, nodeClassLabel } from "../../api/index.ts";
import type { Taint } from "../../api/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { typesOf } from "../placement/instance-filter.ts";
import type { Template } from "../templates.ts";
import { acceptsTaints } from "./node-filter.ts";
import type { NodeFilter } from "./node-filter.ts";

export class Universe {
  /** Key → domain → the taint lists of the pools that make it. */
  readonly #domains = new Map<string, Map<string, Set<readonly Taint[]>>>();

  constructor(templates: readonly Template[]) {
    for (const template of templates.filter(({ skipped }) => skipped === undefined)) {
      const own = withoutIdentity(template);
      this.#add(own, template.taints);
      for (const type of typesOf(template.sold)) this.#add(own.merge(type.requirements), template.taints);
    }
  }

  domainsOf(key: string, filter: NodeFilter): readonly string[] {
    if (key === Label.Hostname) return [];
    return [...(this.#domains.get(key) ?? [])].flatMap(([domain, sources]) =>
      [...sources].some((taints) => acceptsTaints(filter, taints)) ? [domain] : [],
    );
  }

  #add(requirements: Requirements, taints: readonly Taint[]): void {
    for (const { key, complement, values } of requirements) {
      if (complement) continue;
      const domains = this.#domains.get(key) ?? new Map<string, Set<readonly Taint[]>>();
      this.#domains.set(key, domains);
      for (const value of values) domains.set(value, (domains.get(value) ?? new Set()).add(taints));
    }
  }
}

/** What a NodePool says of itself; not the labels that only tie nodes to it. */
function withoutIdentity({ requirements, pool }: Template): Requirements {
  const { nodeClassRef } = pool.nodePool.spec.template.spec;
  return requirements.without(Label.NodePool, nodeClassLabel(nodeClassRef), Label.Registered, Label.Initialized);
}
