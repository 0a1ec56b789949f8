import { describe, expect, it } from "vitest";

import { minutes, seconds } from "../units/index.ts";
import type { Flag } from "./flag.ts";
import { FLAGS } from "./flags.ts";
import { defaultSettings, parseSettings } from "./parse-settings.ts";
import { SettingsError } from "./settings-error.ts";
import type { SettingsProblem } from "./settings-error.ts";

const cluster = { CLUSTER_NAME: "prod" };

function problems(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = cluster,
): readonly SettingsProblem[] {
  try {
    parseSettings(argv, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("parseSettings", () => {
  it("has Karpenter's defaults", () => {
    const { settings, warnings } = parseSettings([], cluster);
    expect(warnings).toEqual([]);
    expect(settings).toEqual(defaultSettings({ clusterName: "prod" }));
    expect(settings).toMatchObject({
      clusterName: "prod",
      mode: "act",
      metricsPort: 8080,
      healthProbePort: 8081,
      logLevel: "info",
      batchMaxDuration: seconds(10),
      taintSettleTime: seconds(2),
      batchIdleDuration: seconds(1),
      launchTimeout: minutes(5),
      registrationTimeout: minutes(15),
      initializationTimeout: Number.POSITIVE_INFINITY,
      preferencePolicy: "Respect",
      minValuesPolicy: "Strict",
      ignoreDraRequests: true,
      schedulerConfig: { defaultConstraints: [] },
      kubeClientQps: 200,
      kubeClientBurst: 300,
      maxNodes: 0,
      lifecycleConcurrency: 100,
      cpuRequests: 1000,
      memoryLimit: -1,
      enableProfiling: false,
      disableControllerWarmup: true,
      karpenterService: "",
      logOutputPaths: ["stdout"],
      logErrorOutputPaths: ["stderr"],
      disableLeaderElection: false,
      disableClusterStateObservability: false,
      leaderElectionName: "karpenter-leader-election",
      leaderElectionNamespace: "",
      featureGates: { ReservedCapacity: true, NodeRepair: false },
    });
    expect(settings).not.toHaveProperty("provider");
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it("lets a flag win over its variable, whichever way it is written", () => {
    const env = { ...cluster, METRICS_PORT: "9000", BATCH_IDLE_DURATION: "2s" };
    const argv = ["--metrics-port=9001", "-health-probe-port", "9002", "--provider", "ovh", "--launch-timeout=1h30m"];
    const { settings } = parseSettings(argv, env);
    expect(settings).toMatchObject({
      metricsPort: 9001,
      healthProbePort: 9002,
      batchIdleDuration: seconds(2),
      provider: "ovh",
      launchTimeout: minutes(90),
    });
  });

  it("TC-61: a flag that says false wins over a variable that says true", () => {
    const env = { ...cluster, DISABLE_LEADER_ELECTION: "true" };
    expect(parseSettings([], env).settings.disableLeaderElection).toBe(true);
    expect(parseSettings(["--disable-leader-election=false"], env).settings.disableLeaderElection).toBe(false);
  });

  it("takes the last of a flag given twice", () => {
    expect(parseSettings(["--mode=act", "--mode=observe"], cluster).settings.mode).toBe("observe");
  });

  it("OP-1: lists all problems at once, each with flag, value and what to do", () => {
    const argv = ["--metrics-port=99999", "--metric-port=1", "--mode", "look", "--batch-max-duration=ten", "stray"];
    expect(problems(argv, {})).toEqual([
      { setting: "--metric-port", problem: "there is no such flag", fix: "did you mean --metrics-port?" },
      { setting: "stray", problem: "it is not a flag", fix: "see --help" },
      { setting: "--mode", value: "look", problem: "it is not one of the choices", fix: "use act or observe" },
      {
        setting: "--metrics-port",
        value: "99999",
        problem: "it is out of range",
        fix: "use a whole number from 0 to 65535",
      },
      {
        setting: "--batch-max-duration",
        value: "ten",
        problem: "it is not a duration",
        fix: "use a duration such as 1m30s, at least 0s",
      },
      {
        setting: "--cluster-name",
        problem: "it is not set, and every machine must carry it",
        fix: "set --cluster-name or CLUSTER_NAME",
      },
    ]);
  });

  it("names everything in the error's message", () => {
    expect(() => parseSettings(["--mode=look"], {})).toThrow(
      "2 settings are wrong:\n" +
        "  --mode=look: it is not one of the choices; use act or observe\n" +
        "  --cluster-name: it is not set, and every machine must carry it; set --cluster-name or CLUSTER_NAME",
    );
  });

  it("suggests nothing for a flag that is near no other", () => {
    expect(problems(["--frobnicate", "7"])).toEqual([
      { setting: "--frobnicate", problem: "there is no such flag", fix: "see --help" },
    ]);
  });

  it("says so when a flag has no value", () => {
    expect(problems(["--mode"])[0]).toMatchObject({ setting: "--mode", problem: "it has no value" });
    expect(problems(["--metrics-port", "--mode=act"])[0]).toMatchObject({ setting: "--metrics-port" });
  });

  it("OP-3: takes Go's forms of true from the environment but only true and false from flags", () => {
    for (const text of ["1", "t", "T", "TRUE", "true", "True"]) {
      expect(parseSettings([], { ...cluster, DISABLE_LEADER_ELECTION: text }).settings.disableLeaderElection).toBe(
        true,
      );
    }
    expect(parseSettings(["--disable-leader-election"], cluster).settings.disableLeaderElection).toBe(true);
    expect(parseSettings(["--disable-leader-election", "false"], cluster).settings.disableLeaderElection).toBe(false);
    expect(problems(["--disable-leader-election=1"])[0]?.fix).toBe("use true or false");
  });

  it("TC-60, OP-3: falls back to the default with a warning when a variable cannot be read", () => {
    const env = { ...cluster, METRICS_PORT: "http", DISABLE_LEADER_ELECTION: "yes", BATCH_MAX_DURATION: "10" };
    const { settings, warnings } = parseSettings([], env);
    expect(settings).toMatchObject({ metricsPort: 8080, disableLeaderElection: false, batchMaxDuration: 10_000 });
    expect(warnings).toEqual([
      "METRICS_PORT=http: it is not a whole number; using the default 8080",
      "BATCH_MAX_DURATION=10: it is not a duration; using the default 10s",
      "DISABLE_LEADER_ELECTION=yes: it is neither true nor false; using the default false",
    ]);
  });

  it("refuses a readable but wrong value also from the environment, naming the variable", () => {
    const env = { ...cluster, LOG_LEVEL: "verbose", FEATURE_GATES: "NodeRepair", KUBE_CLIENT_QPS: "0" };
    expect(problems([], env).map(({ setting, value }) => `${setting}=${value ?? ""}`)).toEqual([
      "LOG_LEVEL=verbose",
      "KUBE_CLIENT_QPS=0",
      "FEATURE_GATES=NodeRepair",
    ]);
  });

  it("takes an empty variable for one that is not set", () => {
    const { settings, warnings } = parseSettings([], { ...cluster, METRICS_PORT: "", LOG_LEVEL: "", PROVIDER: "" });
    expect([settings.metricsPort, settings.logLevel, settings.provider, warnings]).toEqual([
      8080,
      "info",
      undefined,
      [],
    ]);
  });

  it("does not let a variable that a flag overrides matter", () => {
    const { warnings } = parseSettings(["--metrics-port=1"], { ...cluster, METRICS_PORT: "x" });
    expect(warnings).toEqual([]);
  });

  it("takes the kubeId for the cluster's name on ovh only", () => {
    const env = { OVH_KUBE_ID: "0f6d-1" };
    expect(parseSettings(["--provider=ovh"], env).settings.clusterName).toBe("0f6d-1");
    expect(parseSettings(["--provider=ovh", "--cluster-name=prod"], env).settings.clusterName).toBe("prod");
    expect(problems(["--provider=scaleway"], env)[0]?.setting).toBe("--cluster-name");
  });

  it("needs no name on ovh: the provider finds the id of the cluster out", () => {
    expect(parseSettings(["--provider=ovh"], {}).settings.clusterName).toBe("");
  });

  it("runs one provider only", () => {
    expect(parseSettings(["--provider= scaleway ,"], cluster).settings.provider).toBe("scaleway");
    expect(problems(["--provider=ovh,scaleway"])[0]?.problem).toBe(
      "it names several providers and one process runs one",
    );
  });

  it("takes Never for a timeout that may be infinite, and for no other", () => {
    expect(parseSettings(["--initialization-timeout=30m"], cluster).settings.initializationTimeout).toBe(minutes(30));
    expect(problems(["--launch-timeout=Never"])[0]?.problem).toBe("it is not a duration");
    expect(problems(["--launch-timeout=0s"])[0]?.problem).toBe("it is too short");
  });

  it("answers --help with every flag and its variable, whatever else is wrong", () => {
    const { help } = parseSettings(["--nonsense", "--help"], {});
    for (const flag of FLAGS) {
      expect(help).toContain(`--${flag.name} `);
      expect(help).toContain(flag.env);
    }
  });
});

describe("what the charts of Karpenter set", () => {
  it("OP-1: every flag of Karpenter v1.14 is taken, with its variable", () => {
    const names = new Set(FLAGS.map((flag) => flag.name));
    const upstream = [
      "karpenter-service",
      "metrics-port",
      "health-probe-port",
      "kube-client-qps",
      "kube-client-burst",
      "enable-profiling",
      "disable-controller-warmup",
      "disable-leader-election",
      "leader-election-name",
      "disable-cluster-state-observability",
      "leader-election-namespace",
      "memory-limit",
      "cpu-requests",
      "log-level",
      "log-output-paths",
      "log-error-output-paths",
      "batch-max-duration",
      "batch-idle-duration",
      "preference-policy",
      "min-values-policy",
      "ignore-dra-requests",
      "feature-gates",
      "scheduler-config",
    ];
    expect(upstream.filter((name) => !names.has(name))).toEqual([]);
  });

  it("OP-1: what has no effect here is taken and told once, with the reason", () => {
    const env = { ...cluster, KARPENTER_SERVICE: "karpenter", CPU_REQUESTS: "500" };
    const { settings, warnings, withoutEffect } = parseSettings(["--cpu-requests=2000"], env);
    expect(settings).toMatchObject({ karpenterService: "karpenter", cpuRequests: 2000, lifecycleConcurrency: 100 });
    expect(warnings).toEqual([]);
    expect(withoutEffect).toEqual([
      {
        setting: "--cpu-requests",
        why: "one event loop does the work whatever its CPU; --lifecycle-concurrency says how much runs at once",
      },
      { setting: "KARPENTER_SERVICE", why: "it named the service of webhooks, and there are none" },
    ]);
    expect(parseSettings([], { ...cluster, KARPENTER_SERVICE: "" }).withoutEffect).toEqual([]);
  });

  it("RT-45: a memory limit is bytes; none, 0 and less are no limit, and next to nothing is refused", () => {
    const limit = (text: string): number => parseSettings([], { ...cluster, MEMORY_LIMIT: text }).settings.memoryLimit;
    expect([limit("1073741824"), limit("0"), limit("-7"), limit("")]).toEqual([1_073_741_824, -1, -1, -1]);
    expect(problems([], { ...cluster, MEMORY_LIMIT: "512" })[0]).toMatchObject({ setting: "MEMORY_LIMIT" });
    expect(parseSettings([], { ...cluster, MEMORY_LIMIT: "1Gi" })).toMatchObject({
      settings: { memoryLimit: -1 },
      warnings: ["MEMORY_LIMIT=1Gi: it is not a whole number; using the default -1"],
    });
  });

  it("OP-11: log paths are streams and files, each once", () => {
    const paths = (text: string) => parseSettings([`--log-output-paths=${text}`], cluster).settings.logOutputPaths;
    expect(paths("stdout, /var/log/karpenter.log,stdout")).toEqual(["stdout", "/var/log/karpenter.log"]);
    expect(paths("file:///var/log/a.log")).toEqual(["/var/log/a.log"]);
    expect(problems(["--log-output-paths=,"])[0]).toMatchObject({ problem: "it names nothing" });
    expect(problems(["--log-error-output-paths=https://x/y"])[0]).toMatchObject({
      problem: "https://x/y is not a file of this machine",
    });
  });

  it("TC-59: warn is no level, and empty is info", () => {
    expect(problems(["--log-level=warn"])).toEqual([
      {
        setting: "--log-level",
        value: "warn",
        problem: "it is not a log level",
        fix: "use debug, info or error",
      },
    ]);
    expect(parseSettings(["--log-level="], cluster).settings.logLevel).toBe("info");
  });
});

describe("--ignore-dra-requests, S-209", () => {
  it("refuses a promise that is not kept", () => {
    expect(problems(["--ignore-dra-requests=false"])[0]).toMatchObject({ problem: "devices are not allocated" });
    expect(problems([], { ...cluster, IGNORE_DRA_REQUESTS: "F" })[0]).toMatchObject({ fix: "leave it true" });
    expect(problems(["--ignore-dra-requests", "true"])).toEqual([]);
  });
});

describe("FLAGS", () => {
  it("name each flag and variable once, the variable after the flag", () => {
    expect(new Set(FLAGS.map((flag) => flag.name)).size).toBe(FLAGS.length);
    expect(FLAGS.filter((flag) => flag.env !== flag.name.toUpperCase().replaceAll("-", "_"))).toEqual([]);
  });

  it("have defaults that can be parsed, all but the cluster's name", () => {
    const without = FLAGS.filter((flag) => flag.default === undefined).map((flag) => flag.name);
    const unusable = FLAGS.filter((flag) => flag.default !== undefined && !isUsable(flag, flag.default));
    expect([without, unusable]).toEqual([["cluster-name"], []]);
  });
});

function isUsable(flag: Flag, text: string): boolean {
  try {
    flag.parse(text);
    return true;
  } catch {
    return false;
  }
}
