// The shapes the API sends, as far as they are read, and the parsers that keep a broken answer from looking like an empty one.

export interface WireCluster {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly url: string;
  readonly version: string;
  readonly plan: string;
  readonly status: string;
}

export interface WireTaint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

export interface WireTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly finalizers: readonly string[];
  };
  readonly spec: { readonly taints: readonly WireTaint[]; readonly unschedulable: boolean };
}

export interface WirePool {
  readonly id: string;
  readonly name: string;
  readonly flavor: string;
  readonly status: string;
  readonly autoscale: boolean;
  readonly monthlyBilled: boolean;
  readonly antiAffinity: boolean;
  readonly desiredNodes: number;
  readonly minNodes: number;
  readonly maxNodes: number;
  readonly availabilityZones: readonly string[];
  readonly template: WireTemplate;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface WireMachine {
  readonly id: string;
  readonly nodePoolId: string;
  /** Empty until the cloud knows it. */
  readonly instanceId: string;
  readonly name: string;
  readonly flavor: string;
  readonly version: string;
  readonly status: string;
  readonly isUpToDate: boolean;
  readonly createdAt: string;
}

/** GET …/kube/{id}/flavors. */
export interface WireKubeFlavor {
  readonly name: string;
  readonly category: string;
  readonly state: string;
  readonly vCPUs: number;
  readonly gpus: number;
  readonly ramGB: number;
}

/** GET …/flavor?region=. */
export interface WireProjectFlavor {
  readonly name: string;
  readonly diskGB: number;
  readonly osType: string;
  readonly available: boolean;
  /** Negative when the API did not say. */
  readonly quota: number;
  readonly outboundMbits: number;
  readonly planHourly: string;
  readonly planMonthly: string;
}

export interface WireRegion {
  readonly name: string;
  readonly type: string;
  readonly availabilityZones: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export class WireError extends Error {
  override readonly name = "WireError";
}

export function parseCluster(data: unknown): WireCluster {
  const o = objectOf(data, "cluster");
  return {
    id: id(o, "cluster"),
    name: str(o["name"]),
    region: str(o["region"]),
    url: str(o["url"]),
    version: str(o["version"]),
    plan: str(o["plan"]).toLowerCase(),
    status: str(o["status"]) || "UNKNOWN",
  };
}

export function parsePool(data: unknown): WirePool {
  const o = objectOf(data, "pool");
  return {
    id: id(o, "pool"),
    name: str(o["name"]),
    flavor: str(o["flavor"]),
    status: str(o["status"]) || "UNKNOWN",
    autoscale: o["autoscale"] === true,
    monthlyBilled: o["monthlyBilled"] === true,
    antiAffinity: o["antiAffinity"] === true,
    desiredNodes: num(o["desiredNodes"], "desiredNodes"),
    minNodes: num(o["minNodes"] ?? 0, "minNodes"),
    maxNodes: num(o["maxNodes"] ?? 0, "maxNodes"),
    availabilityZones: strings(o["availabilityZones"]),
    template: parseTemplate(o["template"]),
    createdAt: str(o["createdAt"]),
    updatedAt: str(o["updatedAt"]),
  };
}

export function parseMachine(data: unknown): WireMachine {
  const o = objectOf(data, "node");
  return {
    id: id(o, "node"),
    nodePoolId: str(o["nodePoolId"]),
    instanceId: str(o["instanceId"]),
    name: str(o["name"]),
    flavor: str(o["flavor"]),
    version: str(o["version"]),
    status: str(o["status"]) || "UNKNOWN",
    isUpToDate: o["isUpToDate"] !== false,
    createdAt: str(o["createdAt"]),
  };
}

export function parseKubeFlavor(data: unknown): WireKubeFlavor {
  const o = objectOf(data, "flavor");
  return {
    name: str(o["name"]),
    category: str(o["category"]),
    state: str(o["state"]),
    vCPUs: num(o["vCPUs"], "vCPUs"),
    gpus: num(o["gpus"] ?? 0, "gpus"),
    ramGB: num(o["ram"], "ram"),
  };
}

export function parseProjectFlavor(data: unknown): WireProjectFlavor {
  const o = objectOf(data, "flavor");
  const plans = isObject(o["planCodes"]) ? o["planCodes"] : {};
  return {
    name: str(o["name"]),
    diskGB: num(o["disk"] ?? 0, "disk"),
    osType: str(o["osType"]),
    available: o["available"] !== false,
    quota: num(o["quota"] ?? -1, "quota"),
    outboundMbits: num(o["outboundBandwidth"] ?? 0, "outboundBandwidth"),
    planHourly: str(plans["hourly"]),
    planMonthly: str(plans["monthly"]),
  };
}

export function parseRegion(data: unknown): WireRegion {
  const o = objectOf(data, "region");
  return { name: str(o["name"]), type: str(o["type"]), availabilityZones: strings(o["availabilityZones"]) };
}

export function listOf<T>(data: unknown, what: string, parse: (entry: unknown) => T): readonly T[] {
  if (!Array.isArray(data)) throw new WireError(`the API answered no list of ${what}s`);
  return data.map(parse);
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseTemplate(data: unknown): WireTemplate {
  const template = isObject(data) ? data : {};
  const metadata = isObject(template["metadata"]) ? template["metadata"] : {};
  const spec = isObject(template["spec"]) ? template["spec"] : {};
  return {
    metadata: {
      labels: stringMap(metadata["labels"]),
      annotations: stringMap(metadata["annotations"]),
      finalizers: strings(metadata["finalizers"]),
    },
    spec: {
      taints: (Array.isArray(spec["taints"]) ? spec["taints"] : []).filter(isObject).map((taint) => ({
        key: str(taint["key"]),
        value: str(taint["value"]),
        effect: str(taint["effect"]),
      })),
      unschedulable: spec["unschedulable"] === true,
    },
  };
}

function objectOf(data: unknown, what: string): Json {
  if (!isObject(data)) throw new WireError(`the API answered no ${what}`);
  return data;
}

function id(o: Json, what: string): string {
  const value = str(o["id"]);
  if (value === "") throw new WireError(`the API answered a ${what} without id`);
  return value;
}

function num(value: unknown, field: string): number {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new WireError(`the API answered no number for ${field}`);
  return value;
}

function str(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

function stringMap(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
