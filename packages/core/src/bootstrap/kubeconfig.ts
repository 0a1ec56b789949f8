// The server and its authority out of a kubeconfig, wherever it is kept.

import { parse } from "yaml";
import { isJsonObject } from "../api/index.ts";
import { BootstrapError } from "./bootstrap-error.ts";

export interface KubeconfigCluster {
  readonly server: string;
  /** PEM; absent when the file only names another file. */
  readonly caBundle?: string;
}

/** Of the first cluster: kube-public/cluster-info has only one. @throws BootstrapError */
export function readKubeconfig(text: string): KubeconfigCluster {
  const config: unknown = parse(text);
  const clusters = isJsonObject(config) && Array.isArray(config["clusters"]) ? config["clusters"] : [];
  const [first] = clusters as readonly unknown[];
  const cluster = isJsonObject(first) ? first["cluster"] : undefined;
  const server = isJsonObject(cluster) ? cluster["server"] : undefined;
  if (!isJsonObject(cluster) || typeof server !== "string") {
    throw new BootstrapError("ClusterFactsMissing", "a kubeconfig without a cluster");
  }
  const data = cluster["certificate-authority-data"];
  return {
    server,
    ...(typeof data === "string" && { caBundle: Buffer.from(data, "base64").toString("utf8") }),
  };
}
