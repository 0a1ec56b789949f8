// From the command line and the environment to everything the process consists of; nothing has begun to run yet.

import { CUSTOM_RESOURCES, type Resource } from "@karpenter-multicloud/core/api";
import type { Environment, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import type { CommandRecord, Decision, NodeJudgement } from "@karpenter-multicloud/core/decisions";
import { createKubeClient, ownCluster, ServerTime } from "@karpenter-multicloud/core/kube/adapter";
import type { KubeClient, KubeEventRecorder, Leadership, Mirror } from "@karpenter-multicloud/core/kube";
import { electInThread, leaderless } from "@karpenter-multicloud/core/kube";
import { SettingsError, type ParsedSettings } from "@karpenter-multicloud/core/options";
import { SystemClock, type Clock, type ControllerManager } from "@karpenter-multicloud/core/runtime";
import {
  errorText,
  isSecretName,
  PromMetrics,
  Redactor,
  type Logger,
  type MetricLabels,
} from "@karpenter-multicloud/core/telemetry";
import { createWinstonLogger, type WinstonLogger } from "@karpenter-multicloud/core/telemetry";
import { delimiter } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createContainer } from "./container.ts";
import { limitsHeap } from "./vitals/heap-limit.ts";
import { leaseNamespace, ownNamespace } from "./lease-namespace.ts";
import { loadProvider, moduleFor } from "./load-provider.ts";
import { openLog, type LogOutput } from "./log-output.ts";
import { stateDump } from "./pages/state-dump.ts";
import { stagedTime } from "./staged-time.ts";
import { Token } from "./tokens.ts";
import { buildLabels, productVersion } from "./version.ts";

export interface CompositionInput {
  /** A provider of one's own, instead of the one that the settings name. */
  readonly factory?: ProviderFactory;
  readonly env: Environment;
  readonly identity: string;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Of the log. */
  readonly stdout: NodeJS.WritableStream;
  /** What is wrong with the log itself. */
  readonly stderr: NodeJS.WritableStream;
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
  /** The cluster as this process sees it, without secrets. */
  dump(leads: () => boolean): unknown;
  /** Why each node stays or goes. */
  verdicts(): readonly NodeJudgement[];
  commands(): readonly CommandRecord[];
  decisions(): readonly Decision[];
  /** After the logger. */
  closeLog(): void;
}

/** @throws SettingsError with what is wrong */
export async function compose(parsed: ParsedSettings, input: CompositionInput): Promise<Composition> {
  const { settings } = parsed;
  const { env, identity, random, factory } = input;
  const module = factory === undefined ? await loadProvider(settings.provider) : moduleFor(factory);
  const version = productVersion();
  const clock = new SystemClock();
  const monotonic = (): number => clock.monotonic();
  const log = openLog(settings, input);
  const logger = loggerFor(settings, env, log);
  tellSettings(parsed, env, logger);
  const metrics = metricsFor(buildLabels(env));
  const access = { ...kubeconfigOf(settings), userAgent: `karpenter/${version}` };
  const { kubeClientQps: qps, kubeClientBurst: burst } = settings;
  const serverTime = new ServerTime({ clock, logger, metrics });
  const client = reaching(() => createKubeClient({ ...access, clock, logger, metrics, qps, burst, serverTime }));
  let leadership: Leadership | undefined;
  const permitted = (): boolean => leadership?.permitted() ?? false;
  const giveWay = async (): Promise<void> => await setImmediate();
  const namespace = ownNamespace(env);
  const learned =
    namespace === ""
      ? {}
      : { learnedPlace: { namespace, name: `karpenter-learned-${factory?.name ?? settings.provider}` } };
  const staged = stagedTime({ env, clock, client, logger });
  const server = ownCluster(access);
  const own = server ? { ownCluster: server } : {};
  const ports = { client, clock, logger, metrics, settings, env, random, permitted, giveWay };
  const container = createContainer({ ...ports, ...learned, ...staged, ...own }, module);
  const manager = container.get(Token.Manager);
  const mirror = container.get(Token.KubeCache);
  metrics.beforeRender(() => manager.showRunning());
  metrics.beforeRender(() => mirror.showAges());
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
    dump: dumpOf(container, env),
    verdicts: () => container.get(Token.Decisions).judgements(),
    commands: () => container.get(Token.Decisions).commands(),
    decisions: () => container.get(Token.Decisions).list(),
    closeLog: () => log.close(),
  };
}

/** The values of the environment that must never be read in a log. */
export function secretsOf(env: Environment): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => (value && isSecretName(name) ? [value.trim()] : []));
}

/** What was given and is not used as it was meant. */
function tellSettings({ settings, warnings, withoutEffect }: ParsedSettings, env: Environment, logger: Logger): void {
  for (const warning of warnings) logger.error("a variable cannot be read, its default is used", { variable: warning });
  for (const { setting, why } of withoutEffect) logger.info("a setting has no effect here", { setting, why });
  if (settings.memoryLimit > 0 && limitsHeap(env["NODE_OPTIONS"])) {
    const why = "NODE_OPTIONS limits the heap already";
    logger.info("a setting has no effect here", { setting: "--memory-limit", why });
  }
}

function dumpOf(container: ReturnType<typeof createContainer>, env: Environment): Composition["dump"] {
  const redactor = new Redactor();
  const secrets = secretsOf(env);
  redactor.add(() => secrets);
  const state = container.get(Token.ClusterState);
  const manager = container.get(Token.Manager);
  const clock = container.get(Token.Clock);
  return (leads) => redactor.value(stateDump({ state, manager, leads, now: () => clock.now() }));
}

function loggerFor(settings: Composition["settings"], env: Environment, { stream }: LogOutput): WinstonLogger {
  const logger = createWinstonLogger({ level: settings.logLevel, stream });
  const secrets = secretsOf(env);
  logger.redact(() => secrets);
  return logger;
}

function metricsFor(labels: MetricLabels): PromMetrics {
  const metrics = new PromMetrics({ process: true });
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
