// Every flag and environment variable of the process in one table; the help text and the reference page are made from it.

import { milliseconds, seconds } from "../units/index.ts";
import type { Duration } from "../units/index.ts";
import { FEATURE_GATES, parseFeatureGates } from "./feature-gates.ts";
import { choiceFlag, durationFlag, FlagValueError, integerFlag, parsedFlag, switchFlag, textFlag } from "./flag.ts";
import type { Flag } from "./flag.ts";
import { parseLogPaths } from "./log-paths.ts";
import { parseSchedulerConfig } from "./scheduler-config.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";
import type { Settings } from "./settings.ts";

const PORTS = [0, 65_535] as const;
/** Less than this leaves no heap to start with. */
const LEAST_MEMORY = 128 * 1024 * 1024;
const AT_LEAST_ONE = [1, 1_000_000] as const;
const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const PROVIDER_NAME = /^[a-z][a-z0-9-]*$/;
const ONE_SECOND: Duration = seconds(1);

const gateDefaults = FEATURE_GATES.map((gate) => `${gate.name}=${gate.default}`).join(",");

/** What `parseSettings` reads: the settings, and the provider, which only the process itself needs. */
export interface ParsedFlags extends Settings {
  /** Undefined when none was named. */
  readonly provider: string | undefined;
}

