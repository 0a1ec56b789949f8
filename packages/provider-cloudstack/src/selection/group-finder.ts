// Affinity groups: those a class names, and those that are made for it and go with it (§5).

import { ObserveOnly } from "@karpenter-multicloud/core/runtime";
import { seconds } from "@karpenter-multicloud/core/units";

import type { CloudStackNodeClass, CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import type { ApiClients } from "../client/api-clients.ts";
import type { Scope } from "../client/scope.ts";
import type { NamedRow } from "../client/wire-account.ts";
import { isNotFound } from "../client/core-words.ts";
import { kindOf } from "../client/failure-kind.ts";

type Wanted = NonNullable<CloudStackNodeClassSpec["affinityGroups"]>;

const MAKING = seconds(60);

export class GroupFinder {
  readonly #clients: ApiClients;
  readonly #clusterName: string;
  readonly #onRemoved: () => void;

  constructor(clients: ApiClients, clusterName: string, onRemoved: () => void) {
    this.#clients = clients;
    this.#clusterName = clusterName;
    this.#onRemoved = onRemoved;
  }

  /** Those that exist; `missing` is the first that does not. */
  async named(
    { ids = [], names = [] }: Wanted,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<{ readonly found: readonly NamedRow[]; readonly missing?: string }> {
    if (ids.length + names.length === 0) return { found: [] };
    const known = await this.#clients.of(scope).affinityGroups(scope, signal);
    const found = known.filter(({ id, name }) => ids.includes(id) || names.includes(name));
    const missing = [...ids, ...names].find(
      (wanted) => !known.some(({ id, name }) => id === wanted || name === wanted),
    );
    return { found, ...(missing === undefined ? {} : { missing }) };
  }

  /** The group for machines of this pool, made when it is first needed; undefined when the class wants none. */
  async managed(
    nodeClass: CloudStackNodeClass,
    pool: string,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<NamedRow | undefined> {
    const wanted = nodeClass.spec.affinityGroups?.managed;
    if (wanted === undefined) return undefined;
    const name = this.#nameFor(nodeClass, wanted.scope === "NodeClass" ? "" : pool);
    const client = this.#clients.of(scope);
    const known = (await client.affinityGroups(scope, signal)).find((group) => group.name === name);
    if (known !== undefined) return known;
    const group = { name, type: wanted.type, description: this.#markOf(nodeClass.metadata.name ?? "") };
    const { id, jobId } = await client.createAffinityGroup(group, scope, signal);
    const outcome = await client.waitForJob("createAffinityGroup", jobId, MAKING, signal);
    if (outcome.state === "failed") throw outcome.error;
    client.forget("listAffinityGroups");
    return { ...group, id, state: "" };
  }

  /** With its class a group goes (C-85). One that a dying machine still holds stays for the next look. */
  async removeUnused(scope: Scope, isKept: (className: string) => boolean, signal: AbortSignal): Promise<void> {
    const prefix = this.#markOf("");
    const client = this.#clients.of(scope);
    for (const { id, description } of await client.affinityGroups(scope, signal)) {
      if (!description.startsWith(prefix) || isKept(description.slice(prefix.length))) continue;
      try {
        await client.deleteAffinityGroup(id, signal);
        this.#onRemoved();
      } catch (error) {
        if (!isNotFound(error) && !(error instanceof ObserveOnly) && kindOf(error) !== "config") throw error;
      }
    }
  }

  /** In a group's description: which cluster's and which class's it is. */
  #markOf(className: string): string {
    return `karpenter:${this.#clusterName}:${className}`;
  }

  /** By what the groups are known that machines of this pool join. */
  keysFor(nodeClass: CloudStackNodeClass, named: readonly Pick<NamedRow, "id">[], pool: string): readonly string[] {
    const wanted = nodeClass.spec.affinityGroups?.managed;
    const managed = wanted === undefined ? [] : [this.#nameFor(nodeClass, wanted.scope === "NodeClass" ? "" : pool)];
    return [...named.map(({ id }) => id), ...managed];
  }

  #nameFor({ metadata }: CloudStackNodeClass, pool: string): string {
    return ["karpenter", this.#clusterName, metadata.name ?? "", pool].filter((part) => part !== "").join("-");
  }
}
