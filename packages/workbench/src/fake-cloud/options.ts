// What the fake-cloud command was asked to serve.

import { readFlags, UsageError } from "../command-line/read-flags.ts";

const CLOUDS = ["ovh", "scaleway", "cloudstack"] as const;
export type FakedCloud = (typeof CLOUDS)[number];

export interface FakeCloudOptions {
  readonly cloud: FakedCloud;
  /** 0 takes any free port. */
  readonly port: number;
  readonly seed: number;
  /** "fast": every change of state within half a second; "real": as long as the cloud takes; a number: that many times faster. */
  readonly speed: "fast" | "real" | number;
  /** A JSON file with the list of faults to start with. */
  readonly faults: string | undefined;
  /** Of a cluster that the machines join as Nodes; its Nodes' pods are run by kwok. Without it machines complete by themselves. */
  readonly kubeconfig: string | undefined;
  /** Plain http, for clients that cannot be given a certificate authority. */
  readonly insecure: boolean;
}

const FAKE_CLOUD_HELP =
  "pnpm --silent fake-cloud <ovh|scaleway|cloudstack> [--port N] [--seed S] [--speed fast|real|FACTOR] [--faults FILE] [--kubeconfig FILE] [--insecure]";

/** @throws UsageError naming the flag, the value and the fix */
export function parseFakeCloudOptions(argv: readonly string[]): FakeCloudOptions {
  const { values, positionals } = readFlags(argv, FAKE_CLOUD_HELP, {
    allowPositionals: true,
    options: {
      port: { type: "string" },
      seed: { type: "string" },
      speed: { type: "string" },
      faults: { type: "string" },
      kubeconfig: { type: "string" },
      insecure: { type: "boolean" },
    },
  });
  const [named, ...more] = positionals;
  const cloud = CLOUDS.find((each) => each === named);
  if (cloud === undefined || more.length > 0) {
    const problem = positionals.length === 0 ? "no cloud is named" : `there is no fake of "${positionals.join(" ")}"`;
    throw new UsageError(`${problem}: write ovh, scaleway or cloudstack\n${FAKE_CLOUD_HELP}`);
  }
  return {
    cloud,
    port: readInteger("--port", values.port ?? "0", 65_535),
    seed: readInteger("--seed", values.seed ?? "1", Number.MAX_SAFE_INTEGER),
    speed: readSpeed(values.speed ?? "fast"),
    faults: values.faults,
    kubeconfig: values.kubeconfig,
    insecure: values.insecure ?? false,
  };
}

function readInteger(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value > max) {
    throw new UsageError(`${flag} "${text}" is no whole number from 0 to ${max}`);
  }
  return value;
}

function readSpeed(text: string): FakeCloudOptions["speed"] {
  if (text === "fast" || text === "real") return text;
  const factor = Number(text);
  if (!Number.isFinite(factor) || factor <= 0) {
    throw new UsageError(
      `--speed "${text}" is no speed: write fast, real or a number above 0 (times faster than real)`,
    );
  }
  return factor;
}
