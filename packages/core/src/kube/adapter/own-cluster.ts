// The server that the process itself talks to, as far as others can reach it under the same address.

import { readFileSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import type { OwnCluster } from "../own-cluster.ts";
import type { ConfigSource } from "./credentials.ts";

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/** Undefined without a kubeconfig file: the address that a pod gets is a service's, and no machine outside the cluster's network reaches it. So too for an address of this host alone. */
export function ownCluster({ kubeconfig, context }: ConfigSource = {}): OwnCluster | undefined {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  // Names that client-node makes up for a service account, and when it finds nothing at all.
  const isMadeUp = config.getCurrentContext() === "inClusterContext" || config.getCurrentContext() === "loaded-context";
  if (!cluster || isMadeUp || LOOPBACK.test(new URL(cluster.server).hostname)) return undefined;
  const { server, caData, caFile } = cluster;
  if (caData) return { server, caBundle: Buffer.from(caData, "base64").toString("utf8") };
  return caFile ? { server, caBundle: readFileSync(caFile, "utf8") } : { server };
}
