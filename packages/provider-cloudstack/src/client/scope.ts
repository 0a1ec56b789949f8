// Where things are looked for: whose key asks, and in which project or account (C-5).

import type { Parameters } from "./parameters.ts";

export interface Scope {
  /** Whose key: the controller's own when empty, else the `namespace/name` of a Secret. */
  readonly source: string;
  /** Without one: everything outside of projects that the account may see. */
  readonly projectId?: string;
  /** Another one than the key's own; only administrators may name it. */
  readonly account?: { readonly name: string; readonly domainId: string };
}

/** For machines and volumes: those of other accounts are seen without naming them. */
export function within({ projectId }: Scope): Parameters {
  return projectId === undefined ? { listall: true } : { projectid: projectId };
}

/** For what a machine is made with: it must belong to the machine's owner, or be open to it. */
export function ownedWithin(scope: Scope): Parameters {
  const { account } = scope;
  return account === undefined ? within(scope) : { account: account.name, domainid: account.domainId };
}

/** For what is made. */
export function ownerOf({ projectId, account }: Scope): Parameters {
  if (projectId !== undefined) return { projectid: projectId };
  return account === undefined ? {} : { account: account.name, domainid: account.domainId };
}