/** By setting, in the order of the help text. */
export const FLAG_OF: { readonly [K in keyof ParsedFlags]: Flag<ParsedFlags[K]> } = {
  provider: parsedFlag<string | undefined>(
    {
      name: "provider",
      env: "PROVIDER",
      default: "",
      help: "Cloud to buy machines from: ovh, scaleway or cloudstack.",
    },
    "name",
    "name one provider",
    parseProvider,
  ),
  clusterName: textFlag(
    {
      name: "cluster-name",
      env: "CLUSTER_NAME",
      help: "Name of this cluster, written on every machine it owns. On ovh it defaults to the id of the MKS cluster.",
    },
    "name",
    (value) => (LABEL_VALUE.test(value) ? undefined : "use at most 63 letters, digits, dots, dashes or underscores"),
  ),
  kubeconfig: textFlag(
    {
      name: "kubeconfig",
      env: "KUBECONFIG",
      default: "",
      help: "File that names the API server. Empty is ~/.kube/config, and in a pod its service account.",
    },
    "path",
    () => undefined,
  ),
  mode: choiceFlag(
    {
      name: "mode",
      env: "MODE",
      default: "act",
      help: "observe decides and reports: events and status are written, nothing else in the cluster or the cloud.",
    },
    ["act", "observe"],
  ),
  metricsPort: integerFlag(
    {
      name: "metrics-port",
      env: "METRICS_PORT",
      default: "8080",
      help: "Port of /metrics.",
    },
    "port",
    ...PORTS,
  ),
  healthProbePort: integerFlag(
    {
      name: "health-probe-port",
      env: "HEALTH_PROBE_PORT",
      default: "8081",
      help: "Port of /healthz and /readyz.",
    },
    "port",
    ...PORTS,
  ),
  logLevel: parsedFlag<Settings["logLevel"]>(
    {
      name: "log-level",
      env: "LOG_LEVEL",
      default: "info",
      help: "Least important lines written. Empty means info.",
    },
    "debug|info|error",
    "use debug, info or error",
    parseLogLevel,
  ),
  logOutputPaths: parsedFlag(
    {
      name: "log-output-paths",
      env: "LOG_OUTPUT_PATHS",
      default: "stdout",
      help: "Where the log goes: stdout, stderr or files, separated by commas. Files are appended to and never rotated.",
    },
    "path,…",
    "name stdout, stderr or files",
    parseLogPaths,
  ),
  logErrorOutputPaths: parsedFlag(
    {
      name: "log-error-output-paths",
      env: "LOG_ERROR_OUTPUT_PATHS",
      default: "stderr",
      help: "Where it is told that a line of the log could not be written. Lines of level error go where all lines go.",
    },
    "path,…",
    "name stdout, stderr or files",
    parseLogPaths,
  ),
  batchMaxDuration: durationFlag(
    {
      name: "batch-max-duration",
      env: "BATCH_MAX_DURATION",
      default: "10s",
      help: "Longest time pending pods are collected before machines are planned for them.",
    },
    milliseconds(0),
  ),
  taintSettleTime: durationFlag(
    {
      name: "taint-settle-time",
      env: "TAINT_SETTLE_TIME",
      default: "2s",
      help: "How long Kubernetes gets to see that a taint came or went: before the pods of a node that is being disrupted are looked at, and before a node that has just registered is opened.",
    },
    seconds(2),
  ),
  batchIdleDuration: durationFlag(
    {
      name: "batch-idle-duration",
      env: "BATCH_IDLE_DURATION",
      default: "1s",
      help: "Machines are planned when no further pod came for this long.",
    },
    milliseconds(0),
  ),
  launchTimeout: durationFlag(
    {
      name: "launch-timeout",
      env: "LAUNCH_TIMEOUT",
      default: "5m",
      help: "A NodeClaim whose machine was not created within this time is given up.",
    },
    ONE_SECOND,
  ),
  registrationTimeout: durationFlag(
    {
      name: "registration-timeout",
      env: "REGISTRATION_TIMEOUT",
      default: "15m",
      help: "A NodeClaim whose node has not joined within this time, launch included, is given up.",
    },
    ONE_SECOND,
  ),
  initializationTimeout: durationFlag(
    {
      name: "initialization-timeout",
      env: "INITIALIZATION_TIMEOUT",
      default: "Never",
      help: "A NodeClaim whose node has joined but is not usable within this time is given up.",
    },
    ONE_SECOND,
    true,
  ),
  preferencePolicy: choiceFlag(
    {
      name: "preference-policy",
      env: "PREFERENCE_POLICY",
      default: "Respect",
      help: "Whether preferred affinity and ScheduleAnyway spread are tried to satisfy.",
    },
    ["Respect", "Ignore"],
  ),
  minValuesPolicy: choiceFlag(
    {
      name: "min-values-policy",
      env: "MIN_VALUES_POLICY",
      default: "Strict",
      help: "Whether minValues of a NodePool may be missed when they cannot be met.",
    },
    ["Strict", "BestEffort"],
  ),
  ignoreDraRequests: onlyTrue(
    switchFlag({
      name: "ignore-dra-requests",
      env: "IGNORE_DRA_REQUESTS",
      default: "true",
      help: "Pods that ask for devices (resource claims) are left waiting. Only true is possible: devices are not allocated.",
    }),
  ),
  schedulerConfig: parsedFlag<SchedulerConfig>(
    {
      name: "scheduler-config",
      env: "SCHEDULER_CONFIG",
      default: "",
      help: "What kube-scheduler adds to pods, as YAML or JSON: podTopologySpread.defaultConstraints.",
    },
    "YAML|JSON",
    "write podTopologySpread.defaultConstraints",
    parseSchedulerConfig,
  ),
  kubeClientQps: integerFlag(
    {
      name: "kube-client-qps",
      env: "KUBE_CLIENT_QPS",
      default: "200",
      help: "Requests to the API server per second.",
    },
    "number",
    ...AT_LEAST_ONE,
  ),
  kubeClientBurst: integerFlag(
    {
      name: "kube-client-burst",
      env: "KUBE_CLIENT_BURST",
      default: "300",
      help: "Requests to the API server at once.",
    },
    "number",
    ...AT_LEAST_ONE,
  ),
  maxNodes: integerFlag(
    {
      name: "max-nodes",
      env: "MAX_NODES",
      default: "0",
      help: "Nodes that all NodePools together may have at once, replacements included. 0 is no limit.",
    },
    "number",
    0,
    1_000_000,
  ),
  lifecycleConcurrency: integerFlag(
    {
      name: "lifecycle-concurrency",
      env: "LIFECYCLE_CONCURRENCY",
      default: "100",
      help: "NodeClaims that are launched, followed and removed at once.",
    },
    "number",
    1,
    5000,
  ),
  cpuRequests: integerFlag(
    {
      name: "cpu-requests",
      env: "CPU_REQUESTS",
      default: "1000",
      help: "Has no effect: one event loop does the work whatever its CPU. See --lifecycle-concurrency.",
      withoutEffect:
        "one event loop does the work whatever its CPU; --lifecycle-concurrency says how much runs at once",
    },
    "millicores",
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  ),
  memoryLimit: parsedFlag(
    {
      name: "memory-limit",
      env: "MEMORY_LIMIT",
      default: "-1",
      help: "Memory of the process in bytes; three quarters of it are for the heap. -1 leaves it to Node.js. A limit in NODE_OPTIONS, as the chart sets one, wins.",
    },
    "bytes",
    "use -1, or bytes as a whole number",
    parseMemoryLimit,
  ),
  enableProfiling: switchFlag({
    name: "enable-profiling",
    env: "ENABLE_PROFILING",
    default: "false",
    help: "Serves /debug/pprof/profile, /debug/pprof/heap and /debug/state on the port of the metrics, to everybody who reaches it.",
  }),
  disableControllerWarmup: switchFlag({
    name: "disable-controller-warmup",
    env: "DISABLE_CONTROLLER_WARMUP",
    default: "true",
    help: "false fills the caches before the lease is won: a standby replica takes over faster and reads as much as the leader meanwhile.",
  }),
  karpenterService: textFlag(
    {
      name: "karpenter-service",
      env: "KARPENTER_SERVICE",
      default: "",
      help: "Has no effect: it named the Service of webhooks, and there are none.",
      withoutEffect: "it named the service of webhooks, and there are none",
    },
    "name",
    () => undefined,
  ),
  disableLeaderElection: switchFlag({
    name: "disable-leader-election",
    env: "DISABLE_LEADER_ELECTION",
    default: "false",
    help: "Runs without a lease; only for a single replica.",
  }),
  disableClusterStateObservability: switchFlag({
    name: "disable-cluster-state-observability",
    env: "DISABLE_CLUSTER_STATE_OBSERVABILITY",
    default: "false",
    help: "Leaves out the metrics about each pod, node, NodePool and condition, and the events about conditions.",
  }),
  leaderElectionName: textFlag(
    {
      name: "leader-election-name",
      env: "LEADER_ELECTION_NAME",
      default: "karpenter-leader-election",
      help: "Name of the lease.",
    },
    "name",
    (value) => (DNS_LABEL.test(value) ? undefined : "use at most 63 lower case letters, digits or dashes"),
  ),
  leaderElectionNamespace: textFlag(
    {
      name: "leader-election-namespace",
      env: "LEADER_ELECTION_NAMESPACE",
      default: "",
      help: "Namespace of the lease. Empty is the namespace of the pod.",
    },
    "namespace",
    (value) =>
      value === "" || DNS_LABEL.test(value) ? undefined : "use at most 63 lower case letters, digits or dashes",
  ),
  featureGates: parsedFlag(
    {
      name: "feature-gates",
      env: "FEATURE_GATES",
      default: gateDefaults,
      help: "Features switched on or off; those not named keep their default.",
    },
    "Name=true|false,…",
    "separate pairs Name=true or Name=false by commas",
    parseFeatureGates,
  ),
};

