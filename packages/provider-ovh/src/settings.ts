// The provider's settings, read once from the environment; every mistake is named at once.

import type { Environment } from "@karpenter-multicloud/core/controllers";
import { SettingsError } from "@karpenter-multicloud/core/options";
import type { SettingsProblem } from "@karpenter-multicloud/core/options";
import type { Pace } from "@karpenter-multicloud/core/provider";
import { hours, minutes, parseDuration } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import { CredentialsError, readCredentials } from "./client/credentials.ts";
import type { OvhCredentials } from "./client/credentials.ts";
import { parseEndpoint } from "./client/endpoints.ts";

export interface OvhSettings {
  readonly endpoint: string;
  readonly serviceName?: string;
  readonly kubeId?: string;
  readonly region?: string;
  /** From the environment; a class may name a Secret instead. */
  readonly credentials?: OvhCredentials;
  /** Where a credentialsSecretRef without namespace points to. */
  readonly namespace: string;
  readonly subsidiary?: string;
  /** Path of a PEM file to trust besides the public authorities. */
  readonly caFile?: string;
  readonly pace: Required<Pace>;
  readonly maxPools: number;
  readonly maxNodesPerPool: number;
  /** @defaultValue 100 on the Free plan, 500 on Standard */
  readonly maxNodesPerCluster?: number;
  readonly emptyPoolTtl: Duration;
  readonly surplusTtl: Duration;
  readonly cancelPending: boolean;
  readonly deletingIsGone: boolean;
  readonly earlyTaint: boolean;
  /** Take over pools of the older Go product that hold machines of our claims (O-4). */
  readonly adoptLegacyPools: boolean;
  readonly repairToleration: Duration;
  readonly memoryOverhead: number;
  /** Zone label of nodes in one-AZ regions. @defaultValue what existing Nodes carry, else nova */
  readonly defaultZone?: string;
  /** Undefined: the live catalogue is not asked. */
  readonly pricingInterval?: Duration;
  readonly monthlyFamilies: readonly string[];
}

/** @throws SettingsError naming every variable that is wrong */
export function ovhSettings(env: Environment): OvhSettings {
  const read = new Reader(env);
  const endpoint = read.checked("OVH_ENDPOINT", "ovh-eu", (text) => {
    parseEndpoint(text);
    return text;
  });
  refuseUnbuilt(read);
  const settings: OvhSettings = {
    endpoint,
    ...read.optional(
      "serviceName",
      "OVH_SERVICE_NAME",
      /^[a-f0-9]{32}$/,
      "32 hexadecimal characters: the Public Cloud project id",
    ),
    ...read.optional("kubeId", "OVH_KUBE_ID", /^[0-9a-fA-F-]{36}$/, "the UUID of the MKS cluster"),
    ...read.optional("region", "OVH_REGION", /^[A-Z0-9-]{2,32}$/, "a region in upper case such as EU-WEST-PAR"),
    ...readEnvCredentials(env, read),
    namespace: read.text("SYSTEM_NAMESPACE") || read.text("POD_NAMESPACE") || "karpenter",
    ...read.optional("subsidiary", "OVH_SUBSIDIARY", /^[A-Z]{2,5}$/, "a subsidiary such as FR"),
    ...read.optional("caFile", "OVH_CA_FILE", /./, "a path"),
    pace: {
      perSecond: read.number("OVH_QPS", 5, { min: 0.1, max: 1000 }),
      burst: read.number("OVH_BURST", 10, { min: 1, max: 10_000 }),
      maxInFlight: read.number("OVH_MAX_IN_FLIGHT", 4, { min: 1, max: 1000 }),
    },
    maxPools: read.number("OVH_MAX_POOLS", 100, { min: 1, max: 10_000 }),
    maxNodesPerPool: read.number("OVH_MAX_NODES_PER_POOL", 100, { min: 1, max: 999 }),
    ...(read.text("OVH_MAX_NODES_PER_CLUSTER") === ""
      ? {}
      : { maxNodesPerCluster: read.number("OVH_MAX_NODES_PER_CLUSTER", 100, { min: 1, max: 100_000 }) }),
    emptyPoolTtl: read.duration("OVH_EMPTY_POOL_TTL", minutes(10)),
    surplusTtl: read.duration("OVH_SURPLUS_TTL", minutes(10)),
    cancelPending: read.flag("OVH_CANCEL_PENDING", true),
    deletingIsGone: read.flag("OVH_DELETING_IS_GONE", true),
    earlyTaint: read.flag("OVH_EARLY_TAINT", true),
    adoptLegacyPools: read.flag("OVH_ADOPT_LEGACY_POOLS", false),
    repairToleration: read.duration("OVH_REPAIR_TOLERATION", minutes(25)),
    memoryOverhead: read.number("OVH_VM_MEMORY_OVERHEAD_PERCENT", 0.05, { min: 0, max: 0.5 }),
    ...read.optional("defaultZone", "OVH_DEFAULT_ZONE", /^[a-zA-Z0-9][-a-zA-Z0-9_.]*$/, "a zone label value"),
    ...pricing(read),
    monthlyFamilies: (read.text("OVH_MONTHLY_FAMILIES") || "b2,c2,r2,d2").split(",").map((family) => family.trim()),
  };
  if (read.problems.length > 0) throw new SettingsError(read.problems);
  return settings;
}

