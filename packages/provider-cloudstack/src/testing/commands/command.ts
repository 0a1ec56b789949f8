// What a command of the API is, and what its handler gets.

import type { RequestFacts } from "@karpenter-multicloud/core/testing/fake-cloud";
import { unknownId } from "../api-error.ts";
import type { Caller } from "../auth.ts";
import type { Backend } from "../backend.ts";
import type { FakeFault } from "../faults.ts";
import type { Params } from "../params.ts";
import { SEED_ACCOUNTS, SEED_PROJECTS } from "../seed/identities.ts";
import type { Ground } from "../world/ground.ts";
import { field } from "../world/ground.ts";
import type { Owner, Row } from "../world/records.ts";
import { ApiError, invalid } from "../api-error.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Call {
  readonly backend: Backend;
  readonly params: Params;
  readonly caller: Caller;
  readonly facts: RequestFacts;
  /** Ends the command's job without its work. */
  readonly jobFault: FakeFault | undefined;
}

export interface Command {
  readonly name: string;
  readonly isAsync?: true;
  readonly access?: "admin";
  /** "name!" is required. */
  readonly params: readonly string[];
  /** What stands under the answer's one key. */
  readonly handle: (call: Call) => Json;
}

export function groundOf({ backend }: Call): Ground {
  return backend.world.ground;
}

/** Paging (§1.6): `{}` for none at all, `{count}` beyond the last page. */
export function listed({ params, backend }: Call, key: string, rows: readonly Json[]): Json {
  const { maxPageSize } = backend.switches;
  const [page, size] = [params.number("page"), params.number("pagesize")];
  if (page !== undefined && size === undefined) throw paging("pagesize", "page");
  if (size !== undefined && size !== -1 && page === undefined) throw paging("page", "pagesize");
  if (size !== undefined && maxPageSize > 0 && (size > maxPageSize || (size < 0 && page !== undefined))) {
    throw invalid(`Page size can't exceed max allowed page size value: ${maxPageSize}`);
  }
  if (rows.length === 0) return {};
  const shift = { no: 0, skip: 1, repeat: -1 }[backend.switches.pagesShift];
  const shown = pageOf(rows, page, size ?? (maxPageSize > 0 ? maxPageSize : -1), shift);
  return { count: rows.length, ...(shown.length === 0 ? {} : { [key]: shown }) };
}

function pageOf(rows: readonly Json[], page: number | undefined, size: number, shift: number): readonly Json[] {
  if (size < 0) return rows;
  const from = ((page ?? 1) - 1) * (size + shift);
  return rows.slice(from, from + size);
}

function paging(missing: string, given: string): ApiError {
  return new ApiError(431, `"${missing}" parameter is required when "${given}" is specified`, 9999);
}

/** The filters that every list has: id, ids, name and keyword; an id that never existed is an error (§1.6). */
export function filtered<T extends { readonly id: string; readonly name: string }>(
  call: Call,
  rows: readonly T[],
  known: readonly { readonly id: string }[] = rows,
): readonly T[] {
  const { params } = call;
  const [id, name, keyword] = [params.text("id"), params.text("name"), params.text("keyword")?.toLowerCase()];
  if (id !== undefined) mustExist(call, "id", id, known);
  const ids = params.list("ids");
  return rows.filter(
    (row) =>
      (id === undefined || row.id === id.toLowerCase()) &&
      (ids.length === 0 || ids.includes(row.id)) &&
      (name === undefined || row.name === name) &&
      (keyword === undefined || row.name.toLowerCase().includes(keyword)),
  );
}

export function mustExist(call: Call, parameter: string, id: string, known: readonly { readonly id: string }[]): void {
  if (known.some((each) => each.id === id.toLowerCase()) || groundOf(call).removed.has(id.toLowerCase())) return;
  throw unknownId(call.params.command, parameter, id);
}

/** @throws ApiError 431 */
export function rowById<T extends { readonly id: string }>(call: Call, parameter: string, rows: readonly T[]): T {
  const id = call.params.required(parameter);
  const found = rows.find((row) => row.id === id.toLowerCase());
  if (found === undefined) throw unknownId(call.params.command, parameter, id);
  return found;
}

/** Whose things a list shows: one project's, or those outside of projects that the caller may see. */
export function isInScope(call: Call, owner: Pick<Owner, "account" | "projectId">): boolean {
  const { params, caller } = call;
  const project = params.text("projectid");
  if (project === "-1") return owner.projectId !== undefined && mayUseProject(call, owner.projectId);
  if (project !== undefined) {
    requireProject(call, project);
    return owner.projectId === project;
  }
  if (owner.projectId !== undefined) return false;
  const account = params.text("account");
  if (account !== undefined) return owner.account === namedAccount(call, account).account;
  if (owner.account === caller.account) return true;
  return caller.type === 1 && params.flag("listall") === true;
}

/** May the caller do something to this very thing? @throws ApiError 531 */
export function requireRight(
  { caller }: Call,
  { account, projectId }: Pick<Owner, "account" | "projectId">,
  what: string,
): void {
  if (caller.type === 1 || account === caller.account) return;
  if (projectId !== undefined && membersOf(projectId).includes(caller.account)) return;
  throw new ApiError(
    531,
    `Acct[${caller.number}-${caller.account}] does not have permission to operate with resource ${what}`,
    4365,
  );
}

export function requireProject(call: Call, id: string): Row {
  const project = SEED_PROJECTS.find((each) => each.id === id);
  if (project === undefined) throw unknownId(call.params.command, "projectid", id);
  if (!mayUseProject(call, id)) throw new ApiError(531, `${call.caller.account} is not in project ${id}`, 4365);
  return project as Row;
}

function mayUseProject({ caller }: Call, id: string): boolean {
  return caller.type === 1 || membersOf(id).includes(caller.account);
}

function membersOf(id: string): readonly string[] {
  const owners = SEED_PROJECTS.find((each) => each.id === id)?.["owner"] as
    | readonly { readonly account: string }[]
    | undefined;
  return (owners ?? []).map(({ account }) => account);
}

/** Who will own what the caller makes. */
export function ownerFor(call: Call): Owner {
  const { caller, params } = call;
  const { domain, domainId, domainPath } = caller;
  const projectId = params.text("projectid");
  const account = params.text("account");
  if (account !== undefined) return namedAccount(call, account);
  if (projectId === undefined) return { account: caller.account, domain, domainId, domainPath, projectId };
  const project = requireProject(call, projectId);
  if (field(project, "state") !== "Active") throw invalid(`project ${project.name} is not active`);
  return { account: field(project, "projectaccountname"), domain, domainId, domainPath, projectId };
}

/** Another account than the caller's own is an administrator's to name, with its domain. */
function namedAccount({ params, caller }: Call, name: string): Owner {
  const domainId = params.text("domainid");
  const row = SEED_ACCOUNTS.find((each) => each.name === name && each["domainid"] === domainId) as Row | undefined;
  if (domainId === undefined) throw invalid("account and domainId must be specified together");
  if (row === undefined) throw invalid(`Unable to find account ${name} in domain ${domainId}`);
  if (caller.type !== 1 && name !== caller.account) {
    throw new ApiError(531, `Acct[${caller.account}] does not have permission to operate with resource ${name}`, 4365);
  }
  return {
    account: name,
    domain: field(row, "domain"),
    domainId,
    domainPath: field(row, "domainpath"),
    projectId: undefined,
  };
}

export function rowOwner(row: Readonly<Record<string, unknown>>): Pick<Owner, "account" | "projectId"> {
  const project = field(row, "projectid");
  return { account: field(row, "account"), projectId: project === "" ? undefined : project };
}
