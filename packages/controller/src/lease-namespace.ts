// In which namespace the process keeps what is its own: where somebody says, else where the pod runs.

import { readFileSync } from "node:fs";
import type { Environment } from "@karpenter-multicloud/core/controllers";
import { SettingsError, type Settings } from "@karpenter-multicloud/core/options";

const POD_NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** @throws SettingsError outside a cluster, where nobody can know */
export function leaseNamespace(settings: Settings, env: Environment): string {
  const named = settings.leaderElectionNamespace || ownNamespace(env);
  if (named !== "") return named;
  throw new SettingsError([
    {
      setting: "--leader-election-namespace",
      problem: "it is not set, and outside a cluster nothing tells it",
      fix: "set --leader-election-namespace or LEADER_ELECTION_NAMESPACE, or run a single replica with --disable-leader-election",
    },
  ]);
}

/** Empty outside a cluster, when nobody says. */
export function ownNamespace(env: Environment): string {
  return env["SYSTEM_NAMESPACE"] || env["POD_NAMESPACE"] || ofPod();
}

function ofPod(): string {
  try {
    return readFileSync(POD_NAMESPACE_FILE, "utf8").trim();
  } catch {
    return "";
  }
}
