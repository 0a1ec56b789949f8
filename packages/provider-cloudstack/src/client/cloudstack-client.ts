// What is asked of CloudStack, as typed calls; lists that many ask for are read once and kept for their time (§3).

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";

import type { CloudStackApi, Payload } from "./cloudstack-api.ts";
import { isObject } from "./answer.ts";
import { pollJob, waitForJob } from "./jobs.ts";
import type { JobOutcome } from "./jobs.ts";
import { listAll } from "./paging.ts";
import { pairs } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import {
  parseDiskOffering,
  parseNetwork,
  parseOffering,
  parseTemplate,
  parseVm,
  parseVolume,
  parseZone,
  text,
} from "./wire.ts";
import type {
  WireDiskOffering,
  WireNetwork,
  WireOffering,
  WireTemplate,
  WireVm,
  WireVolume,
  WireZone,
} from "./wire.ts";

/** A project, or everything outside of projects that the account may see (C-5). */
export interface Scope {
  readonly projectId?: string;
}

export interface NamedRow {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly description: string;
}

export interface Capabilities {
  readonly version: string;
  /** Users may remove machines for good. */
  readonly allowUserExpunge: boolean;
}

/** What an account or project may still take; Infinity where nothing is said. */
export interface Remaining {
  readonly vm: number;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
}

export interface Account {
  /** 0 user, 1 root administrator, 2 administrator of a domain. */
  readonly type: number;
  readonly remaining: Remaining;
}

interface Kept {
  readonly until: number;
  readonly value: Promise<unknown>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const TEMPLATE_FILTERS = ["executable", "featured", "community", "sharedexecutable", "self"];

export class CloudStackClient {
  readonly #api: CloudStackApi;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(api: CloudStackApi, clock: Clock, random: () => number) {
    this.#api = api;
    this.#clock = clock;
    this.#random = random;
  }

  zones(signal: AbortSignal): Promise<readonly WireZone[]> {
    return this.#list({ command: "listZones", key: "zone", keepMs: 15 * MINUTE }, {}, parseZone, signal);
  }

