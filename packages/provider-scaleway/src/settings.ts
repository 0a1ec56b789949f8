// The provider's settings, read once from the environment; every mistake is named at once (S-08 to S-12, §6).

import type { Environment } from "@karpenter-multicloud/core/controllers";
import { EnvironmentReader, SettingsError } from "@karpenter-multicloud/core/options";
import type { Pace } from "@karpenter-multicloud/core/provider";
import { hours, minutes, parseQuantity, seconds } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import { DEFAULT_ALIASES } from "./catalog/aliases.ts";

export interface ScalewaySettings {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly projectId: string;
  readonly organizationId?: string;
  readonly region: string;
  readonly zone: string;
  /** Without a slash at its end. */
  readonly apiURL: string;
  /** On every machine's tags. */
  readonly clusterName: string;
  /** API server as machines reach it, when the cluster does not tell. */
  readonly clusterEndpoint?: string;
  /** Where a tokenSecretRef without namespace points to. */
  readonly namespace: string;
  readonly pace: Required<Pace>;
  readonly catalogTtl: Duration;
  readonly availabilityTtl: Duration;
  readonly memoryOverhead: number;
  /** Bytes; types with less are left out. */
  readonly minMemory: number;
  /** W-51: how often servers without NodeClaim are looked for, and how long one must have been seen to be removed. */
  readonly gcInterval: Duration;
  readonly gcMinAge: Duration;
  /** Machines of types that Scaleway will stop are replaced (W-52). */
  readonly endOfServiceDrift: boolean;
  /** Certificates that kubelets ask for their own port are approved where they are their machine's. */
  readonly approveServingCertificates: boolean;
  readonly maxLaunchAttempts: number;
  readonly maxConcurrentCreates: number;
  readonly priceRootVolumeGbHour: number;
  readonly pricePublicIpv4Hour: number;
  /** Friendly name in lower case to commercial type. */
  readonly aliases: Readonly<Record<string, string>>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** @throws SettingsError naming every variable that is missing or wrong; no secret is in it */
export function scalewaySettings(env: Environment, clusterName: string): ScalewaySettings {
  const read = new EnvironmentReader(env);
  checkClusterName(read, clusterName);
  const settings: ScalewaySettings = {
    accessKey: secret(read, "SCW_ACCESS_KEY", /^SCW[A-Z0-9]{17}$/i, "an access key: SCW and 17 letters or digits"),
    secretKey: secret(read, "SCW_SECRET_KEY", UUID, "a secret key, which is a UUID"),
    projectId: required(read, "SCW_DEFAULT_PROJECT_ID", UUID, "the UUID of the project"),
    ...read.optional("organizationId", "SCW_DEFAULT_ORGANIZATION_ID", UUID, "the UUID of the organisation"),
    region: pattern(read, "SCW_DEFAULT_REGION", "fr-par", /^[a-z]{2}-[a-z]{3}$/, "a region such as fr-par"),
    zone: pattern(read, "SCW_DEFAULT_ZONE", "fr-par-1", /^[a-z]{2}-[a-z]{3}-[1-9]$/, "a zone such as fr-par-1"),
    apiURL: read.checked("SCW_API_URL", "https://api.scaleway.com", apiURL),
    clusterName,
    ...read.optional("clusterEndpoint", "CLUSTER_ENDPOINT", /./, "host:port or https://host:port"),
    namespace: read.text("SYSTEM_NAMESPACE") || read.text("POD_NAMESPACE") || "karpenter",
    pace: {
      perSecond: read.number("SCW_QPS", 10, { min: 0.1, max: 1000 }),
      burst: read.number("SCW_BURST", 20, { min: 1, max: 10_000 }),
      maxInFlight: read.number("SCW_MAX_IN_FLIGHT", 16, { min: 1, max: 1000 }),
    },
    catalogTtl: read.duration("SCW_CATALOG_TTL", hours(1)),
    availabilityTtl: read.duration("SCW_AVAILABILITY_TTL", seconds(60)),
    gcInterval: read.duration("SCW_GC_INTERVAL", minutes(2)),
    gcMinAge: read.duration("SCW_GC_MIN_AGE", minutes(5)),
    memoryOverhead: read.number("VM_MEMORY_OVERHEAD_PERCENT", 0.075, { min: 0, max: 0.5 }),
    minMemory: parseQuantity(read.checked("SCW_MIN_MEMORY", "2Gi", quantity)).toNumberUp(),
    endOfServiceDrift: read.flag("SCW_END_OF_SERVICE_DRIFT", false),
    approveServingCertificates: read.flag("SCW_APPROVE_SERVING_CERTIFICATES", false),
    maxLaunchAttempts: read.number("SCW_MAX_LAUNCH_ATTEMPTS", 20, { min: 1, max: 1000 }),
    maxConcurrentCreates: read.number("SCW_MAX_CONCURRENT_CREATES", 10, { min: 1, max: 1000 }),
    priceRootVolumeGbHour: read.number("SCW_PRICE_ROOT_VOLUME_GB_HOUR", 0, { min: 0, max: 10 }),
    pricePublicIpv4Hour: read.number("SCW_PRICE_PUBLIC_IPV4_HOUR", 0, { min: 0, max: 10 }),
    aliases: aliases(read),
  };
  if (read.problems.length > 0) throw new SettingsError(read.problems);
  return settings;
}

function checkClusterName(read: EnvironmentReader, name: string): void {
  if (CLUSTER_NAME.test(name)) return;
  const fix = "use letters, digits, '-', '_' and '.', at most 63 of them: it becomes a tag of every machine";
  read.problems.push({ setting: "CLUSTER_NAME", value: name, problem: "is no name for a tag", fix });
}

/** The value is never shown, also when it is wrong (T-47). */
function secret(read: EnvironmentReader, name: string, wanted: RegExp, words: string): string {
  const value = read.text(name);
  if (wanted.test(value)) return value;
  const problem = value === "" ? "is missing" : "is not in the form of such a key";
  read.problems.push({ setting: name, problem, fix: `set it to ${words}` });
  return "";
}

function required(read: EnvironmentReader, name: string, wanted: RegExp, words: string): string {
  const value = read.text(name);
  if (wanted.test(value)) return value;
  read.problems.push({
    setting: name,
    ...(value === "" ? {} : { value }),
    problem: value === "" ? "is missing" : "is written wrongly",
    fix: `set it to ${words}`,
  });
  return "";
}

function pattern(read: EnvironmentReader, name: string, fallback: string, wanted: RegExp, words: string): string {
  return read.checked(name, fallback, (text) => {
    if (wanted.test(text)) return text;
    throw new Error(`is not ${words}`);
  });
}

/** T-46: a slash at its end is what people write and what the SDK refuses. */
function apiURL(text: string): string {
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("is not an http or https address");
  return text.replace(/\/+$/, "");
}

function quantity(text: string): string {
  parseQuantity(text);
  return text;
}

/** `name=TYPE,name=TYPE`, over the ones that are known anyway (S-06). */
function aliases(read: EnvironmentReader): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  for (const pair of read.text("SCW_INSTANCE_TYPE_ALIASES").split(",")) {
    if (pair.trim() === "") continue;
    const [, name = "", type = ""] = /^\s*([A-Za-z0-9][\w.-]{0,62})\s*=\s*([A-Z0-9][A-Z0-9-]*)\s*$/.exec(pair) ?? [];
    if (name === "") {
      read.refuse("SCW_INSTANCE_TYPE_ALIASES", `${pair} is no alias`, "write name=TYPE, separated by commas");
    } else own[name.toLowerCase()] = type;
  }
  return { ...DEFAULT_ALIASES, ...own };
}
