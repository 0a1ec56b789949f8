// The provider's settings, read once from the environment and a cloud-config file; every mistake is named at once (S-17 to S-21, §12).

import { readFileSync } from "node:fs";
import type { Environment } from "@karpenter-multicloud/core/controllers";
import { EnvironmentReader, SettingsError } from "@karpenter-multicloud/core/options";
import type { Pace } from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import type { ExpungePolicy } from "./api/cloudstack-node-class.ts";
import { DEFAULT_FORMULA } from "./offerings/prices.ts";
import type { PriceFormula } from "./offerings/prices.ts";
import type { Connection } from "./client/http-transport.ts";
import { readApiUrl, readVerifySsl } from "./client/read-connection.ts";
import { readCloudConfig } from "./cloud-config.ts";

export interface CloudStackSettings {
  readonly connection: Connection;
  /** Of classes that name no project; everything outside of projects when it is absent. */
  readonly projectId?: string;
  readonly region?: string;
  /** On every machine's tags. */
  readonly clusterName: string;
  /** API server as machines reach it, when the cluster does not tell. */
  readonly clusterEndpoint?: string;
  /** Where a tokenSecretRef without namespace points to. */
  readonly namespace: string;
  readonly pace: Required<Pace>;
  readonly deployWait: Duration;
  /** Part of a machine's memory that its hypervisor and kernel keep. */
  readonly memoryOverhead: number;
  /** Absent: the server's own, or CloudStack's default where the account may not read it. */
  readonly userDataMaxLength?: number;
  readonly maxConcurrentDeploys: number;
  readonly expungePolicy: ExpungePolicy;
  readonly formula: PriceFormula;
  readonly currency: string;
  /** Ask the quota plugin for tariffs. */
  readonly quotaPrices: boolean;
  /** Name of an offering to instance type. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Details of offerings that become labels. */
  readonly offeringLabelKeys: readonly string[];
  /** A JSON file that tags and prices offerings (C-48). */
  readonly offeringsFile?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** @throws SettingsError naming every variable that is missing or wrong; no secret is in it */
export function cloudStackSettings(given: Environment, clusterName: string): CloudStackSettings {
  const { env, problems } = withCloudConfig(given);
  const read = new EnvironmentReader(env);
  read.problems.push(...problems);
  const connection = connectionOf(read);
  checkClusterName(read, clusterName);
  const number = (name: string, fallback: number, max: number): number => read.number(name, fallback, { min: 0, max });
  const settings: CloudStackSettings = {
    connection,
    ...read.optional("projectId", "CLOUDSTACK_PROJECT_ID", UUID, "the UUID of the project"),
    ...read.optional("region", "CLOUDSTACK_REGION", /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "a value for a label"),
    clusterName,
    ...read.optional("clusterEndpoint", "CLUSTER_ENDPOINT", /./, "host:port or https://host:port"),
    namespace: read.text("SYSTEM_NAMESPACE") || read.text("POD_NAMESPACE") || "karpenter",
    pace: {
      perSecond: read.number("CLOUDSTACK_API_QPS", 10, { min: 0.1, max: 1000 }),
      burst: read.number("CLOUDSTACK_API_BURST", 20, { min: 1, max: 10_000 }),
      maxInFlight: 20,
    },
    deployWait: read.duration("CLOUDSTACK_DEPLOY_WAIT", minutes(4)),
    memoryOverhead: read.number("VM_MEMORY_OVERHEAD_PERCENT", 0.075, { min: 0, max: 0.5 }),
    ...(read.text("CLOUDSTACK_USERDATA_MAX_LENGTH") === ""
      ? {}
      : { userDataMaxLength: read.number("CLOUDSTACK_USERDATA_MAX_LENGTH", 32_768, { min: 1024, max: 1_048_576 }) }),
    maxConcurrentDeploys: read.number("CLOUDSTACK_MAX_CONCURRENT_DEPLOYS", 10, { min: 1, max: 1000 }),
    expungePolicy: expungePolicy(read),
    formula: {
      cpuHour: number("CLOUDSTACK_PRICE_CPU_HOUR", DEFAULT_FORMULA.cpuHour, 1e6),
      memoryGiBHour: number("CLOUDSTACK_PRICE_MEMORY_GIB_HOUR", DEFAULT_FORMULA.memoryGiBHour, 1e6),
      gpuHour: number("CLOUDSTACK_PRICE_GPU_HOUR", DEFAULT_FORMULA.gpuHour, 1e6),
      rootGiBHour: number("CLOUDSTACK_PRICE_ROOT_GIB_HOUR", DEFAULT_FORMULA.rootGiBHour, 1e6),
    },
    currency: read.checked("CLOUDSTACK_CURRENCY", "XXX", currency),
    quotaPrices: read.flag("CLOUDSTACK_QUOTA_PRICES", false),
    aliases: aliases(read),
    offeringLabelKeys: read
      .text("CLOUDSTACK_OFFERING_LABEL_KEYS")
      .split(",")
      .map((key) => key.trim())
      .filter((key) => key !== ""),
    ...read.optional("offeringsFile", "CLOUDSTACK_OFFERINGS_FILE", /./, "the path of a file"),
  };
  if (read.problems.length > 0) throw new SettingsError(read.problems);
  return settings;
}

function connectionOf(read: EnvironmentReader): Connection {
  const caFile = read.text("CLOUDSTACK_CA_BUNDLE");
  const method = read.text("CLOUDSTACK_HTTP_METHOD").toLowerCase() || "auto";
  if (method !== "auto" && method !== "get" && method !== "post") {
    read.refuse("CLOUDSTACK_HTTP_METHOD", "is no way to send commands", "use auto, get or post");
  }
  const where = { url: "", isBare: false };
  required(read, "CLOUDSTACK_API_URL", "the address of the API, https://host/client/api", (text) => {
    Object.assign(where, readApiUrl(text));
    return text;
  });
  return {
    ...where,
    apiKey: required(read, "CLOUDSTACK_API_KEY", "the API key of the account"),
    secretKey: required(read, "CLOUDSTACK_SECRET_KEY", "the secret key that belongs to CLOUDSTACK_API_KEY"),
    verifySsl: readVerifySsl(read.text("CLOUDSTACK_VERIFY_SSL")),
    ...(caFile === "" ? {} : { caBundle: fileText(read, "CLOUDSTACK_CA_BUNDLE", caFile) }),
    timeoutMs: read.number("CLOUDSTACK_TIMEOUT_SECONDS", 60, { min: 1, max: 3600 }) * 1000,
    method: method === "get" || method === "post" ? method : "auto",
  };
}

/** The value is not shown: two of the three are secrets. */
function required(
  read: EnvironmentReader,
  name: string,
  words: string,
  check: (text: string) => string = (text) => text,
): string {
  const value = read.text(name);
  if (value === "") {
    read.problems.push({ setting: name, problem: "is missing", fix: `set it to ${words}` });
    return "";
  }
  return read.checked(name, "", check);
}

function expungePolicy(read: EnvironmentReader): ExpungePolicy {
  const name = "CLOUDSTACK_EXPUNGE_POLICY";
  const text = read.text(name);
  const found = (["Auto", "Always", "Never"] as const).find((each) => each.toLowerCase() === text.toLowerCase());
  if (found === undefined && text !== "") read.refuse(name, "is no policy", "use Auto, Always or Never");
  return found ?? "Auto";
}

function checkClusterName(read: EnvironmentReader, name: string): void {
  if (CLUSTER_NAME.test(name)) return;
  read.problems.push({
    setting: "CLUSTER_NAME",
    ...(name === "" ? {} : { value: name }),
    problem: name === "" ? "is missing" : "is no name for a tag",
    fix: "use letters, digits, '-', '_' and '.', at most 63 of them: it becomes a tag of every machine",
  });
}

function currency(text: string): string {
  if (!/^[A-Z]{3}$/.test(text)) throw new Error("is no currency code of three letters");
  return text;
}

/** `Medium Instance=medium-legacy,…` */
function aliases(read: EnvironmentReader): Readonly<Record<string, string>> {
  const name = "CLOUDSTACK_INSTANCE_TYPE_ALIASES";
  const pairs = read
    .text(name)
    .split(",")
    .filter((pair) => pair.trim() !== "");
  const read_ = pairs.map((pair) => /^\s*([^=]+?)\s*=\s*(\S+)\s*$/.exec(pair));
  if (read_.includes(null)) read.refuse(name, "is no list of aliases", "write offering=instance-type, with commas");
  return Object.fromEntries(read_.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]])));
}

function fileText(read: EnvironmentReader, name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    read.refuse(name, (error as Error).message, "give the path of a readable PEM file");
    return "";
  }
}

/** What the environment says itself wins over the file that other CloudStack programs use. */
function withCloudConfig(env: Environment): {
  readonly env: Environment;
  readonly problems: EnvironmentReader["problems"];
} {
  const read = new EnvironmentReader(env);
  const path = read.text("CLOUDSTACK_CLOUD_CONFIG");
  if (path === "") return { env, problems: [] };
  const fromFile = readCloudConfig(fileText(read, "CLOUDSTACK_CLOUD_CONFIG", path));
  const own = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ""));
  return { env: { ...fromFile, ...own }, problems: read.problems };
}
