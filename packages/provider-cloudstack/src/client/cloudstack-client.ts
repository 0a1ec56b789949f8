// What is asked of CloudStack, as typed calls; lists that many ask for are read once and kept for their time (§3).

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";

import type { ApiRequest, CloudStackApi, Payload } from "./cloudstack-api.ts";
import { isObject } from "./answer.ts";
import { pollJob, waitForJob } from "./jobs.ts";
import type { JobOutcome } from "./jobs.ts";
import { kindOf } from "./failure-kind.ts";
import { KeptAnswers } from "./kept-answers.ts";
import { LISTS } from "./kept-lists.ts";
import type { DomainRow, KeptList } from "./kept-lists.ts";
import { listAll } from "./paging.ts";
import { pairs } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import type { ServerFacts, ServerWatch } from "./server-facts.ts";
import { ownedWithin, ownerOf, within } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { parseAccount, parseCapabilities, parseZoneLoad } from "./wire-account.ts";
import type { Account, Capabilities, NamedRow, RegisteredUserData, Tariff, ZoneLoad } from "./wire-account.ts";
import { parseVm, parseVolume, text } from "./wire.ts";
import type {
  WireDiskOffering,
  WireNetwork,
  WireOffering,
  WireTemplate,
  WireVm,
  WireVolume,
  WireZone,
} from "./wire.ts";

const MINUTE = 60_000;
const TEMPLATE_FILTERS = ["executable", "featured", "community", "sharedexecutable", "self"];

export interface ClientParts {
  readonly api: CloudStackApi;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Whose key it is: see Scope. @defaultValue the controller's own */
  readonly source?: string;
  readonly watch: ServerWatch;
  /** A machine was ordered, changed or removed, or may have been; and again when the job of that is over. */
  readonly onMachinesChanged?: () => void;
  /** Of a job that was waited for. */
  readonly onJob?: (command: string, result: JobOutcome["state"], seconds: number) => void;
}

export class CloudStackClient {
  readonly source: string;
  readonly #parts: ClientParts;
  readonly #api: CloudStackApi;
  readonly #kept: KeptAnswers;

  constructor(parts: ClientParts) {
    this.source = parts.source ?? "";
    this.#parts = parts;
    this.#api = parts.api;
    this.#kept = new KeptAnswers(parts.clock);
  }

  zones(signal: AbortSignal): Promise<readonly WireZone[]> {
    return this.#list(LISTS.zones, {}, signal);
  }

  offerings(signal: AbortSignal): Promise<readonly WireOffering[]> {
    return this.#list(LISTS.offerings, { listall: true }, signal);
  }

  diskOfferings(signal: AbortSignal): Promise<readonly WireDiskOffering[]> {
    return this.#list(LISTS.diskOfferings, { listall: true }, signal);
  }

  networks(scope: Scope, signal: AbortSignal): Promise<readonly WireNetwork[]> {
    return this.#list(LISTS.networks, ownedWithin(scope), signal);
  }

  /** Own, public and shared ones; each once for every zone (C-34). */
  async templates(scope: Scope, signal: AbortSignal): Promise<readonly WireTemplate[]> {
    const lists = await Promise.all(
      TEMPLATE_FILTERS.map((templatefilter) =>
        this.#list(LISTS.templates, { ...ownedWithin(scope), templatefilter }, signal),
      ),
    );
    return [...new Map(lists.flat().map((row) => [`${row.id}/${row.zoneId}`, row])).values()];
  }

  projects(signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list(LISTS.projects, { listall: true }, signal);
  }

  affinityGroups(scope: Scope, signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list(LISTS.affinityGroups, ownedWithin(scope), signal);
  }

  keyPairs(scope: Scope, signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list(LISTS.keyPairs, ownedWithin(scope), signal);
  }

  registeredUserData(scope: Scope, signal: AbortSignal): Promise<readonly RegisteredUserData[]> {
    return this.#list(LISTS.userData, ownedWithin(scope), signal);
  }

  securityGroups(scope: Scope, signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list(LISTS.securityGroups, ownedWithin(scope), signal);
  }

  domains(signal: AbortSignal): Promise<readonly DomainRow[]> {
    return this.#list(LISTS.domains, { listall: true }, signal);
  }

