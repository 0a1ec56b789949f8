// Machines that join by an agent of their own: k3s, RKE2, Kosmos and Talos.

import type { JsonObject } from "../../api/index.ts";
import { caBundleDigest } from "../../bootstrap/index.ts";
import { list, objectAt, yamlObject } from "./boot-kubeadm.ts";
import { checkToken } from "./check-token.ts";
import { registerNode } from "./kubelet.ts";
import type { ScriptFacts } from "./script-facts.ts";
import { demand, type JoinedMachine, type MachineSurroundings } from "./surroundings.ts";

const K3S_GROUP = "system:bootstrappers:k3s:default-node-token";

export async function bootRancher(
  script: ScriptFacts,
  distribution: "k3s" | "rke2",
  surroundings: MachineSurroundings,
  signal: AbortSignal,
): Promise<JoinedMachine> {
  const path = `/etc/rancher/${distribution}/config.yaml`;
  const config = yamlObject(script.file(path), path);
  checkServer(String(config["server"]), distribution, surroundings);
  await checkAgentToken(String(config["token"]), surroundings, signal);
  const pairs = list(config["kubelet-arg"]).map((text) => splitOnce(String(text)));
  const args: Readonly<Record<string, string>> = {
    ...Object.fromEntries(pairs),
    "hostname-override": String(config["node-name"]),
    "node-labels": list(config["node-label"]).join(","),
    "register-with-taints": list(config["node-taint"]).join(","),
    ...(typeof config["node-ip"] === "string" && { "node-ip": config["node-ip"] }),
  };
  const kubeletPath = args["config"];
  const kubelet = kubeletPath === undefined ? {} : yamlObject(script.file(kubeletPath), kubeletPath);
  return registerNode(args, kubelet, surroundings);
}

function checkServer(server: string, distribution: "k3s" | "rke2", { cluster }: MachineSurroundings): void {
  const host = (endpoint: string): string => endpoint.slice(0, endpoint.lastIndexOf(":"));
  const known = cluster.endpoints.map((each) => (distribution === "k3s" ? each : `${host(each)}:9345`));
  demand(
    known.some((each) => server === `https://${each}`),
    `no server answers at ${server}`,
  );
}

async function checkAgentToken(token: string, surroundings: MachineSurroundings, signal: AbortSignal): Promise<void> {
  const { cluster } = surroundings;
  if (cluster.joinSecrets?.includes(token)) return;
  const [, digest, short = ""] = /^K10([0-9a-f]{64})::(.+)$/.exec(token) ?? [];
  demand(digest !== undefined, "the server does not know this token");
  demand(digest === caBundleDigest(cluster.caBundle), "the token is of another cluster");
  await checkToken(short, K3S_GROUP, surroundings, signal);
}

/** The agent knows neither labels nor taints: they come from its pool. */
export function bootKosmos(script: ScriptFacts, surroundings: MachineSurroundings): JoinedMachine {
  const path = script.find(/^\. (\/\S+)$/) ?? "";
  const environment = script.file(path) ?? "";
  for (const key of ["POOL_ID", "POOL_REGION", "SCW_SECRET_KEY"]) {
    const value = new RegExp(`^${key}='([^']+)'$`, "m").exec(environment)?.[1];
    demand(value !== undefined, `the node agent has no ${key}`);
    const isKnown = key !== "SCW_SECRET_KEY" || surroundings.cluster.joinSecrets?.includes(value);
    demand(isKnown === true, "the pool does not know this key");
  }
  const { machine } = surroundings;
  const node = { metadata: { name: machine.name }, status: { capacity: machine.capacity } };
  return { joins: true, node, kubeletArgs: {}, kubeletConfig: {} };
}

export function bootTalos(document: JsonObject, surroundings: MachineSurroundings): JoinedMachine {
  const { cluster } = surroundings;
  const machine = objectAt(document, "machine");
  demand(machine["type"] === "worker" || machine["type"] === undefined, "this is no worker's configuration");
  const endpoint = String(objectAt(objectAt(document, "cluster"), "controlPlane")["endpoint"]);
  demand(
    cluster.endpoints.some((each) => endpoint === `https://${each}`),
    `no API server answers at ${endpoint}`,
  );
  const token = String(machine["token"]);
  demand(cluster.joinSecrets?.includes(token) === true, "the cluster does not know this machine token");
  const kubelet = objectAt(machine, "kubelet");
  const labels = Object.entries(objectAt(machine, "nodeLabels")).map(([key, value]) => `${key}=${String(value)}`);
  const args = Object.fromEntries(
    Object.entries(objectAt(kubelet, "extraArgs")).map(([key, value]) => [key, String(value)]),
  );
  const hostname = String(objectAt(machine, "network")["hostname"]);
  const all = { "hostname-override": hostname, "node-labels": labels.join(","), ...args };
  return registerNode(all, objectAt(kubelet, "extraConfig"), surroundings);
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
