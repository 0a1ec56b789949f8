// Looks for machines where they can be: by id, by claim, or all of this cluster (C-80, C-81). A scope that fails fails the whole.

import type { NodeClaim } from "@karpenter-multicloud/core/api";

import { CloudStackAnnotation, clusterTag, OwnerTag } from "../api/labels.ts";
import type { ApiClients } from "../client/api-clients.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { isNotFound } from "../client/core-words.ts";
import type { Scope } from "../client/scope.ts";
import type { WireVm } from "../client/wire.ts";
import type { ClassViews } from "./class-view.ts";
import { machineName } from "./machine-id.ts";
import { claimUidOf, isOwned, mark } from "./ownership.ts";

export interface FoundMachine {
  readonly machine: WireVm;
  readonly scope: Scope;
}

export class MachineFinder {
  readonly #clients: ApiClients;
  readonly #views: ClassViews;
  readonly #clusterName: string;

  constructor(clients: ApiClients, views: ClassViews, clusterName: string) {
    this.#clients = clients;
    this.#views = views;
    this.#clusterName = clusterName;
  }

  /** In any state, also when it is not ours. Undefined when no scope knows it. */
  async byId(id: string, signal: AbortSignal, owner?: NodeClaim): Promise<FoundMachine | undefined> {
    const project = owner?.metadata.annotations?.[CloudStackAnnotation.ProjectId];
    const source = this.#views.sourceOf(owner?.spec.nodeClassRef?.name ?? "");
    const rank = (scope: Scope): number => Number(scope.source === source) * 2 + Number(scope.projectId === project);
    const ordered = (await this.#views.scopes(signal)).toSorted((a, b) => rank(b) - rank(a));
    for (const scope of ordered) {
      const [machine] = await this.#listed(scope, { id }, signal);
      if (machine !== undefined) return { machine, scope };
    }
    return undefined;
  }

  /** By tag, and by name with the mark in the display name: a machine that was just ordered has no tags yet (C-61). */
  async ofClaim(
    claim: NodeClaim,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<{ readonly own: readonly WireVm[]; readonly names: ReadonlySet<string> }> {
    const { name = "", uid = "" } = claim.metadata;
    const first = machineName(name, uid);
    const byName = await this.#listed(scope, { name: first.slice(0, 54) }, signal);
    const byTag = await this.#listed(scope, { tags: [{ key: OwnerTag.NodeClaimUid, value: uid }] }, signal);
    const all = [...new Map([...byName, ...byTag].map((machine) => [machine.id, machine])).values()];
    const own = all.filter(
      (machine) => claimUidOf(machine, this.#clusterName) === uid && isOwned(machine, this.#clusterName),
    );
    return { own, names: new Set(all.map((machine) => machine.name)) };
  }

  /** Everything with this cluster's tag in these scopes. */
  async tagged(scopes: readonly Scope[], signal: AbortSignal): Promise<readonly FoundMachine[]> {
    const filter = { tags: [{ key: clusterTag(this.#clusterName), value: "owned" }] };
    return this.#everywhere(scopes, filter, signal);
  }

  /** Also what only its display name gives away. */
  async marked(signal: AbortSignal): Promise<readonly FoundMachine[]> {
    return this.#everywhere(await this.#views.scopes(signal), { keyword: mark(this.#clusterName) }, signal);
  }

  async #everywhere(
    scopes: readonly Scope[],
    filter: Parameters<CloudStackClient["machines"]>[1],
    signal: AbortSignal,
  ): Promise<readonly FoundMachine[]> {
    const lists = await Promise.all(
      scopes.map(async (scope) => {
        const machines = await this.#clients.of(scope).machines(scope, filter, signal);
        return machines.map((machine) => ({ machine, scope }));
      }),
    );
    // Two keys may see the same machine: that of its class is the one to use.
    const isOwn = ({ machine, scope }: FoundMachine): boolean =>
      scope.source === this.#views.sourceOf(machine.tags[OwnerTag.NodeClass] ?? "");
    const all = lists.flat().toSorted((a, b) => Number(isOwn(a)) - Number(isOwn(b)));
    const found = new Map(all.map((each) => [each.machine.id, each]));
    return [...found.values()].filter(({ machine }) => isOwned(machine, this.#clusterName));
  }

  /** An id that never was is an error for the server; for us it is an empty list (§1.6). */
  async #listed(
    scope: Scope,
    filter: Parameters<CloudStackClient["machines"]>[1],
    signal: AbortSignal,
  ): Promise<readonly WireVm[]> {
    try {
      return await this.#clients.of(scope).machines(scope, filter, signal);
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}
