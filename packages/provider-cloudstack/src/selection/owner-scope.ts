// Where a class's machines belong: a project, another account, or the account of its key (C-5, §5).

import { CloudStackCondition } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { Scope } from "../client/scope.ts";
import { ClassProblem } from "./class-problem.ts";

const CONDITION = CloudStackCondition.ValidationSucceeded;

/** `ownProject`: of the controller's settings, which speak of the controller's key. @throws ClassProblem */
export async function scopeOf(
  spec: CloudStackNodeClassSpec,
  client: CloudStackClient,
  ownProject: string | undefined,
  signal: AbortSignal,
): Promise<Scope> {
  const { source } = client;
  const { account, domain } = spec;
  if (account !== undefined && domain !== undefined) {
    return { source, account: await accountOf(client, account, domain, signal) };
  }
  const project = spec.project ?? (source === "" ? ownProject : undefined);
  return project === undefined ? { source } : { source, projectId: await projectOf(client, project, signal) };
}

async function projectOf(client: CloudStackClient, wanted: string, signal: AbortSignal): Promise<string> {
  const found = (await client.projects(signal)).find(({ id, name }) => id === wanted || name === wanted);
  if (found === undefined) throw new ClassProblem(CONDITION, "ProjectNotFound", `project ${wanted} does not exist`);
  if (found.state !== "" && found.state !== "Active") {
    throw new ClassProblem(CONDITION, "ProjectSuspended", `project ${found.name} is ${found.state}`);
  }
  return found.id;
}

/** Only administrators may order for others. */
async function accountOf(
  client: CloudStackClient,
  name: string,
  domain: string,
  signal: AbortSignal,
): Promise<NonNullable<Scope["account"]>> {
  const own = await client.account({ source: client.source }, signal);
  if (own.type === 0) {
    const message = `account ${own.name} is no administrator's: it cannot buy machines for account ${name}`;
    throw new ClassProblem(CONDITION, "Unauthorized", message);
  }
  const domains = await client.domains(signal);
  const named = domains.filter((row) => row.name === domain);
  const found =
    domains.find(({ id, path }) => id === domain || path === domain) ?? (named.length === 1 ? named[0] : undefined);
  if (found === undefined) {
    const problem = named.length > 1 ? "is the name of several: write its path or id" : "does not exist";
    throw new ClassProblem(CONDITION, "DomainNotFound", `domain ${domain} ${problem}`);
  }
  const account = { name, domainId: found.id };
  if ((await foundName(client, account, signal)) === name) return account;
  throw new ClassProblem(CONDITION, "AccountNotFound", `account ${name} does not exist in domain ${found.name}`);
}

async function foundName(
  client: CloudStackClient,
  account: NonNullable<Scope["account"]>,
  signal: AbortSignal,
): Promise<string> {
  try {
    return (await client.account({ source: client.source, account }, signal)).name;
  } catch (error) {
    if (kindOf(error) === "not-found" || kindOf(error) === "config") return "";
    throw error;
  }
}
