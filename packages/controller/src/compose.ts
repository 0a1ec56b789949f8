// From the command line and the environment to everything the process consists of; nothing has begun to run yet.

import { CUSTOM_RESOURCES, type Resource } from "@karpenter-multicloud/core/api";
import type { Environment } from "@karpenter-multicloud/core/controllers";
import { createKubeClient, ServerTime } from "@karpenter-multicloud/core/kube/adapter";
import type { KubeClient, KubeEventRecorder, Leadership, Mirror } from "@karpenter-multicloud/core/kube";
import { electInThread, leaderless } from "@karpenter-multicloud/core/kube";
import { SettingsError, type ParsedSettings } from "@karpenter-multicloud/core/options";
import { SystemClock, type Clock, type ControllerManager } from "@karpenter-multicloud/core/runtime";
import { errorText, isSecretName, PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { createWinstonLogger, type WinstonLogger } from "@karpenter-multicloud/core/telemetry";
import { delimiter } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createContainer } from "./container.ts";
import { leaseNamespace } from "./lease-namespace.ts";
import { loadProvider } from "./load-provider.ts";
import { Token } from "./tokens.ts";
import { productVersion } from "./version.ts";

export interface CompositionInput {
  readonly env: Environment;
  readonly identity: string;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Of the log. */
  readonly stdout: NodeJS.WritableStream;
}

export interface Composition {
  readonly settings: ParsedSettings["settings"];
  readonly version: string;
  readonly clock: Clock;
  /** Runs at the machine's own rate and is never corrected, for what watches the process itself. */
  readonly steady: Clock;
  readonly logger: WinstonLogger;
  readonly metrics: PromMetrics;
  readonly client: KubeClient;
  readonly mirror: Mirror;
  readonly events: KubeEventRecorder;
  readonly manager: ControllerManager;
  /** What the controllers watch. */
  readonly resources: readonly Resource[];
  /** Those of them that the product itself defines. */
  readonly definitions: readonly Resource[];
  /** Begins to want the lease; writes are refused before. */
  lead(): Leadership;
}

/** @throws SettingsError with what is wrong */
export async function compose({ settings, warnings }: ParsedSettings, input: CompositionInput): Promise<Composition> {
  const { env, identity, random } = input;
  const module = await loadProvider(settings.provider);
  const version = productVersion();
  const clock = new SystemClock();
  const monotonic = (): number => clock.monotonic();
  const logger = loggerFor(settings, input);
  for (const warning of warnings) logger.error("a variable cannot be read, its default is used", { variable: warning });
  const metrics = metricsFor(version);
  const access = { ...kubeconfigOf(settings), userAgent: `karpenter/${version}` };
  const { kubeClientQps: qps, kubeClientBurst: burst } = settings;
  const serverTime = new ServerTime({ clock, logger, metrics });
  const client = reaching(() => createKubeClient({ ...access, clock, logger, qps, burst, serverTime }));
  let leadership: Leadership | undefined;
  const permitted = (): boolean => leadership?.permitted() ?? false;
  const giveWay = async (): Promise<void> => await setImmediate();
  const ports = { client, clock, logger, metrics, settings, env, random, permitted, giveWay };
  const container = createContainer(ports, module);
  const manager = container.get(Token.Manager);
  const mirror = container.get(Token.KubeCache);
  metrics.beforeRender(() => manager.showRunning());
  const election = settings.disableLeaderElection
    ? undefined
    : { namespace: leaseNamespace(settings, env), name: settings.leaderElectionName };
  return {
    settings,
    version,
    clock,
    steady: new SystemClock({ wall: monotonic, monotonic }),
    logger,
    metrics,
    client,
    mirror,
    events: container.get(Token.Events),
    manager,
    // None has been listed before the start, so these are all.
    resources: mirror.unsynced(),
    definitions: [...CUSTOM_RESOURCES, ...container.get(Token.NodeClasses)].map(({ resource }) => resource),
    lead: () =>
      (leadership ??= election ? electInThread({ key: election, identity, logger, metrics, ...access }) : leaderless),
  };
}

/** The values of the environment that must never be read in a log. */
export function secretsOf(env: Environment): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => (value && isSecretName(name) ? [value.trim()] : []));
}

function loggerFor(settings: Composition["settings"], { env, stdout }: CompositionInput): WinstonLogger {
  const logger = createWinstonLogger({ level: settings.logLevel, stream: stdout });
  const secrets = secretsOf(env);
  logger.redact(() => secrets);
  return logger;
}

function metricsFor(version: string): PromMetrics {
  const metrics = new PromMetrics({ process: true });
  const labels = { version, goversion: process.version, goarch: process.arch, commit: "" };
  metrics.set("karpenter_build_info", labels, 1);
  return metrics;
}

/** A list of files is left to the loader of kubeconfigs, which reads the variable itself. */
function kubeconfigOf({ kubeconfig }: { readonly kubeconfig: string }): { readonly kubeconfig?: string } {
  return kubeconfig === "" || kubeconfig.includes(delimiter) ? {} : { kubeconfig };
}

function reaching(connect: () => KubeClient): KubeClient {
  try {
    return connect();
  } catch (error) {
    const problem = errorText(error);
    throw new SettingsError([{ setting: "--kubeconfig", problem, fix: "name a kubeconfig file, or run in a cluster" }]);
  }
}
