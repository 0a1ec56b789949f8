// The lists that many ask for: by which command, under which key they come, and for how long they are kept (§3).

import type { Payload } from "./cloudstack-api.ts";
import { parseNamed, parseRegisteredUserData, parseTariff } from "./wire-account.ts";
import type { NamedRow } from "./wire-account.ts";
import { parseDiskOffering, parseNetwork, parseOffering, parseTemplate, parseZone, text } from "./wire.ts";

export interface KeptList<T> {
  readonly command: string;
  readonly key: string;
  readonly keepMs: number;
  readonly parse: (row: Payload) => T;
}

export interface DomainRow extends NamedRow {
  readonly path: string;
}

const MINUTE = 60_000;

export const LISTS = {
  zones: { command: "listZones", key: "zone", keepMs: 15 * MINUTE, parse: parseZone },
  offerings: {
    command: "listServiceOfferings",
    key: "serviceoffering",
    keepMs: 5 * MINUTE,
    parse: parseOffering,
  },
  diskOfferings: { command: "listDiskOfferings", key: "diskoffering", keepMs: 5 * MINUTE, parse: parseDiskOffering },
  networks: { command: "listNetworks", key: "network", keepMs: MINUTE, parse: parseNetwork },
  templates: { command: "listTemplates", key: "template", keepMs: 5 * MINUTE, parse: parseTemplate },
  projects: { command: "listProjects", key: "project", keepMs: MINUTE, parse: parseNamed },
  affinityGroups: { command: "listAffinityGroups", key: "affinitygroup", keepMs: MINUTE, parse: parseNamed },
  keyPairs: { command: "listSSHKeyPairs", key: "sshkeypair", keepMs: MINUTE, parse: parseNamed },
  userData: { command: "listUserData", key: "userdata", keepMs: MINUTE, parse: parseRegisteredUserData },
  securityGroups: { command: "listSecurityGroups", key: "securitygroup", keepMs: MINUTE, parse: parseNamed },
  domains: {
    command: "listDomains",
    key: "domain",
    keepMs: 15 * MINUTE,
    parse: (row: Payload): DomainRow => ({ ...parseNamed(row), path: text(row["path"]) }),
  },
  tariffs: { command: "quotaTariffList", key: "quotatariff", keepMs: 15 * MINUTE, parse: parseTariff },
} as const;