  tariffs(signal: AbortSignal): Promise<readonly Tariff[]> {
    return this.#list(LISTS.tariffs, {}, signal);
  }

  /** Memory and processors of the zones' hosts: what is in use. Empty for who is no administrator. */
  async zoneLoads(signal: AbortSignal): Promise<readonly ZoneLoad[]> {
    return this.#kept.keep("listCapacity", MINUTE, () =>
      whereAllowed([], async () => {
        const ask = (type: number): Promise<readonly Payload[]> =>
          listAll(this.#api, { command: "listCapacity", parameters: { type }, signal }, "capacity");
        const lists = await Promise.all([0, 1].map(ask));
        return lists.flat().map(parseZoneLoad);
      }),
    );
  }

  capabilities(signal: AbortSignal): Promise<Capabilities> {
    return this.#kept.keep("listCapabilities", 15 * MINUTE, async () =>
      parseCapabilities(await this.#api.call({ command: "listCapabilities", signal })),
    );
  }

  /** What is known of the server itself; says what people should hear of it. */
  facts(signal: AbortSignal): Promise<ServerFacts> {
    return this.#parts.watch.facts(this, this.#parts.clock.now(), signal);
  }

  /** The commands that the account's role allows; undefined where it may not ask. */
  apis(signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    return this.#kept.keep("listApis", 15 * MINUTE, () =>
      whereAllowed(undefined, async () => {
        const { api } = await this.#api.call({ command: "listApis", signal });
        return new Set((Array.isArray(api) ? api : []).filter(isObject).map(({ name }) => text(name)));
      }),
    );
  }

  /** Of a setting of the site; undefined where it has none of that name, or the account may not ask. */
  configuration(name: string, signal: AbortSignal): Promise<string | undefined> {
    const request = { command: "listConfigurations", parameters: { name }, signal };
    return this.#kept.keep(`listConfigurations/${name}`, 15 * MINUTE, () =>
      whereAllowed(undefined, async () => {
        const rows = await listAll(this.#api, request, "configuration");
        const found = rows.find((row) => row["name"] === name);
        return found === undefined ? undefined : text(found["value"]);
      }),
    );
  }

  /** Of the project, of the account that is named, or of the key's own. */
  async account(scope: Scope, signal: AbortSignal): Promise<Account> {
    const { projectId, account } = scope;
    const { command, key, parameters } =
      projectId === undefined
        ? { command: "listAccounts", key: "account", parameters: accountFilter(account) }
        : { command: "listProjects", key: "project", parameters: { id: projectId } };
    return this.#kept.keep(`account/${JSON.stringify(parameters)}`, MINUTE, async () => {
      const [row = {}] = await listAll(this.#api, { command, parameters, signal }, key);
      return parseAccount(row);
    });
  }

  /** Never from memory. */
  async machines(scope: Scope, filter: Parameters, signal: AbortSignal): Promise<readonly WireVm[]> {
    const parameters = { ...within(scope), ...filter, details: "nics,servoff,tmpl,affgrp,group" };
    return (await listAll(this.#api, { command: "listVirtualMachines", parameters, signal }, "virtualmachine")).map(
      parseVm,
    );
  }

  async volumes(scope: Scope, filter: Parameters, signal: AbortSignal): Promise<readonly WireVolume[]> {
    const request = { command: "listVolumes", parameters: { ...within(scope), ...filter }, signal };
    return (await listAll(this.#api, request, "volume")).map(parseVolume);
  }

  async deploy(
    parameters: Parameters,
    note: string,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly jobId: string }> {
    const answer = await this.#changing({ command: "deployVirtualMachine", parameters, note, signal });
    return { id: text(answer["id"]).toLowerCase(), jobId: text(answer["jobid"]) };
  }

  /** The id of a job. */
  destroy(
    id: string,
    expunge: boolean,
    volumeIds: readonly string[],
    note: string,
    signal: AbortSignal,
  ): Promise<string> {
    const parameters = { id, ...(expunge ? { expunge: true } : {}), volumeids: volumeIds };
    return this.#jobOf({ command: "destroyVirtualMachine", parameters, note, signal });
  }

  expunge(id: string, note: string, signal: AbortSignal): Promise<string> {
    return this.#jobOf({ command: "expungeVirtualMachine", parameters: { id }, note, signal });
  }

  /** Of a machine that was deployed without. The id of a job. */
  start(id: string, note: string, signal: AbortSignal): Promise<string> {
    return this.#jobOf({ command: "startVirtualMachine", parameters: { id }, note, signal });
  }

  async setUserData(id: string, userdata: string, note: string, signal: AbortSignal): Promise<void> {
    await this.#changing({ command: "updateVirtualMachine", parameters: { id, userdata }, note, signal });
  }

  async unprotect(id: string, note: string, signal: AbortSignal): Promise<void> {
    await this.#changing({
      command: "updateVirtualMachine",
      parameters: { id, deleteprotection: false },
      note,
      signal,
    });
  }

  async deleteVolume(id: string, note: string, signal: AbortSignal): Promise<void> {
    await this.#api.call({ command: "deleteVolume", parameters: { id }, note, signal });
  }

  /** The id of a job. */
  createTags(
    resourcetype: string,
    id: string,
    tags: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string> {
    const parameters = { resourceids: [id], resourcetype, tags: pairs(tags) };
    return this.#jobOf({ command: "createTags", parameters, note: `${resourcetype} ${id}`, signal });
  }

  deleteTags(
    resourcetype: string,
    id: string,
    tags: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string> {
    const parameters = { resourceids: [id], resourcetype, tags: pairs(tags) };
    return this.#jobOf({ command: "deleteTags", parameters, note: `${resourcetype} ${id}`, signal });
  }

  async createAffinityGroup(
    { name, type, description }: Pick<NamedRow, "name" | "type" | "description">,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly jobId: string }> {
    const parameters = { name, type, description, ...ownerOf(scope) };
    const answer = await this.#api.call({ command: "createAffinityGroup", parameters, note: name, signal });
    this.forget("listAffinityGroups");
    return { id: text(answer["id"]), jobId: text(answer["jobid"]) };
  }

  async deleteAffinityGroup(id: string, signal: AbortSignal): Promise<void> {
    await this.#api.call({ command: "deleteAffinityGroup", parameters: { id }, note: id, signal });
    this.forget("listAffinityGroups");
  }

  async waitForJob(command: string, id: string, wait: Duration, signal: AbortSignal): Promise<JobOutcome> {
    const { clock, onJob } = this.#parts;
    const since = clock.now();
    const outcome = await waitForJob(this.#parts, { id, command }, wait, signal);
    onJob?.(command, outcome.state, (clock.now() - since) / 1000);
    this.#parts.onMachinesChanged?.();
    return outcome;
  }

  async pollJob(command: string, id: string, signal: AbortSignal): Promise<JobOutcome> {
    const outcome = await pollJob(this.#api, { id, command }, signal);
    if (outcome.state !== "pending") this.#parts.onMachinesChanged?.();
    return outcome;
  }

  /** Also where no answer came: it may have been carried out. */
  async #changing(request: ApiRequest): Promise<Payload> {
    try {
      return await this.#api.call(request);
    } finally {
      this.#parts.onMachinesChanged?.();
    }
  }

  /** Something turned out to be otherwise than a kept list says; without a name everything is forgotten. */
  forget(command = ""): void {
    this.#kept.forget(command);
  }

  /** The id of the job that a command started. */
  async #jobOf(request: ApiRequest): Promise<string> {
    return text((await this.#changing(request))["jobid"]);
  }

  #list<T>(
    { command, key, keepMs, parse }: KeptList<T>,
    parameters: Parameters,
    signal: AbortSignal,
  ): Promise<readonly T[]> {
    return this.#kept.keep(`${command}?${JSON.stringify(parameters)}`, keepMs, async () => {
      const rows = await listAll(this.#api, { command, parameters, signal }, key);
      return rows.map(parse);
    });
  }
}

/** What a role may not ask is done without. */
async function whereAllowed<T>(otherwise: T, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (kindOf(error) === "permission") return otherwise;
    throw error;
  }
}

/** A key's own account is the only one that users see; administrators see themselves without listall. */
function accountFilter(account: Scope["account"]): Parameters {
  return account === undefined ? {} : { name: account.name, domainid: account.domainId };
}
