// The part of the kubelet's configuration file that the node class decides.

import type { KubeletSettings } from "./kubelet-settings.ts";

/** Only what is said: everything else stays as the cluster has it. */
export function kubeletConfiguration(settings: KubeletSettings): Readonly<Record<string, unknown>> {
  const { extraArgs: _, ...rest } = settings;
  const said = Object.entries(rest).filter(([, value]) => value !== undefined && !isEmpty(value));
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    ...Object.fromEntries(said.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
