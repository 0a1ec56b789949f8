// What the demo was asked to do: flags into one object, or a sentence that says what is wrong.

import { readFlags, UsageError } from "../command-line/read-flags.ts";

const DEMO_CLOUDS = ["ovh", "scaleway", "cloudstack", "simulated"] as const;
export type DemoCloudName = (typeof DEMO_CLOUDS)[number];

export interface DemoOptions {
  readonly cloud: DemoCloudName;
  /** On a real control plane, in real time. */
  readonly real: boolean;
  /** Virtual seconds per second, or as fast as it goes; with `real` of the fake cloud alone. */
  readonly speed: number | "fast";
  /** Plain lines, an exit code and one JSON line instead of pictures. */
  readonly ci: boolean;
  /** The user's own manifests, applied instead of the quick start's objects of the same kind. */
  readonly files: readonly string[];
  /** File with the instance types of the simulated cloud. @defaultValue its own 144 */
  readonly catalog?: string;
  readonly help: boolean;
}

export const DEMO_HELP = `pnpm demo [--provider ovh|scaleway|cloudstack|simulated] [--real] [--speed fast|N] [--ci] [-f FILE]...

Runs the main job on a simulated cluster: pods wait, machines are bought, pods run, pods go, machines are given back.

  --provider NAME  ovh (a fake of OVHcloud's API over HTTPS, the default), scaleway or cloudstack (fakes of
                   their APIs, machines boot by their own cloud-init) or simulated
  --real           on a real etcd, kube-apiserver, kube-scheduler and kube-controller-manager with kwok's nodes, in real time; its
                   programs come from \`pnpm controlplane build\`; the quick start's NodePool then gets consolidateAfter 5s and a budget
                   of 100%, and --speed is how much faster than real ones the machines boot (default fast)
  --speed N        virtual seconds per second; "fast" does not wait at all (default 60, with --ci: fast)
  -f, --file FILE  your own YAML: NodePools, NodeClasses, workloads; repeat for more files
  --instance-types-file-path FILE
                   with --provider simulated: the instance types it sells, as JSON in the form of Karpenter's kwok provider; also
                   INSTANCE_TYPES_FILE_PATH
  --ci             plain lines, one JSON line at the end, exit code 1 when something did not converge`;

/** @throws UsageError naming the flag, the value and the fix */
export function parseDemoOptions(
  argv: readonly string[],
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>> = {},
): DemoOptions {
  const { values } = readFlags(argv, `\n${DEMO_HELP}`, {
    options: {
      provider: { type: "string" },
      speed: { type: "string" },
      ci: { type: "boolean" },
      real: { type: "boolean" },
      file: { type: "string", short: "f", multiple: true },
      "instance-types-file-path": { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const cloud = values.provider ?? "ovh";
  if (!isCloud(cloud)) {
    throw new UsageError(`--provider "${cloud}" is not in the demo: choose one of ${DEMO_CLOUDS.join(", ")}`);
  }
  const ci = values.ci ?? false;
  const real = values.real ?? false;
  if (real && cloud !== "ovh") throw new UsageError(`--real works with --provider ovh only, not with ${cloud}`);
  const flag = values["instance-types-file-path"];
  if (flag !== undefined && cloud !== "simulated") {
    throw new UsageError(`--instance-types-file-path works with --provider simulated only, not with ${cloud}`);
  }
  const catalog = cloud === "simulated" ? flag || env["INSTANCE_TYPES_FILE_PATH"] : undefined;
  return {
    cloud,
    ...(catalog && { catalog }),
    ci: ci || !isTerminal,
    real,
    speed: readSpeed(values.speed ?? (real || ci || !isTerminal ? "fast" : "60")),
    files: values.file ?? [],
    help: values.help ?? false,
  };
}

function readSpeed(text: string): number | "fast" {
  if (text === "fast") return "fast";
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed <= 0) {
    throw new UsageError(`--speed "${text}" is no speed: write a number above 0 (virtual seconds per second) or fast`);
  }
  return speed;
}

function isCloud(name: string): name is DemoCloudName {
  return (DEMO_CLOUDS as readonly string[]).includes(name);
}
