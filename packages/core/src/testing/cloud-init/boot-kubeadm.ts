// A machine that runs kubeadm join: what kubeadm and the API server would check, in their order.

import { parseDocument } from "yaml";
import { isJsonObject, type JsonObject } from "../../api/index.ts";
import { caHashes } from "../../bootstrap/index.ts";
import { checkToken } from "./check-token.ts";
import { registerNode } from "./kubelet.ts";
import type { ScriptFacts } from "./script-facts.ts";
import { demand, type JoinedMachine, type MachineSurroundings } from "./surroundings.ts";

const GROUP = "system:bootstrappers:kubeadm:default-node-token";
const SOCKETS = ["unix:///run/containerd/containerd.sock", "unix:///var/run/crio/crio.sock"];

export async function bootKubeadm(
  script: ScriptFacts,
  path: string,
  surroundings: MachineSurroundings,
  signal: AbortSignal,
): Promise<JoinedMachine> {
  const { cluster, machine } = surroundings;
  demand(script.has(/^swapoff -a$/), "swap is on: the kubelet does not start");
  const forwards = script.filesIn("/etc/sysctl.d").some(([, text]) => /^net\.ipv4\.ip_forward = 1$/m.test(text));
  demand(forwards && script.has(/^sysctl --system/), "IPv4 forwarding is off: kubeadm's preflight fails");
  const join = yamlObject(script.file(path), path);
  const isBeta4 = apiVersion(join, cluster.version);
  demand(join["kind"] === "JoinConfiguration", `${path} is no JoinConfiguration`);
  await checkDiscovery(objectAt(objectAt(join, "discovery"), "bootstrapToken"), surroundings, signal);
  const registration = objectAt(join, "nodeRegistration");
  const name = registration["name"];
  demand(name === machine.name, `node ${String(name)} is not the name of this machine`);
  demand(SOCKETS.includes(String(registration["criSocket"])), "no container runtime listens on the socket");
  const given = readArgs(registration["kubeletExtraArgs"], isBeta4);
  const taints = list(registration["taints"]).filter(isJsonObject).map(taintText).join(",");
  const args = { "hostname-override": machine.name, "register-with-taints": taints, ...given };
  const installed = script.find(/kubelet=(1\.\d+\.\d+)-\*/);
  const version = installed === undefined ? machine.kubeletVersion : `v${installed}`;
  const withVersion =
    version === undefined ? surroundings : { ...surroundings, machine: { ...machine, kubeletVersion: version } };
  return registerNode(args, kubeletConfig(script, join), withVersion);
}

/** @returns whether arguments are lists of pairs */
function apiVersion(join: JsonObject, version: string): boolean {
  const minor = Number(/^v1\.(\d+)/.exec(version)?.[1] ?? 0);
  const known = [...(minor >= 31 ? ["kubeadm.k8s.io/v1beta4"] : []), "kubeadm.k8s.io/v1beta3"];
  const text = String(join["apiVersion"]);
  demand(known.includes(text), `kubeadm of ${version} does not know ${text}`);
  return text.endsWith("v1beta4");
}

async function checkDiscovery(discovery: JsonObject, surroundings: MachineSurroundings, signal: AbortSignal) {
  const { cluster } = surroundings;
  const endpoint = String(discovery["apiServerEndpoint"]);
  demand(cluster.endpoints.includes(endpoint), `no API server answers at ${endpoint}`);
  const pins = list(discovery["caCertHashes"]).map(String);
  demand(pins.length > 0, "no CA hash: kubeadm refuses to trust whoever answers");
  const real = caHashes(cluster.caBundle);
  demand(
    pins.some((pin) => real.includes(pin)),
    "the CA hash is of another cluster",
  );
  await checkToken(String(discovery["token"]), GROUP, surroundings, signal);
}

function readArgs(value: unknown, isBeta4: boolean): Readonly<Record<string, string>> {
  if (!isBeta4) {
    demand(value === undefined || isJsonObject(value), "kubeletExtraArgs is no map");
    return Object.fromEntries(Object.entries(value ?? {}).map(([name, text]) => [name, String(text)]));
  }
  demand(value === undefined || Array.isArray(value), "kubeletExtraArgs is no list of pairs");
  const pairs = list(value).filter(isJsonObject);
  return Object.fromEntries(pairs.map(({ name, value: text }) => [String(name), String(text)]));
}

function taintText(taint: JsonObject): string {
  const { key, value, effect } = taint;
  return `${String(key)}${typeof value === "string" && value !== "" ? `=${value}` : ""}:${String(effect)}`;
}

/** kubeadm applies patches by their file names. */
function kubeletConfig(script: ScriptFacts, join: JsonObject): JsonObject {
  const folder = objectAt(join, "patches")["directory"];
  if (typeof folder !== "string") return {};
  const patches = script
    .filesIn(folder)
    .filter(([name]) => /^kubeletconfiguration\d*(\+\w+)?\.(yaml|json)$/.test(name));
  return patches
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .reduce<JsonObject>((config, [name, text]) => ({ ...config, ...yamlObject(text, name) }), {});
}

export function yamlObject(text: string | undefined, path: string): JsonObject {
  demand(text !== undefined, `no file ${path}`);
  const document = parseDocument(text, { version: "1.1" });
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  demand(isJsonObject(value), `${path} is no YAML object`);
  return value;
}

export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isJsonObject(value) ? value : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
