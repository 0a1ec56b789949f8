// What a kubelet of these settings keeps for itself of a machine (C-41, W-7).

import type { Overhead } from "../provider/index.ts";
import { requestsFrom, type Resources } from "../units/index.ts";
import { resolveKubelet, type KubeletSettings } from "./kubelet-settings.ts";

export function kubeletOverhead(
  settings: KubeletSettings,
  machine: { readonly cores: number; readonly capacity: Resources },
): Overhead {
  const { capacity, cores } = machine;
  const { kubeReserved, systemReserved, evictionHard } = resolveKubelet(settings, cores);
  const { pid: _, ...kube } = requestsFrom(kubeReserved);
  const { pid: __, ...system } = requestsFrom(systemReserved);
  return {
    kubeReserved: kube,
    systemReserved: system,
    evictionThreshold: {
      memory: threshold(evictionHard["memory.available"], capacity["memory"] ?? 0),
      "ephemeral-storage": threshold(evictionHard["nodefs.available"], capacity["ephemeral-storage"] ?? 0),
    },
  };
}

/** A quantity, or a part of the whole. */
function threshold(said: string | undefined, whole: number): number {
  if (said === undefined) return 0;
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(said)?.[1];
  return percent === undefined
    ? (requestsFrom({ memory: said })["memory"] ?? 0)
    : Math.floor((whole * Number(percent)) / 100);
}