/** What users may know from other clients and this provider cannot do. */
function refuseUnbuilt(read: Reader): void {
  const transport = read.text("OVH_TRANSPORT");
  if (transport !== "" && transport !== "node-ovh") {
    read.refuse("OVH_TRANSPORT", "this transport is not available", "leave it out or use node-ovh");
  }
  const deleteMode = read.text("OVH_DELETE_MODE");
  if (deleteMode !== "" && deleteMode !== "pool") {
    read.refuse("OVH_DELETE_MODE", "this way of deleting is not available", "leave it out or use pool");
  }
  if (read.text("OVH_ADOPT_REPLACEMENTS").toLowerCase() === "true") {
    const fix = "leave it out: waiting NodeClaims get such a machine, and otherwise it is removed";
    read.refuse("OVH_ADOPT_REPLACEMENTS", "keeping machines that MKS made as replacements is not available", fix);
  }
}

function readEnvCredentials(env: Environment, read: Reader): Pick<OvhSettings, "credentials"> {
  try {
    const { OVH_ENDPOINT: _, OVH_SUBSIDIARY: __, ...values } = env;
    const credentials = readCredentials(values, "the environment");
    return credentials === undefined ? {} : { credentials };
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    read.problems.push({
      setting: "OVH_APPLICATION_KEY and its like",
      problem: error.message,
      fix: "set one kind of credentials completely",
    });
    return {};
  }
}

/** OVH_PRICING_INTERVAL: a duration, or 0 or "off" to use the bundled prices only. */
function pricing(read: Reader): Pick<OvhSettings, "pricingInterval"> {
  const text = read.text("OVH_PRICING_INTERVAL");
  if (text === "0" || text === "off") return {};
  const interval = read.duration("OVH_PRICING_INTERVAL", hours(12));
  return interval > 0 ? { pricingInterval: interval } : {};
}

class Reader {
  readonly problems: SettingsProblem[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  text(name: string): string {
    return (this.#env[name] ?? "").trim();
  }

  refuse(setting: string, problem: string, fix: string): void {
    this.problems.push({ setting, value: this.text(setting), problem, fix });
  }

  checked(name: string, fallback: string, check: (text: string) => string): string {
    const text = this.text(name);
    if (text === "") return fallback;
    try {
      return check(text);
    } catch (error) {
      this.refuse(name, (error as Error).message, "correct it or leave it out");
      return fallback;
    }
  }

  optional<K extends string>(key: K, name: string, pattern: RegExp, wanted: string): Partial<Record<K, string>> {
    const text = this.text(name);
    if (text === "") return {};
    if (!pattern.test(text)) {
      this.refuse(name, "is written wrongly", `use ${wanted}`);
      return {};
    }
    return { [key]: text } as Partial<Record<K, string>>;
  }

  number(name: string, fallback: number, range: { readonly min: number; readonly max: number }): number {
    const text = this.text(name);
    if (text === "") return fallback;
    const value = Number(text);
    if (Number.isFinite(value) && value >= range.min && value <= range.max) return value;
    this.refuse(name, "is no number in range", `use a number between ${range.min} and ${range.max}`);
    return fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name).toLowerCase();
    if (text === "") return fallback;
    if (text === "true" || text === "false") return text === "true";
    this.refuse(name, "is neither true nor false", "use true or false");
    return fallback;
  }

  duration(name: string, fallback: Duration): Duration {
    const text = this.text(name);
    if (text === "") return fallback;
    try {
      return parseDuration(text);
    } catch {
      this.refuse(name, "is not a duration", "use a text such as 10m or 1h30m");
      return fallback;
    }
  }
}
