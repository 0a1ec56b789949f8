// The provider's settings, read once from the environment; every mistake is named at once.

import type { Environment } from "@karpenter-multicloud/core/controllers";
import { EnvironmentReader, SettingsError } from "@karpenter-multicloud/core/options";
import type { Pace } from "@karpenter-multicloud/core/provider";
import { hours, minutes } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import { CredentialsError, readCredentials } from "./client/credentials.ts";
import type { OvhCredentials } from "./client/credentials.ts";
import { parseEndpoint } from "./client/endpoints.ts";
import type { TransportChoice, TransportName } from "./client/transports.ts";

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
  readonly transport: TransportChoice;
  readonly pace: Required<Pace>;
  readonly maxPools: number;
  readonly maxNodesPerPool: number;
  /** @defaultValue 100 on the Free plan, 500 on Standard */
  readonly maxNodesPerCluster?: number;
  readonly emptyPoolTtl: Duration;
  readonly surplusTtl: Duration;
  /** How machines are removed: by the pool's size with their names, or each by a call of its own (O-50.4). */
  readonly deleteMode: "pool" | "node";
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
  const read = new EnvironmentReader(env);
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
    transport: transport(env, read),
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
    deleteMode: read.oneOf("OVH_DELETE_MODE", "pool", ["pool", "node"]),
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
function refuseUnbuilt(read: EnvironmentReader): void {
  if (read.text("OVH_ADOPT_REPLACEMENTS").toLowerCase() === "true") {
    const fix = "leave it out: waiting NodeClaims get such a machine, and otherwise it is removed";
    read.refuse("OVH_ADOPT_REPLACEMENTS", "keeping machines that MKS made as replacements is not available", fix);
  }
}

/** As axios reads them, in both spellings. */
const PROXY_VARIABLES: readonly string[] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];

function transport(env: Environment, read: EnvironmentReader): TransportChoice {
  const proxied = PROXY_VARIABLES.some((name) => Boolean(env[name] ?? env[name.toLowerCase()]));
  const forced = read.oneOf<TransportName | "">("OVH_TRANSPORT", "", ["node-ovh", "native"]);
  return { proxied, ...(forced === "" ? {} : { forced }) };
}

function readEnvCredentials(env: Environment, read: EnvironmentReader): Pick<OvhSettings, "credentials"> {
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
function pricing(read: EnvironmentReader): Pick<OvhSettings, "pricingInterval"> {
  const text = read.text("OVH_PRICING_INTERVAL");
  if (text === "0" || text === "off") return {};
  const interval = read.duration("OVH_PRICING_INTERVAL", hours(12));
  return interval > 0 ? { pricingInterval: interval } : {};
}
