// What the cluster we run in says of its own address: the in-cluster service address says nothing (O-70).

import { readFileSync } from "node:fs";

import { ConfigMaps } from "@karpenter-multicloud/core/api";
import type { KubeReader } from "@karpenter-multicloud/core/kube";

/** Where a pod finds the token of its service account. */
export const TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Texts in which the host of the API server may stand. */
export async function ownAddresses(
  { kube, tokenFile }: { readonly kube: KubeReader; readonly tokenFile: string },
  signal: AbortSignal,
): Promise<string> {
  return [await clusterInfo(kube, signal), issuer(tokenFile)].join("\n");
}

async function clusterInfo(kube: KubeReader, signal: AbortSignal): Promise<string> {
  try {
    const info = await kube.get(ConfigMaps, { namespace: "kube-public", name: "cluster-info" }, { signal });
    return info.data?.["kubeconfig"] ?? "";
  } catch {
    signal.throwIfAborted();
    return "";
  }
}

/** Who made the token, and for whom; the rest of it is nobody's business. */
function issuer(tokenFile: string): string {
  try {
    const [, payload = ""] = readFileSync(tokenFile, "utf8").split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Readonly<Record<string, unknown>>;
    return [claims["iss"], claims["aud"]]
      .flat()
      .filter((each) => typeof each === "string")
      .join("\n");
  } catch {
    return "";
  }
}