/** The table without the types of the values. */
export const FLAGS: readonly Flag[] = Object.values(FLAG_OF);

/** What `--help` prints. */
export function helpText(): string {
  const blocks = FLAGS.map((flag) => {
    const shown = flag.default === undefined ? "required" : `default ${JSON.stringify(flag.default)}`;
    return `  --${flag.name} ${flag.form}   (${flag.env}, ${shown})\n      ${flag.help}`;
  });
  const head = "Flags, with the environment variable that stands for each; a flag wins over its variable.";
  return [head, ...blocks, "  --help\n      Prints this text.", ""].join("\n");
}

/** None at all is -1, however it is written: the downward API says 0 for a container without a limit. */
function parseMemoryLimit(value: string): number {
  if (!/^[+-]?\d+$/.test(value)) {
    throw new FlagValueError("it is not a whole number", "use -1, or bytes as a whole number", true);
  }
  const bytes = Number(value);
  if (bytes <= 0) return -1;
  if (bytes < LEAST_MEMORY) throw new FlagValueError("it is too little", `use at least ${LEAST_MEMORY} bytes`, false);
  return bytes;
}

function parseProvider(value: string): string | undefined {
  const names = value.split(",").flatMap((name) => name.trim() || []);
  if (names.length > 1) throw new Error("it names several providers and one process runs one");
  const [name] = names;
  if (name !== undefined && !PROVIDER_NAME.test(name)) throw new Error("it is not the name of a provider");
  return name;
}

/** A promise that nothing keeps is refused where it is asked for. */
function onlyTrue({ parse, ...flag }: Flag<boolean>): Flag<boolean> {
  const checked = (read: (text: string) => boolean) => (text: string) => {
    if (read(text)) return true;
    throw new FlagValueError("devices are not allocated", "leave it true", false);
  };
  return { ...flag, parse: checked(parse), parseEnv: checked(flag.parseEnv ?? parse) };
}

function parseLogLevel(value: string): Settings["logLevel"] {
  if (value === "") return "info";
  if (value === "debug" || value === "info" || value === "error") return value;
  throw new Error("it is not a log level");
}
