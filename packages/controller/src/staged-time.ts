// KMC_TIME_SCALE: on a stage, decisions and machines live N times faster while the cluster keeps real time. Never for a cluster that anybody uses.

import type { Environment } from "@karpenter-multicloud/core/controllers";
import { createTimeScaledClient, type KubeClient } from "@karpenter-multicloud/core/kube";
import { SettingsError } from "@karpenter-multicloud/core/options";
import { parseTimeScale, ScaledClock, type Clock, type TimeScale } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

const TIME_SCALE_VARIABLE = "KMC_TIME_SCALE";

export interface StagedTimeParts {
  readonly env: Environment;
  /** The process's own, in real time. */
  readonly clock: Clock;
  readonly client: KubeClient;
  readonly logger: Logger;
}

export interface StagedTime {
  readonly clock: Clock;
  readonly clusterClock: Clock;
  readonly client: KubeClient;
}

/** Nothing when the variable is not set. @throws SettingsError when it cannot be read */
export function stagedTime({ env, clock, client, logger }: StagedTimeParts): StagedTime | undefined {
  const text = env[TIME_SCALE_VARIABLE] ?? "";
  if (text === "") return undefined;
  const scale = readScale(text, clock);
  const { factor, origin } = scale;
  logger.warn("time is scaled, this is for tests only", { factor, origin: new Date(origin).toISOString() });
  const scaled = new ScaledClock(clock, scale);
  return { clock: scaled, clusterClock: clock, client: createTimeScaledClient(client, scaled) };
}

function readScale(text: string, clock: Clock): TimeScale {
  try {
    return parseTimeScale(text, clock.now());
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new SettingsError([{ setting: TIME_SCALE_VARIABLE, value: text, problem, fix: "unset it" }]);
  }
}