  offerings(signal: AbortSignal): Promise<readonly WireOffering[]> {
    const parameters = { listall: true };
    return this.#list(
      { command: "listServiceOfferings", key: "serviceoffering", keepMs: 5 * MINUTE },
      parameters,
      parseOffering,
      signal,
    );
  }

  diskOfferings(signal: AbortSignal): Promise<readonly WireDiskOffering[]> {
    const parameters = { listall: true };
    return this.#list(
      { command: "listDiskOfferings", key: "diskoffering", keepMs: 5 * MINUTE },
      parameters,
      parseDiskOffering,
      signal,
    );
  }

  networks(scope: Scope, signal: AbortSignal): Promise<readonly WireNetwork[]> {
    return this.#list({ command: "listNetworks", key: "network", keepMs: MINUTE }, within(scope), parseNetwork, signal);
  }

  /** Own, public and shared ones; each once for every zone (C-34). */
  async templates(scope: Scope, signal: AbortSignal): Promise<readonly WireTemplate[]> {
    const query = { command: "listTemplates", key: "template", keepMs: 5 * MINUTE };
    const lists = await Promise.all(
      TEMPLATE_FILTERS.map((templatefilter) =>
        this.#list(query, { ...within(scope), templatefilter }, parseTemplate, signal),
      ),
    );
    return [...new Map(lists.flat().map((row) => [`${row.id}/${row.zoneId}`, row])).values()];
  }

  projects(signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list({ command: "listProjects", key: "project", keepMs: MINUTE }, { listall: true }, named, signal);
  }

  affinityGroups(scope: Scope, signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list(
      { command: "listAffinityGroups", key: "affinitygroup", keepMs: MINUTE },
      within(scope),
      named,
      signal,
    );
  }

  keyPairs(scope: Scope, signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list({ command: "listSSHKeyPairs", key: "sshkeypair", keepMs: MINUTE }, within(scope), named, signal);
  }

  registeredUserData(scope: Scope, signal: AbortSignal): Promise<readonly NamedRow[]> {
    return this.#list({ command: "listUserData", key: "userdata", keepMs: MINUTE }, within(scope), named, signal);
  }

  tariffs(
    signal: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly usageType: number; readonly value: number }[]> {
    const parse = (row: Payload) => ({
      name: text(row["name"]),
      usageType: Number(row["usageType"]),
      value: Number(row["tariffValue"]),
    });
    return this.#list({ command: "quotaTariffList", key: "quotatariff", keepMs: 15 * MINUTE }, {}, parse, signal);
  }

  async capabilities(signal: AbortSignal): Promise<Capabilities> {
    return this.#keep("listCapabilities", 15 * MINUTE, async () => {
      const answer = await this.#api.call({ command: "listCapabilities", signal });
      const { capability } = answer;
      const row = isObject(capability) ? capability : {};
      return { version: text(row["cloudstackversion"]), allowUserExpunge: row["allowuserexpungerecovervm"] === true };
    });
  }

  /** Of the account itself, or of the project. */
  async account(scope: Scope, signal: AbortSignal): Promise<Account> {
    const { projectId } = scope;
    return this.#keep(`account/${projectId ?? ""}`, MINUTE, async () => {
      const rows =
        projectId === undefined
          ? await listAll(this.#api, { command: "listAccounts", signal }, "account")
          : await listAll(this.#api, { command: "listProjects", parameters: { id: projectId }, signal }, "project");
      const [row = {}] = rows;
      return { type: Number(row["accounttype"] ?? 0), remaining: remainingOf(row) };
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
    const answer = await this.#api.call({ command: "deployVirtualMachine", parameters, note, signal });
    return { id: text(answer["id"]).toLowerCase(), jobId: text(answer["jobid"]) };
  }

  /** The id of a job. */
  async destroy(
    id: string,
    expunge: boolean,
    volumeIds: readonly string[],
    note: string,
    signal: AbortSignal,
  ): Promise<string> {
    const parameters = { id, ...(expunge ? { expunge: true } : {}), volumeids: volumeIds };
    return text((await this.#api.call({ command: "destroyVirtualMachine", parameters, note, signal }))["jobid"]);
  }

  async expunge(id: string, note: string, signal: AbortSignal): Promise<string> {
    return text(
      (await this.#api.call({ command: "expungeVirtualMachine", parameters: { id }, note, signal }))["jobid"],
    );
  }

  async unprotect(id: string, note: string, signal: AbortSignal): Promise<void> {
    await this.#api.call({
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
  async createTags(
    resourcetype: string,
    id: string,
    tags: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string> {
    const parameters = { resourceids: [id], resourcetype, tags: pairs(tags) };
    return text(
      (await this.#api.call({ command: "createTags", parameters, note: `${resourcetype} ${id}`, signal }))["jobid"],
    );
  }

  async deleteTags(
    resourcetype: string,
    id: string,
    tags: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string> {
    const parameters = { resourceids: [id], resourcetype, tags: pairs(tags) };
    return text(
      (await this.#api.call({ command: "deleteTags", parameters, note: `${resourcetype} ${id}`, signal }))["jobid"],
    );
  }

  async createAffinityGroup(
    { name, type, description }: Pick<NamedRow, "name" | "type" | "description">,
    scope: Scope,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly jobId: string }> {
    const project = scope.projectId === undefined ? {} : { projectid: scope.projectId };
    const parameters = { name, type, description, ...project };
    const answer = await this.#api.call({ command: "createAffinityGroup", parameters, note: name, signal });
    this.forget("listAffinityGroups");
    return { id: text(answer["id"]), jobId: text(answer["jobid"]) };
  }

  async deleteAffinityGroup(id: string, signal: AbortSignal): Promise<void> {
    await this.#api.call({ command: "deleteAffinityGroup", parameters: { id }, note: id, signal });
    this.forget("listAffinityGroups");
  }

  waitForJob(command: string, id: string, wait: Duration, signal: AbortSignal): Promise<JobOutcome> {
    return waitForJob({ api: this.#api, clock: this.#clock, random: this.#random }, { id, command }, wait, signal);
  }

  pollJob(command: string, id: string, signal: AbortSignal): Promise<JobOutcome> {
    return pollJob(this.#api, { id, command }, signal);
  }

  /** Something turned out to be otherwise than a kept list says; without a name everything is forgotten. */
  forget(command = ""): void {
    for (const key of this.#kept.keys()) if (key.startsWith(command)) this.#kept.delete(key);
  }

  #list<T>(
    query: { readonly command: string; readonly key: string; readonly keepMs: number },
    parameters: Parameters,
    parse: (row: Payload) => T,
    signal: AbortSignal,
  ): Promise<readonly T[]> {
    const { command, key, keepMs } = query;
    return this.#keep(`${command}?${JSON.stringify(parameters)}`, keepMs, async () => {
      const rows = await listAll(this.#api, { command, parameters, signal }, key);
      return rows.map(parse);
    });
  }

  /** Those who ask at the same time share one answer; a failure is not kept. */
  #keep<T>(key: string, ms: number, read: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined && this.#clock.now() < known.until) return known.value as Promise<T>;
    const value = read();
    this.#kept.set(key, { until: this.#clock.now() + ms, value });
    value.catch(() => {
      if (this.#kept.get(key)?.value === value) this.#kept.delete(key);
    });
    return value;
  }
}

/** Without a project everything the account may see, but never what is in projects. */
export function within({ projectId }: Scope): Parameters {
  return projectId === undefined ? { listall: true } : { projectid: projectId };
}

function named(row: Payload): NamedRow {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    type: text(row["type"]),
    state: text(row["state"]),
    description: text(row["description"]),
  };
}

/** Texts, and "Unlimited" among them. */
function remainingOf(row: Payload): Remaining {
  const left = (name: string): number => {
    const value = Number(text(row[name]) || Number.NaN);
    return Number.isFinite(value) && value >= 0 ? value : Number.POSITIVE_INFINITY;
  };
  return {
    vm: left("vmavailable"),
    cpu: left("cpuavailable"),
    memoryMiB: left("memoryavailable"),
    gpu: left("gpuavailable"),
  };
}
