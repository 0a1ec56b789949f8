// What a node class says about the kubelet, and the reservations that stand for what it does not say (W-7, C-41).

/** Durations, quantities and percentages in Kubernetes' own spelling. */
export interface KubeletSettings {
  /** @defaultValue 110 */
  readonly maxPods?: number;
  readonly podsPerCore?: number;
  readonly kubeReserved?: Readonly<Record<string, string>>;
  readonly systemReserved?: Readonly<Record<string, string>>;
  readonly evictionHard?: Readonly<Record<string, string>>;
  readonly evictionSoft?: Readonly<Record<string, string>>;
  readonly evictionSoftGracePeriod?: Readonly<Record<string, string>>;
  readonly clusterDNS?: readonly string[];
  readonly imageGCHighThresholdPercent?: number;
  readonly imageGCLowThresholdPercent?: number;
  readonly cpuCFSQuota?: boolean;
  /** Further command line arguments, without the dashes. */
  readonly extraArgs?: Readonly<Record<string, string>>;
}

export const DEFAULT_MAX_PODS = 110;
const DEFAULT_EVICTION_HARD: Readonly<Record<string, string>> = {
  "memory.available": "100Mi",
  "nodefs.available": "10%",
};

/** W-7: 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest; 255 Mi and 11 Mi per pod; 1 Gi of disk. */
function defaultKubeReserved(cores: number, maxPods = DEFAULT_MAX_PODS): Readonly<Record<string, string>> {
  // In units of 1/400 core, so that nothing is lost before the end.
  const share = [24, 4, 2, 2].slice(0, cores).reduce((sum, part) => sum + part, 0) + Math.max(0, cores - 4);
  return {
    cpu: `${Math.ceil((share * 1000) / 400)}m`,
    memory: `${255 + 11 * maxPods}Mi`,
    "ephemeral-storage": "1Gi",
  };
}

/** What the class says with every reservation filled in: the renderer writes it, the catalogue subtracts it. */
export function resolveKubelet(settings: KubeletSettings, cores: number): KubeletSettings & ResolvedKubelet {
  const maxPods = settings.maxPods ?? DEFAULT_MAX_PODS;
  return {
    ...settings,
    maxPods,
    kubeReserved: { ...defaultKubeReserved(cores, maxPods), ...settings.kubeReserved },
    systemReserved: settings.systemReserved ?? {},
    evictionHard: { ...DEFAULT_EVICTION_HARD, ...settings.evictionHard },
  };
}

export interface ResolvedKubelet {
  readonly maxPods: number;
  readonly kubeReserved: Readonly<Record<string, string>>;
  readonly systemReserved: Readonly<Record<string, string>>;
  readonly evictionHard: Readonly<Record<string, string>>;
}
